#!/usr/bin/env bash
# image.sh: writes what packaging/package.sh made as an image from scratch that others copy the jar and the tool from, for amd64 and arm64: an
# OCI layout in build/image. No container engine is needed.
set -euo pipefail
# shellcheck source=tests/tools/common.sh
. "$(dirname "$0")/../tests/tools/common.sh"

version=$(sed -n 's/^version = "\(.*\)"$/\1/p' "$root/Cargo.toml")
jar=$root/build/dist/vault-cipher-$version.jar

build() {
    cd "$root/packaging/image"
    export GOWORK=off CGO_ENABLED=0
    go build -trimpath -buildvcs=false -o "$1/image" . || return
    local architecture
    for architecture in amd64 arm64; do
        GOOS=linux GOARCH=$architecture go build -trimpath -buildvcs=false -ldflags='-s -w' -o "$1/cp-$architecture" ./cp || return
    done
}

[[ -e $jar ]] || die "there is no $jar (make package)"
type -P go >/dev/null || die "Go is missing: https://go.dev/dl"
programs=$(cached "image-$(cat "$root"/packaging/image/{*.*,cp/*} | sha256sum | cut -c1-12)" build)
# The command-line tool, where packaging/package.sh has built it for both.
tools=("$root"/build/dist/vault-cipher-"$version"-program-linux-{x86_64,aarch64})
[[ -e ${tools[0]} && -e ${tools[1]} ]] || tools=()
rm -rf "$root/build/image"
"$programs/image" "$root/build/image" "$version" "${SOURCE_DATE_EPOCH:-$(git -C "$root" log -1 --format=%ct 2>/dev/null || echo 0)}" "$jar" "$programs"/cp-{amd64,arm64} "${tools[@]}"
say "the image is in build/image: skopeo copy oci:build/image:$version docker://REGISTRY/vault-cipher:$version"
