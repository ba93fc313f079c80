use serde_json::Value;

use super::*;
use crate::auth::METHODS;
use crate::host::tests::MapHost;

const FULL: &str = r#"{"mount":"secret","path":"sample/secret","key":"password","endpoint":"http://127.0.0.1:8200"}"#;

fn parse(text: &str) -> Result<SecretReference, Error> {
    SecretReference::parse(text, &MapHost::default())
}

fn problems(text: &str) -> Vec<String> {
    match parse(text) {
        Err(error) => text_problems(error),
        Ok(_) => panic!("parsed: {text}"),
    }
}

fn with(field: &str, value: &str) -> String {
    let mut object: serde_json::Map<String, Value> = serde_json::from_str(FULL).unwrap();
    object.insert(field.to_owned(), serde_json::from_str(value).unwrap());
    serde_json::to_string(&object).unwrap()
}

#[test]
fn the_vendors_text_works_unchanged_and_with_enc() {
    for text in [FULL.to_owned(), format!("{{ENC}}{FULL}"), format!("  {{ENC}} {FULL}\n")] {
        let reference = parse(&text).unwrap();
        assert_eq!(reference.mount.encoded, "secret");
        assert_eq!(reference.path.encoded, "sample/secret");
        assert_eq!(reference.selector.target, Target::Key("password".to_owned()));
        assert_eq!(reference.endpoints[0].url("x").as_str(), "http://127.0.0.1:8200/v1/x");
        assert_eq!(reference.method.name, "TOKEN");
    }
    assert_eq!(parse(&with("authenticationType", "\"KUBERNETES\"")).unwrap().method.name, "KUBERNETES");
}

#[test]
fn every_problem_is_named_at_once() {
    let found =
        problems(r#"{"mount":1,"pth":"x","key":"","endpoint":"vault:8200","authenticationType":"KUBERNETIS","mount":"b"}"#);
    assert_eq!(
        found,
        [
            "unknown field \"pth\": did you mean \"path\"?",
            "\"mount\" is there more than once",
            "\"mount\" must be a JSON string, but is a number",
            "\"path\" is missing",
            "\"key\" is empty",
            "\"endpoint\" does not begin with http:// or https://; it must look like https://vault.example.com:8200",
            &format!(
                "\"authenticationType\" must be one of {}, but is \"KUBERNETIS\" (did you mean \"KUBERNETES\"?)",
                crate::text::list(&METHODS.iter().map(|method| method.name).collect::<Vec<_>>())
            ),
        ]
    );
}

#[test]
fn a_password_in_place_of_the_text_is_not_repeated() {
    for text in ["hunter2-canary", "\"hunter2-canary\"", "{hunter2-canary", "{\"a\":hunter2-canary}"] {
        let message = parse(text).err().unwrap().to_string();
        assert!(!message.contains("canary"), "{message}");
    }
    assert_eq!(problems(""), ["it is empty"]);
    assert_eq!(problems("{ENC}"), ["it is empty"]);
    assert_eq!(problems("[1]"), ["it is not a JSON object: it does not begin with \"{\""]);
    assert_eq!(problems("{\"mount\":"), ["it is not valid JSON: it ends too early at line 1, column 9"]);
    assert!(problems(&format!("{FULL}x"))[0].starts_with("it is not valid JSON: there is a mistake"));
    assert!(problems(&"{".repeat(70_000))[0].contains("70000 bytes"));
    assert!(problems(&format!("{{\"a\":{}", "[".repeat(10_000)))[0].contains("not valid JSON"));
}

#[test]
fn paths_are_encoded_where_legal() {
    for (plain, encoded) in [
        ("a/b", "a/b"),
        ("/a/b/", "a/b"),
        ("a b", "a%20b"),
        ("a?b#c", "a%3Fb%23c"),
        ("a%2fb", "a%252fb"),
        ("zażółć", "za%C5%BC%C3%B3%C5%82%C4%87"),
        ("a+b;c=d&e", "a%2Bb%3Bc%3Dd%26e"),
        ("..a/b..", "..a/b.."),
        ("{x}", "%7Bx%7D"),
    ] {
        assert_eq!(ApiPath::parse(plain).unwrap().encoded, encoded, "{plain}");
    }
}

#[test]
fn paths_are_refused_where_not() {
    for (path, problem) in [
        ("a//b", "empty segment"),
        ("//a", "empty segment"),
        ("a/../b", "segment \"..\""),
        ("./a", "segment \".\""),
        ("/", "is empty"),
        ("a\nb", "U+000A"),
        ("a\0b", "U+0000"),
        ("a/ /b", "blanks only"),
        ("a\u{202e}b", "U+202E"),
    ] {
        let error = ApiPath::parse(path).unwrap_err();
        assert!(error.contains(problem), "{path:?}: {error}");
    }
}

#[test]
fn endpoints_are_normalised_or_refused() {
    for (text, url) in [
        ("https://v:8200", "https://v:8200/v1/x"),
        ("https://v:8200/", "https://v:8200/v1/x"),
        ("https://v:8200/v1", "https://v:8200/v1/x"),
        ("https://v:8200/v1/", "https://v:8200/v1/x"),
        ("HTTPS://V", "https://v/v1/x"),
        ("http://[::1]:8200", "http://[::1]:8200/v1/x"),
        ("https://lb/vault/", "https://lb/vault/v1/x"),
    ] {
        assert_eq!(Endpoint::parse(text).unwrap().url("x").as_str(), url, "{text}");
    }
    for (text, problem) in [
        ("vault", "does not begin with"),
        ("ftp://v", "does not begin with"),
        ("http://", "is not a URL"),
        ("http://v:99999", "is not a URL"),
        ("http://u:canary@v", "user name or password"),
        ("http://v/?a=b", "\"?\" or \"#\""),
        ("http://v/#a", "\"?\" or \"#\""),
        ("http://v /", "a blank"),
        ("http://v//a", "\"//\""),
        ("http:\\\\v", "does not begin with"),
    ] {
        let error = Endpoint::parse(text).unwrap_err();
        assert!(error.contains(problem) && !error.contains("canary"), "{text}: {error}");
    }
    assert_eq!(Endpoint::parse("https://väult.example.com").unwrap().name(), "https://xn--vult-loa.example.com");
    assert!(Endpoint::parse("http://v").is_ok_and(|e| !e.tls) && Endpoint::parse("https://v").is_ok_and(|e| e.tls));
}

#[test]
fn an_endpoint_may_be_a_list_a_socket_or_stand_in_the_environment() {
    let reference = parse(&with("endpoint", "[\"https://a:1\",\"https://b:2/v1/\"]")).unwrap();
    let urls: Vec<String> = reference.endpoints.iter().map(|endpoint| endpoint.url("x").to_string()).collect();
    assert_eq!(urls, ["https://a:1/v1/x", "https://b:2/v1/x"]);
    let socket = parse(&with("endpoint", "\"unix:///run/agent.sock\"")).unwrap();
    assert_eq!(
        (socket.endpoints[0].socket.as_deref(), socket.endpoints[0].name().as_str()),
        (Some("/run/agent.sock"), "unix:///run/agent.sock")
    );
    assert_eq!(problems(&with("endpoint", "[]")), ["\"endpoint\" is an empty array"]);
    assert_eq!(problems(&with("endpoint", "[\"https://a\",7]")), ["\"endpoint\" must be a JSON string, but is a number"]);

    let without = r#"{"mount":"m","path":"p","key":"k"}"#;
    assert_eq!(problems(without), ["\"endpoint\" is missing, and VAULT_ADDR is not set"]);
    let host = MapHost::default().with_variable("VAULT_ADDR", "https://a, https://b");
    assert_eq!(SecretReference::parse(without, &host).unwrap().endpoints.len(), 2);
    let host = host.with_variable("VAULT_AGENT_ADDR", "http://127.0.0.1:8100");
    assert_eq!(SecretReference::parse(without, &host).unwrap().endpoints[0].name(), "http://127.0.0.1:8100");
    let host = MapHost::default().with_variable("VAULT_ADDR", "vault");
    let error = SecretReference::parse(without, &host).err().unwrap().to_string();
    assert!(error.starts_with("environment variable VAULT_ADDR cannot be used: it does not begin"), "{error}");
}

#[test]
fn settings_may_stand_in_the_text() {
    let reference = parse(&with("timeout", "5")).unwrap();
    assert_eq!(reference.settings, [("timeout", "5".to_owned())]);
    let reference = parse(&with("skipVerify", "true")).unwrap();
    assert_eq!(reference.settings, [("skipVerify", "true".to_owned())]);
    let reference = parse(&with("headers", "{\"X-A\":\"b\"}")).unwrap();
    assert_eq!(reference.settings, [("headers", "{\"X-A\":\"b\"}".to_owned())]);
    assert_eq!(problems(&with("namespace", "{}")), ["\"namespace\" must be a JSON string, but is an object"]);
}

#[test]
fn the_value_is_picked_by_key_or_by_pointer() {
    let text = |pick: &str| format!(r#"{{"mount":"m","path":"p","endpoint":"http://v",{pick}}}"#);
    let picked = |selector: &str| parse(&text(selector)).map(|reference| reference.selector).map_err(|e| e.to_string()).unwrap();
    assert_eq!(picked(r#""pointer":"/a/b""#).target, Target::Pointer("/a/b".to_owned()));
    assert_eq!(picked(r#""secretPointer":"/a""#).target, Target::Pointer("/a".to_owned()));
    let all = picked(r#""key":"k","encoding":"base64","trim":true"#);
    assert!(all.base64 && all.trim);
    assert_eq!(problems(&text(r#""pointer":"a""#)), ["\"pointer\" must be a JSON pointer, which begins with \"/\""]);
    assert_eq!(problems(&text(r#""key":"a","pointer":"/a""#)), ["of \"key\" and \"pointer\" only one can be there"]);
    assert_eq!(problems(&text(r#""trim":true"#)), ["\"key\" is missing"]);
    assert_eq!(problems(&text(r#""key":"k","trim":"yes""#)), ["\"trim\" must be true or false"]);
}

#[test]
fn engine_and_version_may_be_pinned() {
    let reference = parse(&with("version", "3")).unwrap();
    assert_eq!((reference.version, reference.engine), (Some(3), None));
    assert_eq!(parse(&with("version", "\"3\"")).unwrap().version, Some(3));
    assert_eq!(parse(&with("engine", "\"kv1\"")).unwrap().engine, Some(Engine::Kv1));
    assert_eq!(problems(&with("version", "0")), ["\"version\" must be a whole number from 1 up"]);
    assert_eq!(problems(&with("version", "-1")), ["\"version\" must be a whole number from 1 up"]);
    assert_eq!(
        problems(&with("engine", "\"kv\"")),
        ["\"engine\" must be one of \"kv2\", \"kv1\" and \"generic\", but is \"kv\" (did you mean \"kv2\"?)"]
    );
    assert_eq!(ApiPath::parse("data/a").unwrap().without_data().unwrap().plain, "a");
    assert_eq!(ApiPath::parse("database/a").unwrap().without_data(), None);
}

#[test]
fn a_command_is_taken_out_of_the_text_and_the_rest_keeps_its_order() {
    let text = " {ENC} { \"value\":\"a\\\"b\\u0001\", \"path\":\"p\",\"mount\":\"m\",\"store\":true,\n\"key\":\"k\",\"overwrite\":true,\
                \"endpoint\":[\"http://v\"],\"timeout\":1.50,\"encoding\":\"base64\"}";
    let (reference, command) = SecretReference::parse_store_command(text, &MapHost::default()).unwrap();
    let command = command.unwrap();
    assert_eq!((reference.path.plain.as_str(), command.key.as_str(), command.overwrite), ("p", "k", true));
    assert_eq!((command.value.expose(), command.stored.expose()), ("a\"b\u{1}", "YSJiAQ=="));
    let rest =
        "{ENC}{\"path\":\"p\",\"mount\":\"m\",\"key\":\"k\",\"endpoint\":[\"http://v\"],\"timeout\":1.5,\"encoding\":\"base64\"}";
    assert_eq!(command.text, rest);
    let (_, none) = SecretReference::parse_store_command(rest, &MapHost::default()).unwrap();
    assert!(none.is_none());
    assert!(SecretReference::parse(rest, &MapHost::default()).is_ok());
}

#[test]
fn a_command_is_refused_where_a_text_only_says_where_the_secret_is_and_never_quoted() {
    let command = with("value", "\"hunter2-canary\"");
    for text in [&command, &command.replacen('{', "{\"store\":true,", 1), &command.replace("\"hunter2", "\"\\ud800hunter2")] {
        let found = problems(text);
        assert!(found.len() == 1 && found[0].starts_with("\"value\" is a secret in the clear"), "{found:?}");
    }
    assert_eq!(problems(&with("store", "true")), ["\"store\" is for the vendor's tool with -m encrypt only: remove it"]);
    let orders = |text: &str| match SecretReference::parse_store_command(text, &MapHost::default()) {
        Err(error) => text_problems(error).join("; "),
        _ => panic!("no problem"),
    };
    for (text, problem) in [
        (command.clone(), "\"value\" is there without \"store\":true"),
        (command.replacen('{', "{\"store\":true,\"version\":1,", 1), "\"version\" cannot be stored to"),
        (
            command.replacen('{', "{\"store\":true,\"trim\":true,", 1).replace("-canary", "-canary "),
            "\"value\" has white space around it",
        ),
        (command.replacen('{', "{\"store\":true,\"pth\":1,", 1), "unknown field \"pth\""),
    ] {
        let found = orders(&text);
        assert!(found.contains(problem) && !found.contains("canary"), "{found}");
    }
}

fn text_problems(error: Error) -> Vec<String> {
    match error.into_parts() {
        (ErrorKind::Text { problems }, None) => problems,
        (other, _) => panic!("{other:?}"),
    }
}
