#!/usr/bin/env bash
# The demo (make demo). Needs what `gradle jar testClasses testLibs` makes, and VAULT_BIN, PG_BIN and VAULT_CIPHER_JAR in
# the environment. `exec`, so that a signal reaches the JVM, which stops the servers and deletes their files.
set -euo pipefail
cd "$(dirname "$0")/../.."
exec "${JAVA_HOME:+$JAVA_HOME/bin/}java" -cp "build/classes/java/test:build/test-libs/*:build/host-libs/host-api-stubs.jar" \
    dev.vaultcipher.harness.Demo
