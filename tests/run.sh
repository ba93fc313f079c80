#!/usr/bin/env bash
# run.sh [STAGE…] [CLASS|FOLDER…]: the whole suite, or some of its stages. Names of Java test classes or of their folders
# limit the Java stages to them: `run.sh build java17 TrustStoreTest`, `run.sh java25 tls`. The stages:
#   install   what the machine misses          rust     cargo test
#   servers   Vault and Kubernetes, built      java17   the Java tests on this Java, under -Xcheck:jni;
#   build     the jar and the Java tests                java11, java21 and java25 as well
#   lint      make lint                        demo     the demo, as a test
#   hostile   attacks in numbers, a soak, and what is left in memory; UPDATE=1 writes docs/hostile.md
#   policy    licences, duplicates and sources of dependencies (deny.toml), and the CI workflows
#   instructions   what a call costs, counted by valgrind (UPDATE=1: the new counts become the thresholds)
#   platforms   the release's jar with the libraries for x86_64 and aarch64 with glibc, each tried on an older system
# The Java stages write what they tried on which JDK, with what outcome, into build/tested.md.
# A stage that fails does not keep the others from running. What they print is kept in build/test-logs.
# The last line is `N passed, N failed`; a stage that does not come to its end counts as a failure.
set -euo pipefail
# shellcheck source=tests/tools/common.sh
. "$(dirname "$0")/tools/common.sh"
# shellcheck source=tests/tools/environment.sh
. "$root/tests/tools/environment.sh"

logs=$root/build/test-logs
all_stages=(install servers build lint platforms java17 rust java25 hostile java21 java11 instructions demo policy)
stages=()
# Java classes and folders that were asked for; none are all.
only=()
lanes=()
# Java 17 and 25 run all classes, 11 and 21 those whose outcome may differ between JDKs.
of_the_jdk=(CertificateZooTest ClassLoadersTest EnvironmentsTest HostFilesTest JarContentTest JdkMatrixTest JniBoundaryTest
    JvmRestrictionsTest LoadingErrorsTest LoadingWaysTest LocaleTest ServerJavaTest ThreadsLeftTest TomcatTest TrustStoreKindsTest TrustStoreTest)

main() {
    cd "$root"
    choose "$@"
    set -- "${stages[@]}"
    mkdir -p "$logs"
    rm -f "$logs"/*.result "$logs"/*.tsv "$logs/failures"
    trap interrupted INT TERM

    local name
    for name; do
        if comes_first "$name"; then run "$name"; fi
    done
    # Tests wait for servers and start JVMs most of the time: two stages at once keep two cores busy.
    set -m
    for name; do
        if ! comes_first "$name"; then in_a_lane run "$name"; fi
    done
    wait
    set +m
    tested
    summary "$@"
}

# choose ARGUMENT…: which stages, and which Java tests. Tests alone run on Java 17.
choose() {
    local name
    for name; do
        if [[ " ${all_stages[*]} " == *" $name "* ]]; then
            stages+=("$name")
        elif [[ -n $(find tests/java/dev/vaultcipher -path "*/vaultcipher/$name" -o -name "$name.java") ]]; then
            only+=("$name")
        else
            die "$name is no stage, no Java test class and no folder of them; the top of tests/run.sh lists the stages"
        fi
    done
    if [[ ${#stages[@]} -eq 0 ]]; then
        if [[ ${#only[@]} -eq 0 ]]; then stages=("${all_stages[@]}"); else stages=(java17); fi
    fi
}

# The others build on these, and these may take minutes and show how far they are; of tests the outcome is enough.
comes_first() { [[ " install servers build lint " == *" $1 "* ]]; }

in_a_lane() {
    while [[ $(jobs -pr | wc -l) -ge 2 ]]; do wait -n || true; done
    "$@" &
    lanes+=($!)
}

# Each lane is a process group, servers and JVMs included.
interrupted() {
    [[ ${#lanes[@]} -eq 0 ]] || kill -TERM -- "${lanes[@]/#/-}" 2>/dev/null || true
    exit 130
}

stage() {
    case $1 in
        install) tests/tools/install.sh test && tests/tools/jdks.sh ;;
        servers) for server in vault kubernetes plugins python; do tests/servers/build.sh "$server" || return; done ;;
        build) tests/tools/gradle.sh jar testClasses platformTestClasses testLibs ;;
        lint) make lint ;;
        rust) export_test_environment && timeout --foreground --kill-after=15 1200 cargo test --workspace --locked --no-fail-fast ;;
        platforms) packaging/package.sh linux-x86_64 linux-aarch64 && tests/platforms/run.sh linux-x86_64 linux-aarch64 ;;
        instructions) cargo bench --profile dev --locked --bench instructions ;;
        java11 | java21) java_tests "$1" "${of_the_jdk[@]}" ;;
        # A minute of elections, in which the JDK plays no part, is enough once.
        java25) WITHOUT=HighAvailabilityTest java_tests "$1" ;;
        java*) java_tests "$1" ;;
        # Not `make demo`, which would build again under the tests that run beside it.
        demo) export_demo_environment && JAVA_HOME=$(build_jdk) tests/host/demo.sh ;;
        policy) policy ;;
        hostile) hostile ;;
    esac
}

# java_tests STAGE [CLASS…]: all classes unless some are named.
java_tests() {
    if [[ ${#only[@]} -gt 0 ]]; then set -- "$1" "${only[@]}"; fi
    OUTCOMES=$logs/$1.tsv tests/run-java.sh "$(tests/tools/jdks.sh "${1#java}" | cut -d= -f2)" "${@:2}"
}

# What was tried on which JDK, with what outcome, as a page.
tested() {
    local outcomes=("$logs"/java*.tsv)
    [[ -e ${outcomes[0]} ]] || return 0
    "$(build_jdk)/bin/java" -cp build/classes/java/test dev.vaultcipher.harness.TestedTable tests/java "${outcomes[@]}" >build/tested.md
}

# The attacks, on one JDK; those on what a JVM has used up on a second one as well.
hostile() {
    rm -f build/hostile.tsv
    [[ ${#only[@]} -gt 0 ]] || only=(hostile)
    tests/run-java.sh "$(tests/tools/jdks.sh 17 | cut -d= -f2)" "${only[@]}" || return
    if [[ ${only[*]} == hostile ]]; then
        tests/run-java.sh "$(tests/tools/jdks.sh 25 | cut -d= -f2)" ExhaustionTest || return
    fi
    "$(build_jdk)/bin/java" -cp build/classes/java/test dev.vaultcipher.hostile.HostilePage build/hostile.tsv >build/hostile.md
    [[ -z ${UPDATE-} ]] || cp build/hostile.md docs/hostile.md
}

# Advisories need the network; CI looks at them.
policy() {
    local deny
    deny=$(tests/tools/checkers.sh cargo-deny)
    "$deny" --offline check licenses bans sources
    "$(tests/tools/checkers.sh actionlint)"
}

# count STAGE LOG STATUS: how many tests passed and failed. A stage without tests of its own is one test.
count() {
    case $1 in
        # An ignored test has not passed.
        rust) awk '/^test result:/ { gsub(";", ""); passed += $4; failed += $6 + $8 }
                   END { print passed + 0, failed + 0 }' "$2" ;;
        java* | hostile | instructions | platforms) awk '/^[0-9]+ passed, [0-9]+ failed, / { passed += $1; failed += $3 }
                    END { print passed + 0, failed + 0 }' "$2" ;;
        *) if [[ $3 -eq 0 ]]; then echo 1 0; else echo 0 1; fi ;;
    esac
}

# run STAGE: writes what becomes of it to STAGE.result: seconds, passed, failed, a note.
run() {
    local name=$1 log=$logs/$1.log start=$SECONDS status passed failed note=''
    printf '%s …\n' "$name"
    set +e
    if comes_first "$name"; then
        (set -e; stage "$name") 2>&1 | tee "$log"
    else
        (set -e; stage "$name") >"$log" 2>&1
    fi
    status=$?
    set -e

    read -r passed failed < <(count "$name" "$log" "$status")
    if [[ $status -ne 0 && $failed -eq 0 ]]; then
        failed=1
        note="ended with status $status"
    elif [[ $((passed + failed)) -eq 0 ]]; then
        failed=1
        note="ran no tests"
    fi
    if [[ $failed -ne 0 ]]; then
        printf '%s failed; the end of build/test-logs/%s.log:\n%s\n' "$name" "$name" "$(tail -n 60 "$log" | sed 's/^/    /')"
    fi
    printf '%s %s %s %s\n' $((SECONDS - start)) "$passed" "$failed" "$note" >"$logs/$name.result"
}

# failures STAGE: each failed test with the first line of its reason, at the very end, where a server shows them.
failures() {
    case $1 in
        java* | hostile) awk -v stage="$1" '/^[0-9]+\) / { printf "%s: %s", stage, $0; getline; print " " $0 }' "$logs/$1.log" | cut -c1-400 ;;
        rust) grep -E '^test .* FAILED$|panicked at' "$logs/$1.log" | sed 's/^/rust: /' ;;
        *) tail -n 3 "$logs/$1.log" | sed "s/^/$1: /" ;;
    esac
}

summary() {
    local name seconds passed failed note all_passed=0 all_failed=0
    printf '\n%-12s %7s %7s %7s\n' stage seconds passed failed
    for name; do
        # A stage without a result did not come to its end.
        read -r seconds passed failed note <"$logs/$name.result" || { seconds=0 passed=0 failed=1 note="did not end"; }
        printf '%-12s %7d %7d %7d  %s\n' "$name" "$seconds" "$passed" "$failed" "$note"
        [[ $failed -eq 0 ]] || failures "$name" >>"$logs/failures" || true
        all_passed=$((all_passed + passed))
        all_failed=$((all_failed + failed))
    done
    [[ ! -s $logs/failures ]] || printf '\n%s\n' "$(cat "$logs/failures")"
    printf '\n%d passed, %d failed\n' "$all_passed" "$all_failed"
    [[ $all_failed -eq 0 ]]
}

main "$@"
