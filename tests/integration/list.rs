//! `maitred list`: which waiters there are, where each comes from, and which files cannot be used.

use std::fs;

use serde_json::Value;

use crate::command::{maitred, transcript};

#[test]
fn waiters_are_listed_with_their_origin() {
    let args = ["list", "--waiters", "tests/explain/thing.json", "thing"];
    insta::assert_snapshot!("list_thing", transcript(&mut maitred(&args)));
    let text = transcript(&mut maitred(&["list", "redshift", "--filter", "PAUSE"]));
    assert!(text.contains("redshift cluster_paused"), "{text}");
    assert!(!text.contains("snapshot_available"), "{text}");
}

#[test]
fn a_users_waiter_replaces_one_and_the_list_says_so() {
    let folder = tempfile::tempdir().unwrap();
    let waiter =
        r#"{"operation": "DescribeClusters", "delay": 1, "maxAttempts": 2, "acceptors": []}"#;
    let file =
        format!(r#"{{"version": 2, "waiters": {{"ClusterPaused": {waiter}, "mine": {waiter}}}}}"#);
    fs::write(folder.path().join("redshift.json"), file).unwrap();
    let output = maitred(&["list", "redshift", "--output", "json", "--waiters", "."])
        .current_dir(folder.path())
        .output()
        .unwrap();
    let list: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(list["version"], 1);
    let origin = |original: &str| {
        let mut waiters = list["waiters"].as_array().unwrap().iter();
        waiters.find(|it| it["original"] == original).map(|waiter| waiter["origin"].clone())
    };
    let mine = serde_json::json!({ "kind": "file", "path": "./redshift.json" });
    assert_eq!(origin("ClusterPaused"), Some(mine.clone()));
    assert_eq!(origin("mine"), Some(mine));
    assert_eq!(origin("cluster_paused"), None);
    assert_eq!(origin("cluster_available"), Some(serde_json::json!({ "kind": "maitred" })));
}

#[test]
fn a_file_that_cannot_be_used_is_reported_beside_the_list() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("thing.json"), r#"{"version": 2, "waiterz": {}}"#).unwrap();
    let mut command = maitred(&["list", "thing", "--waiters", "."]);
    insta::assert_snapshot!("list_bad_file", transcript(command.current_dir(folder.path())));
}

#[test]
fn an_unknown_service_gets_advice() {
    insta::assert_snapshot!("list_unknown", transcript(&mut maitred(&["list", "redshfit"])));
    insta::assert_snapshot!(
        "list_none",
        transcript(&mut maitred(&["list", "--filter", "no such text"]))
    );
}
