#!/usr/bin/env bash
# Runs the tests under tools that see wrong uses of memory and threads, and fails at the first finding:
#
#   Tools/sanitize.sh [kernels] [memcheck] [address] [thread] [quick]
#
#   kernels   the C drivers under the address and undefined-behaviour sanitizers, on every instruction set of this CPU;
#             the thread pool and the products under the thread sanitizer
#   memcheck  the C drivers under valgrind, which knows generic and AVX2 code
#   address   the Swift tests under the address sanitizer
#   thread    the Swift tests under the thread sanitizer
#   quick     kernels without the thread sanitizer; the Swift tests of formats, text and training alone
#
# Without a name all four are run. What is left out, and what is suppressed, stands with its reason in Tests/Sanitizers.
set -euo pipefail
cd "$(dirname "$0")/.."
root=$PWD
swift=${SWIFT:-swift}
clang=${CLANG:-$(dirname "$(realpath "$(command -v "$swift")")")/clang}
lists=$root/Tests/Sanitizers
sets="generic avx2 avx512 avx512bf16 amx"

quick=false
what=()
for argument in "$@"; do
    case "$argument" in
        kernels | memcheck | address | thread) what+=("$argument") ;;
        quick) quick=true ;;
        *)
            echo "usage: $0 [kernels] [memcheck] [address] [thread] [quick]" >&2
            exit 64
            ;;
    esac
done
[ ${#what[@]} -gt 0 ] || what=(kernels memcheck address thread)
cases=6

export ASAN_OPTIONS=detect_stack_use_after_return=1:strict_string_checks=1
export UBSAN_OPTIONS=print_stacktrace=1
export TSAN_OPTIONS="suppressions=$lists/thread.txt:halt_on_error=1"

# The linker of the toolchain: that of the system warns about the sanitizers' own symbols.
link="-fuse-ld=lld"

drivers() { # a folder, the compiler's flags, the linker's, then the drivers
    local folder=$root/.build/$1 flags=$2 link=$3
    shift 3
    make --no-print-directory --silent --directory Tests/CKernelDriver CC="$clang" BUILD="$folder" EXTRA="$flags" \
        LINK="$link" -j "$(nproc)" "${@/#/$folder/}"
}

kernels() {
    local folder=$root/.build/kernels-address
    drivers kernels-address "-O1 -gline-tables-only -fsanitize=address,undefined -fno-sanitize-recover=all" \
        "$link" reference kernels attention product_test pool_test
    "$folder/reference"
    "$folder/kernels"
    "$folder/attention" "$cases"
    "$folder/pool_test" emulated
    for isa in $sets; do HEED_ISA=$isa "$folder/product_test" check; done
    $quick && return
    # The toolchain's thread sanitizer knows Swift's queues, and wants their library.
    local libraries
    libraries=$(dirname "$clang")/../lib/swift/linux
    drivers kernels-thread "-O1 -gline-tables-only -fsanitize=thread" \
        "$link -L$libraries -ldispatch -lBlocksRuntime -Wl,-rpath,$libraries" product_test pool_test
    "$root/.build/kernels-thread/pool_test"
    for isa in $sets; do HEED_ISA=$isa "$root/.build/kernels-thread/product_test" check; done
}

memcheck() {
    if ! command -v valgrind >/dev/null; then
        echo "valgrind is missing (a package of Debian)" >&2
        exit 69
    fi
    # Valgrind 3.19 does not read a newer form.
    drivers kernels-memcheck "-gdwarf-4" "" reference kernels attention product_test pool_test
    local folder=$root/.build/kernels-memcheck
    watch() { # an instruction set, then a driver with its arguments
        # Valgrind's vmaxps and vminps give the other operand where one is NaN.
        HEED_WITHOUT_NAN=1 HEED_ISA=$1 valgrind --quiet --error-exitcode=99 --leak-check=full --errors-for-leak-kinds=definite \
            --suppressions="$lists/valgrind.txt" "${@:2}"
    }
    watch generic "$folder/reference"
    for isa in generic avx2; do
        watch $isa "$folder/kernels" $isa
        watch $isa "$folder/product_test" check
    done
    watch avx2 "$folder/attention" 1
    watch avx2 "$folder/pool_test" emulated
}

swift_tests() { # the sanitizer
    local skips=()
    while IFS= read -r line; do
        case "$line" in '' | '#'*) ;; *) skips+=(--skip "$line") ;; esac
    done <"$lists/$1-skipped.txt"
    local filters=()
    $quick && filters=(--filter 'HeedFormatsTests|HeedTextTests|HeedTrainingTests')
    local options=(-c release --disable-xctest --sanitize="$1" --scratch-path ".build/$1")
    # Locks that this sanitizer sees: Sources/HeedFormats/Lock.swift.
    [ "$1" = thread ] && options+=(-Xswiftc -DTHREAD_SANITIZER)
    "$swift" build "${options[@]}" --build-tests
    "$swift" test "${options[@]}" --skip-build "${filters[@]}" "${skips[@]}"
}

address() {
    # Leaks are looked for in the C drivers: Swift's runtime keeps what it makes once, and exit tests end without
    # releasing anything.
    ASAN_OPTIONS=$ASAN_OPTIONS:detect_leaks=0 swift_tests address
}

thread() {
    swift_tests thread
}

for each in "${what[@]}"; do
    echo "== $each"
    "$each"
done
echo "sanitize: nothing was found: ${what[*]}"
