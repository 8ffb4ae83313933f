//! The first cases of a waiter: one for every acceptor, and one in which it polls on.

use serde_json::{Map, Value, json};

use super::path::StatePath;
use super::{Meaning, sample, words};
use crate::case::Case;
use crate::case::Expect;
use crate::case::ExpectedOutcome;
use crate::case::Reply;
use crate::case::ReplyError;
use crate::config::AcceptorConfig;
use crate::config::MatcherKind;
use crate::config::State;
use crate::config::WaiterConfig;
use crate::model::OperationModel;
use crate::model::ServiceModel;
use crate::schema::CASE_SCHEMA_ID;

/// What the sample of a reason says.
const REASON: &str = "something went wrong";

struct Cases<'a> {
    config: &'a WaiterConfig,
    path: &'a StatePath,
    input: Map<String, Value>,
    /// The states in which nothing is decided yet.
    under_way: Vec<&'a str>,
    cases: Vec<(String, Case)>,
}

pub(super) fn cases(
    service: &ServiceModel,
    operation: &OperationModel,
    config: &WaiterConfig,
    path: &StatePath,
    states: &[(String, Meaning)],
) -> Vec<(String, Case)> {
    let under_way = states
        .iter()
        .filter(|(_, meaning)| matches!(meaning, Meaning::Retry | Meaning::Unknown))
        .map(|(value, _)| value.as_str())
        .collect();
    let input = sample::input(service, operation);
    let mut cases = Cases { config, path, input, under_way, cases: Vec::new() };
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
        let expected = acceptor.expected.as_str().unwrap_or_default();
        if acceptor.matcher == MatcherKind::Error {
            return (Self::error(acceptor), None);
        }
        let reason = (acceptor.state == State::Failure).then_some(REASON);
        (Reply::output(sample::output(self.path, expected, reason)), Some(json!(expected)))
    }

    fn error(acceptor: &AcceptorConfig) -> Reply {
        Reply::error(ReplyError {
            code: acceptor.expected.as_str().unwrap_or_default().to_owned(),
            message: "there is no such thing".to_owned(),
            status: None,
        })
    }

    /// The wait goes through everything that is under way, if nothing else does, and ends there.
    fn ending(&mut self, acceptor: &AcceptorConfig) {
        let first = self.cases.is_empty();
        let shown =
            if first { self.under_way.as_slice() } else { self.under_way.get(..1).unwrap_or(&[]) };
        let mut replies: Vec<_> = shown
            .iter()
            .map(|value| Reply::output(sample::output(self.path, value, None)))
            .collect();
        let last_under_way = shown.last().map(|value| json!(value));
        if first {
            let retried = self.config.acceptors.iter().filter(|acceptor| {
                acceptor.state == State::Retry && acceptor.matcher == MatcherKind::Error
            });
            replies.splice(0..0, retried.map(Self::error));
        }
        let (reply, shown) = self.matched(acceptor);
        replies.push(reply);
        let expect = Expect {
            outcome: match acceptor.state {
                State::Success => ExpectedOutcome::Success,
                State::Failure | State::Retry => ExpectedOutcome::Failure,
            },
            attempts: Some(replies.len() as u64),
            shown: shown.or(last_under_way),
            message: self.message(acceptor),
        };
        let value = acceptor.expected.as_str().unwrap_or_default();
        let name = if acceptor.matcher == MatcherKind::Error {
            "not_found".to_owned()
        } else {
            words::name(value)
        };
        self.add(name, replies, expect);
    }

    /// What a failure says: the reason, if the service gives one.
    fn message(&self, acceptor: &AcceptorConfig) -> Option<String> {
        if acceptor.state != State::Failure {
            return None;
        }
        let expected = acceptor.expected.as_str().unwrap_or_default();
        Some(match (acceptor.matcher, &self.path.reason) {
            (MatcherKind::Error, _) => "there is no such thing".to_owned(),
            (_, Some(_)) if acceptor.message.as_deref().is_some_and(|it| it.contains("join")) => {
                format!("{expected}: {REASON}")
            }
            _ => format!("is {expected}"),
        })
    }

    /// Nothing is ever decided.
    fn never(&mut self) {
        let attempts = self.config.max_attempts;
        let (document, shown) = match self.under_way.first() {
            Some(value) => (sample::output(self.path, value, None), Some(json!(value))),
            None => (json!({}), None),
        };
        let expect = Expect {
            outcome: ExpectedOutcome::Exhausted,
            attempts: Some(attempts),
            shown,
            message: None,
        };
        self.add("never".to_owned(), vec![Reply::output(document).times(attempts)], expect);
    }

    fn add(&mut self, name: String, replies: Vec<Reply>, expect: Expect) {
        let case = Case {
            schema: Some(CASE_SCHEMA_ID.to_owned()),
            description: None,
            input: self.input.clone(),
            parameters: Default::default(),
            baseline: None,
            delay: None,
            max_attempts: None,
            timeout: None,
            replies,
            expect,
        };
        self.cases.push((name, case));
    }
}
