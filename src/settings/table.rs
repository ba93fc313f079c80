//! Every setting by its names: the field of the text, the environment variables, the system property. The names of the
//! official clients work as they are; source: <https://developer.hashicorp.com/vault/docs/commands#configure-environment-variables>
//! and, for the first four, Atlassian's documentation of its own store.

use super::Setting;

macro_rules! settings {
    ($($(#[$doc:meta])* $name:ident: $field:expr, [$($variable:literal),+], $property:literal;)+) => {
        $($(#[$doc])* pub(crate) const $name: Setting =
            Setting { field: $field, variables: &[$($variable),+], property: $property };)+

        /// All of them, in the order of the documentation's table.
        pub(crate) const ALL: &[Setting] = &[$($name),+];
    };
}

settings! {
    /// A Vault token, for `TOKEN`.
    TOKEN: None, ["SECRET_STORE_VAULT_TOKEN"], "secret.store.vault.token";
    /// The role of the Kubernetes login.
    KUBERNETES_ROLE: Some("role"), ["SECRET_STORE_VAULT_KUBE_AUTH_ROLE"], "secret.store.vault.kube.auth.role";
    /// The mount path of the Kubernetes auth method; default `kubernetes`.
    KUBERNETES_MOUNT: Some("authMount"), ["SECRET_STORE_VAULT_KUBE_AUTH_PATH"], "secret.store.vault.kube.auth.path";
    /// The file that holds the service account's token; default where the kubelet puts it.
    KUBERNETES_JWT_FILE: Some("jwtFile"), ["SECRET_STORE_VAULT_KUBE_AUTH_JWT_PATH"], "secret.store.vault.kube.auth.jwt.path";
    /// Vault's address, or several with commas between; used when the text has no `endpoint`.
    ADDRESS: None, ["BAO_ADDR", "VAULT_ADDR"], "secret.store.vault.address";
    /// The address of a Vault Agent or Proxy; used when the text has no `endpoint`, and before [`ADDRESS`].
    AGENT_ADDRESS: None, ["BAO_AGENT_ADDR", "VAULT_AGENT_ADDR"], "secret.store.vault.agent.address";
    /// The namespace of the secret; default the root namespace.
    NAMESPACE: Some("namespace"), ["BAO_NAMESPACE", "VAULT_NAMESPACE"], "secret.store.vault.namespace";
    /// A PEM file with certificates to trust besides the JVM's.
    CA_CERT: Some("caCert"), ["BAO_CACERT", "VAULT_CACERT"], "secret.store.vault.ca.cert";
    /// The same, as PEM text.
    CA_CERT_BYTES: Some("caCertBytes"), ["BAO_CACERT_BYTES", "VAULT_CACERT_BYTES"], "secret.store.vault.ca.cert.bytes";
    /// A directory of PEM files with certificates to trust besides the JVM's.
    CA_PATH: Some("caPath"), ["BAO_CAPATH", "VAULT_CAPATH"], "secret.store.vault.ca.path";
    /// Whether the operating system's certificates are trusted too; default false.
    SYSTEM_TRUST: Some("systemTrust"), ["SECRET_STORE_VAULT_SYSTEM_TRUST"], "secret.store.vault.system.trust";
    /// The client certificate: a PEM file, or a PKCS12 file that holds the key as well.
    CLIENT_CERT: Some("clientCert"), ["BAO_CLIENT_CERT", "VAULT_CLIENT_CERT"], "secret.store.vault.client.cert";
    /// The client certificate's key: a PEM file.
    CLIENT_KEY: Some("clientKey"), ["BAO_CLIENT_KEY", "VAULT_CLIENT_KEY"], "secret.store.vault.client.key";
    /// The password of a PKCS12 file in [`CLIENT_CERT`].
    CLIENT_CERT_PASSWORD: None, ["SECRET_STORE_VAULT_CLIENT_CERT_PASSWORD"], "secret.store.vault.client.cert.password";
    /// The name that the server's certificate must have; default the endpoint's host.
    TLS_SERVER_NAME: Some("tlsServerName"), ["BAO_TLS_SERVER_NAME", "VAULT_TLS_SERVER_NAME"], "secret.store.vault.tls.server.name";
    /// Whether the server's certificate is not checked at all; default false.
    SKIP_VERIFY: Some("skipVerify"), ["BAO_SKIP_VERIFY", "VAULT_SKIP_VERIFY"], "secret.store.vault.skip.verify";
    /// The time for everything, retries and waits included; default 60 s; 0 is one try.
    CLIENT_TIMEOUT: Some("timeout"), ["BAO_CLIENT_TIMEOUT", "VAULT_CLIENT_TIMEOUT"], "secret.store.vault.client.timeout";
    /// How often a request is repeated at most; default as often as the time allows.
    MAX_RETRIES: Some("maxRetries"), ["BAO_MAX_RETRIES", "VAULT_MAX_RETRIES"], "secret.store.vault.max.retries";
    /// The proxy, whatever `NO_PROXY` says.
    PROXY: Some("proxy"), ["BAO_PROXY_ADDR", "VAULT_PROXY_ADDR", "BAO_HTTP_PROXY", "VAULT_HTTP_PROXY"], "secret.store.vault.proxy";
    /// Whether no redirect is followed; default false.
    DISABLE_REDIRECTS: Some("disableRedirects"), ["BAO_DISABLE_REDIRECTS", "VAULT_DISABLE_REDIRECTS"], "secret.store.vault.disable.redirects";
    /// Hosts (`host` or `host:port`, with commas between) that a redirect may lead to besides the endpoints.
    REDIRECT_HOSTS: Some("redirectHosts"), ["SECRET_STORE_VAULT_REDIRECT_HOSTS"], "secret.store.vault.redirect.hosts";
    /// Further headers of every request: a JSON object of strings; `X-Vault-` names are refused.
    HEADERS: Some("headers"), ["BAO_HEADERS", "VAULT_HEADERS"], "secret.store.vault.headers";
}
