# shellcheck shell=bash
# Sourced by the scripts of this project: where things are, and how to talk to the user.

# shellcheck disable=SC2034  # for the scripts that source this
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)

# What is expensive to fetch or build stays outside the tree, so that `make clean` and a new checkout do not lose it.
cache=${VAULT_CIPHER_CACHE:-${XDG_CACHE_HOME:-${HOME:-/tmp}/.cache}/vault-cipher}

# Progress and errors go to stderr: stdout belongs to what a script answers.
say() { printf '%s\n' "$*" >&2; }
die() { say "$(basename "$0"): $*"; exit 1; }

# cached NAME COMMAND…: prints the directory $cache/NAME. When it is not there yet, COMMAND fills the empty directory that
# it gets as last argument. Two runs at once do the work once; an interrupted one leaves nothing that looks complete.
cached() {
    local directory=$cache/$1 lock unfinished
    shift
    mkdir -p "$cache"
    if [[ ! -d $directory ]]; then
        exec {lock}>"$directory.lock"
        flock "$lock"
        if [[ ! -d $directory ]]; then
            rm -rf "$directory".??????
            unfinished=$(mktemp -d "$directory.XXXXXX")
            chmod 755 "$unfinished"
            "$@" "$unfinished" >&2 || return
            mv -T "$unfinished" "$directory"
        fi
        exec {lock}>&-
    fi
    printf '%s\n' "$directory"
}

# find_jdk VERSION PROGRAM: prints the home of a Java of this major version that has bin/PROGRAM, if the machine has one.
find_jdk() {
    local home
    for home in "${JAVA_HOME-}" /usr/lib/jvm/* "${HOME-}"/.sdkman/candidates/java/*; do
        if [[ -x $home/bin/$2 ]] && grep -q "^JAVA_VERSION=\"$1[.\"]" "$home/release" 2>/dev/null; then
            realpath "$home"
            return
        fi
    done
    return 1
}

# build_jdk: prints the home of the JDK that builds, and runs the demo. Newer ones are not known to Debian's Gradle 4.4.1.
build_jdk() { find_jdk 17 javac || find_jdk 21 javac; }

# postgresql_programs: prints the directory that holds initdb, pg_ctl and postgres, if PostgreSQL is installed.
# Debian and Red Hat keep it off the PATH.
postgresql_programs() {
    local program
    for program in "$(type -P initdb || true)" $(ls -vr /usr/lib/postgresql/*/bin/initdb /usr/pgsql-*/bin/initdb 2>/dev/null); do
        if [[ -x $program ]]; then
            dirname "$program"
            return
        fi
    done
}
