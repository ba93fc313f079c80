# shellcheck shell=bash
# Sourced: the platforms that the jar has a library for.

# The folder in the jar, and what Rust calls the platform. glibc 2.17 is that of RHEL 7 and Amazon Linux 2.
# shellcheck disable=SC2034  # for the scripts that source this
declare -A targets=(
    [linux-x86_64]=x86_64-unknown-linux-gnu
    [linux-aarch64]=aarch64-unknown-linux-gnu
    [linux-x86_64-musl]=x86_64-unknown-linux-musl
    [linux-aarch64-musl]=aarch64-unknown-linux-musl
    [windows-x86_64]=x86_64-pc-windows-gnu
    [macos-x86_64]=x86_64-apple-darwin
    [macos-aarch64]=aarch64-apple-darwin
)
# What is built on Linux; on a Mac only the others, which are packaged from build/native.
linux_built=(linux-x86_64 linux-aarch64 linux-x86_64-musl linux-aarch64-musl windows-x86_64)
glibc=2.17

# library_name PLATFORM: the library's file name there.
library_name() {
    case $1 in
        windows-*) echo vault_cipher.dll ;;
        macos-*) echo libvault_cipher.dylib ;;
        *) echo libvault_cipher.so ;;
    esac
}

# check_platforms PLATFORM…: ends the script if one is not known.
check_platforms() {
    local platform
    for platform; do
        [[ -n ${targets[$platform]-} ]] || die "no platform is called '$platform'; there are: ${!targets[*]}"
    done
}
