//! `baseline`: a wait is for this run of a thing, not for the one before.

use std::collections::VecDeque;
use std::sync::Mutex;

use maitred::client::{Call, CallError, CallErrorKind, Client, Observation, Output};
use maitred::clock::{BoxFuture, ManualClock};
use maitred::config::WaiterConfig;
use maitred::engine::{Outcome, Progress, Status, Wait, wait};
use maitred::waiter::{Options, Waiter};
use serde_json::{Value, json};

/// Replies in order, the last one for ever. A string is an error's code.
#[derive(Debug)]
struct Script(Mutex<VecDeque<Value>>);

impl Client for Script {
    fn call<'a>(&'a self, _: &'a Call) -> BoxFuture<'a, Observation> {
        let mut replies = self.0.lock().unwrap();
        let reply = if replies.len() > 1 { replies.pop_front() } else { replies.front().cloned() };
        Box::pin(async move {
            let reply = reply.unwrap();
            if let Some(code) = reply.as_str() {
                Observation::Error(CallError::new(CallErrorKind::Service, code, "refused"))
            } else {
                Observation::Output(Output::from_json(reply))
            }
        })
    }
}

fn config() -> WaiterConfig {
    serde_json::from_value(json!({
        "operation": "GetCrawler", "delay": 10, "maxAttempts": 4,
        "baseline": "Last.Start",
        "acceptors": [
            {"state": "success", "matcher": "path", "argument": "Last.Status", "expected": "OK"},
            {"state": "failure", "matcher": "path", "argument": "Last.Status", "expected": "FAILED"},
            {"state": "retry", "matcher": "error", "expected": "NotFound"},
        ]
    }))
    .unwrap()
}

fn run_of(start: impl Into<Value>, status: &str) -> Value {
    json!({ "Last": { "Start": start.into(), "Status": status } })
}

fn script(replies: &[Value]) -> Script {
    Script(Mutex::new(replies.iter().cloned().collect()))
}

async fn run(options: &Options, replies: &[Value]) -> Outcome {
    let waiter = Waiter::compile("glue", "crawled", &config(), options).unwrap();
    wait(&waiter, &script(replies), &ManualClock::default()).await
}

fn given(value: impl Into<Value>) -> Options {
    let mut options = Options::default();
    options.baseline_value = Some(value.into());
    options
}

#[tokio::test]
async fn the_run_before_is_neither_success_nor_failure() {
    for before in ["OK", "FAILED"] {
        for (now, status) in [("OK", Status::Success), ("FAILED", Status::Failure)] {
            let replies = [run_of(1, before), run_of(1, before), run_of(2, now)];
            let outcome = run(&Options::default(), &replies).await;
            assert_eq!(outcome.status(), status, "{before}, then {now}");
            assert_eq!(outcome.progress().attempts, 3);
        }
    }
}

#[tokio::test]
async fn a_wait_that_gives_up_says_that_nothing_has_changed() {
    let outcome = run(&Options::default(), &[run_of("9:00", "OK")]).await;
    assert_eq!(outcome.status(), Status::Exhausted);
    assert!(outcome.message().contains("; still the baseline: \"9:00\""), "{}", outcome.message());
}

#[tokio::test]
async fn the_first_run_of_all_differs_from_none() {
    let replies = [json!({}), run_of(1, "OK")];
    let outcome = run(&Options::default(), &replies).await;
    assert_eq!((outcome.status(), outcome.progress().attempts), (Status::Success, 2));
    let outcome = run(&given(Value::Null), &[run_of(1, "OK")]).await;
    assert_eq!((outcome.status(), outcome.progress().attempts), (Status::Success, 1));
}

#[tokio::test]
async fn an_error_is_no_baseline() {
    let replies = [json!("Throttling"), json!("NotFound"), run_of(1, "OK"), run_of(2, "OK")];
    let outcome = run(&Options::default(), &replies).await;
    assert_eq!((outcome.status(), outcome.progress().attempts), (Status::Success, 4));
}

#[tokio::test]
async fn a_given_baseline_counts_from_the_first_poll() {
    let outcome = run(&given(1), &[run_of(2, "OK")]).await;
    assert_eq!((outcome.status(), outcome.progress().attempts), (Status::Success, 1));
    let outcome = run(&given(1), &[run_of(1, "OK")]).await;
    assert_eq!(outcome.status(), Status::Exhausted);
}

#[tokio::test]
async fn an_id_of_digits_is_the_same_as_a_number_and_as_a_string() {
    for (baseline, value) in [(json!(7), json!("7")), (json!("7"), json!(7))] {
        let outcome = run(&given(baseline), &[run_of(value, "OK")]).await;
        assert_eq!(outcome.status(), Status::Exhausted);
    }
    let outcome = run(&given(Value::Null), &[run_of("null", "OK")]).await;
    assert_eq!(outcome.status(), Status::Success);
}

#[tokio::test]
async fn the_baseline_survives_a_restart_also_where_it_is_null() {
    let waiter = Waiter::compile("glue", "crawled", &config(), &Options::default()).unwrap();
    let clock = ManualClock::default();
    for (before, after) in [(run_of(1, "OK"), run_of(2, "OK")), (json!({}), run_of(1, "OK"))] {
        let client = script(std::slice::from_ref(&before));
        let mut first = Wait::new(&waiter, &client, &clock);
        first.next_event().await.unwrap();
        let stored = serde_json::to_string(first.progress()).unwrap();
        let progress: Progress = serde_json::from_str(&stored).unwrap();
        assert_eq!(&progress, first.progress());
        let client = script(&[before, after]);
        let outcome = Wait::resume(&waiter, &client, &clock, progress).run().await;
        assert_eq!((outcome.status(), outcome.progress().attempts), (Status::Success, 3));
    }
}

#[test]
fn progress_of_a_former_version_has_no_baseline_yet() {
    let stored = json!({"attempts": 3, "started": 0, "deadline": null, "seed": 1});
    let progress: Progress = serde_json::from_value(stored).unwrap();
    assert_eq!(progress.baseline, None);
}

#[tokio::test]
async fn strict_mode_knows_no_baseline() {
    let mut strict = Options::default();
    strict.strict = true;
    let outcome = run(&strict, &[run_of(1, "OK")]).await;
    assert_eq!((outcome.status(), outcome.progress().attempts), (Status::Success, 1));
    let mut refused = given(1);
    refused.strict = true;
    assert!(Waiter::compile("glue", "crawled", &config(), &refused).is_err());
}

#[test]
fn a_value_needs_an_expression_to_compare_it_with() {
    let mut bare = config();
    bare.baseline = None;
    let error = Waiter::compile("glue", "crawled", &bare, &given(1)).unwrap_err();
    assert!(error.to_string().contains("not what has to differ from it"), "{error}");
    let mut named = given(1);
    named.baseline = Some("Last.Start".to_owned());
    assert!(Waiter::compile("glue", "crawled", &bare, &named).is_ok());
}
