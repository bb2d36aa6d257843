#!/bin/sh
# Builds and runs the drivers of the thread pool and of the products, the latter on every instruction set that HEED_ISA
# names: products.sh [rows|speed]. CC names the compiler; DNNL_FLAGS its options for another oneDNN than the system's.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
sources=$here/../../Sources/CHeedKernels
build=${BUILD_DIR:-$(mktemp -d)}
compile() {
    name=$1
    # shellcheck disable=SC2086
    "${CC:-clang}" -O2 -std=gnu17 -D_GNU_SOURCE -Wall -Wextra -Werror ${DNNL_FLAGS:-} -I"$sources/include" -I"$sources" \
        "$sources"/*.c "$here/$name.c" -o "$build/$name" -ldnnl -lm -lpthread
}
compile product_test
case ${1:-check} in
speed)
    compile product_speed
    program=$build/product_speed what=
    ;;
rows)
    program=$build/product_test what=rows
    ;;
*)
    compile pool_test
    "$build/pool_test"
    program=$build/product_test what=check
    ;;
esac
for isa in generic avx2 avx512 avx512bf16 amx; do
    # shellcheck disable=SC2086
    HEED_ISA=$isa "$program" $what
done
