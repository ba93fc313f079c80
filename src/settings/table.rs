//! Every setting: a row has its names, its default and what it means, and docs/settings.md is made of the rows. The names of the
//! official clients work as they are; source: <https://developer.hashicorp.com/vault/docs/commands#configure-environment-variables>
//! and, for TOKEN and the Kubernetes login, Atlassian's documentation of its own store.

use crate::settings::Setting;

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
        /// `TOKEN`: the same under the official clients' name, which comes last. With every method, [storing](store.md)
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
        /// `KUBERNETES`: the service account's token, read again at each login.
        KUBERNETES_JWT_FILE {
            field: "jwtFile",
            variables: ["SECRET_STORE_VAULT_KUBE_AUTH_JWT_PATH"],
            property: "secret.store.vault.kube.auth.jwt.path",
            default: "`/var/run/secrets/kubernetes.io/serviceaccount/token`"
        }
        /// All but `KUBERNETES`: the role, where the method has roles.
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
        /// `AWS`: the region whose STS is asked.
        AWS_REGION {
            field: "awsRegion",
            variables: ["SECRET_STORE_VAULT_AWS_REGION", "AWS_REGION", "AWS_DEFAULT_REGION"],
            property: "secret.store.vault.aws.region",
            default: "that of the profile or the instance, else `us-east-1`"
        }
        /// `AWS`: what the mount's `iam_server_id_header_value` is set to.
        AWS_SERVER_ID {
            field: "awsServerId",
            variables: ["SECRET_STORE_VAULT_AWS_SERVER_ID"],
            property: "secret.store.vault.aws.server.id"
        }
        /// `GCP`: the type of the role: `gce` takes the identity token of the instance or pod, `iam` a JWT that the service account
        /// signs.
        GCP_TYPE {
            field: "gcpType",
            variables: ["SECRET_STORE_VAULT_GCP_TYPE"],
            property: "secret.store.vault.gcp.type",
            default: "`iam` where a key file is set, else `gce`"
        }
        /// `AZURE`: whom the token is for: what the mount's `resource` is set to.
        AZURE_RESOURCE {
            field: "azureResource",
            variables: ["SECRET_STORE_VAULT_AZURE_RESOURCE"],
            property: "secret.store.vault.azure.resource",
            default: "`https://management.azure.com/`"
        }
        /// `AZURE`: the client id of the identity, where a machine has several.
        AZURE_CLIENT_ID {
            field: "azureClientId",
            variables: ["SECRET_STORE_VAULT_AZURE_CLIENT_ID", "AZURE_CLIENT_ID"],
            property: "secret.store.vault.azure.client.id"
        }
        /// Namespace of the auth method; `root` or `/` is the root namespace.
        AUTH_NAMESPACE {
            field: "authNamespace",
            variables: ["SECRET_STORE_VAULT_AUTH_NAMESPACE"],
            property: "secret.store.vault.auth.namespace",
            default: "that of the secret"
        }
    }

    section "Clouds" {
        /// `AWS`: with the next, the first source.
        AWS_ACCESS_KEY_ID { variables: ["AWS_ACCESS_KEY_ID"] }
        /// `AWS`: the secret key.
        AWS_SECRET_ACCESS_KEY { variables: ["AWS_SECRET_ACCESS_KEY"], credential: true }
        /// `AWS`: the session token of temporary keys.
        AWS_SESSION_TOKEN { variables: ["AWS_SESSION_TOKEN"], credential: true }
        /// `AWS`: the profile of the shared files, the second source.
        AWS_PROFILE { variables: ["AWS_PROFILE"], default: "`default`" }
        /// `AWS`: the shared credentials file.
        AWS_SHARED_CREDENTIALS_FILE { variables: ["AWS_SHARED_CREDENTIALS_FILE"], default: "`~/.aws/credentials`" }
        /// `AWS`: the shared configuration file.
        AWS_CONFIG_FILE { variables: ["AWS_CONFIG_FILE"], default: "`~/.aws/config`" }
        /// `AWS`: a file with a token that AWS trusts (IRSA), the third source.
        AWS_WEB_IDENTITY_TOKEN_FILE { variables: ["AWS_WEB_IDENTITY_TOKEN_FILE"] }
        /// `AWS`: the role that the token assumes.
        AWS_ROLE_ARN { variables: ["AWS_ROLE_ARN"] }
        /// `AWS`: what the session is called.
        AWS_ROLE_SESSION_NAME { variables: ["AWS_ROLE_SESSION_NAME"], default: "`vault-cipher`" }
        /// `AWS`: the container's service (ECS), the fourth source.
        AWS_CONTAINER_CREDENTIALS_RELATIVE_URI { variables: ["AWS_CONTAINER_CREDENTIALS_RELATIVE_URI"], credential: true }
        /// `AWS`: the same as a whole address (EKS Pod Identity).
        AWS_CONTAINER_CREDENTIALS_FULL_URI { variables: ["AWS_CONTAINER_CREDENTIALS_FULL_URI"] }
        /// `AWS`: what is sent to the container's service.
        AWS_CONTAINER_AUTHORIZATION_TOKEN { variables: ["AWS_CONTAINER_AUTHORIZATION_TOKEN"], credential: true }
        /// `AWS`: a file that holds it, which comes first.
        AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE { variables: ["AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE"] }
        /// `AWS`: `true` where the instance's metadata service, the last source, is not to be asked.
        AWS_EC2_METADATA_DISABLED { variables: ["AWS_EC2_METADATA_DISABLED"], default: "`false`" }
        /// `AWS`: the address of the metadata service.
        AWS_EC2_METADATA_SERVICE_ENDPOINT {
            variables: ["AWS_EC2_METADATA_SERVICE_ENDPOINT"],
            default: "`http://169.254.169.254`"
        }
        /// `AWS`: `IPv6` where the metadata service is at `[fd00:ec2::254]`.
        AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE { variables: ["AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE"], default: "`IPv4`" }
        /// `AWS`: the address at which this machine asks STS, such as that of a VPC endpoint.
        AWS_ENDPOINT_URL_STS { variables: ["AWS_ENDPOINT_URL_STS"], default: "the region's" }
        /// `GCP`: the key file of a service account, the first source.
        GOOGLE_APPLICATION_CREDENTIALS { variables: ["GOOGLE_APPLICATION_CREDENTIALS"] }
        /// `GCP`: the host of the metadata server, perhaps with a port.
        GCE_METADATA_HOST { variables: ["GCE_METADATA_HOST"], default: "`metadata.google.internal`" }
        /// `GCP`: the address of the API that signs for a service account, such as that of a private endpoint.
        GCP_IAM_ENDPOINT {
            variables: ["CLOUDSDK_API_ENDPOINT_OVERRIDES_IAMCREDENTIALS"],
            default: "`https://iamcredentials.googleapis.com`"
        }
        /// `AZURE`: a file with a token that Azure trusts (workload identity), the first source.
        AZURE_FEDERATED_TOKEN_FILE { variables: ["AZURE_FEDERATED_TOKEN_FILE"] }
        /// `AZURE`: the tenant of the workload identity.
        AZURE_TENANT_ID { variables: ["AZURE_TENANT_ID"] }
        /// `AZURE`: where the token is exchanged.
        AZURE_AUTHORITY_HOST { variables: ["AZURE_AUTHORITY_HOST"], default: "`https://login.microsoftonline.com`" }
        /// `AZURE`: with the next, App Service, the second source.
        IDENTITY_ENDPOINT { variables: ["IDENTITY_ENDPOINT"] }
        /// `AZURE`: what is sent to it.
        IDENTITY_HEADER { variables: ["IDENTITY_HEADER"], credential: true }
        /// `AZURE`: the address of the metadata service, the last source.
        AZURE_POD_IDENTITY_AUTHORITY_HOST {
            variables: ["AZURE_POD_IDENTITY_AUTHORITY_HOST"],
            default: "`http://169.254.169.254`"
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
        /// The text that the configuration is to hold when the host, or its tool with `-m encrypt`, passes a plain secret:
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
        /// The proxy, regardless of `NO_PROXY`: `http://proxy.example.com:3128`. With `user:password@` before the host where it
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
