//! A draft, or the reason that there is none, in words, with alternatives.

use super::draft_target::DraftTarget;
use crate::catalog::Catalog;
use crate::cli::exit::Failure;
use crate::cli::source_args::SourceArgs;
use crate::config::{MatcherKind, State};
use crate::diagnostic::nearest;
use crate::draft::{self, Draft, DraftError, DraftOptions, Meaning, StatePath};
use crate::names::xform_name;

/// The maximum number of other states that are named.
const MAX_OTHERS: usize = 4;

/// The states by their meaning, and the notes, a line each.
pub(super) fn summary(target: &DraftTarget<'_>, draft: &Draft) -> String {
    let mut text = format!("the state of {} is {}", draft.name, draft.path.expression());
    for (meaning, word) in [
        (Meaning::Success, "success"),
        (Meaning::Failure, "failure"),
        (Meaning::Retry, "retry"),
        (Meaning::Unknown, "retry, the name does not say"),
    ] {
        let states = draft.states.iter().filter(|(_, it)| *it == meaning);
        let states: Vec<_> = states.map(|(state, _)| state.as_str()).collect();
        if !states.is_empty() {
            text.push_str(&format!("\n  {word}: {}", states.join(", ")));
        }
    }
    for note in notes(target, draft) {
        text.push_str(&format!("\n  note: {note}"));
    }
    text
}

fn notes(target: &DraftTarget<'_>, draft: &Draft) -> Vec<String> {
    let mut notes = Vec::new();
    let lists = ["List", "Search"].iter().any(|verb| target.operation.name.starts_with(verb));
    let instead = if draft.is_of_all || lists { alternative(target) } else { None };
    match instead {
        Some(instead) => notes.push(format!(
            "it waits for all that is listed, not for one; `{instead}` describes one"
        )),
        None if draft.is_of_all => {
            notes.push("no input chooses: it waits for all there are".to_owned());
        }
        None => {}
    }
    match (&draft.run, &draft.config.baseline) {
        (Some(run), None) => notes.push(format!(
            "the state may still be that of the time before; with --baseline it waits until {run} \
             has changed too"
        )),
        (Some(_), Some(baseline)) => notes.push(format!(
            "a success counts only if {baseline} is not what it was at the first poll, or what \
             `wait --baseline` says"
        )),
        (None, _) => {}
    }
    if Catalog::default().find(&target.service.name, &draft.name).is_ok() {
        notes.push(format!(
            "a waiter {} is built in and wins over one of ./waiters: give another --name, or use \
             the file with --waiters",
            draft.name
        ));
    }
    if !draft.others.is_empty() {
        notes.push(format!("other states, for --path: {}", joined(&draft.others)));
    }
    notes
}

/// An operation that describes one resource and has a state in its output, as it is written on the command
/// line.
fn alternative(target: &DraftTarget<'_>) -> Option<String> {
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
            "leave out --baseline, and add one by hand: an expression whose value differs from run to run"
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
    let catalog = SourceArgs::default().catalog(target.context).unwrap_or_default();
    let entries = catalog.service(&target.service.name);
    let of_operation = entries.iter().filter(|it| it.config.operation == target.operation.name);
    let mut acceptors: Vec<_> = of_operation.flat_map(|entry| &entry.config.acceptors).collect();
    acceptors.sort_by_key(|acceptor| acceptor.state != State::Success);
    let mut known: Vec<String> = Vec::new();
    for acceptor in acceptors {
        let is_path = matches!(
            acceptor.matcher,
            MatcherKind::Path | MatcherKind::PathAll | MatcherKind::PathAny
        );
        let is_same = is_path && acceptor.argument.as_deref() == Some(path);
        if let Some(value) = acceptor.expected.as_str().filter(|_| is_same)
            && !known.iter().any(|known| known == value)
        {
            known.push(value.to_owned());
        }
    }
    known
}

/// Other members that may be the state.
fn others(target: &DraftTarget<'_>) -> String {
    match draft::state_paths(&target.service, &target.operation).as_slice() {
        [] | [_] => String::new(),
        [_, others @ ..] => {
            format!("\n      or another state with --path: {}", joined(others))
        }
    }
}

fn joined(paths: &[StatePath]) -> String {
    paths.iter().take(MAX_OTHERS).map(StatePath::expression).collect::<Vec<_>>().join(", ")
}
