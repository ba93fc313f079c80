//! The exit status of `doctor`, and what it says of files that are none of a product's.

#[expect(dead_code, reason = "nothing is protected here")]
mod place;
#[expect(dead_code, reason = "the tool is a process of its own")]
#[path = "../../tests/rust/support/mod.rs"]
mod support;

use std::fs;
use std::net::TcpListener;
use std::time::{Duration, Instant};

use place::{Place, words};
use serde_json::json;

#[test]
fn each_outcome_has_its_exit_status() {
    let place = Place::new("exits");
    place.vault.write("secret/data/good", &json!({"data": {"password": support::random()}}).to_string());
    place.vault.write("secret/data/odd", &json!({"data": {"password": format!("{} ", support::random())}}).to_string());
    let (good, odd, missing) = (place.text("good"), place.text("odd"), place.text("missing"));
    for (arguments, exit) in [
        (vec!["doctor", &good], 0),
        (vec!["doctor", "--strict", &good], 0),
        (vec!["doctor", &odd], 0),
        (vec!["doctor", "--strict", &odd], 1),
        (vec!["doctor", "--strict", &missing], 2),
        // What fails is not looked at, and the value was not read.
        (vec!["doctor", "--only", "text", &missing], 3),
        (vec!["doctor"], 64),
        (vec!["doctor", "--colour", &good], 64),
    ] {
        let output = place.tool(&arguments).output().expect("the tool runs");
        assert_eq!(output.status.code(), Some(exit), "{arguments:?}: {}", words(&output));
    }
}

#[test]
fn a_file_that_is_no_products_file_is_named_and_nothing_is_asked() {
    let place = Place::new("odd-files");
    let folder = place.folder.join("dbconfig.xml");
    fs::create_dir_all(&folder).expect("a folder");
    let huge = place.file("bamboo.cfg.xml", b"");
    fs::File::options().write(true).open(&huge).and_then(|file| file.set_len(1 << 40)).expect("a sparse file");
    for (path, problem) in [
        (folder, "is no regular file"),
        (huge, "more than any product's file"),
        (place.file("confluence.cfg.xml", b"<a><b></a>"), "confluence.cfg.xml"),
        (place.file("notes.txt", b"x"), "is not one of the files that are known"),
        (place.folder.join("none/bitbucket.properties"), "cannot be read"),
        (place.file("bitbucket.properties", b""), "no class is named"),
        (place.file("crowd.cfg.xml", b""), ""),
    ] {
        let output = place.tool(&["doctor", "--file", path.to_str().expect("a path")]).output().expect("the tool runs");
        let printed = words(&output);
        assert!(output.status.code() == Some(2) && printed.contains(problem), "{}: {printed}", path.display());
        assert!(!printed.contains(" login "), "{}: {printed}", path.display());
    }
}

#[test]
fn the_time_is_kept_where_vault_says_nothing() {
    let place = Place::new("silent");
    // It takes connections into its queue and never answers.
    let silent = TcpListener::bind("127.0.0.1:0").expect("a port");
    let endpoint = format!("http://{}", silent.local_addr().expect("its port"));
    let text = json!({"mount": "secret", "path": "x", "key": "k", "endpoint": endpoint}).to_string();
    let start = Instant::now();
    let output = place.tool(&["doctor", "--timeout", "2", &text]).output().expect("the tool runs");
    assert_eq!(output.status.code(), Some(2), "{}", words(&output));
    assert!(start.elapsed() < Duration::from_secs(20), "--timeout 2 took {:?}", start.elapsed());
}
