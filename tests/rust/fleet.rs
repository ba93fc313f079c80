//! Two hundred servers that start at the same moment, with a real Vault that refuses most of them at first. `make fleet` does
//! the same with a thousand, and draws it.

#[path = "../../benches/fleet/load.rs"]
#[expect(dead_code, reason = "make fleet prints more")]
mod load;
#[path = "../../benches/fleet/nodes.rs"]
mod nodes;
#[expect(dead_code, reason = "other tests use the rest")]
mod support;

use std::time::{Duration, SystemTime};

use load::Load;
use nodes::Nodes;
use support::VaultServer;

const FLEET: usize = 200;

/// The retries within half a second, as a part of the fleet. It is a third of the fleet at most when they are spread over two
/// seconds; when all wait for half a second at most, or for the second that Vault names, it is three quarters and more.
const HERD: f64 = 0.55;

/// Starts the fleet under a quota of `rate` requests per `interval` seconds.
fn start(rate: usize, interval: usize, headers: bool) -> Load {
    let vault = VaultServer::start();
    let mut nodes = Nodes {
        endpoint: vault.endpoint(),
        token: vault.root_token().to_owned(),
        seed: support::random(),
        first: 0,
        count: FLEET,
        start: SystemTime::now(),
    };
    for node in 0..FLEET {
        let (path, value) = nodes.secret(node);
        vault.write(&format!("secret/data/{path}"), &format!("{{\"data\":{{\"password\":\"{value}\"}}}}"));
    }
    vault.write("sys/quotas/config", &format!("{{\"enable_rate_limit_response_headers\":{headers}}}"));
    vault.write("sys/quotas/rate-limit/fleet", &format!("{{\"path\":\"secret\",\"rate\":{rate},\"interval\":\"{interval}s\"}}"));
    nodes.start = SystemTime::now() + Duration::from_millis(300);
    let load = Load::new(FLEET, nodes.run());
    assert_eq!((load.served, load.others), (FLEET, 0), "each node gets its own secret, and meets nothing but the quota");
    assert!(load.requests > FLEET + FLEET / 4, "the quota refused too few: {}", load.requests);
    println!(
        "half after {:?}, all after {:?}; {:.1} requests each, at most {}; {:.0} % within half a second",
        load.median,
        load.last,
        load.mean_requests(),
        load.most_requests,
        load.herd() * 100.0
    );
    load
}

#[test]
fn a_fleet_under_a_rate_limit_is_served_soon_and_does_not_come_back_as_a_herd() {
    let load = start(40, 1, false);
    assert!(load.last < Duration::from_secs(20), "four seconds are the least: {:?}", load.last);
    assert!(
        load.mean_requests() < 4.0 && load.most_requests < 12,
        "{} each, at most {}",
        load.mean_requests(),
        load.most_requests
    );
    assert!(load.herd() < HERD, "{:.0} % within half a second", load.herd() * 100.0);
}

#[test]
fn nodes_that_are_told_the_same_second_do_not_come_back_together() {
    let load = start(80, 3, true);
    assert!(load.last < Duration::from_secs(20), "six seconds are the least: {:?}", load.last);
    assert!(
        load.mean_requests() < 3.0 && load.most_requests < 8,
        "{} each, at most {}",
        load.mean_requests(),
        load.most_requests
    );
    assert!(load.herd() < HERD, "{:.0} % within half a second", load.herd() * 100.0);
}
