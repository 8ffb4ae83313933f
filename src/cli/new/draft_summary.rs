//! A draft in words, with notes on it and alternatives.

use super::draft_failure;
use super::draft_target::DraftTarget;
use crate::catalog::Catalog;
use crate::draft::{Draft, Meaning, StatePath};

/// The states by their meaning, and the notes, a line each.
pub(super) fn text(target: &DraftTarget<'_>, draft: &Draft) -> String {
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
    const OTHERS: usize = 4;
    let mut notes = Vec::new();
    let lists = ["List", "Search"].iter().any(|verb| target.operation.name.starts_with(verb));
    let instead = if draft.is_of_all || lists { draft_failure::alternative(target) } else { None };
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
        let others: Vec<_> = draft.others.iter().take(OTHERS).map(StatePath::expression).collect();
        notes.push(format!("other states, for --path: {}", others.join(", ")));
    }
    notes
}
