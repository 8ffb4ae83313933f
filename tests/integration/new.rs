//! `maitred new`: waiters and cases from models.

use std::path::Path;
use std::process::Command;

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::command::maitred;

/// The exit code, stdout and stderr of `maitred new` in a folder.
fn new(folder: &TempDir, args: &[&str]) -> (i32, String, String) {
    let output = maitred(&["new"]).args(args).current_dir(folder.path()).output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (output.status.code().unwrap(), text(output.stdout), text(output.stderr))
}

/// The waiter that is proposed.
fn proposed(args: &[&str]) -> Value {
    let folder = TempDir::new().unwrap();
    let (code, stdout, stderr) = new(&folder, &[args, &["--dry-run"]].concat());
    assert_eq!(code, 0, "{stderr}");
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
    serde_json::from_str(&stdout).unwrap()
}

fn read(folder: &TempDir, path: &str) -> String {
    std::fs::read_to_string(folder.path().join(path)).unwrap()
}

#[cfg(unix)]
#[test]
fn three_waiters_are_green_from_nothing() {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/new-waiter");
    let output =
        Command::new("bash").arg(script).arg(env!("CARGO_BIN_EXE_maitred")).output().unwrap();
    let said = String::from_utf8([output.stdout, output.stderr].concat()).unwrap();
    assert!(output.status.success(), "{said}");
    assert!(said.contains("3 files checked, no problems"), "{said}");
    assert!(said.contains("of 4 waiters: all ok"), "{said}");
}

#[test]
fn every_state_is_taken_for_what_its_name_says() {
    let waiter = proposed(&["stepfunctions", "describe-execution"]);
    let waiter = &waiter["execution_succeeded"];
    let description = "Waits until an execution has succeeded. Give its executionArn.";
    assert_eq!(waiter["description"], description);
    assert_eq!((&waiter["delay"], &waiter["maxAttempts"]), (&json!(15), &json!(240)));
    let acceptors = waiter["acceptors"].as_array().unwrap();
    let state = |acceptor: &Value| format!("{} {}", acceptor["state"], acceptor["expected"]);
    let states: Vec<_> = acceptors.iter().map(state).collect();
    assert_eq!(
        states.join(", ").replace('"', ""),
        "success SUCCEEDED, failure FAILED, failure TIMED_OUT, failure ABORTED, retry RUNNING, \
         retry PENDING_REDRIVE"
    );
    assert_eq!(acceptors[1]["message"], "join(': ', ['the status is FAILED', cause][?@])");
}

#[test]
fn a_state_in_a_list_is_matched_as_one_and_the_flags_have_the_last_word() {
    let waiter = proposed(&[
        "redshift",
        "DescribeClusters",
        "--success",
        "available",
        "--failure",
        "deleting",
        "--name",
        "cluster_up",
        "--not-found",
        "retry",
        "--delay",
        "20",
    ]);
    let waiter = &waiter["cluster_up"];
    assert_eq!(waiter["show"], "join(', ', Clusters[].ClusterStatus)");
    let acceptors = waiter["acceptors"].as_array().unwrap();
    assert_eq!(acceptors.len(), 3);
    assert_eq!(acceptors[0]["matcher"], "pathAll");
    assert_eq!(acceptors[0]["argument"], "Clusters[].ClusterStatus");
    assert_eq!(acceptors[1]["matcher"], "pathAny");
    let not_found = json!({ "state": "retry", "matcher": "error", "expected": "ClusterNotFound" });
    assert_eq!(acceptors[2], not_found);
    let instance = proposed(&["ec2", "describe-instances"]);
    let argument = &instance["instance_running"]["acceptors"][0]["argument"];
    assert_eq!(argument, "Reservations[].Instances[].State.Name");
    let gone = proposed(&["mwaa", "get-environment", "--not-found", "success"]);
    assert_eq!(gone["environment_deleted"]["acceptors"][0]["matcher"], "error");
}

#[test]
fn what_cannot_be_proposed_says_what_there_is_instead() {
    let folder = TempDir::new().unwrap();
    for (args, expected) in [
        (&["glue", "get-crawlr"][..], "did you mean `get-crawler`?"),
        (&["glu", "get-crawler"], "did you mean `glue`?"),
        (&["glue", "start-crawler"], "it is no read"),
        (&["sts", "get-caller-identity"], "its strings are\n        UserId\n"),
        (&["ecs", "describe-tasks"], "give --success and --failure"),
        (&["glue", "get-crawler", "--success", "REDY"], "did you mean `READY`?"),
        (&["glue", "get-crawler", "--path", "Crawler.Stat"], "did you mean `Crawler.State`?"),
        (&["http", "get"], "service http has no model"),
    ] {
        let (code, _, stderr) = new(&folder, args);
        assert_eq!(code, 2, "{args:?}");
        assert!(stderr.contains(expected), "{args:?}: {stderr}");
    }
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
}

#[test]
fn a_file_that_exists_keeps_what_it_has() {
    let folder = TempDir::new().unwrap();
    std::fs::create_dir(folder.path().join("waiters")).unwrap();
    let before = "{\"version\": 2, \"waiters\": {\n      \"mine\": {\"operation\": \"GetJob\",\n        \
                  \"delay\":   5, \"maxAttempts\": 2, \"acceptors\": []}\n} }";
    std::fs::write(folder.path().join("waiters/glue.json"), before).unwrap();
    assert_eq!(new(&folder, &["glue", "get-crawler"]).0, 0);
    let after = read(&folder, "waiters/glue.json");
    let (head, tail) = before.split_at(before.rfind("\n} }").unwrap());
    assert!(after.starts_with(head) && after.ends_with(tail), "{after}");
    assert!(after.contains("\n      \"crawler_ready\": {\n        \"description\""), "{after}");
    let (code, _, stderr) = new(&folder, &["glue", "get-crawler", "--name", "CrawlerReady"]);
    assert_eq!(code, 2);
    assert!(stderr.contains("has a waiter `crawler_ready`"), "{stderr}");
    assert_eq!(read(&folder, "waiters/glue.json"), after);
    let again = &["glue", "get-crawler", "--name", "CrawlerReady", "--delay", "7", "--force"];
    assert_eq!(new(&folder, again).0, 0);
    let replaced = read(&folder, "waiters/glue.json");
    assert_eq!(replaced, after.replace("\"delay\": 30", "\"delay\": 7"));
    std::fs::write(folder.path().join("waiters/ecs.json"), "{").unwrap();
    let other = &["ecs", "describe-tasks", "--success", "RUNNING"];
    assert_eq!(new(&folder, other).0, 2);
    assert_eq!(read(&folder, "waiters/ecs.json"), "{");
}
