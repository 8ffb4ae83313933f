//! What the model of the service makes doubtful about a wait, told before it polls.

use std::collections::BTreeMap;

use serde_json::Value;

use super::plan::Target;
use crate::cli::exit::Failure;
use crate::cli::project;
use crate::config::{AcceptorConfig, MatcherKind, State, WaiterConfig, WaiterFile};
use crate::diagnostic::{Diagnostic, Severity};
use crate::lint;
use crate::waiter::Options;

/// What lint finds in the expressions of the command line, and in those of a waiter of the user's own. A
/// service may be newer than its model, so these are no errors.
///
/// # Errors
/// `maitred.toml`, which says how bad findings are, cannot be used.
pub(super) fn find(
    target: &Target,
    config: &WaiterConfig,
    options: &Options,
) -> Result<Vec<String>, Failure> {
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
        return Ok(Vec::new());
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
    let mut told = Vec::new();
    for finding in findings.into_iter().filter(|finding| is_told(finding, given)) {
        let help = finding.help.map_or_else(String::new, |help| format!("; {help}"));
        let line = format!("warning: {}{help}", finding.message);
        if !told.contains(&line) {
            told.push(line);
        }
    }
    Ok(told)
}

/// Whether a finding is about an expression, or about the value that an acceptor of a file expects. The first
/// `given` are conditions, which expect nothing but truth.
fn is_told(finding: &Diagnostic, given: usize) -> bool {
    let mut place = finding.pointer.rsplit('/');
    let (key, index) = (place.next(), place.next().and_then(|index| index.parse::<usize>().ok()));
    finding.severity >= Severity::Warning
        && match (key, index) {
            (Some("argument"), Some(_)) => true,
            (Some("expected"), Some(index)) => index >= given,
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
