//! Describing acceptors in sentences.

use serde_json::Value;

use crate::client::{HTTP_SERVICE, transport};
use crate::config::{AcceptorConfig, MatcherKind, State};

/// The effect of a match on the wait, as a verb.
#[must_use]
pub fn verb(state: State) -> &'static str {
    match state {
        State::Success => "succeeds",
        State::Failure => "fails",
        State::Retry => "goes on",
    }
}

/// When an acceptor matches, as a clause after "when".
#[must_use]
pub fn condition(acceptor: &AcceptorConfig, service: &str) -> String {
    let argument = acceptor.argument.as_deref().unwrap_or("(no argument)");
    let expected = &acceptor.expected;
    match acceptor.matcher {
        MatcherKind::Path => path(argument, expected),
        MatcherKind::PathAll => {
            format!("every {argument} is {expected} (and there is at least one)")
        }
        MatcherKind::PathAny => format!("any {argument} is {expected}"),
        MatcherKind::Status => format!("the HTTP status is {expected}"),
        MatcherKind::Error => error(expected, service),
    }
}

fn path(argument: &str, expected: &Value) -> String {
    match expected {
        Value::Null => format!("{argument} is null or absent"),
        // A condition reads as a clause by itself.
        Value::Bool(true) if is_condition(argument) => argument.to_owned(),
        Value::Bool(_)
        | Value::Number(_)
        | Value::String(_)
        | Value::Array(_)
        | Value::Object(_) => format!("{argument} is {expected}"),
    }
}

fn is_condition(argument: &str) -> bool {
    ["==", "!=", "<", ">", "&&", "||"].iter().any(|operator| argument.contains(operator))
}

fn error(expected: &Value, service: &str) -> String {
    let answers =
        if service == HTTP_SERVICE { "the endpoint answers" } else { "the service answers" };
    match expected {
        Value::Bool(true) => format!("{answers} with any error"),
        Value::Bool(false) => format!("{answers} without an error"),
        Value::String(code) => match code.as_str() {
            transport::CONNECT => "the connection is refused or lost".to_owned(),
            transport::DNS => "the host name cannot be resolved".to_owned(),
            transport::TIMEOUT => "there is no answer in time".to_owned(),
            transport::TLS => "the TLS handshake fails".to_owned(),
            transport::RESPONSE => "the answer is cut off or cannot be read".to_owned(),
            transport::ANY => "no answer comes (any transport failure)".to_owned(),
            code => format!("{answers} {code}"),
        },
        Value::Null | Value::Number(_) | Value::Array(_) | Value::Object(_) => {
            format!("{answers} {expected} (never: error codes are strings)")
        }
    }
}
