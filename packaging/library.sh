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

target_directory=${CARGO_TARGET_DIR:-$root/target}/packaging

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
    type -P cargo >/dev/null || die "Rust is missing. Install it from https://rustup.rs, then run this again"
    zig=$(zig_tools) || die "zig and cargo-zigbuild could not be fetched from PyPI"
    rust=$(rust_tools) || die "no Rust for other platforms could be fetched, neither with rustup nor from Debian"
    cd "$root"
    for platform; do
        [[ $platform != macos-* ]] || continue
        build "$platform"
        keep "$platform"
    done
}

build() {
    local target=${targets[$1]} rustc=$rust/bin/rustc options=() flags=() sysroot path
    sysroot=$("$rustc" --print sysroot)
    # What panics name: crate and file, not a path of this machine. Of several mappings that fit the last one counts.
    cargo fetch --quiet --locked
    for path in "${CARGO_HOME:-$HOME/.cargo}"/registry/src{,/*}; do flags+=("--remap-path-prefix=$path="); done
    flags+=("--remap-path-prefix=$(realpath "$sysroot")=/rust" "--remap-path-prefix=$sysroot=/rust")
    # Where the JVM has musl, the library shares it.
    [[ $1 != *-musl ]] || flags+=(-Ctarget-feature=-crt-static)
    if [[ ! -d $sysroot/lib/rustlib/$target ]]; then
        # -Z is for nightly compilers unless this is set.
        export RUSTC_BOOTSTRAP=1
        options+=('-Zbuild-std=std,panic_unwind')
        [[ $1 != windows-* ]] || flags+=("-Lnative=$rust/empty")
    fi
    if [[ $target == *-linux-gnu ]]; then target+=.$glibc; fi
    say "building the library for $1 ($("$rustc" --version)) …"
    # Rust's own cargo comes first: that of another toolchain would make rustc look for libraries there.
    # AWS-LC's assembly for Windows wants NASM, which it brings the output of.
    PATH="$rust/bin:$zig/bin:$PATH" RUSTC=$rustc CARGO_ENCODED_RUSTFLAGS=$(IFS=$'\x1f'; echo "${flags[*]}") \
        CARGO_ZIGBUILD_ZIG_PATH=$zig/ziglang/zig CARGO_ZIGBUILD_CACHE_DIR=$cache/zigbuild ZIG_GLOBAL_CACHE_DIR=$cache/zig-cache \
        ZIG_LOCAL_CACHE_DIR=$cache/zig-cache AWS_LC_SYS_PREBUILT_NASM=1 CARGO_TARGET_DIR=$target_directory \
        cargo-zigbuild build --release --locked --package vault-cipher-jni --target "$target" "${options[@]}"
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
