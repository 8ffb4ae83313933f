//! `--baseline`: success and failure count only once a value has changed.

use std::sync::atomic::{AtomicUsize, Ordering};

use serde_json::json;

use super::process::{Maitred, Ran};
use crate::support::loopback::{Loopback, Reply};

/// Waits on a job whose run 1 is over and whose run 2 comes with the third poll.
async fn wait(more: &[&str]) -> Ran {
    let polls = AtomicUsize::new(0);
    let server = Loopback::start(move |_| {
        let run = if polls.fetch_add(1, Ordering::Relaxed) < 2 { 1 } else { 2 };
        Reply::json(200, &json!({ "run": run, "state": "done" }).to_string())
    });
    let url = server.url("/");
    let args = ["wait", "http", "get", "--url", &url, "--until", "Body.state == 'done'"];
    Maitred::new().run(&[&args[..], &["--delay", "0"], more].concat()).await
}

#[tokio::test]
async fn the_run_before_does_not_count() {
    let ran = wait(&["--baseline-expression", "Body.run", "--output", "json"]).await;
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    assert_eq!(ran.json()["attempts"], 3);
    assert_eq!(ran.json()["baseline"], json!({ "value": 1, "unchanged": false }));
    assert!(ran.stderr.contains("(still the baseline)"), "{}", ran.stderr);
}

#[tokio::test]
async fn a_given_value_is_the_baseline() {
    let given = ["--baseline-expression", "Body.run", "--output", "json", "--baseline"];
    for (value, attempts) in [("1", 3), ("0", 1), ("null", 1)] {
        let ran = wait(&[&given[..], &[value]].concat()).await;
        assert_eq!(ran.json()["attempts"], attempts, "{value}");
    }
}

#[tokio::test]
async fn verbose_says_that_a_match_does_not_count() {
    let ran = wait(&["--baseline-expression", "Body.run", "-v"]).await;
    let said = "acceptor 1 decides: success, which does not count: still the baseline";
    assert!(ran.stderr.contains(said), "{}", ran.stderr);
}

#[tokio::test]
async fn what_cannot_be_compared_is_bad_usage() {
    for (args, said) in [
        (&["--baseline", "1"][..], "give --baseline-expression EXPR"),
        (&["--baseline-expression", "Body.run", "--once"], "give --baseline VALUE"),
        (&["--baseline-expression", "Body.run", "--strict"], "strict mode knows no baseline"),
        (&["--baseline-expression", "Body."], "does not compile"),
    ] {
        let ran = wait(args).await;
        assert_eq!(ran.code, Some(2), "{args:?}");
        assert!(ran.stderr.contains(said), "{args:?}: {}", ran.stderr);
    }
}
