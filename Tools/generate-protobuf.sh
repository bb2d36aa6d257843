#!/usr/bin/env bash
# Writes Sources/HeedTraining/Events/event.pb.swift anew from Tools/event.proto.
#
# Needs protoc (Debian: protobuf-compiler) and swift-protobuf's plugin. When
# the plugin is not on the path, it is built from the package's own checkout of
# swift-protobuf, so that plugin and library have the same version.
set -euo pipefail
cd "$(dirname "$0")/.."

if ! command -v protoc >/dev/null; then
    echo "protoc is missing: install protobuf-compiler" >&2
    exit 1
fi

plugin=$(command -v protoc-gen-swift || true)
if [ -z "$plugin" ]; then
    swift package resolve
    checkout=$(mktemp -d)
    trap 'rm -rf "$checkout"' EXIT
    cp -r .build/checkouts/swift-protobuf "$checkout/"
    swift build --package-path "$checkout/swift-protobuf" --product protoc-gen-swift
    plugin="$checkout/swift-protobuf/.build/debug/protoc-gen-swift"
fi

protoc --plugin=protoc-gen-swift="$plugin" \
    --proto_path=Tools \
    --swift_opt=Visibility=Package --swift_opt=UseAccessLevelOnImports=true \
    --swift_out=Sources/HeedTraining/Events event.proto
swift format --in-place Sources/HeedTraining/Events/event.pb.swift
