#!/usr/bin/env bash
# run.sh: measures, prints the outcome and makes the pages that show it (make bench). Needs what `gradle jar testLibs
#   benchClasses benchLibs` makes. BENCH_ROUNDS is how many fresh processes of each there are (20); with BENCH_BUILD=1 it is
#   measured as well how long a build from clean takes, which is minutes.
# run.sh --profiles: builds the library with several settings of the release profile, measures them in turns and prints the table of
#   docs/size.md.
# run.sh --pages: makes the pages from what was measured last (benches/results.json).
# run.sh --check: fails unless they are what that makes.
set -euo pipefail
# shellcheck source=tests/tools/common.sh
. "$(dirname "$0")/../tests/tools/common.sh"
# shellcheck source=tests/tools/environment.sh
. "$root/tests/tools/environment.sh"
cd "$root"

main() {
    local java
    java=$(build_jdk)/bin/java
    case ${1-} in
        '') measure "$java" ;;
        --profiles) profiles "$java"; return ;;
        --pages) ;;
        --check) exec "$java" -cp build/classes/java/bench dev.vaultcipher.bench.Report --check ;;
        *) die "usage: run.sh [--profiles|--pages|--check]" ;;
    esac
    "$java" -cp build/classes/java/bench dev.vaultcipher.bench.Report
}

measure() {
    export_test_environment
    BENCH_LIMIT=$(limit)
    [[ -n $BENCH_LIMIT ]] || die "cargo does not say where it put the limit (benches/limit.rs)"
    BENCH_FLOOR=$(floor "${1%/bin/java}")
    BENCH_VERSION=$(sed -n 's/^version = "\(.*\)"$/\1/p' Cargo.toml)
    BENCH_BUILD_SECONDS=
    if [[ ${BENCH_BUILD-} == 1 ]]; then BENCH_BUILD_SECONDS=$(build_seconds); fi
    export BENCH_LIMIT BENCH_FLOOR BENCH_VERSION BENCH_BUILD_SECONDS

    "$1" -cp "build/classes/java/bench:build/classes/java/test:build/test-libs/*:build/host-libs/host-api-stubs.jar:$VAULT_CIPHER_JAR" \
        dev.vaultcipher.bench.Bench
}

profiles() {
    local jars=() profile level lto
    for profile in z-fat s-fat 2-fat 3-fat 2-thin; do
        IFS=- read -r level lto <<<"$profile"
        say "building with opt-level $level, lto $lto …"
        CARGO_PROFILE_RELEASE_OPT_LEVEL=$level CARGO_PROFILE_RELEASE_LTO=$lto tests/tools/gradle.sh -q jar >&2
        mkdir -p build/profiles
        cp "$(jar_path)" "build/profiles/$profile.jar"
        jars+=("build/profiles/$profile.jar")
    done
    export_test_environment
    "$1" -cp "build/classes/java/bench:build/classes/java/test:build/test-libs/*:build/host-libs/host-api-stubs.jar:$VAULT_CIPHER_JAR" \
        dev.vaultcipher.bench.Profiles "${jars[@]}"
}

# The program of benches/limit.rs; cargo gives it a name with a hash in it. It uses nothing of the library, which cargo builds
# first all the same: a profile of its own keeps that short.
limit() {
    cargo build --locked --bench limit --message-format=json-render-diagnostics --profile limit \
        --config 'profile.limit.inherits="release"' --config 'profile.limit.lto=false' \
        --config 'profile.limit.codegen-units=16' --config 'profile.limit.opt-level=3' |
        sed -nE 's/.*"name":"limit".*"executable":"([^"]+)".*/\1/p'
}

# The library of benches/floor.c; the argument is the JDK.
floor() {
    mkdir -p build
    cc -O2 -Wall -Werror -shared -fPIC -I"$1/include" -I"$1/include/linux" -o build/bench-floor.so benches/floor.c
    printf '%s\n' "$root/build/bench-floor.so"
}

# The library alone, from nothing but the downloaded sources.
build_seconds() {
    local start=$EPOCHREALTIME target
    say "building the library from clean, to see how long that takes …"
    cargo fetch --locked --quiet
    target=$(mktemp -d)
    CARGO_TARGET_DIR=$target cargo build --quiet --release --locked --package vault-cipher-jni >&2
    rm -rf "$target"
    awk -v start="$start" -v end="$EPOCHREALTIME" 'BEGIN { print end - start }'
}

main "$@"
