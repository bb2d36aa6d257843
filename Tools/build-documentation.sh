#!/bin/sh
# Builds a DocC archive for each library, and fails at the first warning.
#
# usage: build-documentation.sh BUILD-FOLDER OUTPUT-FOLDER
# The libraries must have been built there: their symbols are taken from what the compiler left.
set -eu

build=$1
output=$2
root=$(cd "$(dirname "$0")/.." && pwd)
tools=$(dirname "$(realpath "$(command -v "${SWIFT:-swift}")")")
target=$("$tools/swiftc" -print-target-info | sed -n 's/^ *"triple": "\(.*\)",/\1/p')

mkdir -p "$output"
failed=
for catalog in "$root"/Sources/*/Documentation.docc "$root"/Tests/*/Documentation.docc; do
    library=$(basename "$(dirname "$catalog")")
    symbols=$output/symbols/$library
    rm -rf "$symbols" "$output/$library.doccarchive"
    mkdir -p "$symbols"
    "$tools/swift-symbolgraph-extract" -module-name "$library" -target "$target" \
        -I "$build/Modules" -I "$build/CHeedKernels.build" -I "$root/Sources/COniguruma" \
        -module-cache-path "$output/modules" \
        -minimum-access-level public -output-dir "$symbols"
    "$tools/docc" convert "$catalog" --additional-symbol-graph-dir "$symbols" \
        --fallback-display-name "$library" --fallback-bundle-identifier "heed.$library" \
        --output-path "$output/$library.doccarchive" --warnings-as-errors || failed=1
    echo "$output/$library.doccarchive"
done
[ -z "$failed" ]
