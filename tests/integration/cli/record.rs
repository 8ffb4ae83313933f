//! A wait that is recorded is a case that replays, without the secrets that it saw.

use std::sync::atomic::{AtomicUsize, Ordering};

use serde_json::{Value, json};

use super::process::{Maitred, finished};
use crate::support::loopback::{Loopback, Reply};

const WAITERS: &str = r#"{
  "version": 2, "service": "http",
  "waiters": {
    "job_done": {
      "operation": "GET", "delay": 0, "maxAttempts": 20, "show": "Body.state",
      "acceptors": [
        { "state": "success", "matcher": "path", "argument": "Body.state", "expected": "done" },
        { "state": "failure", "matcher": "path", "argument": "Body.state", "expected": "failed",
          "message": "Body.reason" }
      ]
    }
  }
}"#;

const CASE: &str = "tests/waiters/http/job_done/incident.json";

fn user() -> Maitred {
    Maitred::new().file("waiters/jobs.json", WAITERS)
}

/// Three times running, then the end.
fn server(end: &'static str) -> Loopback {
    let polls = AtomicUsize::new(0);
    Loopback::start(move |_| {
        let polls = polls.fetch_add(1, Ordering::SeqCst);
        let running = r#"{"state": "running", "owner": "someone@corp.example", "token": "s3cret"}"#;
        Reply::json(200, if polls < 3 { running } else { end })
    })
}

fn case(user: &Maitred) -> Value {
    serde_json::from_str(&user.read(CASE)).unwrap()
}

#[tokio::test]
async fn a_body_that_nobody_reads_is_left_on_the_wire_when_it_is_recorded() {
    let body = b"data: 1\n".to_vec();
    let content_type = "text/event-stream";
    let server =
        Loopback::start(move |_| Reply::Endless { status: 200, content_type, body: body.clone() });
    let user = Maitred::new();
    let ran = user.run(&["record", "http", "up", "--url", &server.url("/"), "--to", CASE]).await;
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    assert_eq!(case(&user)["expect"]["outcome"], "success");
}

#[tokio::test]
async fn a_failure_becomes_a_case_that_fails_the_same_way() {
    let server = server(r#"{"state": "failed", "reason": "account 987654321098 has no money"}"#);
    let url = server.url("/");
    let user = user();
    let args = ["record", "http", "job_done", "--url", &url, "--to", CASE];
    let ran = user.run(&args).await;
    assert_eq!(ran.code, Some(1), "{}", ran.stderr);
    assert!(ran.stderr.contains(&format!("recorded 4 replies to {CASE}")), "{}", ran.stderr);
    let case = case(&user);
    let replies = case["replies"].as_array().unwrap();
    assert_eq!(replies.len(), 2, "{case:#}");
    assert_eq!(replies[0]["repeat"], 3);
    let expect = json!({
        "outcome": "failure", "attempts": 4, "shown": "failed",
        "message": "account 123456789012 has no money",
    });
    assert_eq!(case["expect"], expect);
    let text = case.to_string();
    for secret in ["s3cret", "someone", "987654321098"] {
        assert!(!text.contains(secret), "{secret}: {text}");
    }
    let tested = user.run(&["test", "http", "job_done"]).await;
    assert_eq!(tested.code, Some(0), "{}", tested.stdout);
    let explained = user.run(&["explain", "http", "job_done", "--reply", CASE]).await;
    assert!(explained.stdout.contains("has no money"), "{}", explained.stdout);
}

#[tokio::test]
async fn a_file_that_exists_is_replaced_only_if_that_is_asked_for() {
    let server = server(r#"{"state": "done"}"#);
    let url = server.url("/");
    let user = user().file(CASE, "mine");
    let args = ["wait", "http", "job_done", "--url", &url, "--record", CASE];
    let ran = user.run(&args).await;
    assert_eq!(ran.code, Some(2), "{}", ran.stderr);
    assert_eq!(user.read(CASE), "mine");
    let ran = user.run(&[&args[..], &["--force"]].concat()).await;
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    assert_eq!(case(&user)["expect"]["outcome"], "success");
}

#[tokio::test]
async fn a_wait_that_runs_out_of_time_replays_so() {
    let server = Loopback::start(|_| Reply::json(200, r#"{"state": "running"}"#));
    let url = server.url("/");
    let user = user();
    let bounds = ["--timeout", "1", "--delay", "0.3", "--to", CASE];
    let ran =
        user.run(&[&["record", "http", "job_done", "--url", &url], &bounds[..]].concat()).await;
    assert_eq!(ran.code, Some(3), "{}", ran.stderr);
    assert_eq!(case(&user)["expect"]["outcome"], "timeout");
    assert_eq!(case(&user)["timeout"], 1.0);
    assert_eq!(user.run(&["test", "http"]).await.code, Some(0));
}

#[cfg(unix)]
#[tokio::test]
async fn an_interrupted_wait_is_recorded_up_to_there() {
    let (polled, mut seen) = tokio::sync::mpsc::unbounded_channel();
    let server = Loopback::start(move |_| {
        let _ = polled.send(());
        Reply::json(200, r#"{"state": "running"}"#)
    });
    let url = server.url("/");
    let user = user();
    let child = user.start(&[
        "record",
        "http",
        "job_done",
        "--url",
        &url,
        "--delay",
        "0.05",
        "--max-attempts",
        "1000000",
        "--to",
        CASE,
    ]);
    // The second request is sent once the first reply has been taken in.
    seen.recv().await.unwrap();
    seen.recv().await.unwrap();
    let id = child.id().unwrap().to_string();
    assert!(std::process::Command::new("kill").args(["-INT", &id]).status().unwrap().success());
    let ran = finished(child).await;
    assert_eq!(ran.code, Some(130), "{}", ran.stderr);
    assert_eq!(case(&user)["expect"]["outcome"], "cancelled");
    assert_eq!(user.run(&["test", "http"]).await.code, Some(0));
}

#[tokio::test]
async fn what_is_not_in_a_waiter_file_is_no_case() {
    let user = user();
    let args =
        ["wait", "http", "get", "--url", "http://127.0.0.1:1/", "--until", "Body", "--record", "x"];
    let ran = user.run(&args).await;
    assert_eq!(ran.code, Some(2));
    assert!(
        ran.stderr.contains("a case records a waiter as its file defines it"),
        "{}",
        ran.stderr
    );
    let ran = user.run(&["record", "http", "job_done", "--url", "http://127.0.0.1:1/"]).await;
    assert_eq!(ran.code, Some(2));
    assert!(ran.stderr.contains("give --to FILE"), "{}", ran.stderr);
    let help = user.run(&["record", "--help"]).await;
    assert_eq!(help.code, Some(0));
    assert!(help.stdout.contains("Removed before anything is written"), "{}", help.stdout);
}
