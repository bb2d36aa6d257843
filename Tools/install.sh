#!/usr/bin/env bash
# Installs the built program: install.sh BUILD-FOLDER PREFIX
set -euo pipefail
build=$1
prefix=$2
cd "$(dirname "$0")/.."

install -D -m 755 "$build/heed" "$prefix/bin/heed"

# The models that come with the program; it looks for them in ../share/heed beside its folder.
for model in Models/*/; do
    [ -e "$model/config.json" ] || continue
    target=$prefix/share/heed/$(basename "$model")
    mkdir -p "$target"
    install -m 644 "$model"* "$target/"
done

completion() {
    mkdir -p "$(dirname "$2")"
    "$build/heed" --generate-completion-script "$1" >"$2"
}
completion bash "$prefix/share/bash-completion/completions/heed"
completion zsh "$prefix/share/zsh/site-functions/_heed"
completion fish "$prefix/share/fish/vendor_completions.d/heed.fish"
echo "installed $prefix/bin/heed and its completions for bash, zsh and fish"
