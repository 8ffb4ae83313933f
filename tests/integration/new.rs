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
    assert_eq!(
        acceptors[1]["message"],
        "join(': ', [join(' ', ['the execution', executionArn, 'is FAILED'][?@]), cause][?@])"
    );
}

#[test]
fn a_state_in_a_list_is_matched_as_one_and_the_flags_have_the_last_word() {
    let waiter = proposed(&[
        "ecs",
        "DescribeTasks",
        "--success",
        "RUNNING",
        "--failure",
        "STOPPED",
        "--name",
        "task_up",
        "--not-found",
        "retry",
        "--delay",
        "20",
    ]);
    let waiter = &waiter["task_up"];
    assert_eq!(waiter["show"], "join(', ', tasks[].lastStatus)");
    let acceptors = waiter["acceptors"].as_array().unwrap();
    let failures = acceptors.iter().filter(|acceptor| acceptor["state"] == "failure");
    assert_eq!(failures.count(), 1);
    assert_eq!(acceptors[0]["matcher"], "pathAll");
    assert_eq!(acceptors[0]["argument"], "tasks[].lastStatus");
    assert_eq!(acceptors[1]["matcher"], "pathAny");
    let stopped = "tasks[?lastStatus == 'STOPPED']";
    assert_eq!(
        acceptors[1]["message"],
        format!(
            "join(': ', [join(' ', ['the task', join(', ', {stopped}.taskArn), 'is STOPPED'][?@]), \
             join(', ', {stopped}.stoppedReason)][?@])"
        )
    );
    let not_found =
        json!({ "state": "retry", "matcher": "error", "expected": "ClusterNotFoundException" });
    assert!(acceptors.contains(&not_found), "{acceptors:#?}");
    let instance = proposed(&["ec2", "describe-instances"]);
    let argument = &instance["instance_running"]["acceptors"][0]["argument"];
    assert_eq!(argument, "Reservations[].Instances[].State.Name");
    let gone = proposed(&["mwaa", "get-environment", "--not-found", "success"]);
    assert_eq!(gone["environment_deleted"]["acceptors"][0]["matcher"], "error");
}

#[test]
fn the_state_is_that_of_the_thing_itself() {
    for (args, waiter, argument) in [
        (["mediaconvert", "get-job"], "job_complete", "Job.Status"),
        (["batch", "describe-jobs"], "job_succeeded", "jobs[].status"),
        (["cloudformation", "describe-change-set"], "change_set_create_complete", "Status"),
        (["amplify", "get-job"], "job_succeeded", "job.summary.status"),
        (["cloudwatch", "describe-alarms"], "alarm_ok", "CompositeAlarms[].StateValue"),
        (["redshift", "describe-clusters"], "cluster_available", "Clusters[].ClusterStatus"),
        (["batch", "describe-job-queues"], "job_queue_valid", "jobQueues[].status"),
    ] {
        let proposed = proposed(&args);
        assert_eq!(proposed[waiter]["acceptors"][0]["argument"], argument, "{proposed:#}");
    }
}

#[test]
fn the_next_run_is_waited_for_if_that_is_said() {
    let folder = TempDir::new().unwrap();
    let (code, stdout, stderr) = new(&folder, &["glue", "get-crawler"]);
    assert_eq!(code, 0, "{stderr}");
    assert!(
        stdout.contains("with --baseline it waits until Crawler.LastCrawl.StartTime"),
        "{stdout}"
    );
    let again = ["glue", "get-crawler", "--baseline", "--name", "crawler_ready_again"];
    let (code, _, stderr) = new(&folder, &again);
    assert_eq!(code, 0, "{stderr}");
    let file: Value = serde_json::from_str(&read(&folder, "waiters/glue.json")).unwrap();
    assert_eq!(file["waiters"]["crawler_ready"]["baseline"], Value::Null);
    let baseline = &file["waiters"]["crawler_ready_again"]["baseline"];
    assert_eq!(baseline, "Crawler.LastCrawl.StartTime");
    let test = maitred(&["test", "--min-coverage", "100"]).current_dir(folder.path()).output();
    assert_eq!(test.unwrap().status.code(), Some(0));
}

#[test]
fn what_is_listed_without_being_chosen_is_said() {
    let folder = TempDir::new().unwrap();
    let (code, stdout, stderr) = new(&folder, &["bedrock-agent", "list-agents"]);
    assert_eq!(code, 0, "{stderr}");
    let note = "it waits for all that is listed, not for one; `get-agent` describes one";
    assert!(stdout.contains(note), "{stdout}");
}

#[test]
fn what_cannot_be_proposed_says_what_there_is_instead() {
    let folder = TempDir::new().unwrap();
    for (args, expected) in [
        (&["glue", "get-crawlr"][..], "did you mean `get-crawler`?"),
        (&["glu", "get-crawler"], "did you mean `glue`?"),
        (&["glue", "start-crawler"], "it is not read-only"),
        (&["sts", "get-caller-identity"], "its strings are\n        UserId\n"),
        (&["memorydb", "describe-clusters"], "give --success and --failure"),
        (&["memorydb", "describe-clusters"], "waiters of it ask for "),
        (
            &["stepfunctions", "get-execution-history"],
            "maitred new stepfunctions describe-execution",
        ),
        (&["glue", "list-crawlers"], "maitred new glue get-crawler"),
        (&["stepfunctions", "describe-execution", "--baseline"], "leave out --baseline"),
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
fn a_name_that_is_built_in_is_said() {
    let folder = TempDir::new().unwrap();
    let built_in = "is built in and wins over one of ./waiters";
    for (operation, name, expected) in [
        ("describe-execution", "execution_succeeded", true),
        ("describe-execution", "execution_well", false),
    ] {
        let args = ["stepfunctions", operation, "--name", name, "--dry-run"];
        let (code, _, stderr) = new(&folder, &args);
        assert_eq!((code, stderr.contains(built_in)), (0, expected), "{stderr}");
    }
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
