//! What the model of the service makes doubtful about a wait, told before it polls.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::plan::Target;
use crate::cli::exit::Failure;
use crate::cli::project;
use crate::client::HTTP_SERVICE;
use crate::config::{AcceptorConfig, MatcherKind, State, WaiterConfig, WaiterFile};
use crate::diagnostic::{Diagnostic, Severity};
use crate::lint;
use crate::waiter::Options;

/// What the service's model says of the expressions of a wait, each a line for people.
#[derive(Debug, Default)]
pub(super) struct Doubts {
    /// What may be meant.
    pub(super) warnings: Vec<String>,
    /// What can never hold: a member that there is not, or a comparison of two types.
    pub(super) mistakes: Vec<String>,
}

/// What lint finds in the expressions of the command line, and in those of a waiter of the user's own.
///
/// # Errors
/// `maitred.toml`, which says how bad findings are, cannot be used.
pub(super) fn find(
    target: &Target,
    config: &WaiterConfig,
    options: &Options,
) -> Result<Doubts, Failure> {
    let conditions = [(State::Success, &options.until), (State::Failure, &options.fail_if)];
    let conditions = conditions.into_iter().flat_map(|(state, expressions)| {
        expressions.iter().map(move |expression| condition(state, expression))
    });
    let mut acceptors: Vec<_> = conditions.collect();
    let given = acceptors.len();
    if target.own {
        acceptors.extend(config.acceptors.iter().cloned());
    }
    if acceptors.is_empty() {
        return Ok(Doubts::default());
    }
    let looked_at = WaiterConfig::new(config.operation.clone(), 30.0, 60, acceptors);
    let all_pages = if options.all_pages { Some(true) } else { config.all_pages };
    let parameters = config.parameters.clone();
    let looked_at = WaiterConfig { all_pages, parameters, ..looked_at };
    let waiters = BTreeMap::from([(target.name.clone(), looked_at)]);
    let file = WaiterFile { schema: None, version: 2, service: None, waiters };
    let service = target.signature.service();
    // A rule that does not exist is told by the command that is about rules.
    let rules = lint::Config::new(project::project()?.lint_rules).unwrap_or_default();
    let findings = lint::lint(service, &file, Some(&target.models), &rules);
    let mut doubts = Doubts::default();
    for finding in findings.into_iter().filter(|finding| is_told(finding, given)) {
        let help = finding.help.map_or_else(String::new, |help| format!("; {help}"));
        let line = format!("{}{help}", finding.message);
        let is_mistake =
            finding.severity >= Severity::Error || finding.message == lint::NEVER_HOLDS;
        let lines = if is_mistake { &mut doubts.mistakes } else { &mut doubts.warnings };
        if !lines.contains(&line) {
            lines.push(line);
        }
    }
    Ok(doubts)
}

/// A line for each list of the input that is empty: most operations then tell of everything there is.
pub(super) fn empty_lists(service: &str, input: &Map<String, Value>) -> Vec<String> {
    let is_empty = |value: &Value| value.as_array().is_some_and(Vec::is_empty);
    let empty = input.iter().filter(|(_, value)| service != HTTP_SERVICE && is_empty(value));
    let line = |(name, _): (&String, &Value)| {
        format!(
            "{name} is an empty list: most operations then tell of everything in the account and region"
        )
    };
    empty.map(line).collect()
}

/// Whether a finding is about an expression, or about what an acceptor of a file compares it with, and how. The first
/// `given` are conditions, which expect nothing but truth.
fn is_told(finding: &Diagnostic, given: usize) -> bool {
    let mut place = finding.pointer.rsplit('/');
    let (key, index) = (place.next(), place.next().and_then(|index| index.parse::<usize>().ok()));
    finding.severity >= Severity::Warning
        && match (key, index) {
            (Some("argument"), Some(_)) => true,
            (Some("matcher" | "expected"), Some(index)) => index >= given,
            _ => false,
        }
}

/// What is asked of a reply, as an acceptor.
fn condition(state: State, expression: &str) -> AcceptorConfig {
    AcceptorConfig {
        state,
        matcher: MatcherKind::Path,
        argument: Some(expression.to_owned()),
        expected: Value::Bool(true),
        message: None,
    }
}
