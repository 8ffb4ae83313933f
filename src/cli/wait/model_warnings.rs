//! Warnings from the model of the service, before the first poll.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::resolved_waiter::ResolvedWaiter;
use crate::cli::context::Context;
use crate::cli::exit::Failure;
use crate::client::HTTP_SERVICE;
use crate::config::{AcceptorConfig, State, WaiterConfig, WaiterFile};
use crate::diagnostic::{Diagnostic, Severity};
use crate::lint;
use crate::waiter::Options;

/// The findings about the expressions of a wait, each a line for people.
#[derive(Debug, Default)]
pub(super) struct ModelWarnings {
    /// Conditions that may be intended.
    pub(super) warnings: Vec<String>,
    /// Conditions that can never hold: a member that does not exist, or a comparison of different types.
    pub(super) mistakes: Vec<String>,
}

/// The findings of lint in the expressions of the command line, and in those of a waiter of the user's own.
pub(super) fn find(
    resolved: &ResolvedWaiter,
    config: &WaiterConfig,
    options: &Options,
    context: &Context,
) -> Result<ModelWarnings, Failure> {
    let conditions = [(State::Success, &options.until), (State::Failure, &options.fail_if)];
    let conditions = conditions.into_iter().flat_map(|(state, expressions)| {
        expressions.iter().map(move |expression| condition(state, expression))
    });
    let mut acceptors: Vec<_> = conditions.collect();
    let given = acceptors.len();
    if resolved.own {
        acceptors.extend(config.acceptors.iter().cloned());
    }
    if acceptors.is_empty() {
        return Ok(ModelWarnings::default());
    }
    let mut looked_at = WaiterConfig::new(config.operation.as_str(), 30.0, 60, acceptors);
    looked_at.all_pages = if options.all_pages { Some(true) } else { config.all_pages };
    looked_at.parameters.clone_from(&config.parameters);
    let file = WaiterFile::new(BTreeMap::from([(resolved.name.clone(), looked_at.into())]));
    let service = resolved.signature.service();
    // `maitred lint` reports rules that do not exist.
    let rules = lint::Config::new(context.project()?.lint.rules.clone()).unwrap_or_default();
    let findings = lint::lint(service, &file, Some(&resolved.models), &rules);
    let mut found = ModelWarnings::default();
    for finding in findings.into_iter().filter(|finding| is_told(finding, given)) {
        let help = finding.help.map_or_else(String::new, |help| format!("; {help}"));
        let line = format!("{}{help}", finding.message);
        let is_mistake =
            finding.severity >= Severity::Error || finding.message == lint::NEVER_HOLDS;
        let lines = if is_mistake { &mut found.mistakes } else { &mut found.warnings };
        if !lines.contains(&line) {
            lines.push(line);
        }
    }
    Ok(found)
}

/// A line for each empty list of the input: most operations then return everything.
pub(super) fn empty_lists(service: &str, input: &Map<String, Value>) -> Vec<String> {
    let is_empty = |value: &Value| value.as_array().is_some_and(Vec::is_empty);
    let empty = input.iter().filter(|(_, value)| service != HTTP_SERVICE && is_empty(value));
    let line = |(name, _): (&String, &Value)| {
        format!(
            "{name} is an empty list: most operations then return everything in the account and region"
        )
    };
    empty.map(line).collect()
}

/// True if a finding is about an expression, or about the matcher or the expected value of an acceptor of a
/// file. The first `given` acceptors are conditions, which always expect `true`.
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

/// A condition as an acceptor.
fn condition(state: State, expression: &str) -> AcceptorConfig {
    AcceptorConfig::path(state, expression, true)
}
