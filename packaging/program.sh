#!/usr/bin/env bash
# program.sh ARCHITECTURE…: builds the command-line tool as a program that needs nothing of the system but Linux, for x86_64 or
# aarch64, into build/native/program-ARCHITECTURE/vault-cipher.
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

find_compilers
cd "$root"
for architecture; do
    platform=linux-$architecture-musl
    check_platforms "$platform"
    # musl is linked in.
    cargo_build "$platform" vault-cipher-cli -Ctarget-feature=+crt-static
    mkdir -p "build/native/program-$architecture"
    cp "$target_directory/${targets[$platform]}/release/vault-cipher" "build/native/program-$architecture/vault-cipher"
done
