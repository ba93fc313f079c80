#!/usr/bin/env bash
# library.sh PLATFORM…: builds the native library for these platforms, into build/native/PLATFORM, with its SHA-256 beside it.
# The same sources give the same bytes, in whatever folder they lie. The compilers are fetched when they are not there yet.
set -euo pipefail
# shellcheck source=tests/tools/common.sh
. "$(dirname "$0")/../tests/tools/common.sh"
# shellcheck source=packaging/platforms.sh
. "$root/packaging/platforms.sh"
# shellcheck source=packaging/debian.sh
. "$root/packaging/debian.sh"
# shellcheck source=packaging/toolchain.sh
. "$root/packaging/toolchain.sh"
# shellcheck source=packaging/cargo.sh
. "$root/packaging/cargo.sh"

main() {
    local platform brought=true
    check_platforms "$@"
    for platform; do
        if [[ $platform == macos-* && ! -e $root/build/native/$platform/$(library_name "$platform").sha256 ]]; then
            die "the library for $platform is built on a Mac (tests/tools/gradle.sh localLibrary); bring it into build/native/$platform"
        fi
        [[ $platform == macos-* ]] || brought=false
    done
    if "$brought"; then return; fi
    find_compilers
    cd "$root"
    for platform; do
        [[ $platform != macos-* ]] || continue
        build "$platform"
        keep "$platform"
    done
}

build() {
    local flags=()
    # Where the JVM has musl, the library shares it.
    [[ $1 != *-musl ]] || flags=(-Ctarget-feature=-crt-static)
    cargo_build "$1" vault-cipher-jni "${flags[@]}"
}

keep() {
    local file directory=build/native/$1
    file=$(library_name "$1")
    mkdir -p "$directory"
    cp "$target_directory/${targets[$1]}/release/$file" "$directory/$file"
    if [[ $1 == windows-* ]]; then
        # The time of linking: four bytes, eight after the place that the four at 60 name.
        printf '\0\0\0\0' | dd of="$directory/$file" bs=1 seek=$(($(od -An -tu4 -N4 -j60 "$directory/$file") + 8)) conv=notrunc status=none
    fi
    sha256sum <"$directory/$file" | cut -d' ' -f1 >"$directory/$file.sha256"
}

main "$@"
