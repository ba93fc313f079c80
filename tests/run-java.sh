#!/usr/bin/env bash
# run-java.sh JAVA_HOME [CLASS|FOLDER…]: runs the Java tests, all but the folder hostile unless classes (TrustStoreTest) or folders of
# tests/java/dev/vaultcipher (tls) are named, on this Java with -Xcheck:jni, whose warnings are failures. Needs what
# `gradle jar testClasses testLibs` makes. The outcome of each test goes to the file that the environment variable OUTCOMES
# names; the class that WITHOUT names is left out of all.
set -euo pipefail
# shellcheck source=tests/tools/common.sh
. "$(dirname "$0")/tools/common.sh"
# shellcheck source=tests/tools/environment.sh
. "$root/tests/tools/environment.sh"

main() {
    local java=${1:?JAVA_HOME}/bin/java classes=() options=(-Xcheck:jni) output status=0 name found
    [[ $# -gt 1 ]] || set -- "$1" ''
    for name in "${@:2}"; do
        mapfile -t found < <(test_classes "$name")
        [[ ${#found[@]} -gt 0 ]] || die "no test ${name:-class} in build/classes/java/test (tests/tools/gradle.sh testClasses testLibs)"
        classes+=("${found[@]}")
    done
    export_test_environment
    cd "$root"

    # What an administrator has to add from JDK 24 on, see the README.
    if [[ $(java_version "$1") -ge 24 ]]; then options+=(--enable-native-access=ALL-UNNAMED); fi

    output=$(mktemp)
    # shellcheck disable=SC2064
    trap "rm -f '$output'" EXIT
    timeout --foreground --kill-after=15 "${LIMIT:-1800}" "$java" "${options[@]}" \
        -cp "build/classes/java/test:build/test-libs/*:build/host-libs/host-api-stubs.jar:$VAULT_CIPHER_JAR" \
        dev.vaultcipher.harness.Outcomes "${OUTCOMES:-/dev/null}" "${classes[@]}" 2>&1 | tee "$output" || status=1
    if grep -qE '^(WARNING in native method|FATAL ERROR in native method|WARNING: JNI local refs)' "$output"; then
        printf '%s\n' "-Xcheck:jni complained, see the lines with 'native method' or 'JNI local refs' above"
        status=1
    fi
    return "$status"
}

# test_classes [CLASS|FOLDER]: the full names of the class, of the folder's classes, or of all.
test_classes() {
    find "$root/build/classes/java/test/dev/vaultcipher" -name '*Test.class' ! -name "${WITHOUT:-}.class" -printf '%P\n' | LC_ALL=C sort \
        | awk -v name="$1" -F '[/.]' 'name == "" && $1 != "hostile" || $1 == name || $2 == name { print "dev.vaultcipher." $1 "." $2 }'
}

java_version() {
    sed -n 's/^JAVA_VERSION="\([0-9]*\).*/\1/p' "$1/release"
}

main "$@"
