# shellcheck shell=bash
# shellcheck disable=SC2154  # variables of common.sh and platforms.sh
# Sourced after common.sh, platforms.sh, debian.sh and toolchain.sh: cargo for other machines than this one.

target_directory=${CARGO_TARGET_DIR:-$root/target}/packaging

# find_compilers: sets rust and zig, which are fetched when they are not there yet.
find_compilers() {
    type -P cargo >/dev/null || die "Rust is missing. Install it from https://rustup.rs, then run this again"
    zig=$(zig_tools) || die "zig and cargo-zigbuild could not be fetched from PyPI"
    rust=$(rust_tools) || die "no Rust for other platforms could be fetched, neither with rustup nor from Debian"
}

# cargo_build PLATFORM PACKAGE [FLAG…]: builds it with these flags of rustc, into $target_directory/TARGET/release. The same sources
# give the same bytes, in whatever folder they lie.
cargo_build() {
    local target=${targets[$1]} rustc=$rust/bin/rustc options=() flags=("${@:3}") sysroot path
    sysroot=$("$rustc" --print sysroot)
    # What panics name: crate and file, not a path of this machine. Of several mappings that fit the last one counts.
    cargo fetch --quiet --locked
    for path in "${CARGO_HOME:-$HOME/.cargo}"/registry/src{,/*}; do flags+=("--remap-path-prefix=$path="); done
    flags+=("--remap-path-prefix=$(realpath "$sysroot")=/rust" "--remap-path-prefix=$sysroot=/rust")
    if [[ ! -d $sysroot/lib/rustlib/$target ]]; then
        # -Z is for nightly compilers unless this is set.
        export RUSTC_BOOTSTRAP=1
        options+=('-Zbuild-std=std,panic_unwind')
        [[ $1 != windows-* ]] || flags+=("-Lnative=$rust/empty")
    fi
    if [[ $target == *-linux-gnu ]]; then target+=.$glibc; fi
    say "building $2 for $1 ($("$rustc" --version)) …"
    # Rust's own cargo comes first: that of another toolchain would make rustc look for libraries there.
    # AWS-LC's assembly for Windows wants NASM, which it brings the output of.
    PATH="$rust/bin:$zig/bin:$PATH" RUSTC=$rustc CARGO_ENCODED_RUSTFLAGS=$(IFS=$'\x1f'; echo "${flags[*]}") \
        CARGO_ZIGBUILD_ZIG_PATH=$zig/ziglang/zig CARGO_ZIGBUILD_CACHE_DIR=$cache/zigbuild ZIG_GLOBAL_CACHE_DIR=$cache/zig-cache \
        ZIG_LOCAL_CACHE_DIR=$cache/zig-cache AWS_LC_SYS_PREBUILT_NASM=1 CARGO_TARGET_DIR=$target_directory \
        cargo-zigbuild build --release --locked --package "$2" --target "$target" "${options[@]}"
}
