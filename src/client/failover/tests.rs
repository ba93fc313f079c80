use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use super::*;
use crate::client::{Cluster, Connections};
use crate::host::tests::MapHost;
use crate::reference::SecretReference;

const VALUE: &str = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}";

/// A node on loopback: the nth connection gets the nth answer, and the last one goes for all that follow. An empty answer is
/// silence.
struct Node {
    address: String,
    asked: Arc<AtomicUsize>,
}

impl Node {
    fn answering(answers: &[&str]) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let asked = Arc::new(AtomicUsize::new(0));
        let (count, answers) = (asked.clone(), answers.iter().map(|&answer| answer.to_owned()).collect::<Vec<_>>());
        let silent: Mutex<Vec<TcpStream>> = Mutex::default();
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let mut stream = stream.unwrap();
                let nth = count.fetch_add(1, Ordering::SeqCst).min(answers.len() - 1);
                let _ = stream.read(&mut [0; 4096]);
                let _ = stream.write_all(answers[nth].as_bytes());
                if answers[nth].is_empty() {
                    silent.lock().unwrap().push(stream);
                }
            }
        });
        Self { address, asked }
    }

    /// Nothing listens there any more.
    fn dead() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        Self { address: format!("http://{}", listener.local_addr().unwrap()), asked: Arc::default() }
    }

    fn times_asked(&self) -> usize {
        self.asked.load(Ordering::SeqCst)
    }
}

fn redirect(to: &Node) -> String {
    let location = format!("{}/v1/secret/data/x", to.address);
    format!("HTTP/1.1 307 Temporary Redirect\r\nLocation: {location}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
}

/// Sends one request to these nodes; with the outcome come the warnings.
fn send(budget: &str, nodes: &[&Node]) -> (Result<ApiResponse, Error>, Vec<String>) {
    send_over(&Connections::new(), budget, nodes)
}

/// The same where something is known of the nodes.
fn send_over(connections: &Connections, budget: &str, nodes: &[&Node]) -> (Result<ApiResponse, Error>, Vec<String>) {
    let host = MapHost::default();
    let endpoints: Vec<&str> = nodes.iter().map(|node| node.address.as_str()).collect();
    let text = serde_json::json!({"mount": "secret", "path": "x", "key": "k", "timeout": budget, "endpoint": endpoints});
    let request = SecretReference::parse(&text.to_string(), &host).unwrap();
    let cluster = Cluster::new(&request.endpoints, request.sources(&host), connections).unwrap();
    let outcome = Client::new(&cluster, connections, &host).send(&ApiRequest::get("secret/data/x", None));
    let warnings = host.warnings.borrow().clone();
    (outcome, warnings)
}

#[test]
fn a_silent_node_has_only_its_share_and_comes_last_for_a_while() {
    let (silent, well) = (Node::answering(&[""]), Node::answering(&[VALUE]));
    let connections = Connections::new();
    let start = Instant::now();
    assert_eq!(send_over(&connections, "2s", &[&silent, &well]).0.ok().unwrap().status, 200);
    assert!(
        start.elapsed() >= Duration::from_millis(950) && start.elapsed() < Duration::from_millis(1900),
        "{:?}",
        start.elapsed()
    );
    let again = Instant::now();
    assert_eq!(send_over(&connections, "2s", &[&silent, &well]).0.ok().unwrap().status, 200);
    assert!(again.elapsed() < Duration::from_millis(900), "{:?}", again.elapsed());
    assert_eq!(silent.times_asked(), 1);
}

#[test]
fn silent_nodes_do_not_outlive_the_budget() {
    let silent = [Node::answering(&[""]), Node::answering(&[""]), Node::answering(&[""])];
    let start = Instant::now();
    let error = send("900ms", &[&silent[0], &silent[1], &silent[2]]).0.err().unwrap().to_string();
    assert!(start.elapsed() < Duration::from_millis(1400), "{:?}", start.elapsed());
    assert_eq!(error.matches("no complete answer within").count(), 3, "{error}");
}

#[test]
fn the_last_try_that_is_cut_short_does_not_hide_the_reason() {
    // Refused, then silent until the budget ends.
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    drop(listener);
    let later = std::thread::spawn(move || {
        std::thread::sleep(Duration::from_millis(700));
        let listener = TcpListener::bind(address).unwrap();
        std::thread::sleep(Duration::from_millis(1200));
        drop(listener);
    });
    let node = Node { address: format!("http://{address}"), asked: Arc::default() };
    let error = send("1500ms", &[&node]).0.err().unwrap().to_string();
    assert!(error.contains("the connection was refused"), "{error}");
    later.join().unwrap();
}

#[test]
fn a_leader_that_did_not_answer_is_not_asked_again_because_a_standby_names_it() {
    let dead = Node::dead();
    let standby = Node::answering(&[&redirect(&dead)]);
    let error = send("0", &[&dead, &standby]).0.err().unwrap().to_string();
    let names = format!("it names {} as the active node, which could not answer, 307 at GET {}", dead.address, standby.address);
    assert!(error.contains(&names), "{error}");
    assert!(error.contains(&format!("other endpoints: {}: the connection was refused", dead.address)), "{error}");
}

#[test]
fn a_standby_that_names_a_stranger_is_asked_again_while_a_leader_may_be_elected() {
    let stranger = Node::answering(&[VALUE]);
    let standby = Node::answering(&[&redirect(&stranger), VALUE]);
    let (outcome, warnings) = send("5s", &[&standby]);
    assert_eq!(outcome.ok().unwrap().status, 200);
    assert!(warnings.len() == 1 && warnings[0].contains(&format!("redirects to {}", stranger.address)), "{warnings:?}");
    assert_eq!(stranger.times_asked(), 0);
}

#[test]
fn the_second_redirect_in_a_row_waits_for_the_next_try() {
    let leader = Node::answering(&[VALUE]);
    let old_leader = Node::answering(&[&redirect(&leader), VALUE]);
    let standby = Node::answering(&[&redirect(&old_leader)]);
    let error = send("0", &[&standby, &old_leader]).0;
    // The old leader is asked itself, and leads to a stranger no more.
    assert_eq!(error.ok().unwrap().status, 200);
    assert_eq!((standby.times_asked(), old_leader.times_asked(), leader.times_asked()), (1, 2, 0));
}

#[test]
fn what_says_most_about_the_cluster_is_the_message() {
    let sealed = "HTTP/1.1 503 X\r\nContent-Length: 30\r\nConnection: close\r\n\r\n{\"errors\":[\"Vault is sealed\"]}";
    let (dead, sealed) = (Node::dead(), Node::answering(&[sealed]));
    let page = "HTTP/1.1 501 X\r\nContent-Length: 13\r\nConnection: close\r\n\r\n{\"errors\":[]}";
    let new = Node::answering(&[page]);
    let response = send("0", &[&new, &dead, &sealed]).0.ok().unwrap();
    let said: Vec<String> = response.at.others.iter().map(ToString::to_string).collect();
    let expected = [format!("{}: not initialised (501)", new.address), format!("{}: the connection was refused", dead.address)];
    assert_eq!((response.status, said), (503, expected.to_vec()));
}

#[test]
fn of_several_nodes_each_has_its_share_and_more_from_round_to_round() {
    let host = MapHost::default();
    let cluster = |budget: &str, endpoints: &[&str]| {
        let text = serde_json::json!({"mount": "s", "path": "x", "key": "k", "timeout": budget, "endpoint": endpoints});
        let reference = SecretReference::parse(&text.to_string(), &host).unwrap();
        Cluster::new(&reference.endpoints, reference.sources(&host), &Connections::new()).unwrap()
    };
    let seconds = |limit: Duration| limit.as_secs_f32().round() as u32;
    let limit = |budget: &str, endpoints: &[&str], round, waiting| {
        seconds(Client::new(&cluster(budget, endpoints), &Connections::new(), &host).limit(round, waiting))
    };
    let three = ["http://a", "http://b", "http://c"];
    assert_eq!([1, 2, 3, 4, 99].map(|round| limit("60s", &three, round, 3)), [5, 10, 20, 20, 20]);
    assert_eq!([1, 2, 3].map(|waiting| limit("4s", &["http://a", "http://b"], 1, waiting)), [4, 2, 1]);
    assert_eq!(limit("60s", &["http://a"], 1, 1), 30);
    assert_eq!(limit("0", &["http://a", "http://b"], 1, 2), 30);
}
