#!/bin/sh
# Compiles all C for aarch64, with the headers of that system, and runs the drivers that need no oneDNN under qemu-user:
# aarch64.sh [folder for what is built]. CC names the compiler, a clang.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
sources=$here/../../Sources/CHeedKernels
build=${1:-$(mktemp -d)}
cc=${CC:-clang}
system=/usr/aarch64-linux-gnu

missing=
needs() { # a package, and a test that fails without it
    package=$1
    shift
    "$@" >/dev/null 2>&1 || missing="$missing $package"
}
needs clang "$cc" --version
needs libc6-dev-arm64-cross test -e $system/include/stdio.h
needs libgcc-12-dev-arm64-cross ls /usr/lib/gcc-cross/aarch64-linux-gnu/*/libgcc.a
needs binutils-aarch64-linux-gnu command -v aarch64-linux-gnu-ld
needs libdnnl-dev test -e /usr/include/oneapi/dnnl/dnnl.h
needs qemu-user command -v qemu-aarch64
if [ -n "$missing" ]; then
    echo "aarch64: nothing was checked; missing:$missing (packages of Debian)" >&2
    exit 69
fi

mkdir -p "$build"
# oneDNN's headers do not depend on the processor.
ln -sfn /usr/include/oneapi "$build/oneapi"
flags="--target=aarch64-linux-gnu -O2 -std=gnu17 -D_GNU_SOURCE -Wall -Wextra -Werror -I$sources/include -I$sources \
    -isystem $system/include -idirafter $build"
compile() { # a source, an object
    # shellcheck disable=SC2086
    "$cc" $flags -c "$1" -o "$2"
}
for source in "$sources"/*.c; do
    compile "$source" "$build/$(basename "$source" .c).o"
done
echo "aarch64: all sources compile"

driver() { # name, then its sources; runs without oneDNN
    name=$1
    shift
    # shellcheck disable=SC2086
    "$cc" $flags -static "$@" "$build"/kernels_*.o "$build"/reference*.o "$build/quantised.o" \
        "$build/isa.o" "$build/random.o" "$build/pool.o" "$build/cores.o" "$build/scratch.o" -o "$build/$name" -lm -lpthread
}
cd "$here"
driver reference reference_*.c Attention/attention_reference.c
driver kernels main.c support.c bench.c plant.c test_*.c
driver attention Attention/attention_test.c Attention/attention_cases.c Attention/attention_reference.c
driver pool_test pool_test.c
qemu-aarch64 "$build/reference"
qemu-aarch64 "$build/kernels"
qemu-aarch64 "$build/attention" 2
qemu-aarch64 "$build/pool_test" emulated

# The generic kernels promise the same bits on every processor.
if [ "$(uname -m)" = x86_64 ]; then
    # shellcheck disable=SC2086
    "$cc" -O2 -std=gnu17 -D_GNU_SOURCE -I"$sources/include" -I"$sources" main.c support.c bench.c plant.c test_*.c \
        "$sources"/kernels_*.c "$sources"/reference*.c "$sources/quantised.c" "$sources/isa.c" \
        "$sources/random.c" -o "$build/native" -lm
    "$build/native" digest >"$build/native.digest"
    qemu-aarch64 "$build/kernels" digest >"$build/aarch64.digest"
    cat "$build/aarch64.digest"
    cmp "$build/native.digest" "$build/aarch64.digest"
    echo "aarch64: the generic kernels give the bits that they give here"
fi
