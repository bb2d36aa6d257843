#!/bin/sh
# Builds and runs the kernel tests: run.sh [plain|sanitize|bench]. CC names the compiler (clang).
set -eu
here=$(cd "$(dirname "$0")" && pwd)
sources=$here/../../Sources/CHeedKernels
build=${BUILD_DIR:-$(mktemp -d)}
mode=${1:-plain}
flags="-O2 -std=gnu17 -D_GNU_SOURCE -Wall -Wextra -Werror"
if [ "$mode" = sanitize ]; then
    flags="$flags -g -fsanitize=address,undefined -fno-sanitize-recover=all"
fi
# shellcheck disable=SC2086
"${CC:-clang}" $flags -I"$sources/include" -I"$sources" \
    "$sources"/kernels_*.c "$sources"/reference*.c "$sources/isa.c" "$sources/random.c" "$sources/quantised.c" \
    "$here/main.c" "$here/support.c" "$here/bench.c" "$here/plant.c" "$here"/test_*.c \
    -o "$build/kernels" -lm -lpthread
if [ "$mode" = bench ]; then
    exec "$build/kernels" bench
fi
# shellcheck disable=SC2086
"${CC:-clang}" $flags -I"$sources/include" \
    "$sources"/kernels_*.c "$sources"/reference*.c "$sources/isa.c" "$sources/random.c" "$sources/quantised.c" \
    "$here"/reference_*.c "$here/Attention/attention_reference.c" -o "$build/reference" -lm -lpthread
"$build/reference"
exec "$build/kernels"
