//! Strict mode and botocore's own `Waiter` agree: on how a wait ends, on the number of calls, on
//! every sleep and on the message.
//!
//! The oracle generates series of replies for every waiter that botocore ships, and for odd ones that it
//! accepts. `support::sample` says how many; others, and more:
//!
//! ```sh
//! MAITRED_TEST_SEED=7 MAITRED_TEST_REPLIES=2000 cargo test --test integration parity
//! ```

use std::collections::BTreeSet;
use std::io::{BufRead as _, BufReader};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use maitred::catalog::parse_lenient;
use maitred::client::{Call, CallError, CallErrorKind, Client, Observation, Output};
use maitred::clock::{BoxFuture, ManualClock};
use maitred::document::Document;
use maitred::engine::{Outcome, Status, Wait, WaitEvent};
use maitred::waiter::{Options, Waiter};
use serde_json::{Value, json};

use crate::support::{python, sample};

#[test]
fn strict_mode_agrees_with_botocore_on_every_shipped_waiter() {
    let compared = compare(&[]);
    assert_eq!(compared.waiters, 363);
    assert!(compared.refused.is_empty(), "refused: {:?}", compared.refused);
}

#[test]
fn strict_mode_agrees_with_botocore_on_odd_waiters() {
    let compared = compare(&["--odd"]);
    assert!(compared.waiters > 200);
    assert_eq!(compared.refused.iter().map(String::as_str).collect::<Vec<_>>(), REFUSED);
}

/// What is refused before the first call, because it can only go wrong, while botocore notices when it
/// evaluates or sleeps, if ever. (`[-0]` and indexes beyond 2^31 the parser does not take.)
const REFUSED: &[&str] = &[
    "DelayNegative",
    "PathArity",
    "PathArityMany",
    "PathArityVariadic",
    "PathIndexBig",
    "PathIndexZero",
    "PathUnknown",
];

struct Compared {
    waiters: usize,
    refused: BTreeSet<String>,
}

fn compare(arguments: &[&str]) -> Compared {
    let (seed, count) = (sample::seed().to_string(), sample::replies().to_string());
    let mut oracle = Command::new(python::python())
        .arg(python::oracle("parity.py"))
        .args(["--quiet", "--seed", &seed, "--count", &count])
        .args(arguments)
        .stdout(Stdio::piped())
        .spawn()
        .expect("the oracle starts");
    let lines = BufReader::new(oracle.stdout.take().expect("stdout is piped")).lines();
    let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
    let mut waiters = 0;
    let mut differences = Vec::new();
    let mut refused = BTreeSet::new();
    for line in lines {
        let line: Value =
            serde_json::from_str(&line.expect("the oracle writes text")).expect("JSON");
        for case in line["cases"].as_array().expect("cases") {
            match compile(&line, case) {
                Ok(waiter) => {
                    differences.extend(runtime.block_on(difference(&line, case, &waiter)))
                }
                Err(_) if case["expect"]["calls"] == 0 => {}
                Err(_) => drop(refused.insert(line["name"].as_str().expect("a name").to_owned())),
            }
        }
        waiters += 1;
    }
    assert!(oracle.wait().expect("the oracle ends").success(), "the oracle failed");
    let shown: Vec<_> = differences.iter().take(5).map(String::as_str).collect();
    assert!(
        differences.is_empty(),
        "seed {seed}: {} differences:\n{}",
        differences.len(),
        shown.join("\n\n")
    );
    Compared { waiters, refused }
}

/// What differs in one case, if anything does.
async fn difference(line: &Value, case: &Value, waiter: &Waiter) -> Option<String> {
    let expected = &case["expect"];
    let actual = observe(waiter, case).await;
    let agrees = ["outcome", "calls", "sleeps", "message"]
        .into_iter()
        .all(|key| same(&actual[key], &expected[key]));
    (!agrees).then(|| {
        format!(
            "{}.{}\n  ours:     {actual}\n  botocore: {expected}\n  case:     {}\n  acceptors: {}",
            line["service"], line["name"], case, line["config"]["acceptors"]
        )
    })
}

/// Numbers by value: a sleep of 1 second is one of 1.0.
fn same(a: &Value, b: &Value) -> bool {
    match (a, b) {
        (Value::Array(a), Value::Array(b)) => {
            a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same(a, b))
        }
        (Value::Number(a), Value::Number(b)) => a.as_f64() == b.as_f64(),
        (a, b) => a == b,
    }
}

fn compile(line: &Value, case: &Value) -> Result<Waiter, String> {
    let name = line["name"].as_str().expect("a name");
    let file = json!({ "version": 2, "waiters": { name: line["config"] } });
    let mut lenient = parse_lenient(&file).map_err(|error| error.to_string())?;
    if let Some(problems) = lenient.unusable.remove(name) {
        return Err(problems.to_string());
    }
    let config = &case["waiter_config"];
    let delay = config["Delay"].as_f64().map(Duration::try_from_secs_f64).transpose();
    let mut options = Options::default();
    options.strict = true;
    options.allow_mutating = true;
    options.delay = delay.map_err(|error| error.to_string())?;
    options.max_attempts =
        config["MaxAttempts"].as_f64().map(|attempts| attempts.ceil().max(1.0) as u64);
    let service = line["service"].as_str().expect("a service");
    let config = lenient.file.waiters[name].resolve().map_err(|error| error.to_string())?;
    Waiter::compile(service, name, &config, &options).map_err(|error| error.to_string())
}

async fn observe(waiter: &Waiter, case: &Value) -> Value {
    let client = Replay { replies: case["replies"].clone(), calls: AtomicUsize::new(0) };
    let clock = ManualClock::default();
    let mut wait = Wait::new(waiter, &client, &clock);
    let mut sleeps = Vec::new();
    loop {
        match wait.next_event().await.expect("a wait tells its outcome") {
            WaitEvent::Polled(poll) => {
                sleeps.extend(poll.next_delay.map(|delay| delay.as_secs_f64()));
            }
            WaitEvent::Done(outcome) => {
                return json!({
                    "outcome": name_of(&outcome),
                    "calls": client.calls.load(Ordering::Relaxed),
                    "sleeps": sleeps,
                    "message": Some(outcome.message()).filter(|message| !message.is_empty()),
                });
            }
        }
    }
}

/// botocore's `WaiterError` is only raised for errors of the service.
fn name_of(outcome: &Outcome) -> &'static str {
    match outcome.call_error() {
        Some(error) if error.kind() != CallErrorKind::Service => "exception",
        _ if outcome.status() == Status::Success => "success",
        _ => outcome.status().as_str(),
    }
}

#[derive(Debug)]
struct Replay {
    replies: Value,
    calls: AtomicUsize,
}

impl Client for Replay {
    fn call<'a>(&'a self, _: &'a Call) -> BoxFuture<'a, Observation> {
        let call = self.calls.fetch_add(1, Ordering::Relaxed);
        let replies = self.replies.as_array().expect("replies");
        let reply = replies.get(call).or(replies.last()).expect("at least one reply");
        Box::pin(std::future::ready(observation(reply)))
    }
}

fn observation(reply: &Value) -> Observation {
    if let Some(raised) = reply.get("raise") {
        let member = |name: &str| raised[name].as_str().unwrap_or_default();
        let kind = CallErrorKind::Transport;
        return Observation::Error(CallError::new(kind, member("type"), member("message")));
    }
    if let Some(response) = reply.get("error") {
        let code = response["Error"]["Code"].as_str().unwrap_or_default();
        let error = CallError::new(CallErrorKind::Service, code, "");
        return Observation::Error(error.with_document(Document::from(response.clone())));
    }
    let document = Document::from(reply["output"].clone());
    Observation::Output(Output::new(document, None))
}
