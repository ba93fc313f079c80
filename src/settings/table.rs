//! Every setting: a row has its names, its default and what it means, and docs/settings.md is made of the rows. The names of the
//! official clients work as they are; source: <https://developer.hashicorp.com/vault/docs/commands#configure-environment-variables>
//! and, for TOKEN and the Kubernetes login, Atlassian's documentation of its own store.

use super::Setting;

/// A section is one of docs/settings.md; a row's comment is what the page says of the setting. A row without `default` has none.
macro_rules! settings {
    ($(section $section:literal {
        $($(#[doc = $meaning:literal])+ $name:ident {
            $(field: $field:literal,)? variables: [$($variable:literal),+] $(, property: $property:literal)?
            $(, default: $default:literal)? $(, credential: $credential:literal)?
        })+
    })+) => {
        $($($(#[doc = $meaning])+ pub(crate) const $name: Setting = Setting {
            field: [$(Some($field),)? None][0],
            variables: &[$($variable),+],
            property: [$(Some($property),)? None][0],
            #[cfg(test)]
            default: [$($default,)? "none"][0],
            #[cfg(test)]
            meaning: concat!($($meaning),+),
            credential: false $(|| $credential)?,
        };)+)+

        /// All of them.
        pub(crate) const ALL: &[Setting] = &[$($($name),+),+];

        /// The sections of docs/settings.md, each with its settings.
        #[cfg(test)]
        pub(super) const SECTIONS: &[(&str, &[Setting])] = &[$(($section, &[$($name),+])),+];
    };
}

settings! {
    section "The address" {
        /// Used when the text has no `endpoint`. Several with commas between are nodes of one cluster.
        ADDRESS { variables: ["BAO_ADDR", "VAULT_ADDR"], property: "secret.store.vault.address" }
        /// Address of a Vault Agent or Proxy; comes before `VAULT_ADDR`.
        AGENT_ADDRESS { variables: ["BAO_AGENT_ADDR", "VAULT_AGENT_ADDR"], property: "secret.store.vault.agent.address" }
        /// Namespace of the secret.
        NAMESPACE {
            field: "namespace",
            variables: ["BAO_NAMESPACE", "VAULT_NAMESPACE"],
            property: "secret.store.vault.namespace",
            default: "the root namespace"
        }
    }

    section "Logins" {
        /// `TOKEN`: the token.
        TOKEN { variables: ["SECRET_STORE_VAULT_TOKEN"], property: "secret.store.vault.token", credential: true }
        /// `TOKEN`: the same under the official clients' name, which comes last. Whatever the method, [storing](store.md)
        /// writes with it.
        OFFICIAL_TOKEN { variables: ["BAO_TOKEN", "VAULT_TOKEN"], credential: true }
        /// `TOKEN`: a file that holds the token, or what an agent's sink writes. As a field it comes before
        /// `SECRET_STORE_VAULT_TOKEN`, as a variable before `VAULT_TOKEN`.
        TOKEN_FILE {
            field: "tokenFile",
            variables: ["SECRET_STORE_VAULT_TOKEN_FILE"],
            property: "secret.store.vault.token.file"
        }
        /// `KUBERNETES`: the role, required.
        KUBERNETES_ROLE {
            field: "role",
            variables: ["SECRET_STORE_VAULT_KUBE_AUTH_ROLE"],
            property: "secret.store.vault.kube.auth.role"
        }
        /// `KUBERNETES`: mount path of the auth method.
        KUBERNETES_MOUNT {
            field: "authMount",
            variables: ["SECRET_STORE_VAULT_KUBE_AUTH_PATH"],
            property: "secret.store.vault.kube.auth.path",
            default: "`kubernetes`"
        }
        /// `KUBERNETES`: the service account's token, read anew at each login.
        KUBERNETES_JWT_FILE {
            field: "jwtFile",
            variables: ["SECRET_STORE_VAULT_KUBE_AUTH_JWT_PATH"],
            property: "secret.store.vault.kube.auth.jwt.path",
            default: "`/var/run/secrets/kubernetes.io/serviceaccount/token`"
        }
        /// `JWT`, `CERT`: the role.
        ROLE { field: "role", variables: ["SECRET_STORE_VAULT_ROLE"], property: "secret.store.vault.role" }
        /// All but `KUBERNETES`: mount path of the auth method.
        AUTH_MOUNT {
            field: "authMount",
            variables: ["SECRET_STORE_VAULT_AUTH_MOUNT"],
            property: "secret.store.vault.auth.mount",
            default: "the method's name in lower case"
        }
        /// `JWT`: the file that holds the JWT, required.
        JWT_FILE { field: "jwtFile", variables: ["SECRET_STORE_VAULT_JWT_FILE"], property: "secret.store.vault.jwt.file" }
        /// `APPROLE`: the role-id.
        ROLE_ID { field: "roleId", variables: ["SECRET_STORE_VAULT_ROLE_ID"], property: "secret.store.vault.role.id" }
        /// `APPROLE`: a file that holds it.
        ROLE_ID_FILE {
            field: "roleIdFile",
            variables: ["SECRET_STORE_VAULT_ROLE_ID_FILE"],
            property: "secret.store.vault.role.id.file"
        }
        /// `APPROLE`: the secret-id, or the token that wraps it.
        SECRET_ID { variables: ["SECRET_STORE_VAULT_SECRET_ID"], property: "secret.store.vault.secret.id", credential: true }
        /// `APPROLE`: a file that holds either.
        SECRET_ID_FILE {
            field: "secretIdFile",
            variables: ["SECRET_STORE_VAULT_SECRET_ID_FILE"],
            property: "secret.store.vault.secret.id.file"
        }
        /// `APPROLE`: whether it is a wrapping token.
        SECRET_ID_WRAPPED {
            field: "secretIdWrapped",
            variables: ["SECRET_STORE_VAULT_SECRET_ID_WRAPPED"],
            property: "secret.store.vault.secret.id.wrapped",
            default: "`false`"
        }
        /// `USERPASS`, `LDAP`, `RADIUS`: the user's name.
        USERNAME { field: "username", variables: ["SECRET_STORE_VAULT_USERNAME"], property: "secret.store.vault.username" }
        /// `USERPASS`, `LDAP`, `RADIUS`: the password.
        PASSWORD { variables: ["SECRET_STORE_VAULT_PASSWORD"], property: "secret.store.vault.password", credential: true }
        /// `USERPASS`, `LDAP`, `RADIUS`: a file that holds it.
        PASSWORD_FILE {
            field: "passwordFile",
            variables: ["SECRET_STORE_VAULT_PASSWORD_FILE"],
            property: "secret.store.vault.password.file"
        }
        /// `GITHUB`: the personal access token.
        GITHUB_TOKEN {
            variables: ["SECRET_STORE_VAULT_GITHUB_TOKEN"],
            property: "secret.store.vault.github.token",
            credential: true
        }
        /// `GITHUB`: a file that holds it.
        GITHUB_TOKEN_FILE {
            field: "githubTokenFile",
            variables: ["SECRET_STORE_VAULT_GITHUB_TOKEN_FILE"],
            property: "secret.store.vault.github.token.file"
        }
        /// Namespace of the auth method; `root` or `/` is the root namespace.
        AUTH_NAMESPACE {
            field: "authNamespace",
            variables: ["SECRET_STORE_VAULT_AUTH_NAMESPACE"],
            property: "secret.store.vault.auth.namespace",
            default: "that of the secret"
        }
    }

    section "One start, one login" {
        /// How long a secret that was read is reused for further properties; `0` is never.
        CACHE_TIME {
            field: "cacheTime",
            variables: ["SECRET_STORE_VAULT_CACHE_TIME"],
            property: "secret.store.vault.cache.time",
            default: "`5`"
        }
        /// Whether a token that a login obtained is revoked after the start.
        REVOKE {
            field: "revoke",
            variables: ["SECRET_STORE_VAULT_REVOKE"],
            property: "secret.store.vault.revoke",
            default: "`true`"
        }
        /// Whether OpenBao's inline authentication is tried: the login goes along with the read, and no token comes to be.
        INLINE_LOGIN {
            field: "inlineLogin",
            variables: ["SECRET_STORE_VAULT_INLINE_LOGIN"],
            property: "secret.store.vault.inline.login",
            default: "`false`"
        }
        /// Whether the leases of dynamic secrets are renewed as long as the server runs.
        RENEW {
            field: "renew",
            variables: ["SECRET_STORE_VAULT_RENEW"],
            property: "secret.store.vault.renew",
            default: "`false`"
        }
    }

    section "Storing" {
        /// The text that the configuration is to hold when the host, or its tool with `-m encrypt`, hands over a plain secret:
        /// the secret is [written there](store.md#a-plain-password). `{random}` in its `path` becomes a name that no other
        /// secret has.
        STORE_TEXT { variables: ["SECRET_STORE_VAULT_STORE_TEXT"], property: "secret.store.vault.store.text" }
    }

    section "TLS and trust" {
        /// A PEM file with certificates to trust besides the JVM's.
        CA_CERT { field: "caCert", variables: ["BAO_CACERT", "VAULT_CACERT"], property: "secret.store.vault.ca.cert" }
        /// The same as PEM text.
        CA_CERT_BYTES {
            field: "caCertBytes",
            variables: ["BAO_CACERT_BYTES", "VAULT_CACERT_BYTES"],
            property: "secret.store.vault.ca.cert.bytes"
        }
        /// A directory of such PEM files.
        CA_PATH { field: "caPath", variables: ["BAO_CAPATH", "VAULT_CAPATH"], property: "secret.store.vault.ca.path" }
        /// Whether the operating system's certificates are trusted too.
        SYSTEM_TRUST {
            field: "systemTrust",
            variables: ["SECRET_STORE_VAULT_SYSTEM_TRUST"],
            property: "secret.store.vault.system.trust",
            default: "`false`"
        }
        /// Client certificate: a PEM file, or a PKCS12 file that holds the key as well.
        CLIENT_CERT {
            field: "clientCert",
            variables: ["BAO_CLIENT_CERT", "VAULT_CLIENT_CERT"],
            property: "secret.store.vault.client.cert"
        }
        /// Its key, a PEM file, where `clientCert` does not hold it.
        CLIENT_KEY {
            field: "clientKey",
            variables: ["BAO_CLIENT_KEY", "VAULT_CLIENT_KEY"],
            property: "secret.store.vault.client.key"
        }
        /// Password of the PKCS12 file, or of an encrypted PEM key.
        CLIENT_CERT_PASSWORD {
            variables: ["SECRET_STORE_VAULT_CLIENT_CERT_PASSWORD"],
            property: "secret.store.vault.client.cert.password",
            credential: true
        }
        /// The name that Vault's certificate must have.
        TLS_SERVER_NAME {
            field: "tlsServerName",
            variables: ["BAO_TLS_SERVER_NAME", "VAULT_TLS_SERVER_NAME"],
            property: "secret.store.vault.tls.server.name",
            default: "the endpoint's host"
        }
        /// Whether Vault's certificate is not checked at all. For a test only; a WARN line says so.
        SKIP_VERIFY {
            field: "skipVerify",
            variables: ["BAO_SKIP_VERIFY", "VAULT_SKIP_VERIFY"],
            property: "secret.store.vault.skip.verify",
            default: "`false`"
        }
    }

    section "Patience, proxies, redirects" {
        /// The time for everything, tries and waits included; `0` is one try. At most a day.
        CLIENT_TIMEOUT {
            field: "timeout",
            variables: ["BAO_CLIENT_TIMEOUT", "VAULT_CLIENT_TIMEOUT"],
            property: "secret.store.vault.client.timeout",
            default: "`60`"
        }
        /// How often a request is repeated; `0` is never.
        MAX_RETRIES {
            field: "maxRetries",
            variables: ["BAO_MAX_RETRIES", "VAULT_MAX_RETRIES"],
            property: "secret.store.vault.max.retries",
            default: "as often as the time allows"
        }
        /// The proxy, whatever `NO_PROXY` says: `http://proxy.example.com:3128`. With `user:password@` before the host where it
        /// wants that; then in the environment, not in the text.
        PROXY {
            field: "proxy",
            variables: ["BAO_PROXY_ADDR", "VAULT_PROXY_ADDR", "BAO_HTTP_PROXY", "VAULT_HTTP_PROXY"],
            property: "secret.store.vault.proxy",
            default: "[the environment's, then the JVM's](connection.md#proxies)"
        }
        /// Whether no redirect is followed at all.
        DISABLE_REDIRECTS {
            field: "disableRedirects",
            variables: ["BAO_DISABLE_REDIRECTS", "VAULT_DISABLE_REDIRECTS"],
            property: "secret.store.vault.disable.redirects",
            default: "`false`"
        }
        /// Hosts (`host` or `host:port`, commas between) that a redirect may lead to besides the endpoints.
        REDIRECT_HOSTS {
            field: "redirectHosts",
            variables: ["SECRET_STORE_VAULT_REDIRECT_HOSTS"],
            property: "secret.store.vault.redirect.hosts"
        }
        /// Further headers of every request: a JSON object of texts, `{"X-Team":"dba"}`. `X-Vault-…` is refused.
        HEADERS { field: "headers", variables: ["BAO_HEADERS", "VAULT_HEADERS"], property: "secret.store.vault.headers" }
    }
}
