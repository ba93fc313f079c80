# shellcheck shell=bash
# shellcheck disable=SC2154  # variables of common.sh and platforms.sh
# Sourced after common.sh, platforms.sh and debian.sh: the compilers that build the library for other machines than this one.
# Nothing is installed into the system: they are kept in the cache directory, about 2 GB.
#
# - zig compiles the C code and links, with the headers and libraries of every C library in it; cargo-zigbuild tells cargo so.
#   Both come from PyPI, in the versions and with the digests of requirements.txt.
# - Rust comes from rustup, in this version, in a folder of its own. Where rustup or its server cannot be had, it comes from
#   Debian's suite trixie, which has the standard library for aarch64 with glibc; that for musl and Windows is built from its
#   source. rustup and apt check the digests of what they fetch.

rust_version=1.95.0
debian_rust_version=1.96.0

# zig_tools: prints the folder with bin/cargo-zigbuild and ziglang/zig.
zig_tools() {
    [[ $(uname -sm) == "Linux x86_64" ]] || die "the library for other platforms is built on Linux on x86_64 (this is $(uname -sm))"
    cached "zig-$(sha256sum <"$root/packaging/requirements.txt" | cut -c1-12)" fetch_zig
}

fetch_zig() {
    say "fetching zig and cargo-zigbuild from PyPI, once …"
    PIP_ROOT_USER_ACTION=ignore python3 -m pip install --quiet --disable-pip-version-check --no-deps --no-compile --require-hashes \
        --only-binary=:all: --target "$1" --requirement "$root/packaging/requirements.txt"
}

# rust_tools: prints the folder with bin/rustc.
rust_tools() {
    local rustup=rust-$rust_version debian=rust-debian-$debian_rust_version
    if [[ ! -d $cache/$rustup && -d $cache/$debian || ${RUST_FROM-} == debian ]]; then
        cached "$debian" fetch_rust_from_debian
    else
        cached "$rustup" fetch_rust_with_rustup || cached "$debian" fetch_rust_from_debian
    fi
}

fetch_rust_with_rustup() {
    type -P rustup >/dev/null || { say "there is no rustup on this machine"; return 1; }
    say "fetching Rust $rust_version for ${#linux_built[@]} platforms with rustup, once …"
    local list='' platform
    for platform in "${linux_built[@]}"; do list+=${targets[$platform]},; done
    RUSTUP_HOME=$1 timeout 600 rustup --quiet toolchain install "$rust_version-x86_64-unknown-linux-gnu" --profile minimal --no-self-update \
        --target "${list%,}" >&2 || return
    ln -s "toolchains/$rust_version-x86_64-unknown-linux-gnu/bin" "$1/bin"
}

fetch_rust_from_debian() {
    # zig does what gcc and binutils would. Of arm64 only the standard library is wanted, which is not run.
    debian_unpack trixie '(gcc|cpp|binutils|libc6-dev|libgcc-14-dev|linux-libc-dev|libc-dev-bin)[^=]*|lib(l|a|t|ub|hwa)san[^=]*|(lib([^s]|s[^t]|st[^d]|std[^-])|gcc)[^=]*:arm64' \
        "$1" "rustc-web=$debian_rust_version*" "rust-web-src=$debian_rust_version*" \
        "libstd-rust-web-dev=$debian_rust_version*" "libstd-rust-web-dev:arm64=$debian_rust_version*" || return
    # Debian's programs run on older systems, through their own loader.
    rm -f "$1/bin"
    mkdir "$1/bin"
    cat >"$1/bin/rustc" <<'END'
#!/bin/sh
here=$(dirname "$(dirname "$0")")/usr
exec "$here/lib64/ld-linux-x86-64.so.2" --library-path "$here/lib/x86_64-linux-gnu" "$here/bin/rustc" --sysroot "$here" "$@"
END
    chmod +x "$1/bin/rustc"
    local source=("$1"/usr/src/rustc-*)
    mkdir -p "$1/usr/lib/rustlib/src"
    ln -sfn "../../../src/$(basename "${source[0]}")" "$1/usr/lib/rustlib/src/rust"
    # Debian's rustc links these with Windows programs; zig has what they hold built in.
    mkdir "$1/empty"
    printf '!<arch>\n' | tee "$1/empty/libssp.a" >"$1/empty/libssp_nonshared.a"
}
