#!/usr/bin/env bash
# Builds the package in Examples, which uses Heed as any other package does: build-examples.sh [flags of swift build]
#
# It takes the dependencies that Heed's own build has fetched, so that it needs no network.
set -euo pipefail
cd "$(dirname "$0")/.."
swift=${SWIFT:-swift}
scratch=$PWD/.build/examples

if [ -e Package.resolved ]; then
    cp Package.resolved Examples/Package.resolved
fi
if [ ! -e "$scratch/repositories" ] && [ -e .build/repositories ]; then
    mkdir -p "$scratch"
    cp -R .build/repositories "$scratch/repositories"
fi
"$swift" build --package-path Examples --scratch-path "$scratch" -c release "$@"
