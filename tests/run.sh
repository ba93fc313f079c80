#!/usr/bin/env bash
# run.sh [STAGE…]: the whole suite, or some of its stages:
#   install   what the machine misses          rust     cargo test
#   servers   Vault and Kubernetes, built      java17   the Java tests on this Java, under -Xcheck:jni;
#   build     the jar and the Java tests                java11, java21 and java25 as well
#   lint      make lint                        demo     the demo, as a test
# A stage that fails does not keep the others from running. What they print is kept in build/test-logs.
# The last line is `N passed, N failed`; a stage that does not come to its end counts as a failure.
set -euo pipefail
# shellcheck source=tests/tools/common.sh
. "$(dirname "$0")/tools/common.sh"
# shellcheck source=tests/tools/environment.sh
. "$root/tests/tools/environment.sh"

logs=$root/build/test-logs
table=()
passed=0
failed=0

main() {
    [[ $# -gt 0 ]] || set -- install servers build lint rust java17 java25 java21 java11 demo
    cd "$root"
    mkdir -p "$logs"
    local name
    for name; do run "$name"; done
    summary
    [[ $failed -eq 0 ]]
}

stage() {
    case $1 in
        install) tests/tools/install.sh test && tests/tools/jdks.sh ;;
        servers) tests/servers/build.sh vault && tests/servers/build.sh kubernetes ;;
        build) tests/tools/gradle.sh jar testClasses testLibs ;;
        lint) make lint ;;
        rust) export_test_environment && timeout --foreground --kill-after=15 1200 cargo test --locked --no-fail-fast ;;
        java*) tests/run-java.sh "$(tests/tools/jdks.sh "${1#java}" | cut -d= -f2)" ;;
        demo) make demo ;;
        *) die "no stage is called $1; the top of tests/run.sh lists them" ;;
    esac
}

# count STAGE LOG STATUS: how many tests passed and failed. A stage without tests of its own is one test.
count() {
    case $1 in
        # An ignored test has not passed.
        rust) awk '/^test result:/ { gsub(";", ""); passed += $4; failed += $6 + $8 }
                   END { print passed + 0, failed + 0 }' "$2" ;;
        java*) awk -F '[(, :]+' '/^OK \([0-9]+ tests?\)/ { passed += $2 }
                                 /^Tests run: / { passed += $3 > $5 ? $3 - $5 : 0; failed += $5 }
                                 END { print passed + 0, failed + 0 }' "$2" ;;
        *) if [[ $3 -eq 0 ]]; then echo 1 0; else echo 0 1; fi ;;
    esac
}

# run STAGE: adds its line to the table and its tests to the totals.
run() {
    local name=$1 log=$logs/$1.log start=$SECONDS status=0 stage_passed stage_failed note=''
    printf '%s …\n' "$name"
    # Building may take minutes and shows how far it is; of tests the outcome is enough.
    set +e
    case $name in
        install | servers | build) (set -e; stage "$name") 2>&1 | tee "$log" ;;
        *) (set -e; stage "$name") >"$log" 2>&1 ;;
    esac
    status=$?
    set -e

    read -r stage_passed stage_failed < <(count "$name" "$log" "$status")
    if [[ $status -ne 0 && $stage_failed -eq 0 ]]; then
        stage_failed=1
        note="ended with status $status"
    elif [[ $((stage_passed + stage_failed)) -eq 0 ]]; then
        stage_failed=1
        note="ran no tests"
    fi
    if [[ $stage_failed -ne 0 ]]; then
        printf '%s failed; the end of build/test-logs/%s.log:\n' "$name" "$name"
        tail -n 60 "$log" | sed 's/^/    /'
    fi
    passed=$((passed + stage_passed))
    failed=$((failed + stage_failed))
    table+=("$(printf '%-10s %7d %7d %7d  %s' "$name" $((SECONDS - start)) "$stage_passed" "$stage_failed" "$note")")
}

summary() {
    printf '\n%-10s %7s %7s %7s\n' stage seconds passed failed
    printf '%s\n' "${table[@]}"
    printf '\n%d passed, %d failed\n' "$passed" "$failed"
}

main "$@"
