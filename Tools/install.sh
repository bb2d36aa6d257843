#!/usr/bin/env bash
# Installs the built program: install.sh BUILD-FOLDER PREFIX
set -euo pipefail
build=$1
prefix=$2
cd "$(dirname "$0")/.."

install -D -m 755 "$build/heed" "$prefix/bin/heed"

completion() {
    mkdir -p "$(dirname "$2")"
    "$build/heed" --generate-completion-script "$1" >"$2"
}
completion bash "$prefix/share/bash-completion/completions/heed"
completion zsh "$prefix/share/zsh/site-functions/_heed"
completion fish "$prefix/share/fish/vendor_completions.d/heed.fish"
echo "installed $prefix/bin/heed and its completions for bash, zsh and fish"
