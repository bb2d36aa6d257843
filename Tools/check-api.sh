#!/usr/bin/env bash
# Compares the public interfaces of the libraries with those of the last version that has a tag, and fails where what
# depends on them could break: check-api.sh [tag]. A break that is meant stands in Tools/api-breakage-allowlist.txt, until
# the next tag.
set -euo pipefail
cd "$(dirname "$0")/.."
swift=${SWIFT:-swift}
tag=${1:-$(git tag --list --merged HEAD --sort=-version:refname '[0-9]*' 'v[0-9]*' | head -n 1)}
if [ -z "$tag" ]; then
    echo "api: no version has a tag yet; there is nothing to compare with"
    exit 0
fi
# What is compiled for the comparison stays away from the tests' own build.
"$swift" package --scratch-path .build/api diagnose-api-breaking-changes "$tag" \
    --breakage-allowlist-path Tools/api-breakage-allowlist.txt
