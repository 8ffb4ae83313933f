//! Regular files where a file is meant, streams where one is, and a cap on both.

use std::path::Path;
use std::process::Stdio;

use serde_json::json;

use super::process::{Maitred, Ran, finished};

/// Arguments of a sensor that can be submitted.
const ANY: &str = r#"{"endpoint": "http://127.0.0.1:9/"}"#;

/// Makes a pipe that nobody writes to.
fn pipe(path: &Path) {
    assert!(std::process::Command::new("mkfifo").arg(path).status().unwrap().success());
}

#[track_caller]
fn is_told(ran: &Ran, words: &str) {
    assert_ne!(ran.code, Some(0), "{}", ran.stdout);
    let said = format!("{}{}", ran.stdout, ran.stderr);
    assert!(said.contains(words), "{words}: {said}");
}

#[tokio::test]
async fn what_is_no_regular_file_is_not_read_where_a_file_is_meant() {
    let maitred = Maitred::new().file("folder/keep", "");
    pipe(&maitred.path("pipe"));
    for name in ["pipe", "/dev/zero", "folder"] {
        let at = format!("@{name}");
        let url = format!("file://{name}");
        let each = format!("url=@{name}");
        let connection = ["connections", "list", "--connections", name];
        let commands: [&[&str]; 9] = [
            &["wait", "http", "up", "--url", "http://127.0.0.1:9", "--until", &at, "--dry-run"],
            &["wait", "http", "up", "--for-each", &each, "--dry-run"],
            &["wait", "http", "up", "--cli-input-json", &url, "--dry-run"],
            &["run", "http.sensor", "--args", &at],
            &["tasks", "submit", "--from", name],
            &["explain", "http", "up", "--reply", name],
            &connection,
            &["tasks", "submit", "http.sensor", "--args", ANY, "--store", name],
            &["wait", "http", "up", "--url", "http://127.0.0.1:9", "--waiters", name, "--dry-run"],
        ];
        // A folder of waiters is fine.
        let last = if name == "folder" { commands.len() - 1 } else { commands.len() };
        for command in &commands[..last] {
            is_told(&maitred.run(command).await, "is not a regular file");
        }
    }
}

#[tokio::test]
async fn a_folder_with_devices_pipes_and_folders_is_read_all_the_same() {
    let maitred = Maitred::new().file("waiters/deep.json/keep", "").file(
        "waiters/jobs.json",
        &json!({"version": 2, "service": "http", "waiters": {"job_done": {
            "operation": "GET", "delay": 1, "maxAttempts": 2, "acceptors": [
                {"state": "success", "matcher": "status", "expected": 200}]}}})
        .to_string(),
    );
    pipe(&maitred.path("waiters/pipe.json"));
    std::os::unix::fs::symlink("/dev/zero", maitred.path("waiters/zero.json")).unwrap();
    std::os::unix::fs::symlink("/dev/stdin", maitred.path("waiters/stdin.json")).unwrap();
    // Somebody who never writes.
    let open = |args: &[&str]| maitred.spawn(args, Stdio::piped());
    let list = open(&["list", "http"]);
    let listed = finished(list).await;
    assert_eq!(listed.code, Some(0), "{}", listed.stderr);
    assert!(listed.stdout.contains("http job_done"), "{}", listed.stdout);
    for name in ["pipe.json", "zero.json", "stdin.json"] {
        assert!(listed.stderr.contains(name), "{name}: {}", listed.stderr);
    }
    assert!(!listed.stderr.contains("deep.json"), "{}", listed.stderr);
    let wait = ["wait", "http", "job_done", "--url", "http://127.0.0.1:9", "--dry-run"];
    let waited = finished(open(&wait)).await;
    assert_eq!(waited.code, Some(0), "{}", waited.stderr);
    let linted = finished(open(&["lint"])).await;
    is_told(&linted, "is not a regular file");
}

#[tokio::test]
async fn a_stream_that_is_given_is_read_to_its_cap() {
    let maitred = Maitred::new();
    let tasks = r#"{"operator": "http.sensor", "args": {"endpoint": "http://127.0.0.1:9/"}}"#;
    for from in ["-", "/dev/stdin", "/dev/fd/0"] {
        let ran = maitred.run_with_input(&["tasks", "submit", "--from", from], tasks).await;
        assert_eq!(ran.code, Some(0), "{from}: {}", ran.stderr);
    }
    let commands: [&[&str]; 6] = [
        &["tasks", "submit", "--from", "-"],
        &["tasks", "submit", "http.sensor", "--args", "-"],
        &["tasks", "submit", "http.sensor", "--args", "@/dev/stdin"],
        &["explain", "http", "up", "--reply", "-"],
        &["wait", "http", "up", "--for-each", "url=@-"],
        &["lint", "-"],
    ];
    for command in commands {
        let zero = std::fs::File::open("/dev/zero").unwrap();
        is_told(&finished(maitred.spawn(command, zero.into())).await, "is longer than");
    }
}

#[tokio::test]
async fn a_file_beyond_its_cap_is_not_read() {
    let names = ["maitred.toml", "big.toml", "waiters/http.json", "tests/waiters/http/up/a.json"];
    for name in names {
        let maitred = Maitred::new().file(name, "");
        let file = std::fs::File::options().write(true).open(maitred.path(name)).unwrap();
        file.set_len(10 << 30).unwrap();
        let command: &[&str] = match name {
            "big.toml" => &["connections", "list", "--connections", "big.toml"],
            "waiters/http.json" => &["lint"],
            "maitred.toml" => &["list"],
            _ => &["test", "http", "up"],
        };
        is_told(&maitred.run(command).await, "is longer than");
    }
}

#[tokio::test]
async fn a_variable_that_is_empty_is_not_set() {
    for variable in ["MAITRED_STORE", "MAITRED_CONNECTIONS", "MAITRED_WAITERS"] {
        let home = Maitred::with_account().variable(variable, "");
        for command in [
            &["tasks", "submit", "http.request", "--args", r#"{"endpoint": "http://127.0.0.1:1"}"#]
                [..],
            &["tasks", "list"],
            &["connections", "list"],
            &["wait", "http", "up", "--url", "http://127.0.0.1:1", "--dry-run"],
        ] {
            let ran = home.run(command).await;
            assert_eq!(ran.code, Some(0), "{variable} {command:?}: {}", ran.stderr);
        }
    }
}

#[tokio::test]
async fn a_folder_of_waiters_that_a_project_names_has_to_be_there() {
    let home = Maitred::new().file("maitred.toml", "waiters = ['mine', 'waiters']");
    let wait = ["wait", "http", "up", "--url", "http://127.0.0.1:1", "--dry-run"];
    for command in [&wait[..], &["list", "http"], &["explain", "http", "up"]] {
        let ran = home.run(command).await;
        assert_eq!(ran.code, Some(2), "{command:?}: {}", ran.stderr);
        assert!(ran.stderr.contains("mine does not exist"), "{command:?}: {}", ran.stderr);
    }
}
