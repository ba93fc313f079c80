#!/usr/bin/env bash
# Gradle, quiet, on the JDK that suits it. Progress is what cargo and javac say.
set -euo pipefail
# shellcheck source=tests/tools/common.sh
. "$(dirname "$0")/common.sh"

JAVA_HOME=$(build_jdk) || die "no JDK 17 on this machine (tests/tools/install.sh)"
export JAVA_HOME
cd "$root"
# Debian's start script prints the Java version each time.
{ gradle --console=plain --quiet "$@" 2>&1 >&3 | sed -uE '/^(openjdk version|OpenJDK .*\(build )/d' >&2; } 3>&1
