//! Cases for a drafted waiter: one for every acceptor, and one that exhausts all attempts.

use serde_json::{Map, Value, json};

use super::drafter::Drafter;
use super::state_path::{StatePath, Step};
use super::{sample, words};
use crate::case::{Case, Expect, Reply};
use crate::schema::CASE_SCHEMA_ID;
use maitred_core::config::{AcceptorConfig, MatcherKind, State, WaiterConfig};
use maitred_core::engine::Status;
use maitred_model::states::Meaning;

/// The reason in samples.
const REASON: &str = "something went wrong";

/// The message of the error that there is no such resource in samples.
const NOT_FOUND: &str = "there is no such thing";

/// The start of the previous run, and of the one that is waited for.
const BEFORE: &str = "2024-01-30T12:00:00Z";
const AFTER: &str = "2024-01-31T12:00:00Z";

struct Cases<'a> {
    config: &'a WaiterConfig,
    path: &'a StatePath,
    resource: &'a str,
    run: Option<&'a [Step]>,
    input: Map<String, Value>,
    /// The states that do not end the wait.
    under_way: Vec<&'a str>,
    cases: Vec<(String, Case)>,
}

pub(super) fn cases(
    drafter: &Drafter<'_>,
    config: &WaiterConfig,
    path: &StatePath,
    states: &[(String, Meaning)],
    run: Option<&[Step]>,
) -> Vec<(String, Case)> {
    let under_way = states
        .iter()
        .filter(|(_, meaning)| matches!(meaning, Meaning::Retry | Meaning::Unknown))
        .map(|(value, _)| value.as_str())
        .collect();
    let input = sample::input(drafter.service, drafter.operation);
    let resource = &drafter.resource;
    let mut cases = Cases { config, path, resource, run, input, under_way, cases: Vec::new() };
    let ends = |acceptor: &&AcceptorConfig| acceptor.state != State::Retry;
    for acceptor in config.acceptors.iter().filter(ends) {
        cases.ending(acceptor);
    }
    cases.never();
    cases.cases
}

impl Cases<'_> {
    /// A reply that `acceptor` matches, and the state that it shows.
    fn matched(&self, acceptor: &AcceptorConfig) -> (Reply, Option<Value>) {
        let expected = expected(acceptor);
        if acceptor.matcher == MatcherKind::Error {
            return (Self::error(acceptor), None);
        }
        let reason = (acceptor.state == State::Failure).then_some(REASON);
        (self.output(expected, reason, AFTER), Some(json!(expected)))
    }

    /// A reply whose state is `value`, of the run that began at `run`.
    fn output(&self, value: &str, reason: Option<&str>, run: &str) -> Reply {
        let mut document = sample::output(self.path, value, reason);
        if let Some(steps) = self.run {
            sample::put(&mut document, steps, run);
        }
        Reply::output(document)
    }

    /// The value of the baseline, as the caller gives it.
    fn baseline(&self) -> Option<Value> {
        let steps = self.run?;
        let list = steps.iter().any(|step| step.list);
        Some(if list { json!([BEFORE]) } else { json!(BEFORE) })
    }

    fn error(acceptor: &AcceptorConfig) -> Reply {
        Reply::error(expected(acceptor), NOT_FOUND, None)
    }

    /// Adds a case that ends with `acceptor`. The first case passes through all states in progress.
    fn ending(&mut self, acceptor: &AcceptorConfig) {
        let first = self.cases.is_empty();
        let shown =
            if first { self.under_way.as_slice() } else { self.under_way.get(..1).unwrap_or(&[]) };
        let mut replies: Vec<_> =
            shown.iter().map(|value| self.output(value, None, BEFORE)).collect();
        let last_under_way = shown.last().map(|value| json!(value));
        if first {
            let retried = self.config.acceptors.iter().filter(|acceptor| {
                acceptor.state == State::Retry && acceptor.matcher == MatcherKind::Error
            });
            replies.splice(0..0, retried.map(Self::error));
        }
        let (reply, shown) = self.matched(acceptor);
        if first && self.run.is_some() && acceptor.matcher != MatcherKind::Error {
            // The success of the previous run does not end the wait.
            replies.insert(0, self.output(expected(acceptor), None, BEFORE));
        }
        replies.push(reply);
        let expect = Expect {
            outcome: match acceptor.state {
                State::Success => Status::Success,
                State::Failure | State::Retry => Status::Failure,
            },
            attempts: Some(replies.len() as u64),
            shown: shown.or(last_under_way),
            message: self.message(acceptor),
        };
        let is_error = acceptor.matcher == MatcherKind::Error;
        let name = if is_error { "not_found".to_owned() } else { words::name(expected(acceptor)) };
        self.add(name, replies, expect);
    }

    /// The message of a failure: the resource, its state and the reason, as far as they are known.
    fn message(&self, acceptor: &AcceptorConfig) -> Option<String> {
        if acceptor.state != State::Failure {
            return None;
        }
        if acceptor.matcher == MatcherKind::Error {
            return Some(NOT_FOUND.to_owned());
        }
        let message = acceptor.message.as_deref().unwrap_or_default();
        let expected = expected(acceptor);
        let thing = format!("the {}", self.resource.replace('_', " "));
        let stands = match message.contains("join(' '") {
            true => format!("{thing} {} is {expected}", sample::NAME),
            false => format!("{thing} is {expected}"),
        };
        Some(if message.contains("join(': '") { format!("{stands}: {REASON}") } else { stands })
    }

    /// Adds a case in which no acceptor ends the wait.
    fn never(&mut self) {
        let attempts = self.config.max_attempts;
        let (reply, shown) = match self.under_way.first() {
            Some(value) => (self.output(value, None, BEFORE), Some(json!(value))),
            None => (Reply::output(json!({})), None),
        };
        let expect = Expect { attempts: Some(attempts), shown, ..Expect::new(Status::Exhausted) };
        self.add("never".to_owned(), vec![reply.times(attempts)], expect);
    }

    fn add(&mut self, name: String, replies: Vec<Reply>, expect: Expect) {
        let case = Case {
            schema: Some(CASE_SCHEMA_ID.to_owned()),
            input: self.input.clone(),
            baseline: self.baseline(),
            ..Case::new(replies, expect)
        };
        self.cases.push((name, case));
    }
}

/// The state or code that an acceptor expects.
fn expected(acceptor: &AcceptorConfig) -> &str {
    acceptor.expected.as_str().unwrap_or_default()
}
