//! Why no waiter can be drafted, and what to give or poll instead.

use super::draft_target::DraftTarget;
use crate::cli::exit::Failure;
use crate::cli::source_args::SourceArgs;
use crate::config::{MatcherKind, State};
use crate::diagnostic::nearest;
use crate::draft::{self, DraftError, DraftOptions};
use crate::names::xform_name;

/// An operation that describes one resource and has a state in its output, as it is written on the command
/// line.
pub(super) fn alternative(target: &DraftTarget<'_>) -> Option<String> {
    let names = draft::instead(&target.service, &target.operation);
    let found = names.into_iter().find(|name| {
        let operation = target.models.service(&target.service.name);
        let operation = operation.and_then(|service| service.operation(name));
        operation.is_ok_and(|operation| {
            let drafted = draft::draft(&target.service, &operation, &DraftOptions::default());
            matches!(drafted, Ok(_) | Err(DraftError::NoSuccess { .. }))
        })
    });
    found.map(|name| xform_name(&name, '-'))
}

/// A failed draft as an error of the command, with help.
pub(super) fn failure(target: &DraftTarget<'_>, error: &DraftError) -> Failure {
    let help = match error {
        DraftError::NoState { candidates, .. } => no_state(target, candidates),
        DraftError::History { .. } => match alternative(target) {
            Some(instead) => {
                format!("poll what describes it: maitred new {} {instead}", target.service.name)
            }
            None => "poll the operation that describes the thing; or name a state with --path"
                .to_owned(),
        },
        DraftError::NoRun { .. } => {
            "leave out --baseline, and add one by hand: an expression whose \
                                     value differs from run to run"
                .to_owned()
        }
        DraftError::UnknownPath { near: Some(near), .. } => format!("did you mean `{near}`?"),
        DraftError::UnknownPath { candidates, .. } => format!("there are{}", lines(candidates)),
        DraftError::NoSuccess { path, values } if values.is_empty() => plain(target, path),
        DraftError::NoSuccess { values, .. } => {
            let others = others(target);
            format!("give --success, of {}{others}", values.join(", "))
        }
        DraftError::UnknownValue { value, values, .. } => {
            match nearest(value, values.iter().map(String::as_str)) {
                Some(near) => format!("did you mean `{near}`?"),
                None => format!("it has {}", values.join(", ")),
            }
        }
        DraftError::NoNotFound { .. } => {
            "leave out --not-found, and add an `error` acceptor by hand".to_owned()
        }
        _ => return Failure::usage(error.to_string()),
    };
    Failure::usage(error.to_string()).help(help)
}

fn lines(texts: &[String]) -> String {
    texts.iter().map(|it| format!("\n        {it}")).collect()
}

fn no_state(target: &DraftTarget<'_>, candidates: &[String]) -> String {
    let strings = || format!("its strings are{}", lines(candidates));
    match alternative(target) {
        Some(instead) => format!(
            "poll what describes it: maitred new {} {instead}; or name a state with --path",
            target.service.name
        ),
        None if candidates.is_empty() => {
            "its output has no strings at all; is there another operation that describes the thing?"
                .to_owned()
        }
        None => format!("name one with --path; {}", strings()),
    }
}

/// Help for states that the model does not list; waiters of the operation may have some.
fn plain(target: &DraftTarget<'_>, path: &str) -> String {
    let known = known_values(target, path);
    let service = &target.service.name;
    let operation = xform_name(&target.operation.name, '-');
    let (example, known) = match known.as_slice() {
        [] => ("--success VALUE --failure VALUE,…".to_owned(), String::new()),
        [first, ..] => (
            format!("--success {first} --failure VALUE,…"),
            format!("\n      waiters of it ask for {}", known.join(", ")),
        ),
    };
    format!(
        "the model does not list its values; look them up and give --success and --failure, as in\
         \n      maitred new {service} {operation} {example}{known}{}",
        others(target)
    )
}

/// The values that waiters of the same operation ask for, those of a success first.
fn known_values(target: &DraftTarget<'_>, path: &str) -> Vec<String> {
    let mut values: Vec<(State, String)> = Vec::new();
    let catalog = SourceArgs::default().catalog(target.context).unwrap_or_default();
    for entry in catalog.service(&target.service.name) {
        if entry.config.operation != target.operation.name {
            continue;
        }
        for acceptor in &entry.config.acceptors {
            let is_path = matches!(
                acceptor.matcher,
                MatcherKind::Path | MatcherKind::PathAll | MatcherKind::PathAny
            );
            let same = acceptor.argument.as_deref() == Some(path);
            let expected = acceptor.expected.as_str().filter(|_| is_path && same);
            values.extend(expected.map(|value| (acceptor.state, value.to_owned())));
        }
    }
    values.sort_by_key(|(state, _)| *state != State::Success);
    let mut known: Vec<String> = Vec::new();
    for (_, value) in values {
        if !known.contains(&value) {
            known.push(value);
        }
    }
    known
}

/// Other members that may be the state.
fn others(target: &DraftTarget<'_>) -> String {
    const SHOWN: usize = 4;
    let paths = draft::state_paths(&target.service, &target.operation);
    let others: Vec<_> =
        paths.iter().skip(1).take(SHOWN).map(draft::StatePath::expression).collect();
    if others.is_empty() {
        return String::new();
    }
    format!("\n      or another state with --path: {}", others.join(", "))
}
