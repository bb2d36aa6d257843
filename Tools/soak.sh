#!/usr/bin/env bash
# The long tests of what a training survives: some hundred kills, every call on files failed in turn, a full disk, and
# every bit of a checkpoint flipped. `make test` does a few of each.
#
# Root alone can mount the small disk; without it that test is left out, and said to be.
set -euo pipefail
cd "$(dirname "$0")/.."

work=$(mktemp -d)
mounted=
tidy() {
    if [[ -n $mounted ]]; then umount "$work/disk"; fi
    rm -rf "$work"
}
trap tidy EXIT

"${CLANG:-clang}" -std=gnu17 -O2 -D_GNU_SOURCE -Wall -Wextra -Werror -shared -fPIC \
    Tests/FaultShim/shim.c -o "$work/shim.so"
export HEED_SOAK=1 HEED_SOAK_SHIM=$work/shim.so
mkdir "$work/disk"
if mount -t tmpfs -o size=64m heed-soak "$work/disk" 2> "$work/log"; then
    mounted=yes
    export HEED_SOAK_DISK=$work/disk
else
    echo "no small disk can be mounted here, so a full one is not tried: $(< "$work/log")" >&2
fi

"${SWIFT:-swift}" test "$@" --filter 'KillTests|DiskTests|DamageTests|AtomicFolderTests|AtomicFileTests'
