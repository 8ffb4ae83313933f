//! Rules about acceptors that match too early.

#![expect(clippy::wildcard_enum_match_arm, reason = "any other node is not a path")]

use serde_json::{Value, json};

use super::context::LintContext;
use super::coverage::succeeds_by_error;
use super::rule;
use super::value_use::{Inferred, ValueUse};
use maitred_core::config::{AcceptorConfig, MatcherKind, State};
use maitred_core::expression::{Expression, Node};
use maitred_model::states;

/// Checks every acceptor with an expression.
pub(super) fn check(context: &mut LintContext<'_>, inferred: &Inferred<'_>) {
    let waiter = context.waiter;
    let state = polled_state(context, inferred);
    for (index, acceptor) in waiter.acceptors.iter().enumerate() {
        let Some(argument) = acceptor.argument.as_deref() else { continue };
        let Ok(expression) = Expression::compile(argument) else { continue };
        if let Some(state) = state.filter(|_| matches_nothing(acceptor, &expression)) {
            let message = format!("`{argument}` may be so while there is nothing yet");
            let help = format!("ask for a value of `{state}` as well");
            let place = format!("/acceptors/{index}");
            context.advise(&rule::PREMATURE_SUCCESS, &place, message, help);
        }
        if let Some(run) = earlier_run(expression.node(), false)
            && waiter.baseline.is_none()
            && ends_by(inferred, index)
        {
            let message = format!("`{run}` may be that of the run before");
            let help = "give a `baseline`, or poll the run itself";
            context.advise(&rule::EARLIER_RUN, &format!("/acceptors/{index}"), message, help);
        }
    }
}

/// The polled state, if no success acceptor tests it. A deleted resource has none.
fn polled_state<'a>(context: &LintContext<'_>, inferred: &'a Inferred<'_>) -> Option<&'a str> {
    if succeeds_by_error(context) || states::is_about_deletion(context.name) {
        return None;
    }
    let mut known = inferred.uses.iter().filter(|one| {
        let table = one.origin.table(context.service);
        one.direct && (table.is_some() || !one.values.is_empty() || is_over(one))
    });
    let state = known.find(|one| one.state != State::Success)?.origin;
    let asked = |one: &ValueUse<'_>| one.state == State::Success && one.origin == state;
    (!inferred.uses.iter().any(asked)).then_some(state.member)
}

/// Whether a success acceptor matches an empty reply.
fn matches_nothing(acceptor: &AcceptorConfig, expression: &Expression) -> bool {
    if acceptor.state != State::Success || acceptor.matcher != MatcherKind::Path {
        return false;
    }
    if acceptor.expected == json!([]) {
        return true;
    }
    let found = expression.evaluate(&Value::Object(serde_json::Map::new()));
    found.is_ok_and(|value| value == acceptor.expected)
}

/// The member of a path that is the last run of something, followed by a member of the run.
fn earlier_run(node: &Node, has_members: bool) -> Option<&str> {
    match node {
        Node::Field(name) if has_members && is_last_run(name) => Some(name),
        Node::Chain(first, second) => {
            earlier_run(first, true).or_else(|| earlier_run(second, has_members))
        }
        Node::Projection(list, each) => {
            let of_each = has_members || **each != Node::Current;
            earlier_run(list, of_each).or_else(|| earlier_run(each, has_members))
        }
        Node::Flatten(list) => earlier_run(list, has_members),
        _ => None,
    }
}

/// `LastCrawl`, `latestExecution`.
fn is_last_run(name: &str) -> bool {
    ["Last", "last", "Latest", "latest", "Previous", "previous"].iter().any(|word| {
        name.strip_prefix(word).is_some_and(|rest| rest.starts_with(char::is_uppercase))
    })
}

/// Whether an acceptor ends the wait by a final value alone.
fn ends_by(inferred: &Inferred<'_>, index: usize) -> bool {
    inferred
        .uses
        .iter()
        .any(|one| one.acceptor == index && one.direct && one.state != State::Retry && is_over(one))
}

/// Whether the value is final.
fn is_over(one: &ValueUse<'_>) -> bool {
    one.value.as_ref().is_some_and(|value| states::is_final(value))
}
