#!/usr/bin/env bash
# Builds a server that the tests run against, once, and prints where it is:
#   build.sh vault        the path of the Vault binary: $VAULT_BIN, else `vault` or `bao` on PATH, else our own build
#   build.sh kubernetes   the directory that holds kube-apiserver and etcd
# What is built is kept in the cache directory (see tests/tools/common.sh) under a name that changes with its sources.
set -euo pipefail
# shellcheck source=tests/tools/common.sh
. "$(dirname "$0")/../tools/common.sh"

servers=$root/tests/servers
# Without debugging information the build takes half the time.
flags=(-trimpath -gcflags=all=-dwarf=false -ldflags)

main() {
    case ${1-} in
        vault) vault ;;
        kubernetes) kubernetes ;;
        *) die "usage: build.sh vault|kubernetes" ;;
    esac
}

vault() {
    if [[ -n ${VAULT_BIN-} ]]; then
        [[ -x $VAULT_BIN && ! -d $VAULT_BIN ]] || die "VAULT_BIN=$VAULT_BIN is not an executable file"
        realpath "$VAULT_BIN"
    elif ! type -P vault && ! type -P bao; then
        # The version of the commit that go.mod names: the module itself has no usable version.
        local version=2.4.0 directory
        flags+=("-s -w -X github.com/openbao/openbao/version.fullVersion=$version")
        directory=$(built vault "$version" "OpenBao" "3 minutes" .)
        printf '%s\n' "$directory/vault-server"
    fi
}

kubernetes() {
    local version
    version=$(sed -n 's|^\tk8s.io/kubernetes v||p' "$servers/kubernetes/go.mod")
    flags+=("-s -w")
    built kubernetes "$version" "kube-apiserver and etcd" "8 minutes" ./cmd/...
}

# built MODULE VERSION TITLE COST PACKAGES: the directory with the binaries of these packages.
built() {
    local module=$servers/$1
    cached "$1-$2-$(key "$module")" compile "$module" "$3 $2" "$4" "$5"
}

# A short hash over everything that decides what comes out.
key() {
    (
        cd "$1"
        printf '%s\n' "${flags[@]}" "$(uname -sm)"
        find . -name '*.go' -print0 -o -name 'go.*' -print0 | LC_ALL=C sort -z | xargs -0 sha256sum
    ) | sha256sum | cut -c 1-12
}

compile() {
    local module=$1 title=$2 cost=$3 packages=$4 directory=$5
    type -P go >/dev/null || die "Go is missing; it is needed once, to build $title (tests/tools/install.sh)"
    say "building $title, once (about $cost on two cores) …"
    # go build is also the download step: `go mod download` asks for test-only modules that no proxy serves.
    (cd "$module" && CGO_ENABLED=0 GOWORK=off go build -v "${flags[@]}" -o "$directory/" "$packages") 2>&1 |
        tee "$directory/build.log" | progress ||
        die "$title could not be built; the last lines of go build were:"$'\n'"$(tail -n 20 "$directory/build.log")"
}

# One line of go build per module or package is too much to read, silence is too little.
progress() {
    awk '/^go: downloading/ { if (++modules % 100 == 0) print "  " modules " modules downloaded"; next }
         { if (++packages % 250 == 0) print "  " packages " packages compiled" }'
}

main "$@"
