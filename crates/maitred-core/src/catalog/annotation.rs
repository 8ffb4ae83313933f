//! Annotations of botocore's waiters: descriptions, what they show, and messages of failures.
//!
//! `waiters/botocore/<service>.json` is a waiter file whose waiters annotate botocore's of the same name.
//! They do not change decisions: their acceptors repeat botocore's and add only a `message`.

use super::shipped::{WAITERS, built_in_files};
use crate::config::{AcceptorConfig, PartialWaiter, State, WaiterFile};
use crate::diagnostic::fold;
use crate::matcher::condition;

/// The files with annotations of botocore's waiters: service and text, in the order of the services.
pub fn annotations() -> impl Iterator<Item = (&'static str, &'static str)> {
    WAITERS.get_dir("botocore").into_iter().flat_map(built_in_files)
}

/// botocore's waiters of `service` with their annotations.
pub(super) fn annotated(service: &str, mut file: WaiterFile) -> WaiterFile {
    let added = annotations().find(|(known, _)| *known == service).map(|(_, text)| {
        // The tests check every file.
        serde_json::from_str::<WaiterFile>(text).expect("the tests parse every shipped file")
    });
    for (name, waiter) in &mut file.waiters {
        let same = |(known, _): &(&String, &PartialWaiter)| fold(known) == fold(name);
        let added = added.as_ref().and_then(|added| added.waiters.iter().find(same));
        if let Some((_, added)) = added {
            annotate(waiter, added);
        }
        if waiter.description.as_ref().is_none_or(|text| text.trim().is_empty()) {
            waiter.description = Some(description(service, waiter));
        }
    }
    file
}

/// Adds the keys that do not affect decisions.
fn annotate(waiter: &mut PartialWaiter, added: &PartialWaiter) {
    waiter.description = added.description.clone().or_else(|| waiter.description.take());
    waiter.show.clone_from(&added.show);
    waiter.diagnose.clone_from(&added.diagnose);
    for acceptor in &mut waiter.acceptors {
        let same = |known: &&AcceptorConfig| repeats(known, acceptor);
        acceptor.message =
            added.acceptors.iter().find(same).and_then(|known| known.message.clone());
    }
}

/// Returns whether the acceptors are equal except for the message.
fn repeats(one: &AcceptorConfig, other: &AcceptorConfig) -> bool {
    (one.state, one.matcher, &one.argument, &one.expected)
        == (other.state, other.matcher, &other.argument, &other.expected)
}

/// A description made from the acceptors.
fn description(service: &str, waiter: &PartialWaiter) -> String {
    let success = waiter.acceptors.iter().filter(|acceptor| acceptor.state == State::Success);
    let conditions: Vec<_> = success.map(|acceptor| condition(acceptor, service)).collect();
    let operation = waiter.operation.as_deref().unwrap_or_default();
    format!("Waits until {}, as {operation} tells.", conditions.join(", or "))
}
