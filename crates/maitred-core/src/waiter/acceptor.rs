//! The acceptors of a waiter.

use serde_json::Value;

use super::options::Options;
use super::parameter::{Binder, compile_expression};
use crate::config::AcceptorConfig;
use crate::config::MatcherKind;
use crate::config::State;
use crate::config::WaiterConfig;
use crate::diagnostic::Diagnostic;
use crate::matcher::Acceptor;
use crate::matcher::Matcher;
use crate::python;

/// The acceptors in the order in which they are checked: the caller's conditions, the caller's acceptors,
/// the file's.
pub(super) fn compile(
    config: &WaiterConfig,
    options: &Options,
    binder: &Binder<'_>,
    problems: &mut Vec<Diagnostic>,
) -> Vec<Acceptor> {
    let mut acceptors = Vec::new();
    for (conditions, state) in
        [(&options.fail_if, State::Failure), (&options.until, State::Success)]
    {
        for condition in conditions {
            let expression = compile_expression(condition, "", problems);
            acceptors.extend(expression.map(|expression| Acceptor {
                state,
                matcher: Matcher::Truth(expression),
                expected: Value::Bool(true),
                message: None,
            }));
        }
    }
    for (index, acceptor) in options.acceptors.iter().enumerate() {
        let pointer = format!("/options/acceptors/{index}");
        acceptors.extend(compile_acceptor(acceptor, &pointer, binder, problems));
    }
    for (index, acceptor) in config.acceptors.iter().enumerate() {
        let pointer = format!("/acceptors/{index}");
        acceptors.extend(compile_acceptor(acceptor, &pointer, binder, problems));
    }
    acceptors
}

fn compile_acceptor(
    config: &AcceptorConfig,
    pointer: &str,
    binder: &Binder<'_>,
    problems: &mut Vec<Diagnostic>,
) -> Option<Acceptor> {
    let argument = match (&config.argument, config.matcher) {
        (_, MatcherKind::Status | MatcherKind::Error) => None,
        (Some(argument), _) => {
            Some(binder.bind_expression(argument, &format!("{pointer}/argument"), problems)?)
        }
        (None, _) => {
            let message = "a path matcher needs an `argument`";
            let help =
                "give the JMESPath expression to evaluate, e.g. \"Clusters[].ClusterStatus\"";
            problems.push(Diagnostic::error("argument", pointer, message).with_help(help));
            return None;
        }
    };
    let message = match &config.message {
        Some(text) => binder.bind_expression(text, &format!("{pointer}/message"), problems),
        None => None,
    };
    let matcher = match (config.matcher, argument) {
        (MatcherKind::Path, Some(argument)) => Matcher::Path(argument),
        (MatcherKind::PathAll, Some(argument)) => Matcher::PathAll(argument),
        (MatcherKind::PathAny, Some(argument)) => Matcher::PathAny(argument),
        (MatcherKind::Status, _) => Matcher::Status,
        (MatcherKind::Error, _) => Matcher::Error,
        (MatcherKind::Path | MatcherKind::PathAll | MatcherKind::PathAny, None) => return None,
    };
    let expected = binder.bind_value(&config.expected, &format!("{pointer}/expected"), problems);
    if let Some(number) = python::beyond_64_bits(&expected) {
        let message = format!("{number} is beyond 64 bits and is not compared exactly");
        let help = "compare something else of the reply, or the same as text";
        let pointer = format!("{pointer}/expected");
        problems.push(Diagnostic::error("number", pointer, message).with_help(help));
        return None;
    }
    Some(Acceptor { state: config.state, matcher, expected, message })
}
