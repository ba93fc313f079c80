use std::time::Duration;

use serde_json::json;

use super::*;

/// 2026-11-23T12:00:00Z
const NOON: i64 = 1_795_435_200;
const SIGNATURE: &str = "c2lnbmF0dXJlLWNhbmFyeQ";

#[test]
fn a_pod_s_token_is_described_in_words() {
    let claims = read(&json!({
        "aud": ["https://kubernetes.default.svc.cluster.local"],
        "exp": NOON + 3_540, "iat": NOON - 60, "nbf": NOON - 60,
        "iss": "https://kubernetes.default.svc.cluster.local",
        "jti": "3d2f4f2e-0f0c-4d7c-9d2c-5a8f3f1f9a11",
        "kubernetes.io": {
            "namespace": "demo",
            "node": {"name": "node-1", "uid": "1"},
            "pod": {"name": "bitbucket-0", "uid": "2"},
            "serviceaccount": {"name": "bitbucket", "uid": "3"},
            "warnafter": NOON + 3_000,
        },
        "sub": "system:serviceaccount:demo:bitbucket",
    }));
    assert_eq!(claims.validity(at(NOON)), Validity::Valid);
    assert_eq!(
        claims.describe(at(NOON)),
        "service account \"bitbucket\" in namespace \"demo\" (subject \
         \"system:serviceaccount:demo:bitbucket\"), \
         bound to pod \"bitbucket-0\", audience \"https://kubernetes.default.svc.cluster.local\", \
         issuer \"https://kubernetes.default.svc.cluster.local\", \
         valid until 2026-11-23T12:59:00Z, 59 min from now"
    );
}

#[test]
fn a_legacy_token_is_described_in_words() {
    let claims = read(&json!({
        "iss": "kubernetes/serviceaccount",
        "kubernetes.io/serviceaccount/namespace": "demo",
        "kubernetes.io/serviceaccount/secret.name": "app-token-x7k2p",
        "kubernetes.io/serviceaccount/service-account.name": "app",
        "kubernetes.io/serviceaccount/service-account.uid": "3",
        "sub": "system:serviceaccount:demo:app",
    }));
    assert_eq!(
        claims.describe(at(NOON)),
        "service account \"app\" in namespace \"demo\" (subject \
         \"system:serviceaccount:demo:app\"), \
         bound to secret \"app-token-x7k2p\", no audience, issuer \
         \"kubernetes/serviceaccount\", without an expiry"
    );
}

#[test]
fn the_subject_alone_names_the_service_account() {
    let claims = read(&json!({"sub": "system:serviceaccount:demo:app"}));
    assert_eq!((claims.namespace.as_deref(), claims.service_account.as_deref()), (Some("demo"), Some("app")));
}

#[test]
fn another_kind_of_token_is_described_by_its_subject() {
    let words = read(&json!({"sub": "jane", "iss": "https://sso.example.com", "aud": ["a", "b"]})).describe(at(NOON));
    assert_eq!(
        words,
        "no service account (subject \"jane\"), audiences \"a\" and \"b\", \
         issuer \"https://sso.example.com\", \
         without an expiry"
    );
    assert_eq!(read(&json!({})).describe(at(NOON)), "no service account (no subject), no audience, no issuer, without an expiry");
}

#[test]
fn an_expired_token_says_since_when() {
    let claims = read(&json!({"exp": NOON - 300}));
    assert_eq!(claims.validity(at(NOON)), Validity::Expired);
    assert!(claims.describe(at(NOON)).ends_with(", expired at 2026-11-23T11:55:00Z, 5 min ago"));
    assert_eq!(claims.validity(at(NOON - 300)), Validity::Expired);
    assert_eq!(claims.validity(at(NOON - 301)), Validity::Valid);
}

#[test]
fn a_token_from_the_future_points_at_the_clocks() {
    for starts in [json!({"nbf": NOON + 90}), json!({"iat": NOON + 90}), json!({"nbf": NOON - 5, "iat": NOON + 90})] {
        let claims = read(&starts);
        assert_eq!(claims.validity(at(NOON)), Validity::NotYetValid);
        assert!(claims.describe(at(NOON)).ends_with(
            ", not valid before 2026-11-23T12:01:30Z, 90 s from now by the clock of this machine \
             (2026-11-23T12:00:00Z): one of the clocks is wrong"
        ));
    }
}

#[test]
fn neither_header_nor_signature_is_held_or_shown() {
    let claims = read(&json!({"sub": "system:serviceaccount:demo:app", "jti": "canary-id", "email": "canary"}));
    let shown = format!("{claims:?} {}", claims.describe(at(NOON)));
    for secret in [SIGNATURE, "signature-canary", "canary-id", "canary", "eyJ"] {
        assert!(!shown.contains(secret), "{secret} in {shown}");
    }
}

#[test]
fn claims_cannot_break_the_line_or_their_quotes() {
    let claims = read(&json!({"iss": "a\nb\u{1b}[31m\u{202e}\"c\\", "aud": "x".repeat(5_000)}));
    assert_eq!(claims.issuer.as_deref(), Some("a\u{fffd}b\u{fffd}[31m\u{fffd}\u{fffd}c\u{fffd}"));
    assert_eq!(claims.audiences[0].chars().count(), MAX_VALUE + 1);
    assert!(claims.audiences[0].ends_with('…'));
}

#[test]
fn many_audiences_are_counted() {
    let audiences: Vec<String> = (1..=7).map(|number| format!("a{number}")).collect();
    let words = read(&json!({"aud": audiences})).describe(at(NOON));
    assert!(words.contains("audiences \"a1\" and \"a2\" and \"a3\" and \"a4\" and \"a5\" and 2 more, "), "{words}");
}

#[test]
fn only_kubernetes_names_are_taken_as_names() {
    for wrong in ["", "a b", "$(reboot)", "A", "a;b", &"x".repeat(254)] {
        let claims = read(&json!({
            "kubernetes.io": {
                "namespace": wrong, "serviceaccount": {"name": wrong}, "pod": {"name": wrong},
            },
            "sub": format!("system:serviceaccount:{wrong}:{wrong}"),
        }));
        assert_eq!((claims.namespace, claims.service_account, claims.pod), (None, None, None), "{wrong}");
    }
}

#[test]
fn misshapen_claims_are_left_out() {
    let claims = read(&json!({
        "iss": 1, "aud": [1, null, "a"], "sub": [], "exp": "soon", "nbf": null, "iat": {},
        "kubernetes.io": "x",
    }));
    assert_eq!(claims, Claims { audiences: vec!["a".to_owned()], ..Claims::default() });
}

#[test]
fn times_may_have_fractions_and_be_absurd() {
    assert_eq!(read(&json!({"exp": 1.5e9})).expires_at, Some(1_500_000_000));
    for absurd in [json!(1e300), json!(-1e300), json!(u64::MAX), json!(i64::MIN)] {
        let claims = read(&json!({"exp": absurd.clone(), "nbf": absurd}));
        assert!(claims.describe(at(NOON)).contains(" s after 1970, "), "{claims:?}");
        let _ = claims.describe(UNIX_EPOCH - Duration::from_secs(1));
    }
}

#[test]
fn dates_follow_the_calendar() {
    for (seconds, date) in [
        (0, "1970-01-01T00:00:00Z"),
        (951_782_399, "2000-02-28T23:59:59Z"),
        (951_782_400, "2000-02-29T00:00:00Z"),
        (1_709_164_800, "2024-02-29T00:00:00Z"),
        (1_798_761_599, "2026-12-31T23:59:59Z"),
        (4_107_542_400, "2100-03-01T00:00:00Z"),
        (253_402_300_799, "9999-12-31T23:59:59Z"),
    ] {
        assert_eq!(rfc3339(seconds), date);
    }
}

#[test]
fn spans_are_told_in_the_unit_that_fits() {
    assert_eq!([119, 120, 7_199, 7_200, 172_799, 172_800].map(span), ["119 s", "2 min", "119 min", "2 h", "47 h", "2 days"]);
}

#[test]
fn what_is_no_jwt_is_told_apart() {
    let encoded = |payload: &[u8]| format!("e30.{}.{SIGNATURE}", URL_SAFE_NO_PAD.encode(payload));
    for (token, why) in [
        (String::new(), NotAJwt::Parts(0)),
        ("..".to_owned(), NotAJwt::Parts(0)),
        ("garbage".to_owned(), NotAJwt::Parts(1)),
        ("s.CAESIExampleVaultToken".to_owned(), NotAJwt::Parts(2)),
        ("a.b.c.d.e".to_owned(), NotAJwt::Parts(5)),
        ("-----BEGIN CERTIFICATE-----\nMIIB".to_owned(), NotAJwt::Pem),
        ("a.b..c".to_owned(), NotAJwt::Parts(3)),
        ("www.example.com".to_owned(), NotAJwt::Json("first")),
        (format!("e3.e30.{SIGNATURE}"), NotAJwt::Encoding("first")),
        (format!("W10.e30.{SIGNATURE}"), NotAJwt::Json("first")),
        (format!("e30.*.{SIGNATURE}"), NotAJwt::Encoding("second")),
        (format!("e30.ab cd.{SIGNATURE}"), NotAJwt::Encoding("second")),
        (format!("e30.e30=.{SIGNATURE}"), NotAJwt::Encoding("second")),
        (encoded(b"[]"), NotAJwt::Json("second")),
        (encoded(b"{\"sub\":"), NotAJwt::Json("second")),
        (encoded(b"\xff\xfe"), NotAJwt::Json("second")),
        (encoded("[".repeat(10_000).as_bytes()), NotAJwt::Json("second")),
        ("e30.e30.".to_owned(), NotAJwt::Parts(2)),
        (format!("e30.e30.{SIGNATURE}\\n"), NotAJwt::Encoding("third")),
        ("x".repeat(MAX_TOKEN + 1), NotAJwt::TooLong(MAX_TOKEN + 1)),
    ] {
        assert_eq!(Claims::parse(&token), Err(why));
    }
    assert_eq!(NotAJwt::Parts(1).to_string(), "a JWT has three parts with dots between them, this text has 1");
}

#[test]
fn white_space_around_is_tolerated() {
    let token = format!("\n e30.{}.{SIGNATURE}\r\n", URL_SAFE_NO_PAD.encode(b"{\"iss\":\"a\"}"));
    assert_eq!(Claims::parse(&token).map(|claims| claims.issuer), Ok(Some("a".to_owned())));
}

fn read(claims: &Value) -> Claims {
    let encode = |json: &Value| URL_SAFE_NO_PAD.encode(json.to_string());
    let token = format!("{}.{}.{SIGNATURE}", encode(&json!({"alg": "RS256"})), encode(claims));
    Claims::parse(&token).unwrap()
}

fn at(seconds: i64) -> SystemTime {
    UNIX_EPOCH + Duration::from_secs(seconds.unsigned_abs())
}
