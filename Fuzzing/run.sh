#!/usr/bin/env bash
# Builds the fuzzers with the address sanitizer and runs each of them.
#
#   Fuzzing/run.sh [TARGET ...]     all targets without names
#
# FUZZ_SECONDS  how long each runs (20)
# FUZZ_RUNS     how many inputs each tries, whatever time it takes; overrides FUZZ_SECONDS
# FUZZ_CORPUS   where inputs are kept from run to run (.build/fuzz/corpus)
# SKIP_BUILD    anything: runs what was built before
set -euo pipefail
cd "$(dirname "$0")/.."

swift=${SWIFT:-swift}
scratch=.build/fuzz
corpora=${FUZZ_CORPUS:-$scratch/corpus}
runtime=$(dirname "$(readlink -f "$(command -v "$swift")")")/../lib/clang
library=$(find "$(readlink -f "$runtime")" -name "libclang_rt.fuzzer_no_main-$(uname -m).a" | head -n 1)
if [[ -z $library ]]; then
    echo "this Swift toolchain comes without libFuzzer" >&2
    exit 69
fi

if [[ -z ${SKIP_BUILD:-} ]]; then
    log=$(mktemp)
    trap 'rm -f "$log"' EXIT
    # The linker warns of symbols of the sanitizer by the hundred.
    if ! HEED_FUZZING=1 "$swift" build -c release --scratch-path "$scratch" --product heed-fuzz \
        --sanitize address -Xcc -fsanitize=fuzzer-no-link \
        -Xswiftc -sanitize-coverage=edge,inline-8bit-counters,pc-table \
        -Xlinker "$library" -Xlinker -lstdc++ > "$log" 2>&1; then
        grep -v "Cannot export local symbol" "$log" >&2
        exit 1
    fi
fi
fuzzer=$(HEED_FUZZING=1 "$swift" build -c release --scratch-path "$scratch" --show-bin-path)/heed-fuzz

targets=("$@")
if [[ $# -eq 0 ]]; then mapfile -t targets < <("$fuzzer" list); fi
limit=(-max_total_time="${FUZZ_SECONDS:-20}")
if [[ -n ${FUZZ_RUNS:-} ]]; then limit=(-runs="$FUZZ_RUNS"); fi

# Swift's own report of a crash and the sanitizer's symbols wait for one another without end.
# Stacks of allocations take a tenth of the time; an input that failed can be run again with them.
export SWIFT_BACKTRACE=enable=no ASAN_OPTIONS=symbolize=0:detect_leaks=0:allocator_may_return_null=0:malloc_context_size=1
status=0
for target in "${targets[@]}"; do
    corpus=$corpora/$target
    mkdir -p "$corpus" "$corpora/found"
    "$fuzzer" seeds "$target" "$corpus"
    log=$corpora/$target.log
    # Long enough for what the files of these begin with.
    case $target in
        folder) length=6144 ;;
        recipe) length=3072 ;;
        tokenizer) length=2048 ;;
        *) length=1024 ;;
    esac
    if "$fuzzer" "$target" "${limit[@]}" -timeout=10 -rss_limit_mb=2048 -max_len="$length" -print_final_stats=1 \
        -dict=Fuzzing/words.dict -artifact_prefix="$corpora/found/$target-" "$corpus" \
        > "$log" 2>&1; then
        awk -v name="$target" '/number_of_executed_units/ { runs = $2 } /^Done/ { seconds = $5 }
            / cov: / { for (i = 1; i < NF; i++) if ($i == "cov:") coverage = $(i + 1) }
            END { printf "%-12s %10d inputs in %6d s, coverage %d\n", name, runs, seconds, coverage }' "$log"
    else
        status=1
        echo "$target: FAILED, see $log and $corpora/found" >&2
        grep -E "Fatal error|ERROR|SUMMARY|Test unit written" "$log" | head -n 5 >&2
    fi
    rm -rf /dev/shm/heed-fuzz-"$target"-*
done
exit $status
