//! What is printed where: the result on stdout, the rest on stderr.

use serde_json::{Value, json};

use super::process::{Maitred, Ran};
use crate::support::loopback::{Loopback, Reply};
use crate::support::redshift::{FakeRedshift, Pace};

/// The text without what differs from run to run.
fn stable(text: &str, server: &str) -> String {
    let mut stable = String::new();
    for line in text.replace(server.trim_end_matches('/'), "http://SERVER").lines() {
        // The time that has passed begins a line of progress.
        let line = match line.split_once("  ") {
            Some((time, rest)) if time.ends_with(" s") => format!("TIME  {rest}"),
            _ => line.to_owned(),
        };
        stable.push_str(&line);
        stable.push('\n');
    }
    stable
}

async fn paused(more: &[&str]) -> (Ran, String) {
    let redshift = FakeRedshift::start(Pace::Describes(1));
    redshift.cluster("analytics", &["pausing", "paused"]);
    let url = redshift.url();
    let args = ["wait", "redshift", "cluster_paused", "--cluster-identifier", "analytics"];
    let pace = ["--endpoint-url", &url, "--delay", "0"];
    (Maitred::with_account().run(&[&args[..], &pace, more].concat()).await, url)
}

#[tokio::test]
async fn the_json_of_a_success_is_versioned_and_whole() {
    let (ran, _) = paused(&["--output", "json"]).await;
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    let mut json = ran.json();
    assert!(json["elapsed"].is_number());
    json["elapsed"] = json!("TIME");
    let document = json["document"].take();
    assert_eq!(document["Clusters"][0]["ClusterStatus"], "paused");
    insta::assert_snapshot!(format!("{json:#}"), @r#"
    {
      "version": 1,
      "status": "success",
      "waiter": "cluster_paused",
      "original": "cluster_paused",
      "service": "redshift",
      "operation": "DescribeClusters",
      "origin": "maitred",
      "region": "eu-west-1",
      "attempts": 2,
      "elapsed": "TIME",
      "message": "redshift.cluster_paused succeeded after 2 attempts",
      "shown": "paused",
      "baseline": null,
      "acceptor": {
        "index": 0,
        "state": "success",
        "matcher": "pathAll",
        "argument": "Clusters[].ClusterStatus",
        "expected": "paused"
      },
      "error": null,
      "diagnosis": [],
      "unevaluable": [],
      "bound": {
        "delay": 0.0,
        "maxDelay": null,
        "initialDelay": 0.0,
        "maxAttempts": 60,
        "timeout": null
      },
      "document": null
    }
    "#);
}

#[tokio::test]
async fn the_document_keeps_the_services_order() {
    let server = Loopback::start(|_| Reply::json(200, r#"{"z": 1, "a": {"y": 2, "b": 3}}"#));
    let url = server.url("/");
    let wait = ["wait", "http", "get", "--url", &url, "--until", "Body.z", "--output", "json"];
    let ran = Maitred::new().run(&wait).await;
    let body: Vec<String> =
        ran.json()["document"]["Body"].as_object().unwrap().keys().cloned().collect();
    assert_eq!(body, ["z", "a"]);
}

#[tokio::test]
async fn a_failure_is_json_too() {
    let server = Loopback::start(|_| Reply::json(200, r#"{"state": "broken"}"#));
    let url = server.url("/");
    let ran = Maitred::new()
        .run(&[
            "wait",
            "http",
            "get",
            "--url",
            &url,
            "--until",
            "Body.state == 'ready'",
            "--fail-if",
            "Body.state == 'broken'",
            "--show",
            "Body.state",
            "--output",
            "json",
            "--quiet",
        ])
        .await;
    assert_eq!(ran.code, Some(1));
    let json = ran.json();
    assert_eq!(json["status"], "failure");
    assert_eq!(json["shown"], "broken");
    assert_eq!(json["origin"], "command line");
    assert_eq!(json["region"], Value::Null);
    assert_eq!(
        json["acceptor"],
        json!({
            "index": 0, "state": "failure", "matcher": "truth",
            "argument": "Body.state == 'broken'", "expected": true,
        })
    );
}

#[tokio::test]
async fn bad_usage_is_json_too() {
    for args in [
        ["wait", "http", "up", "--output", "json"],
        ["wait", "http", "nonsense", "--output", "json"],
        ["wait", "http", "up", "--delay=x", "--output=json"],
    ] {
        let ran = Maitred::new().run(&args).await;
        assert_eq!(ran.code, Some(2), "{args:?}");
        assert_eq!(ran.json()["status"], "error", "{args:?}");
    }
}

#[tokio::test]
async fn progress_is_a_line_per_change() {
    let (ran, url) = paused(&[]).await;
    assert_eq!(ran.stdout, "paused\n");
    let stderr = stable(&ran.stderr, &url);
    let (lines, last) = stderr.trim_end().rsplit_once('\n').unwrap();
    assert!(last.starts_with("redshift.cluster_paused succeeded after 2 attempts in "), "{last}");
    insta::assert_snapshot!(lines, @r#"
    waiting for redshift.cluster_paused (maitred) in eu-west-1 at http://SERVER/: every 0 s, at most 60 attempts
    TIME  attempt 1/60  pausing
    TIME  attempt 2/60  paused
    "#);
}

#[tokio::test]
async fn quiet_says_nothing_but_errors() {
    let (ran, _) = paused(&["--quiet"]).await;
    assert_eq!((ran.stdout.as_str(), ran.stderr.as_str()), ("paused\n", ""));
}

#[tokio::test]
async fn verbose_says_what_each_acceptor_saw() {
    let server = Loopback::start(|_| Reply::json(200, r#"{"state": "starting", "n": 3}"#));
    let url = server.url("/");
    let ran = Maitred::new()
        .run(&[
            "wait",
            "http",
            "get",
            "--url",
            &url,
            "--until",
            "Body.state == 'ready'",
            "--fail-if",
            "length(Body.n) > `1`",
            "--max-attempts",
            "1",
            "-v",
        ])
        .await;
    assert_eq!(ran.code, Some(3));
    let stderr = stable(&ran.stderr, &url);
    let stderr = stderr.lines().map(|line| match line.split_once(" after ") {
        Some((poll, rest)) if poll.starts_with("poll") => {
            format!("{poll} after TIME{}\n", rest.find(':').map_or("", |at| &rest[at..]))
        }
        _ => format!("{line}\n"),
    });
    insta::assert_snapshot!(stderr.collect::<String>(), @r#"
    waiting for http.get (command line) at http://SERVER/: every 5 s, at most 1 attempt
    poll 1 after TIME: HTTP 200
      1. failure truth `length(Body.n) > `1`` expected true, saw nothing: cannot be evaluated: In function length(), invalid type for value: 3, expected one of: ['string', 'array', 'object'], received: "number"
      2. success truth `Body.state == 'ready'` expected true, saw false: no match
      3. retry error expected "404", saw nothing: no match
      no acceptor matches; that was the last poll
    error: http.get gave up after 1 attempt; acceptor 1 could not be evaluated: In function length(), invalid type for value: 3, expected one of: ['string', 'array', 'object'], received: "number"
    help: an expression cannot be evaluated on these replies; guard it, e.g. `Items && length(Items) > ...`
    "#);
}

#[tokio::test]
async fn no_escape_sequences_reach_a_pipe() {
    let server = Loopback::start(|_| Reply::json(200, r#"{"state": "\u001b[31mred"}"#));
    let url = server.url("/");
    let ran = Maitred::new()
        .run(&[
            "wait",
            "http",
            "get",
            "--url",
            &url,
            "--until",
            "`false`",
            "--show",
            "Body.state",
            "--max-attempts",
            "1",
            "-v",
        ])
        .await;
    assert!(!ran.stderr.contains('\u{1b}'), "{}", ran.stderr);
}

#[tokio::test]
async fn help_lists_the_parameters_of_the_operation() {
    for args in [
        vec!["wait", "redshift", "cluster_paused", "--help"],
        vec!["help", "wait", "redshift", "cluster_paused"],
        vec!["call", "redshift", "describe-clusters", "--help"],
    ] {
        let ran = Maitred::new().run(&args).await;
        assert_eq!(ran.code, Some(0), "{}", ran.stderr);
        assert!(ran.stdout.contains("--cluster-identifier <string>"), "{}", ran.stdout);
        assert!(ran.stdout.contains("--tag-keys <list of string>"), "{}", ran.stdout);
    }
}

#[tokio::test]
async fn a_reader_that_goes_away_is_no_panic() {
    let mut child = Maitred::new().start(&["wait", "--help"]);
    drop(child.stdout.take());
    let ran = super::process::finished(child).await;
    assert_eq!((ran.code, ran.stderr.as_str()), (Some(0), ""));
}

#[test]
#[cfg(target_os = "linux")]
fn a_result_that_cannot_be_written_is_an_error() {
    let full = std::fs::File::options().write(true).open("/dev/full").unwrap();
    let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_maitred"));
    let command = command.args(["explain", "redshift", "cluster_paused"]).env_clear();
    let output = command.stdout(full).stderr(std::process::Stdio::piped()).output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(said.contains("error: the result could not be written"), "{said}");
}
