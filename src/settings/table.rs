//! Every setting by its names: the field of the text, the environment variables, the system property. The names of the
//! official clients work as they are; source: <https://developer.hashicorp.com/vault/docs/commands#configure-environment-variables>
//! and, for TOKEN and the
//! Kubernetes login, Atlassian's documentation of its own store.

use super::Setting;

macro_rules! settings {
    ($($(#[$doc:meta])* $name:ident: $field:expr, [$($variable:literal),+], $property:expr;)+) => {
        $($(#[$doc])* pub(crate) const $name: Setting =
            Setting { field: $field, variables: &[$($variable),+], property: $property };)+

        /// All of them, in the order of the documentation's table.
        pub(crate) const ALL: &[Setting] = &[$($name),+];
    };
}

settings! {
    /// A Vault token, for `TOKEN`.
    TOKEN: None, ["SECRET_STORE_VAULT_TOKEN"], Some("secret.store.vault.token");
    /// The same under the official clients' names, which come second.
    OFFICIAL_TOKEN: None, ["BAO_TOKEN", "VAULT_TOKEN"], None;
    /// A file that holds a Vault token, or the JSON that an agent's sink writes; read anew at each login.
    TOKEN_FILE: Some("tokenFile"), ["SECRET_STORE_VAULT_TOKEN_FILE"], Some("secret.store.vault.token.file");
    /// The role of a `JWT` or `CERT` login.
    ROLE: Some("role"), ["SECRET_STORE_VAULT_ROLE"], Some("secret.store.vault.role");
    /// The mount path of the auth method, `KUBERNETES` excepted; default the method's own name.
    AUTH_MOUNT: Some("authMount"), ["SECRET_STORE_VAULT_AUTH_MOUNT"], Some("secret.store.vault.auth.mount");
    /// The file that holds the JWT of a `JWT` login.
    JWT_FILE: Some("jwtFile"), ["SECRET_STORE_VAULT_JWT_FILE"], Some("secret.store.vault.jwt.file");
    /// The role-id of an `APPROLE` login.
    ROLE_ID: Some("roleId"), ["SECRET_STORE_VAULT_ROLE_ID"], Some("secret.store.vault.role.id");
    /// A file that holds the role-id.
    ROLE_ID_FILE: Some("roleIdFile"), ["SECRET_STORE_VAULT_ROLE_ID_FILE"], Some("secret.store.vault.role.id.file");
    /// The secret-id of an `APPROLE` login, or the token that wraps it.
    SECRET_ID: None, ["SECRET_STORE_VAULT_SECRET_ID"], Some("secret.store.vault.secret.id");
    /// A file that holds the secret-id, or the token that wraps it.
    SECRET_ID_FILE: Some("secretIdFile"), ["SECRET_STORE_VAULT_SECRET_ID_FILE"], Some("secret.store.vault.secret.id.file");
    /// Whether the secret-id is response-wrapped; default false.
    SECRET_ID_WRAPPED: Some("secretIdWrapped"), ["SECRET_STORE_VAULT_SECRET_ID_WRAPPED"], Some("secret.store.vault.secret.id.wrapped");
    /// The user name of a `USERPASS` or `LDAP` login.
    USERNAME: Some("username"), ["SECRET_STORE_VAULT_USERNAME"], Some("secret.store.vault.username");
    /// The password of a `USERPASS` or `LDAP` login.
    PASSWORD: None, ["SECRET_STORE_VAULT_PASSWORD"], Some("secret.store.vault.password");
    /// A file that holds that password.
    PASSWORD_FILE: Some("passwordFile"), ["SECRET_STORE_VAULT_PASSWORD_FILE"], Some("secret.store.vault.password.file");
    /// The role of the Kubernetes login.
    KUBERNETES_ROLE: Some("role"), ["SECRET_STORE_VAULT_KUBE_AUTH_ROLE"], Some("secret.store.vault.kube.auth.role");
    /// The mount path of the Kubernetes auth method; default `kubernetes`.
    KUBERNETES_MOUNT: Some("authMount"), ["SECRET_STORE_VAULT_KUBE_AUTH_PATH"], Some("secret.store.vault.kube.auth.path");
    /// The file that holds the service account's token; default where the kubelet puts it.
    KUBERNETES_JWT_FILE: Some("jwtFile"), ["SECRET_STORE_VAULT_KUBE_AUTH_JWT_PATH"], Some("secret.store.vault.kube.auth.jwt.path");
    /// Vault's address, or several with commas between; used when the text has no `endpoint`.
    ADDRESS: None, ["BAO_ADDR", "VAULT_ADDR"], Some("secret.store.vault.address");
    /// The address of a Vault Agent or Proxy; used when the text has no `endpoint`, and before [`ADDRESS`].
    AGENT_ADDRESS: None, ["BAO_AGENT_ADDR", "VAULT_AGENT_ADDR"], Some("secret.store.vault.agent.address");
    /// The namespace of the secret; default the root namespace.
    NAMESPACE: Some("namespace"), ["BAO_NAMESPACE", "VAULT_NAMESPACE"], Some("secret.store.vault.namespace");
    /// The namespace of the auth method; default that of the secret.
    AUTH_NAMESPACE: Some("authNamespace"), ["SECRET_STORE_VAULT_AUTH_NAMESPACE"], Some("secret.store.vault.auth.namespace");
    /// A PEM file with certificates to trust besides the JVM's.
    CA_CERT: Some("caCert"), ["BAO_CACERT", "VAULT_CACERT"], Some("secret.store.vault.ca.cert");
    /// The same, as PEM text.
    CA_CERT_BYTES: Some("caCertBytes"), ["BAO_CACERT_BYTES", "VAULT_CACERT_BYTES"], Some("secret.store.vault.ca.cert.bytes");
    /// A directory of PEM files with certificates to trust besides the JVM's.
    CA_PATH: Some("caPath"), ["BAO_CAPATH", "VAULT_CAPATH"], Some("secret.store.vault.ca.path");
    /// Whether the operating system's certificates are trusted too; default false.
    SYSTEM_TRUST: Some("systemTrust"), ["SECRET_STORE_VAULT_SYSTEM_TRUST"], Some("secret.store.vault.system.trust");
    /// The client certificate: a PEM file, or a PKCS12 file that holds the key as well.
    CLIENT_CERT: Some("clientCert"), ["BAO_CLIENT_CERT", "VAULT_CLIENT_CERT"], Some("secret.store.vault.client.cert");
    /// The client certificate's key: a PEM file.
    CLIENT_KEY: Some("clientKey"), ["BAO_CLIENT_KEY", "VAULT_CLIENT_KEY"], Some("secret.store.vault.client.key");
    /// The password of a PKCS12 file in [`CLIENT_CERT`].
    CLIENT_CERT_PASSWORD: None, ["SECRET_STORE_VAULT_CLIENT_CERT_PASSWORD"], Some("secret.store.vault.client.cert.password");
    /// The name that the server's certificate must have; default the endpoint's host.
    TLS_SERVER_NAME: Some("tlsServerName"), ["BAO_TLS_SERVER_NAME", "VAULT_TLS_SERVER_NAME"], Some("secret.store.vault.tls.server.name");
    /// Whether the server's certificate is not checked at all; default false.
    SKIP_VERIFY: Some("skipVerify"), ["BAO_SKIP_VERIFY", "VAULT_SKIP_VERIFY"], Some("secret.store.vault.skip.verify");
    /// The time for everything, retries and waits included; default 60 s; 0 is one try.
    CLIENT_TIMEOUT: Some("timeout"), ["BAO_CLIENT_TIMEOUT", "VAULT_CLIENT_TIMEOUT"], Some("secret.store.vault.client.timeout");
    /// How long a secret that was read is reused within the process; default 5 s; 0 is never.
    CACHE_TIME: Some("cacheTime"), ["SECRET_STORE_VAULT_CACHE_TIME"], Some("secret.store.vault.cache.time");
    /// Whether a token that a login obtained is revoked after the start; default true.
    REVOKE: Some("revoke"), ["SECRET_STORE_VAULT_REVOKE"], Some("secret.store.vault.revoke");
    /// Whether leases are renewed; default false.
    RENEW: Some("renew"), ["SECRET_STORE_VAULT_RENEW"], Some("secret.store.vault.renew");
    /// Whether OpenBao's inline authentication is tried: the login goes along with the read; default false.
    INLINE_LOGIN: Some("inlineLogin"), ["SECRET_STORE_VAULT_INLINE_LOGIN"], Some("secret.store.vault.inline.login");
    /// How often a request is repeated at most; default as often as the time allows.
    MAX_RETRIES: Some("maxRetries"), ["BAO_MAX_RETRIES", "VAULT_MAX_RETRIES"], Some("secret.store.vault.max.retries");
    /// The proxy, whatever `NO_PROXY` says.
    PROXY: Some("proxy"), ["BAO_PROXY_ADDR", "VAULT_PROXY_ADDR", "BAO_HTTP_PROXY", "VAULT_HTTP_PROXY"], Some("secret.store.vault.proxy");
    /// Whether no redirect is followed; default false.
    DISABLE_REDIRECTS: Some("disableRedirects"), ["BAO_DISABLE_REDIRECTS", "VAULT_DISABLE_REDIRECTS"], Some("secret.store.vault.disable.redirects");
    /// Hosts (`host` or `host:port`, with commas between) that a redirect may lead to besides the endpoints.
    REDIRECT_HOSTS: Some("redirectHosts"), ["SECRET_STORE_VAULT_REDIRECT_HOSTS"], Some("secret.store.vault.redirect.hosts");
    /// Further headers of every request: a JSON object of strings; `X-Vault-` names are refused.
    HEADERS: Some("headers"), ["BAO_HEADERS", "VAULT_HEADERS"], Some("secret.store.vault.headers");
}
