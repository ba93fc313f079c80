#!/usr/bin/env bash
# checkers.sh actionlint|cargo-deny: prints the path of a program that checks files, built once from its source at a
# fixed version and kept in the cache (see common.sh).
set -euo pipefail
# shellcheck source=tests/tools/common.sh
. "$(dirname "$0")/common.sh"

actionlint=1.7.12
cargo_deny=0.20.2

build_actionlint() { GOBIN=$1 GOWORK=off GOFLAGS='' go install "github.com/rhysd/actionlint/cmd/actionlint@v$actionlint"; }

# What it could fetch by itself is left out: advisories come from a git repository, see deny.toml.
build_cargo_deny() { cargo install --quiet --locked --root "$1" "cargo-deny@$cargo_deny"; }

case ${1-} in
    actionlint) printf '%s/actionlint\n' "$(cached "actionlint-$actionlint" build_actionlint)" ;;
    cargo-deny) printf '%s/bin/cargo-deny\n' "$(cached "cargo-deny-$cargo_deny" build_cargo_deny)" ;;
    *) die "usage: checkers.sh actionlint|cargo-deny" ;;
esac
