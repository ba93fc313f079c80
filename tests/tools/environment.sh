# shellcheck shell=bash
# shellcheck disable=SC2154  # root comes from common.sh
# Sourced after common.sh: tells the demo and the tests, in environment variables, where the servers and the jar are.
# What is set already stays. Servers that are not built yet are built.

export_demo_environment() {
    VAULT_BIN=$("$root/tests/servers/build.sh" vault)
    PG_BIN=${PG_BIN-$(postgresql_programs)}
    VAULT_CIPHER_JAR=${VAULT_CIPHER_JAR-$(jar_path)}
    export VAULT_BIN PG_BIN VAULT_CIPHER_JAR
}

export_test_environment() {
    local kubernetes
    export_demo_environment
    if [[ -z ${KUBE_APISERVER_BIN-} || -z ${ETCD_BIN-} ]]; then
        kubernetes=$("$root/tests/servers/build.sh" kubernetes)
        KUBE_APISERVER_BIN=$kubernetes/kube-apiserver
        ETCD_BIN=$kubernetes/etcd
    fi
    VAULT_PLUGINS=${VAULT_PLUGINS-$("$root/tests/servers/build.sh" plugins)}
    HELM=${HELM-$("$root/tests/servers/build.sh" helm)}
    TEST_PYTHONPATH=${TEST_PYTHONPATH-$("$root/tests/servers/build.sh" python)}
    export KUBE_APISERVER_BIN ETCD_BIN VAULT_PLUGINS HELM TEST_PYTHONPATH
}

jar_path() {
    printf '%s\n' "$root/build/libs/vault-cipher-$(sed -n 's/^version = "\(.*\)"$/\1/p' "$root/Cargo.toml").jar"
}
