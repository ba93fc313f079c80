#!/usr/bin/env bash
# package.sh [--incomplete] [PLATFORM…]: makes what is released, in build/dist, and a Maven repository of it in build/repository.
# All platforms unless some are named. With --incomplete the libraries that can be built are packaged, and what is missing is
# said; without it, a library that cannot be built is an error. SOURCE_DATE_EPOCH is the time of everything that has one; unless
# it is set, that of the last commit.
set -euo pipefail
# shellcheck source=tests/tools/common.sh
. "$(dirname "$0")/../tests/tools/common.sh"
# shellcheck source=packaging/platforms.sh
. "$root/packaging/platforms.sh"

main() {
    local incomplete=false platform built=() missing=()
    if [[ ${1-} == --incomplete ]]; then incomplete=true; shift; fi
    [[ $# -gt 0 ]] || set -- "${linux_built[@]}"
    check_platforms "$@"
    cd "$root"
    version=$(sed -n 's/^version = "\(.*\)"$/\1/p' Cargo.toml)
    SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH:-$(git log -1 --format=%ct 2>/dev/null || echo 0)}
    export SOURCE_DATE_EPOCH
    rm -rf build/dist build/repository

    for platform; do
        if packaging/library.sh "$platform"; then built+=("$platform"); else missing+=("$platform"); fi
    done
    [[ ${#missing[@]} -eq 0 ]] || "$incomplete" || die "not packaged: the libraries for ${missing[*]} could not be built, see above"
    [[ ${#built[@]} -gt 0 ]] || die "no library could be built, see above"

    mkdir -p build/dist
    for platform in "${built[@]}"; do
        # Where the library for musl can be built, the command-line tool can be, which has musl in it.
        if [[ $platform == linux-*-musl ]]; then program "${platform#linux-}"; fi
    done
    python3 packaging/components.py build/dist "$SOURCE_DATE_EPOCH"
    jars "${built[@]}"
    archive
    (cd build/dist && sha256sum -- * >../SHA256SUMS && mv ../SHA256SUMS .)
    ls -l build/dist
    [[ ${#missing[@]} -eq 0 ]] || say "missing in the jar: ${missing[*]} (not built, see above)"
}

jars() {
    # Debian's Gradle cannot publish into a folder, but install into one.
    tests/tools/gradle.sh "-Pplatforms=$(IFS=,; echo "$*")" "-Dmaven.repo.local=$root/build/repository" publishToMavenLocal
    cp "build/repository/dev/vaultcipher/vault-cipher/$version/vault-cipher-$version.pom" build/dist
}

# The command-line tool for machines without a JVM.
program() {
    local architecture=${1%-musl}
    packaging/program.sh "$architecture"
    cp "build/native/program-$architecture/vault-cipher" "build/dist/vault-cipher-$version-program-linux-$architecture"
}

# The jar with all that a server's administrator needs to install it.
archive() {
    local name=vault-cipher-$version folder program
    folder=$(mktemp -d)
    mkdir "$folder/$name"
    cp -r "build/dist/$name.jar" build/dist/THIRD-PARTY.txt LICENSE README.md CHANGELOG.md docs "$folder/$name"
    for program in build/dist/"$name"-program-*; do
        # bin/vault-cipher-linux-x86_64
        if [[ -e $program ]]; then install -D "$program" "$folder/$name/bin/vault-cipher-${program##*-program-}"; fi
    done
    tar --sort=name --owner=0 --group=0 --numeric-owner --mode=go=rX,u=rwX "--mtime=@$SOURCE_DATE_EPOCH" --format=ustar \
        -C "$folder" -c "$name" | gzip -9n >"build/dist/$name.tar.gz"
    rm -r "$folder"
}

main "$@"
