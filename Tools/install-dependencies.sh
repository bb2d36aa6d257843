#!/usr/bin/env bash
# Installs what Heed needs beside the Swift toolchain, on Debian and Ubuntu.
#
#   Tools/install-dependencies.sh            what building, testing and running need
#   Tools/install-dependencies.sh --lint     and what `make lint` needs
#   Tools/install-dependencies.sh --browser  and the browser in which pages are tested
#   Tools/install-dependencies.sh --check    installs nothing; fails when something is missing
set -euo pipefail

packages=(libdnnl-dev libonig-dev)
check=false
for argument in "$@"; do
    case "$argument" in
        --lint) packages+=(clang-format) ;;
        --browser) packages+=(chromium chromium-driver fonts-dejavu-core) ;;
        --check) check=true ;;
        *)
            echo "usage: $0 [--lint] [--browser] [--check]" >&2
            exit 64
            ;;
    esac
done

is_there() {
    case "$1" in
        # What matters is the header, wherever it comes from.
        libdnnl-dev)
            [ -e /usr/include/dnnl.h ] || [ -e /usr/include/oneapi/dnnl/dnnl.h ] ||
                [ -e /usr/local/include/dnnl.h ] || [ -e /usr/local/include/oneapi/dnnl/dnnl.h ]
            ;;
        libonig-dev) [ -e /usr/include/oniguruma.h ] || [ -e /usr/local/include/oniguruma.h ] ;;
        clang-format) command -v clang-format >/dev/null ;;
        chromium) command -v chromium >/dev/null || command -v chromium-browser >/dev/null ;;
        chromium-driver) command -v chromedriver >/dev/null ;;
        fonts-dejavu-core) [ -d /usr/share/fonts/truetype ] ;;
    esac
}

missing=()
for package in "${packages[@]}"; do
    is_there "$package" || missing+=("$package")
done
if [ ${#missing[@]} -eq 0 ]; then
    exit 0
fi
if $check; then
    echo "missing: ${missing[*]} (run 'make dependencies')" >&2
    exit 1
fi
if ! command -v apt-get >/dev/null; then
    echo "missing: ${missing[*]}; this system has no apt-get, install them by its own means" >&2
    exit 1
fi

as_root=()
if [ "$(id -u)" -ne 0 ]; then
    as_root=(sudo)
fi
run() {
    echo "+ $*" >&2
    "$@"
}
run "${as_root[@]}" apt-get update -qq
run "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive \
    apt-get install --yes --no-install-recommends "${missing[@]}"
