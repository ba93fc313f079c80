#!/usr/bin/env bash
# run.sh PLATFORM…: tests the release in build/dist, and its libraries for these platforms, each where it will run:
#   linux-x86_64         Java 17 in a userland of Debian 11 (glibc 2.31), and Java 8; also without newer system calls
#   linux-aarch64        Java 17 in the same for arm64, under qemu
#   linux-*-musl         a program that stands for the JVM, with musl; and the command-line tool; aarch64 under qemu
#   windows-x86_64       Java 17 for Windows, under wine
# Each reads a secret of a real Vault over HTTP and HTTPS. Needs what `gradle testClasses platformTestClasses testLibs` makes.
# The last line is `N passed, N failed, …`.
set -euo pipefail
# shellcheck source=tests/tools/common.sh
. "$(dirname "$0")/../tools/common.sh"
# shellcheck source=packaging/platforms.sh
. "$root/packaging/platforms.sh"
# shellcheck source=packaging/debian.sh
. "$root/packaging/debian.sh"
# shellcheck source=packaging/toolchain.sh
. "$root/packaging/toolchain.sh"
# shellcheck source=tests/platforms/userlands.sh
. "$root/tests/platforms/userlands.sh"

passed=0
failed=0
jar=$root/build/dist/vault-cipher-$(sed -n 's/^version = "\(.*\)"$/\1/p' "$root/Cargo.toml").jar

main() {
    check_platforms "$@"
    [[ -e $jar ]] || die "there is no $jar (packaging/package.sh)"
    [[ -n ${TEST_HTTP-} && -n ${TEST_HTTPS-} ]] || with_vault "$@"
    local platform what
    for what in digests archive pom maven gradle components image; do
        try "the package: $what" "$root/tests/platforms/check-package.sh" "$what"
    done
    for platform; do
        # Tried on a Mac: here.sh.
        [[ $platform != macos-* ]] || continue
        try "$platform: what the library asks of the system" check_library "$platform"
        case $platform in
            linux-x86_64)
                on_linux debian11_x86_64 "$platform" /usr/lib/jvm/java-17-openjdk-amd64/bin/java
                on_linux java8_x86_64 "$platform" /usr/lib/jvm/java-8-openjdk-amd64/jre/bin/java
                on_an_old_kernel "$platform"
                ;;
            linux-aarch64) TESTS=qemu on_linux debian11_aarch64 "$platform" /usr/lib/jvm/java-17-openjdk-arm64/bin/java ;;
            linux-*-musl)
                on_musl "$platform"
                try "$platform: the command-line tool, linked statically" on_program "$platform"
                ;;
            windows-x86_64) on_windows "$platform" ;;
        esac
    done
    printf '%d passed, %d failed, on %d platforms\n' "$passed" "$failed" $#
    [[ $failed -eq 0 ]]
}

# Starts this script again while two Vaults run.
with_vault() {
    VAULT_BIN=$("$root/tests/servers/build.sh" vault)
    export VAULT_BIN
    # The userlands see the tree, so that what they read has to lie there.
    TEST_FOLDER=$(mktemp -d "$root/build/platforms.XXXXXX")
    export TEST_FOLDER
    trap 'rm -rf "$TEST_FOLDER"' EXIT
    "$(build_jdk)/bin/java" -cp "$root/build/classes/java/test:$root/build/test-libs/*" dev.vaultcipher.harness.WithVault \
        "$TEST_FOLDER" "$0" "$@"
    exit
}

# try WHAT COMMAND…: counts it as one test.
try() {
    local output
    if output=$("${@:2}" 2>&1); then
        passed=$((passed + 1))
        say "ok: $1"
    else
        failed=$((failed + 1))
        say "FAILED: $1: $output"
    fi
}

check_library() {
    unzip -q -o -d "$TEST_FOLDER/libraries" "$jar" "META-INF/native/$1/*"
    "$root/tests/platforms/check-library.sh" "$1" "$TEST_FOLDER/libraries/META-INF/native/$1/$(library_name "$1")"
}

# on_linux USERLAND PLATFORM JAVA: the Java tests there.
on_linux() { java_tests "$1" "$2" /test /project : "$3" -Xcheck:jni; }

# The JVM is started where these system calls do not exist. Without getrandom (RHEL 7 before 7.4) everything works; without epoll
# or eventfd (a sandbox) the message says so.
on_an_old_kernel() {
    local java=/usr/lib/jvm/java-17-openjdk-amd64/bin/java
    "${CC:-cc}" -O1 -o "$TEST_FOLDER/without" "$root/tests/platforms/without.c"
    WITHOUT=getrandom java_tests debian11_x86_64 "$1" /test /project : "$java"
    WITHOUT=epoll TESTS=epoll java_tests debian11_x86_64 "$1" /test /project : "$java"
    WITHOUT=eventfd TESTS=epoll java_tests debian11_x86_64 "$1" /test /project : "$java"
}

# A JVM for musl is in no package registry: tests/platforms/host.c does what it would.
on_musl() {
    local arch=${1#linux-} userland folder=$TEST_FOLDER/$1 zig jni
    userland=$(userland "musl_${arch%-musl}")
    zig=$(zig_tools)
    jni=$(build_jdk)/include
    mkdir "$folder"
    cp "$TEST_FOLDER"/*-ca.* "$TEST_FOLDER/libraries/META-INF/native/$1/libvault_cipher.so" "$folder"
    printf 'no library' >"$folder/damaged.so"
    ZIG_GLOBAL_CACHE_DIR=$cache/zig-cache ZIG_LOCAL_CACHE_DIR=$cache/zig-cache "$zig/ziglang/zig" cc -target "${arch%-musl}-linux-musl" \
        -dynamic -O1 -I"$jni" -I"$jni/linux" -o "$folder/host" "$root/tests/platforms/host.c"
    try "$1: a secret over HTTP" musl_reads "$TEST_HTTP"
    VAULT_CACERT=/test/vault-ca.pem try "$1: a secret over HTTPS" musl_reads "$TEST_HTTPS"
    VAULT_CACERT=/test/other-ca.pem try "$1: another CA" musl_refuses libvault_cipher.so "${TEST_HTTPS/%\}/,\"timeout\":\"0\"\}}" certificate
    try "$1: a damaged file" musl_refuses damaged.so '{}' 'Exec format error'
}

# on_program PLATFORM: the command-line tool for this architecture, which is to need nothing of the system. With it doctor reads the secret.
on_program() {
    local program=${jar%.jar}-program-${1%-musl} userland folder=$TEST_FOLDER/program-$1 needed
    userland=$(userland "musl_$(cut -d- -f2 <<<"$1")")
    mkdir "$folder"
    cp "$program" "$folder/vault-cipher" || return
    needed=$(readelf -dW "$folder/vault-cipher") || return
    [[ $needed != *NEEDED* ]] || { printf '%s\n' "$needed"; return 1; }
    [[ $("$root/tests/platforms/enter.sh" "$userland" "$folder" /test/vault-cipher --version) == "vault-cipher "* ]] || return
    printf 'encrypted-property.cipher.classname=dev.vaultcipher.VaultSecretStore\njdbc.password={ENC}%s\n' "$TEST_HTTP" >"$folder/bitbucket.properties"
    "$root/tests/platforms/enter.sh" "$userland" "$folder" /test/vault-cipher doctor --file /test/bitbucket.properties
}

musl_host() { "$root/tests/platforms/enter.sh" "$userland" "$folder" /test/host "/test/$1" "$2"; }

# The secret is not shown.
musl_reads() { [[ $(musl_host libvault_cipher.so "$1" | sha256sum | cut -d' ' -f1) == "$TEST_SHA256" ]]; }

musl_refuses() {
    local output
    output=$(musl_host "$1" "$2") && return 1
    printf '%s\n' "$output"
    [[ $output == "error: "*"$3"* ]]
}

# Started by wine, which shows the userland as drive Z.
on_windows() {
    WINESERVER=/usr/lib/wine/wineserver64 WINEDEBUG=-all WINEPREFIX=/tmp/wine \
        java_tests windows_x86_64 "$1" 'Z:\test' 'Z:\project' ';' /usr/lib/wine/wine64 'Z:\jre\bin\java.exe' -Xcheck:jni
}

# java_tests USERLAND PLATFORM TEST PROJECT SEPARATOR JAVA…: adds the counts that the last line says. The system call that
# WITHOUT names does not exist then. TESTS chooses among them, see PlatformTests.
java_tests() {
    local userland test=$3 project=$4 separator=$5 folder class_path file output what=$1${WITHOUT:+, without $WITHOUT} prefix=()
    userland=$(userland "$1")
    if [[ -n ${WITHOUT-} ]]; then prefix=("$TEST_FOLDER/without" "$WITHOUT"); fi
    folder=$(mktemp -d "$TEST_FOLDER/java.XXXXXX")
    cp "$jar" "$folder/vault-cipher.jar"
    cp "$TEST_FOLDER"/*-ca.* "$folder"
    class_path=$project/build/classes/java/platformTest$separator$project/build/host-libs/host-api-stubs.jar
    for file in "$root"/build/test-libs/{junit,hamcrest}-*.jar; do
        class_path+=$separator$project/build/test-libs/$(basename "$file")
    done
    # Standard input is a file: wine's Java cannot read from a pipe.
    output=$(TEST_PLATFORM=$2 TEST_JAR=$test/vault-cipher.jar TEST_FOLDER=$test \
        timeout --kill-after=15 600 "${prefix[@]}" "$root/tests/platforms/enter.sh" "$userland" "$folder" \
        "${@:6}" -XX:-UsePerfData -cp "$class_path" dev.vaultcipher.platforms.PlatformTests "${TESTS-}" 2>&1 </dev/null) || true
    say "$what:"
    say "$output"
    add "$what" "$output"
}

# add WHAT OUTPUT: adds the counts that the output ends with. An output without them is a failure.
add() {
    local counts
    counts=$(sed -nE 's/^([0-9]+) passed, ([0-9]+) failed, on .*/\1 \2/p' <<<"$2" | tail -n 1)
    [[ -n $counts ]] || { counts='0 1'; say "FAILED: $1 did not come to its end"; }
    # A stack follows; without one it is about the launcher of Java 8.
    if grep -A1 -E '^(WARNING in native method|FATAL ERROR in native method|WARNING: JNI local refs)' <<<"$2" | grep -qE '^\s+at '; then
        counts="${counts% *} $((${counts#* } + 1))"
        say "FAILED: $1: -Xcheck:jni complains"
    fi
    passed=$((passed + ${counts% *}))
    failed=$((failed + ${counts#* }))
}

main "$@"
