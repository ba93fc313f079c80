#!/usr/bin/env bash
# here.sh JAR PLATFORM: runs the tests of a platform on this machine itself, as the release does on a machine of each kind.
# JAVA_HOME is the Java that is tested; VAULT_BIN the server; the test classes are there, see run.sh. On Linux /noexec has to be
# a folder that is mounted with noexec. Suits Git Bash on Windows as well.
set -euo pipefail
cd "$(dirname "$0")/../.."

project=$PWD
separator=:
if type -P cygpath >/dev/null; then
    project=$(cygpath -m "$PWD")
    separator=';'
fi
mkdir -p build
folder=$project/$(mktemp -d build/platforms.XXXXXX)
trap 'rm -rf "$folder"' EXIT
libraries=("$project"/build/test-libs/*.jar)
class_path=$(IFS=$separator; echo "${libraries[*]}")$separator$project/build/classes/java/test$separator
class_path+=$project/build/classes/java/platformTest$separator$project/build/host-libs/host-api-stubs.jar
TEST_PLATFORM=$2 TEST_JAR=$project/$1 TEST_FOLDER=$folder "$JAVA_HOME/bin/java" -cp "$class_path" \
    dev.vaultcipher.harness.WithVault "$folder" \
    "$JAVA_HOME/bin/java" -Xcheck:jni -XX:-UsePerfData -cp "$class_path" dev.vaultcipher.platforms.PlatformTests
