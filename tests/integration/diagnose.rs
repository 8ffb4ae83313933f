//! `diagnose`: after a failure the service is asked why.

use std::sync::Mutex;
use std::time::Duration;

use maitred::client::{Call, CallError, CallErrorKind, Client, Observation, Output};
use maitred::clock::{BoxFuture, ManualClock};
use maitred::config::WaiterConfig;
use maitred::engine::{DIAGNOSE_LIMIT, LAST_POLL_GRACE, Outcome, Status, wait};
use maitred::waiter::{Options, Waiter};
use serde_json::{Value, json};

/// Always the same state; events, an error or silence for whoever asks why.
#[derive(Debug)]
struct Things {
    state: &'static str,
    why: Why,
    calls: Mutex<Vec<(String, Value)>>,
}

#[derive(Debug, Clone)]
enum Why {
    Reply(Value),
    Denied,
    Silence,
}

impl Client for Things {
    fn call<'a>(&'a self, call: &'a Call) -> BoxFuture<'a, Observation> {
        let input = Value::Object(call.input.clone());
        self.calls.lock().unwrap().push((call.operation.clone(), input));
        Box::pin(async move {
            match (&*call.operation, &self.why) {
                ("DescribeThing", _) => {
                    Observation::Output(Output::from_json(json!({ "State": self.state })))
                }
                (_, Why::Reply(reply)) => Observation::Output(Output::from_json(reply.clone())),
                (_, Why::Denied) => Observation::Error(CallError::new(
                    CallErrorKind::Service,
                    "AccessDenied",
                    "not you",
                )),
                (_, Why::Silence) => std::future::pending().await,
            }
        })
    }
}

fn config() -> WaiterConfig {
    serde_json::from_value(json!({
        "operation": "DescribeThing", "delay": 10, "maxAttempts": 2,
        "parameters": { "KIND": { "default": "error" } },
        "acceptors": [
            {"state": "success", "matcher": "path", "argument": "State", "expected": "ok"},
            {"state": "failure", "matcher": "path", "argument": "State", "expected": "bad"},
        ],
        "diagnose": [{
            "operation": "ListEvents", "input": { "Thing": "{{input.Name}}", "Kind": "{{KIND}}" },
            "show": "Events[0].Text",
        }],
    }))
    .unwrap()
}

fn things(state: &'static str, why: Why) -> Things {
    Things { state, why, calls: Mutex::default() }
}

async fn run(things: &Things, config: &WaiterConfig, strict: bool) -> (Outcome, u64) {
    let mut options = Options::with_input([("Name", "t")]);
    options.strict = strict;
    let waiter = Waiter::compile("things", "thing_ok", config, &options).unwrap();
    let clock = ManualClock::default();
    let outcome = wait(&waiter, things, &clock).await;
    let took = outcome.elapsed().as_secs();
    (outcome, took)
}

fn events() -> Why {
    Why::Reply(json!({ "Events": [{ "Text": "the disk is full", "At": 1 }] }))
}

#[tokio::test]
async fn a_diagnosis_ends_soon_after_the_time_out() {
    for (state, attempts) in [("bad", 1), ("new", 2)] {
        let things = things(state, Why::Silence);
        let mut options = Options::with_input([("Name", "t")]);
        options.timeout = Some(Duration::from_secs(5));
        let waiter = Waiter::compile("things", "thing_ok", &config(), &options).unwrap();
        let outcome = wait(&waiter, &things, &ManualClock::default()).await;
        // The first poll fails at once, or else the last one lands on the deadline.
        assert_eq!(outcome.progress().attempts, attempts);
        assert_eq!(outcome.elapsed(), Duration::from_secs(5) + LAST_POLL_GRACE);
    }
}

#[tokio::test]
async fn a_failure_says_why() {
    let things = things("bad", events());
    let (outcome, _) = run(&things, &config(), false).await;
    assert_eq!(outcome.status(), Status::Failure);
    assert!(outcome.message().ends_with("; ListEvents: the disk is full"), "{}", outcome.message());
    let diagnosis = serde_json::to_value(outcome.diagnosis()).unwrap();
    assert_eq!(diagnosis, json!([{ "operation": "ListEvents", "value": "the disk is full" }]));
    let asked = things.calls.lock().unwrap().pop().unwrap();
    assert_eq!(asked, ("ListEvents".to_owned(), json!({ "Thing": "t", "Kind": "error" })));
}

#[tokio::test]
async fn a_wait_that_gives_up_says_why() {
    let (outcome, _) = run(&things("making", events()), &config(), false).await;
    assert_eq!(outcome.status(), Status::Exhausted);
    assert!(outcome.message().ends_with("; ListEvents: the disk is full"), "{}", outcome.message());
    let mut bounded = config();
    (bounded.timeout, bounded.max_attempts) = (Some(5.0), 9);
    let (outcome, _) = run(&things("making", events()), &bounded, false).await;
    assert_eq!((outcome.status(), outcome.diagnosis().len()), (Status::Timeout, 1));
}

#[tokio::test]
async fn nobody_is_asked_after_a_success_nor_in_strict_mode() {
    for (state, strict) in [("ok", false), ("bad", true), ("making", true)] {
        let things = things(state, events());
        let (outcome, _) = run(&things, &config(), strict).await;
        assert!(outcome.diagnosis().is_empty());
        let calls = things.calls.lock().unwrap();
        assert!(calls.iter().all(|(operation, _)| operation == "DescribeThing"), "{state}");
    }
}

#[tokio::test]
async fn a_call_that_fails_changes_nothing_but_the_message() {
    let (outcome, _) = run(&things("bad", Why::Denied), &config(), false).await;
    assert_eq!(outcome.status(), Status::Failure);
    let diagnosis = serde_json::to_value(outcome.diagnosis()).unwrap();
    let error = json!({ "code": "AccessDenied", "message": "not you" });
    assert_eq!(diagnosis, json!([{ "operation": "ListEvents", "error": error }]));
    let said = "; ListEvents could not be asked for the reason: AccessDenied: not you";
    assert!(outcome.message().ends_with(said), "{}", outcome.message());
}

#[tokio::test]
async fn what_finds_nothing_is_in_the_json_only() {
    let (outcome, _) = run(&things("bad", Why::Reply(json!({}))), &config(), false).await;
    assert!(!outcome.message().contains("ListEvents"), "{}", outcome.message());
    let diagnosis = serde_json::to_value(outcome.diagnosis()).unwrap();
    assert_eq!(diagnosis, json!([{ "operation": "ListEvents", "value": null }]));
}

#[tokio::test]
async fn all_calls_together_are_bounded() {
    let mut twice = config();
    twice.diagnose.push(twice.diagnose[0].clone());
    let things = things("bad", Why::Silence);
    let (outcome, took) = run(&things, &twice, false).await;
    assert_eq!(outcome.status(), Status::Failure);
    assert_eq!(Duration::from_secs(took), DIAGNOSE_LIMIT);
    assert_eq!(outcome.diagnosis().len(), 2);
    // The second was not even begun.
    assert_eq!(things.calls.lock().unwrap().len(), 2);
}

#[test]
fn a_diagnosis_only_reads() {
    let mut deleting = config();
    deleting.diagnose[0].operation = "DeleteThing".to_owned();
    deleting.mutating = true;
    let mut options = Options::with_input([("Name", "t")]);
    options.allow_mutating = true;
    let error = Waiter::compile("things", "thing_ok", &deleting, &options).unwrap_err();
    assert!(error.to_string().contains("DeleteThing may change something"), "{error}");
}

#[test]
fn what_is_wrong_with_a_file_s_diagnosis_has_its_place() {
    let mut wrong = serde_json::to_value(config()).unwrap();
    wrong["diagnose"] = json!([
        { "operation": "ListEvents", "show": ["a", "b["], "input": { "X": "{{NONE}}" } },
    ]);
    let text = json!({ "version": 2, "waiters": { "w": wrong } }).to_string();
    let problems = maitred::schema::parse(&text).unwrap_err();
    let mut at: Vec<_> = problems.diagnostics().iter().map(|it| it.pointer.as_str()).collect();
    at.sort_unstable();
    let expected = ["/waiters/w/diagnose/0/input/X", "/waiters/w/diagnose/0/show/1"];
    assert_eq!(at, expected, "{problems}");
}
