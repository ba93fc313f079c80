#!/usr/bin/env bash
# Builds a server that the tests run against, once, and prints where it is:
#   build.sh vault        the path of the Vault binary: $VAULT_BIN, else `vault` or `bao` on PATH, else our own build
#   build.sh kubernetes   the directory that holds kube-apiserver and etcd
#   build.sh plugins      the directory that holds Vault's auth methods of the clouds and GitHub, and EC2's metadata service
#   build.sh helm         the path of helm, which renders charts
#   build.sh python       the directory that holds the Python packages of AWS's and RADIUS's stand-ins
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
        plugins) plugins ;;
        helm) helm ;;
        python) python ;;
        *) die "usage: build.sh vault|kubernetes|plugins|helm|python" ;;
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

helm() {
    local version directory
    version=$(sed -n 's|^require helm.sh/helm/v3 v||p' "$servers/helm/go.mod")
    flags+=("-s -w")
    directory=$(built helm "$version" "Helm" "2 minutes" helm.sh/helm/v3/cmd/helm)
    printf '%s\n' "$directory/helm"
}

# Each is a module of its own: their dependencies do not fit together.
plugins() {
    flags+=("-s -w")
    cached "plugins-$(key "$servers/plugins")" compile_plugins
}

compile_plugins() {
    local azure=github.com/hashicorp/vault-plugin-auth-azure/cmd/vault-plugin-auth-azure
    compile "$servers/plugins/github" "Vault's GitHub login" "20 seconds" . "$1"
    compile "$servers/plugins/aws" "Vault's AWS login" "40 seconds" . "$1"
    compile "$servers/plugins/gcp" "Vault's Google Cloud login" "40 seconds" . "$1"
    compile "$servers/plugins/azure" "Vault's Azure login" "60 seconds" "$azure" "$1"
    compile "$servers/plugins/ec2-metadata" "EC2's metadata service" "10 seconds" \
        github.com/aws/amazon-ec2-metadata-mock/cmd/ec2-metadata-mock "$1"
    rm "$1/build.log"
}

python() {
    local python
    python=$(python3 -c 'import sys; print("%d.%d" % sys.version_info[:2])')
    cached "python-$python-$(uname -m)-$(key "$servers/cloud")" fetch_python
}

fetch_python() {
    say "fetching AWS's and RADIUS's stand-ins (moto and pyrad from PyPI), once …"
    PIP_ROOT_USER_ACTION=ignore python3 -m pip install --quiet --disable-pip-version-check --no-compile --no-warn-conflicts \
        --only-binary=:all: --target "$1" --requirement "$servers/cloud/requirements.txt" || return
    # Compiled once, and not at each start.
    python3 -m compileall -q "$1" >/dev/null || true
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
        find . -name '*.go' -print0 -o -name 'go.*' -print0 -o -name requirements.txt -print0 | LC_ALL=C sort -z | xargs -0 sha256sum
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
