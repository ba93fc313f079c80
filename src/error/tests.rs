//! What holds for every message.

use std::time::Duration;

use super::*;
use crate::file;
use crate::resource::Resource;
use crate::text::is_unprintable;

/// A request as long as it can be.
fn at() -> RequestInfo {
    let long = "ü".repeat(5_000);
    let other = OtherEndpoint { name: long.clone(), said: long.clone() };
    RequestInfo {
        namespace: Some(long.clone()),
        address_from: Some("environment variable VAULT_ADDR".to_owned()),
        via: vec!["proxy http://proxy.example:3128 from environment variable HTTPS_PROXY".to_owned()],
        tries: Some(Tries { count: 7, time: Duration::from_secs(60) }),
        others: vec![other; 100],
        ..RequestInfo::new("GET", format!("https://vault.example:8200/v1/{long}")).of_secret(&long, &long)
    }
}

/// Every kind, with facts as large as they can be.
fn kinds() -> Vec<ErrorKind> {
    let long = || "\u{200b}ü\n\u{202e}".repeat(2_000);
    let many = || vec![long(); 50];
    let problem = || Problem::new(long(), long());
    let denied = || Denied {
        origin: "environment variable VAULT_TOKEN".to_owned(),
        policy_path: long(),
        policies: Some(many()),
        hint: Some(DeniedHint::NearestMount(long())),
    };
    let failed = || Box::new(ErrorKind::NotVault { status: 200, content: long() }.at(at()));
    let readable = || (0..10).collect();
    let mut kinds = vec![
        ErrorKind::Text { problems: many() },
        ErrorKind::Setting { origin: "environment variable V".to_owned(), problem: problem() },
        ErrorKind::NotConfigured { method: "TOKEN", what: "a Vault token", places: "environment variable V".to_owned() },
        ErrorKind::File { what: "token file", path: long(), origin: "environment variable V".to_owned(), problem: problem() },
        ErrorKind::TrustStore { store: long(), problem: problem() },
        ErrorKind::NotVault { status: 200, content: long() },
        ErrorKind::WantsTls,
        ErrorKind::BadAnswer { problem: long() },
        ErrorKind::TokenUsedUp { origin: long() },
        ErrorKind::TokenRefused { origin: long(), provider: Provider::Agent },
        ErrorKind::TokenRefused { origin: long(), provider: Provider::File },
        ErrorKind::TokenRefused { origin: long(), provider: Provider::Login },
        ErrorKind::Denied(denied()),
        ErrorKind::LoginRefused { method: "CERT", status: 400, answer: long(), presented: long(), cause: problem() },
        ErrorKind::NoIdentity { method: "AWS", source: None, looked: vec![long(), long()], problem: problem() },
        ErrorKind::NoIdentity { method: "AWS", source: Some(long()), looked: vec![long()], problem: problem() },
        ErrorKind::NamespaceUnknown,
        ErrorKind::VersionMissing { version: 1, readable: readable() },
        ErrorKind::SecretMissing,
        ErrorKind::SecretDeleted { version: 1, when: None, readable: readable() },
        ErrorKind::SecretDestroyed { version: 1, readable: readable() },
        ErrorKind::MountUnknown { nearest: Some(long()) },
        ErrorKind::KeyMissing { key: long(), names: many(), count: 2_000_000, nearest: Some(long()) },
        ErrorKind::ValueUnusable { key: long(), problem: problem() },
        ErrorKind::Sealed { progress: Some(UnsealProgress { given: 1, needed: 3 }) },
        ErrorKind::Uninitialised,
        ErrorKind::NoLeader { status: 503, answer: long() },
        ErrorKind::StandbyReadOnly { status: 500, answer: long() },
        ErrorKind::RateLimited { answer: long() },
        ErrorKind::Refused { status: 500, answer: long() },
        ErrorKind::Interrupted,
        ErrorKind::UsedUp { resource: Resource::Descriptors, what: long() },
        ErrorKind::UsedUp { resource: Resource::Threads, what: long() },
        ErrorKind::UsedUp { resource: Resource::Memory, what: long() },
        ErrorKind::SystemRefuses { what: long(), why: long() },
        ErrorKind::Internal(long()),
    ];
    for why in [
        NotFollowed::NoAddress,
        NotFollowed::OtherPath,
        NotFollowed::Disabled,
        NotFollowed::Downgrade,
        NotFollowed::UnknownHost { from: long() },
        NotFollowed::Second,
    ] {
        kinds.push(ErrorKind::Redirected { to: Some(long()), why });
    }
    for found in [
        FoundEngine::LongerMount(long()),
        FoundEngine::Kv1WithVersion,
        FoundEngine::Kv1,
        FoundEngine::Kv2,
        FoundEngine::Other(long()),
        FoundEngine::NotStorable(long()),
        FoundEngine::Unknown(long()),
    ] {
        kinds.push(ErrorKind::OtherEngine { wanted: "KV version 2", found });
    }
    for why in [
        Unreachable::UnknownHost { host: long(), reason: long() },
        Unreachable::Refused,
        Unreachable::ConnectTimeout { seconds: 10.0 },
        Unreachable::Timeout { seconds: 30.0 },
        Unreachable::Closed { reason: long() },
        Unreachable::SocketMissing,
        Unreachable::SocketRefused,
        Unreachable::Http2Only,
        Unreachable::Forbidden,
        Unreachable::ProxyUnreachable { why: Box::new(Unreachable::Refused) },
        Unreachable::ProxyCredentials { answer: long() },
        Unreachable::ProxyForbids { answer: long() },
        Unreachable::Proxy { reason: long() },
        Unreachable::Tls(problem()),
        Unreachable::UsedUp(Resource::Descriptors),
        Unreachable::Other { reason: long() },
    ] {
        kinds.push(ErrorKind::Unreachable(why));
    }
    for why in [
        NotStored::Denied { denied: denied(), write: true },
        NotStored::EngineUnknown,
        NotStored::NoTemplate { places: "environment variable V".to_owned() },
        NotStored::DataPath { path: long() },
        NotStored::OtherValue { key: long(), version: Some(3) },
        NotStored::WrittenMeanwhile,
        NotStored::Unsure { why: failed() },
        NotStored::NotReadBack { written: true, why: ReadBack::OtherValue, text: long() },
        NotStored::NotReadBack { written: false, why: ReadBack::Failed(failed()), text: long() },
    ] {
        kinds.push(ErrorKind::NotStored(why));
    }
    kinds
}

#[test]
fn every_message_is_one_bounded_line_with_advice_and_its_code_at_the_end() {
    for kind in kinds() {
        for error in [Error::from(kind.clone()), kind.clone().at(at())] {
            let message = error.to_string();
            assert!(message.len() <= 8 * 1024 - "vault-cipher: ".len(), "{} bytes: {}", message.len(), error.code());
            assert!(message.ends_with(&format!(" ({})", error.code())), "{message}");
            assert!(!message.contains(is_unprintable), "{message}");
            assert_eq!(message.matches(". What to do: ").count(), usize::from(kind != ErrorKind::Interrupted), "{message}");
        }
    }
}

#[test]
fn every_code_of_the_table_is_that_of_a_kind_or_of_the_java_class() {
    let mut used: Vec<Code> = kinds().iter().map(ErrorKind::code).collect();
    used.sort_unstable();
    used.dedup();
    let of_rust: Vec<Code> = CODES.iter().filter(|info| info.group() != 9).map(|info| info.code).collect();
    assert_eq!(used, of_rust);

    let java = include_str!("../../java/main/dev/vaultcipher/Failure.java");
    // One of them is said by the bridge.
    let of_java = || CODES.iter().filter(|info| info.group() == 9 && info.code != Code::JAVA_STACK);
    for info in of_java() {
        let number = info.code.to_string().replace("VC", "of(") + ",";
        assert_eq!(java.matches(&number).count(), 1, "{}", info.code);
    }
    let codes = java.matches("return of(9").count();
    assert_eq!(codes, of_java().count());
}

#[test]
fn a_file_that_the_process_cannot_open_any_more_has_the_code_and_the_advice_of_that() {
    let problem = || Problem::from(file::Problem::UsedUp(Resource::Descriptors));
    let file = ErrorKind::File { what: "token file", path: "/t".to_owned(), origin: "V".to_owned(), problem: problem() };
    let store = Problem::new("it cannot be read", "install certificates").because(problem().used_up);
    for kind in [file, ErrorKind::TrustStore { store: "cacerts".to_owned(), problem: store }] {
        assert_eq!(kind.code(), Code::NO_DESCRIPTORS);
        assert!(Error::from(kind).advice().contains("ulimit -n"));
    }
}

/// The page's skeleton: a section for each group, an entry for each code, and a row or more in each entry.
#[test]
fn the_page_of_messages_has_an_entry_for_every_code_in_their_order() {
    let page = include_str!("../../docs/messages.md");
    let page = page.split("\n## Warnings").next().unwrap();
    let headings: Vec<&str> = page.lines().filter(|line| line.starts_with("## ") || line.starts_with("### ")).collect();
    let expected: Vec<String> = CODE_GROUPS
        .iter()
        .flat_map(|group| {
            let of_group = CODES.iter().filter(|info| info.group() == group.hundred);
            let entries = of_group.map(|info| format!("### {} {}", info.code, info.name));
            std::iter::once(format!("## VC{}xx: {}", group.hundred, group.name)).chain(entries)
        })
        .collect();
    assert_eq!(headings, expected);
    for entry in page.split("\n### ").skip(1) {
        let rows = entry.lines().filter(|line| line.starts_with("| `")).map(|row| row.trim_matches('|').split(" | ").count());
        let rows: Vec<usize> = rows.collect();
        assert!(!rows.is_empty() && rows.iter().all(|columns| *columns == 3), "message, cause, what to do: {entry}");
    }
}

#[test]
fn the_content_of_a_file_in_place_of_its_path_is_not_quoted() {
    let contents = [
        "[default]\naws_secret_access_key = canary",
        "[default] aws_secret_access_key = canary",
        r#"{"type": "service_account", "private_key": "canary"}"#,
        "-----BEGIN PRIVATE KEY-----canary",
        "eyJhbGciOiJSUzI1NiJ9.canary.canary",
        " hvs.canary",
        "user\ncanary",
    ];
    for path in contents {
        let file = ErrorKind::File {
            what: "file",
            path: path.to_owned(),
            origin: "V".to_owned(),
            problem: Problem::new("is missing", "x"),
        };
        let message = Error::from(file).to_string();
        assert!(!message.contains("canary") && message.contains("where a path belongs"), "{message}");
    }
    let file = ErrorKind::File {
        what: "file",
        path: "C:\\new\\t".to_owned(),
        origin: "V".to_owned(),
        problem: Problem::new("is missing", "x"),
    };
    assert!(Error::from(file).to_string().contains("new"));
}
