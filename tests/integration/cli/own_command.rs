//! A program with operators of its own is the whole command.

use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::json;

use super::process::Maitred;

const OPERATOR: &str = "example.wait_for_file";

/// An example. `cargo test` has built it; with `--test integration` alone that is done here.
fn example(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_BIN_EXE_maitred")).parent().unwrap().join("examples");
    let program = folder.join(name).with_extension(std::env::consts::EXE_EXTENSION);
    if !program.exists() {
        let mut build = Command::new(env!("CARGO"));
        build.args(["build", "--example", name]).current_dir(env!("CARGO_MANIFEST_DIR"));
        assert!(build.status().unwrap().success());
    }
    program
}

fn own_command() -> PathBuf {
    example("own_command")
}

#[tokio::test]
async fn the_usual_operator_sends_nothing_twice_and_undoes_what_is_cancelled() {
    let ran = Maitred::new().program(example("own_operator")).run(&[]).await;
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    let lines = |line: &str| ran.stdout.lines().filter(|known| known.trim() == line).count();
    // One for each task, though the first reply is lost.
    assert_eq!(lines("POST /exports"), 2, "{}", ran.stdout);
    assert_eq!(lines("GET /exports"), 1, "{}", ran.stdout);
    assert_eq!(lines("DELETE /exports/2"), 1, "{}", ran.stdout);
    assert_eq!(lines("task 1: success {\"url\":\"/files/1.csv\"}"), 1, "{}", ran.stdout);
    assert_eq!(lines("task 2: cancelled null"), 1, "{}", ran.stdout);
}

#[tokio::test]
async fn a_program_with_operators_of_its_own_is_the_whole_command() {
    let own = Maitred::new().program(own_command()).file("here", "");
    let listed = own.run(&["tasks", "operators"]).await;
    for name in [OPERATOR, "http.sensor"] {
        assert!(listed.stdout.contains(name), "{}", listed.stdout);
    }
    let args = json!({"path": "here"}).to_string();
    let ran = own.run(&["run", OPERATOR, "--args", &args, "--output", "json"]).await;
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    assert_eq!(ran.json()["task"]["state"], "success", "{}", ran.stdout);
    assert_eq!(ran.json()["task"]["result"]["looks"], 1, "{}", ran.stdout);
    let misspelt = own.run(&["run", OPERATOR, "--args", "{\"pth\": \"here\"}"]).await;
    assert_eq!(misspelt.code, Some(2), "{}", misspelt.stdout);
}

#[tokio::test]
async fn a_program_that_does_not_know_an_operator_leaves_its_task_for_one_that_does() {
    let store = tempfile::tempdir().unwrap();
    let store = store.path().join("tasks.sqlite");
    let store = store.to_str().unwrap();
    let own =
        Maitred::new().program(own_command()).variable("MAITRED_STORE", store).file("here", "");
    let plain = Maitred::new().variable("MAITRED_STORE", store);
    let refused = plain.run(&["tasks", "submit", OPERATOR]).await;
    assert_eq!(refused.code, Some(2), "{}", refused.stdout);
    let submitted = own.run(&["tasks", "submit", OPERATOR, "--args", "{\"path\": \"here\"}"]).await;
    assert_eq!(submitted.code, Some(0), "{}", submitted.stderr);
    for (program, state) in [(&plain, "blocked"), (&own, "success")] {
        let ran = program.run(&["triggerer", "--until-idle"]).await;
        assert_eq!(ran.code, Some(0), "{}", ran.stderr);
        let shown = program.run(&["tasks", "show", "1", "--output", "json"]).await;
        assert_eq!(shown.json()["task"]["state"], state, "{}", shown.stdout);
    }
}

#[tokio::test]
async fn a_wait_is_accepted_only_if_there_is_its_waiter() {
    let maitred = Maitred::new();
    let paused = json!({"ClusterIdentifier": "a"});
    let undefined = json!({
        "operation": "GET", "delay": 1, "maxAttempts": 1, "parameters": {"BASE": {}},
        "input": {"url": "{{BASE}}/job"},
        "acceptors": [{"state": "success", "matcher": "status", "expected": 200}],
    });
    for (args, words) in [
        (
            json!({"service": "redshift", "waiter": "cluster_pausd", "input": paused}),
            "cluster_paused",
        ),
        (json!({"service": "http", "waiter": "up", "input": {"url": "http://u:p@host/"}}), "login"),
        (json!({"service": "http", "waiter": "up", "values": {"a": "["}}), "values.a"),
        (json!({"service": "http", "waiter": "mine", "definition": undefined}), "BASE"),
    ] {
        let args = args.to_string();
        for command in [&["tasks", "submit"][..], &["run"]] {
            let ran = maitred.run(&[command, &["maitred.wait", "--args", &args]].concat()).await;
            assert_eq!(ran.code, Some(2), "{args}: {}", ran.stdout);
            assert!(ran.stderr.contains(words), "{args}: {}", ran.stderr);
        }
    }
    // Not even a store was made.
    let listed = maitred.run(&["tasks", "list"]).await;
    assert!(listed.stderr.contains("there is no store"), "{}", listed.stderr);
    // One of botocore's.
    let known =
        json!({"service": "ec2", "waiter": "instance_running", "input": {"InstanceIds": ["i-1"]}});
    let ran = maitred.run(&["tasks", "submit", "maitred.wait", "--args", &known.to_string()]).await;
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
}
