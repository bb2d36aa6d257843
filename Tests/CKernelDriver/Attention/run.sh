#!/bin/sh
# Builds and runs the attention tests: run.sh [plain|sanitize|bench] [arguments]. CC names the compiler (clang).
set -eu
here=$(cd "$(dirname "$0")" && pwd)
sources=$here/../../../Sources/CHeedKernels
build=${BUILD_DIR:-$(mktemp -d)}
mode=${1:-plain}
[ $# -eq 0 ] || shift
flags="-O2 -std=gnu17 -D_GNU_SOURCE -Wall -Wextra -Werror"
if [ "$mode" = sanitize ]; then
    flags="$flags -O1 -g -fsanitize=address,undefined -fno-sanitize-recover=all"
fi
main=$here/attention_test.c
if [ "$mode" = bench ]; then
    main=$here/attention_bench.c
fi
# shellcheck disable=SC2086
"${CC:-clang}" $flags -I"$sources/include" -I"$sources" \
    "$sources"/kernels_*.c "$sources"/reference*.c "$sources/isa.c" "$sources/random.c" \
    "$here/attention_cases.c" "$here/attention_reference.c" "$main" -o "$build/attention" -lm -lpthread
"$build/attention" "$@"
