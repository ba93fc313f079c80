//! Connections that are kept, over each way to a server.

use std::io::{Read, Write};
use std::net::TcpListener;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::Duration;

use rustls::crypto::aws_lc_rs;
use rustls::pki_types::PrivatePkcs8KeyDer;
use rustls::{ServerConfig, ServerConnection, StreamOwned};

use crate::client::connections::Reuse;
use crate::client::{ApiRequest, Client, Cluster, Connections};
use crate::host::tests::MapHost;
use crate::reference::SecretReference;
use crate::tls::tests::Directory;

/// How often each way is taken with each surplus.
const TIMES: usize = 50;

/// A second answer, the beginning of one, an interim answer, and nothing.
const SURPLUS: [&str; 4] =
    ["HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nwrong", "HTTP/1.1 2", "HTTP/1.1 100 Continue\r\n\r\n", ""];

/// Answers a request with the last part of its path.
fn answer(stream: &mut (impl Read + Write)) -> std::io::Result<()> {
    let mut request = Vec::new();
    while !request.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        stream.read_exact(&mut byte)?;
        request.extend(byte);
    }
    let head = String::from_utf8_lossy(&request);
    let name = head.split(' ').nth(1).unwrap().rsplit('/').next().unwrap();
    stream.write_all(format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{name}", name.len()).as_bytes())?;
    stream.flush()
}

/// Answers each request and says `surplus` a moment later; each time it then sends on `done`.
fn serve(mut stream: impl Read + Write, surplus: &str, done: &std::sync::mpsc::Sender<()>) -> std::io::Result<()> {
    loop {
        answer(&mut stream)?;
        thread::sleep(Duration::from_millis(1));
        let said = stream.write_all(surplus.as_bytes()).and_then(|()| stream.flush());
        done.send(()).unwrap();
        said?;
    }
}

/// Asks this endpoint again and again, each time after the server has said what it wants to say, with connections that are used
/// again at once.
fn assert_right(endpoint: &str, more: &str, surplus: &str, done: &Receiver<()>) {
    let host = MapHost::default();
    let text = format!(
        "{{\"mount\":\"secret\",\"path\":\"x\",\"key\":\"k\",\"timeout\":\"0\",\"endpoint\":{}{more}}}",
        serde_json::json!(endpoint)
    );
    let reference = SecretReference::parse(&text, &host).unwrap();
    for i in 0..TIMES {
        // Again each time, since a peer that was seen to do so once gets no second request on a connection.
        let connections = Connections::new();
        let cluster = Cluster::new(&reference.endpoints, reference.sources(&host), &connections).unwrap();
        connections.set_reuse(reference.endpoints[0].api(), Reuse::AtOnce);
        for name in [format!("{i}a"), format!("{i}b")] {
            let path = format!("secret/data/{name}");
            let answer = Client::new(&cluster, &connections, &host).send(&ApiRequest::get(&path, None));
            let answer = answer.unwrap_or_else(|error| panic!("{endpoint}, {surplus:?}: {error}"));
            assert_eq!(String::from_utf8_lossy(&answer.body), name, "{endpoint}, {surplus:?}");
            done.recv().unwrap();
        }
    }
}

#[test]
fn a_surplus_answer_on_tcp_is_not_the_next_ones() {
    for surplus in SURPLUS {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let (sender, done) = channel();
        let endpoint = format!("http://{}", listener.local_addr().unwrap());
        thread::spawn(move || {
            for stream in listener.incoming() {
                let sender = sender.clone();
                thread::spawn(move || serve(stream.unwrap(), surplus, &sender));
            }
        });
        assert_right(&endpoint, "", surplus, &done);
        // Through a proxy the same connection is taken for every server.
        assert_right("http://vault.test:1", &format!(",\"proxy\":\"{endpoint}\""), surplus, &done);
    }
}

#[cfg(unix)]
#[test]
fn a_surplus_answer_on_a_unix_socket_is_not_the_next_ones() {
    for surplus in SURPLUS {
        let directory = Directory::new();
        let path = directory.path("socket");
        let listener = std::os::unix::net::UnixListener::bind(&path).unwrap();
        let (sender, done) = channel();
        thread::spawn(move || {
            for stream in listener.incoming() {
                let sender = sender.clone();
                thread::spawn(move || serve(stream.unwrap(), surplus, &sender));
            }
        });
        assert_right(&format!("unix://{path}"), "", surplus, &done);
    }
}

/// A server's identity for localhost, and the file of its CA.
fn certificate(directory: &Directory) -> (Arc<ServerConfig>, String) {
    let rcgen::CertifiedKey { cert, signing_key } = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let config = ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![cert.der().clone()], PrivatePkcs8KeyDer::from(signing_key.serialize_der()).into())
        .unwrap();
    (Arc::new(config), directory.file("ca.pem", cert.pem()))
}

#[test]
fn a_surplus_answer_within_tls_is_not_the_next_ones() {
    let directory = Directory::new();
    let (config, ca) = certificate(&directory);
    for surplus in SURPLUS {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let endpoint = format!("https://localhost:{}", listener.local_addr().unwrap().port());
        let (sender, done) = channel();
        let config = Arc::clone(&config);
        thread::spawn(move || {
            for stream in listener.incoming() {
                let (sender, config) = (sender.clone(), Arc::clone(&config));
                thread::spawn(move || {
                    let stream = stream.unwrap();
                    stream.set_nodelay(true).unwrap();
                    serve(StreamOwned::new(ServerConnection::new(config).unwrap(), stream), surplus, &sender)
                });
            }
        });
        assert_right(&endpoint, &format!(",\"caCert\":{}", serde_json::json!(ca)), surplus, &done);
    }
}

/// What is written behind an answer at once, so that it may arrive after the next request went out; with `nodelay` off it is even
/// held back until that acknowledges the answer. From the first, second or third answer of each connection on, or never.
#[test]
fn a_surplus_answer_that_is_late_is_not_the_next_ones() {
    let directory = Directory::new();
    let (config, ca) = certificate(&directory);
    let all = [false, true].into_iter().flat_map(|tls| {
        [false, true].into_iter().flat_map(move |nodelay| [1, 2, 3, usize::MAX].map(move |from| (tls, nodelay, from)))
    });
    thread::scope(|scope| {
        for (tls, nodelay, from) in all {
            let (config, ca) = (Arc::clone(&config), &ca);
            scope.spawn(move || {
                let listener = TcpListener::bind("127.0.0.1:0").unwrap();
                let port = listener.local_addr().unwrap().port();
                thread::spawn(move || {
                    for stream in listener.incoming() {
                        let stream = stream.unwrap();
                        stream.set_nodelay(nodelay).unwrap();
                        if tls {
                            let stream = StreamOwned::new(ServerConnection::new(Arc::clone(&config)).unwrap(), stream);
                            thread::spawn(move || serve_twice(stream, from));
                        } else {
                            thread::spawn(move || serve_twice(stream, from));
                        }
                    }
                });
                let host = MapHost::default();
                let text = serde_json::json!({
                    "mount": "secret", "path": "x", "key": "k", "timeout": "0", "caCert": ca,
                    "endpoint": format!("{}://localhost:{port}", if tls { "https" } else { "http" }),
                });
                let reference = SecretReference::parse(&text.to_string(), &host).unwrap();
                let connections = Connections::new();
                let cluster = Cluster::new(&reference.endpoints, reference.sources(&host), &connections).unwrap();
                for i in 0..60 {
                    let path = format!("secret/data/{i}");
                    let answer = Client::new(&cluster, &connections, &host).send(&ApiRequest::get(&path, None)).unwrap();
                    assert_eq!(String::from_utf8_lossy(&answer.body), i.to_string(), "tls {tls}, nodelay {nodelay}, from {from}");
                    thread::sleep(Duration::from_millis(if i % 10 == 9 { 400 } else { 0 }));
                }
                // One that was always quiet is known by now.
                let is_known = connections.reuse(reference.endpoints[0].api()) == Reuse::AtOnce;
                assert_eq!(is_known, from == usize::MAX, "tls {tls}, nodelay {nodelay}, from {from}");
            });
        }
    });
}

/// Answers each request, and from this one on twice.
fn serve_twice(mut stream: impl Read + Write, from: usize) -> std::io::Result<()> {
    for number in 1.. {
        answer(&mut stream)?;
        if number >= from {
            stream.write_all(SURPLUS[0].as_bytes())?;
            stream.flush()?;
        }
    }
    Ok(())
}

/// The token, the values of further headers, and the user and password of a proxy, in plain, as base64, and escaped.
#[test]
fn what_was_sent_in_secret_does_not_come_back() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let mut request = Vec::new();
            while !request.ends_with(b"\r\n\r\n") {
                let mut byte = [0];
                stream.read_exact(&mut byte).unwrap();
                request.extend(byte);
            }
            let head = String::from_utf8(request).unwrap();
            let again = head.replace('<', "%3C").replace("gate", "\\u0067ate");
            let plain = "user-canary:pass-canary gate-canary pass-canary user-canary";
            let body = serde_json::json!({ "errors": [head, again, plain] }).to_string().replace('<', "\\u003c");
            let answer = format!(
                "HTTP/1.1 403 Forbidden\r\nContent-Type: text/{}\r\nContent-Length: {}\r\n\r\n{body}",
                "gate-canary",
                body.len()
            );
            stream.write_all(answer.as_bytes()).unwrap();
        }
    });
    let host = MapHost::default()
        .with_variable("VAULT_HEADERS", "{\"X-Gateway\":\"Bearer gate-canary\",\"X-Other\":\"other<canary>\"}")
        .with_variable("VAULT_PROXY_ADDR", &format!("http://user-canary:pass-canary@{address}"));
    let connections = Connections::new();
    let text = "{\"mount\":\"secret\",\"path\":\"x\",\"key\":\"k\",\"timeout\":\"0\",\"endpoint\":\"http://vault.test:1\"}";
    let reference = SecretReference::parse(text, &host).unwrap();
    let cluster = Cluster::new(&reference.endpoints, reference.sources(&host), &connections).unwrap();
    let token = crate::secret::Secret::new("s.token-canary".to_owned());
    let answer = Client::new(&cluster, &connections, &host).send(&ApiRequest::get("secret/data/x", Some(&token)));
    let answer = answer.unwrap_or_else(|error| panic!("{error}"));
    let body = String::from_utf8_lossy(&answer.body).into_owned();
    assert!(body.contains("[hidden]") && !body.contains("canary"), "{body}");
    assert!(!body.contains("dXNlci1jYW5hcnk6cGFzcy1jYW5hcnk"), "{body}");
    assert_eq!(answer.content_type.as_deref(), Some("text/[hidden]"));
}
