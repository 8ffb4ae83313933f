//! One offline case of a waiter: saved replies, and what a wait makes of them.

use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::collections::VecDeque;
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use futures_util::StreamExt as _;
use maitred::client::{Call, CallError, CallErrorKind, Client, Observation, Output};
use maitred::clock::{BoxFuture, ManualClock};
use maitred::document::Document;
use maitred::engine::{Outcome, Wait, WaitEvent};
use maitred::waiter::{Options, Waiter};
use serde::Deserialize;
use serde_json::{Map, Value, json};

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Case {
    #[serde(skip)]
    path: PathBuf,
    #[serde(default)]
    input: Map<String, Value>,
    #[serde(default)]
    parameters: BTreeMap<String, Value>,
    replies: Vec<Reply>,
    expect: Expect,
}

/// One reply, or several of the same. Exactly one of `output`, `error` and `transport` is given.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Reply {
    output: Option<Value>,
    error: Option<Failure>,
    transport: Option<Failure>,
    #[serde(default = "once")]
    repeat: usize,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Failure {
    code: String,
    message: String,
    status: Option<u16>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Expect {
    outcome: String,
    attempts: u64,
    /// The value shown last.
    shown: Option<Value>,
    /// A part of the message.
    message: Option<String>,
}

/// What came of a case.
pub(super) struct Ran {
    pub(super) outcome: Outcome,
    /// The acceptors that matched, by index.
    pub(super) matched: BTreeSet<usize>,
    /// How many polls no acceptor matched.
    pub(super) unmatched: usize,
    /// How many replies were left.
    left: usize,
}

fn once() -> usize {
    1
}

impl Case {
    pub(super) fn read(path: &Path) -> Self {
        Self::parse(path, &std::fs::read_to_string(path).unwrap())
    }

    pub(super) fn parse(path: &Path, text: &str) -> Self {
        let case: Self = serde_json::from_str(text)
            .unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        Self { path: path.to_owned(), ..case }
    }

    pub(super) fn options(&self) -> Options {
        Options {
            input: self.input.clone(),
            parameters: self.parameters.clone(),
            ..Options::default()
        }
    }

    pub(super) async fn run(&self, waiter: &Waiter) -> Ran {
        let replay = Replay::new(self, waiter.service());
        let clock = ManualClock::default();
        let mut matched = BTreeSet::new();
        let mut unmatched = 0;
        let mut outcome = None;
        let mut events = std::pin::pin!(Wait::new(waiter, &replay, &clock).events());
        while let Some(event) = events.next().await {
            match event {
                WaitEvent::Polled(poll) => {
                    matched.extend(poll.decision.matched);
                    unmatched += usize::from(poll.decision.matched.is_none());
                }
                WaitEvent::Done(done) => outcome = Some(*done),
            }
        }
        let left = replay.replies.lock().unwrap().len();
        Ran { outcome: outcome.unwrap(), matched, unmatched, left }
    }

    /// What differs from what the case expects, a line each.
    pub(super) fn differences(&self, ran: &Ran) -> Vec<String> {
        let expect = &self.expect;
        let progress = ran.outcome.progress();
        let message = ran.outcome.message();
        let mut wrong = Vec::new();
        let mut check = |what: &str, right: bool, got: String| {
            if !right {
                wrong.push(format!("{}: {what}: got {got} ({message})", self.path.display()));
            }
        };
        let status = ran.outcome.status().as_str();
        check("outcome", status == expect.outcome, status.to_owned());
        check("attempts", progress.attempts == expect.attempts, progress.attempts.to_string());
        check("shown", progress.shown == expect.shown, format!("{:?}", progress.shown));
        let part = expect.message.as_deref().unwrap_or_default();
        check("message", message.contains(part), format!("no `{part}`"));
        check("replies", ran.left == 0, format!("{} left", ran.left));
        wrong
    }
}

/// Gives the replies of a case, in order.
#[derive(Debug)]
struct Replay {
    replies: Mutex<VecDeque<Observation>>,
}

impl Replay {
    fn new(case: &Case, service: &str) -> Self {
        let replies = case
            .replies
            .iter()
            .flat_map(|reply| std::iter::repeat_n(observation(reply, service), reply.repeat));
        Self { replies: Mutex::new(replies.collect()) }
    }
}

impl Client for Replay {
    fn call<'a>(&'a self, call: &'a Call) -> BoxFuture<'a, Observation> {
        Box::pin(async move {
            let reply = self.replies.lock().unwrap().pop_front();
            reply.unwrap_or_else(|| panic!("the case has no further reply to {call:?}"))
        })
    }
}

fn observation(reply: &Reply, service: &str) -> Observation {
    match (&reply.output, &reply.error, &reply.transport) {
        (Some(document), None, None) if service == "http" => http_output(document),
        (Some(document), None, None) => Observation::Output(Output::from_json(document.clone())),
        (None, Some(error), None) => Observation::Error(service_error(error)),
        (None, None, Some(failure)) => Observation::Error(CallError::new(
            CallErrorKind::Transport,
            &failure.code,
            &failure.message,
        )),
        _ => panic!("a reply is one of `output`, `error` and `transport`: {reply:?}"),
    }
}

/// An HTTP reply, which is an output and, from a status of 400 on, an error too.
fn http_output(document: &Value) -> Observation {
    let status = u16::try_from(document["StatusCode"].as_u64().unwrap()).unwrap();
    let error = (status >= 400).then(|| {
        CallError::new(CallErrorKind::Service, status.to_string(), "an HTTP error")
            .with_status(status)
    });
    Observation::Output(Output {
        document: Document::from(document.clone()),
        status: Some(status),
        error,
    })
}

/// An error of a service, with the document that botocore makes of it.
fn service_error(error: &Failure) -> CallError {
    let status = error.status.unwrap_or(400);
    let document = json!({
        "Error": {"Code": error.code, "Message": error.message},
        "ResponseMetadata": {"HTTPStatusCode": status},
    });
    CallError::new(CallErrorKind::Service, &error.code, &error.message)
        .with_status(status)
        .with_document(Document::from(document))
}
