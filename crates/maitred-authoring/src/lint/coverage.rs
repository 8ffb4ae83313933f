//! Rules about the states that no acceptor names.

use std::collections::HashSet;

use super::context::LintContext;
use super::infer::listed;
use super::rule;
use super::types::Origin;
use super::value_use::{Inferred, ValueUse};
use maitred_core::config::{MatcherKind, State};
use maitred_core::diagnostic::{fold, nearest};
use maitred_model::states::{Purpose, Wanted};
use maitred_model::{OperationModel, states};

/// Checks every state that acceptors test.
pub(super) fn check(
    context: &mut LintContext<'_>,
    operation: Option<&OperationModel>,
    inferred: &Inferred<'_>,
) {
    if operation.is_none() {
        return;
    }
    let mut polled: Vec<Origin<'_>> = Vec::new();
    for one in &inferred.uses {
        if !polled.contains(&one.origin) {
            polled.push(one.origin);
        }
    }
    for origin in polled {
        let uses: Vec<_> = inferred.uses.iter().filter(|one| one.origin == origin).collect();
        let table = origin.table(context.service);
        let model = uses[0].values;
        let known = states::known_values(model, table);
        if let Some(table) = table.filter(|_| model.is_empty()) {
            check_values(context, &known, origin, &uses, &table.source);
        }
        if is_polled(&uses, inferred) {
            let decides = !fails_elsewhere(&uses, inferred) && is_asked_most(&uses, inferred);
            check_coverage(context, inferred, origin, &known, table, &uses, decides);
        }
    }
}

/// Whether this is the state that is waited for: success acceptors test it directly, or, if no success acceptor
/// tests a state, any acceptor does.
fn is_polled(uses: &[&ValueUse<'_>], inferred: &Inferred<'_>) -> bool {
    let success = |one: &&ValueUse<'_>| one.direct && one.state == State::Success;
    let asked = uses.iter().any(success);
    let others = inferred.uses.iter().any(|one| success(&one));
    asked || (!others && uses.iter().any(|one| one.direct))
}

/// Whether failure acceptors test another state, but not this one.
fn fails_elsewhere(uses: &[&ValueUse<'_>], inferred: &Inferred<'_>) -> bool {
    let fails = |one: &ValueUse<'_>| one.direct && one.state == State::Failure;
    !uses.iter().any(|one| fails(one)) && inferred.uses.iter().any(fails)
}

/// Whether acceptors test no other state more often.
fn is_asked_most(uses: &[&ValueUse<'_>], inferred: &Inferred<'_>) -> bool {
    let mut asked: Vec<(Origin<'_>, usize)> = Vec::new();
    for one in inferred.uses.iter().filter(|one| one.direct) {
        match asked.iter_mut().find(|(origin, _)| *origin == one.origin) {
            Some((_, times)) => *times += 1,
            None => asked.push((one.origin, 1)),
        }
    }
    let of = |origin| asked.iter().find(|(known, _)| *known == origin).map_or(0, |(_, it)| *it);
    let own = uses.first().map_or(0, |one| of(one.origin));
    asked.iter().all(|(_, times)| *times <= own)
}

/// Reports values that the documentation does not have; the inference reports those that the model lacks.
fn check_values(
    context: &mut LintContext<'_>,
    known: &[String],
    origin: Origin<'_>,
    uses: &[&ValueUse<'_>],
    source: &str,
) {
    for (value, index) in uses.iter().filter_map(|one| Some((one.value.as_ref()?, one.acceptor))) {
        if known.contains(value) || context.is_full() {
            continue;
        }
        let place = format!("/acceptors/{index}");
        let message = format!("`{}` is never `{value}`, as far as is documented", origin.member);
        let near = nearest(value, known.iter().map(String::as_str));
        let near = near.map_or_else(String::new, |near| format!("did you mean `{near}`? "));
        context.advise(&rule::UNKNOWN_VALUE, &place, message, format!("{near}see {source}"));
    }
}

/// The values of acceptors with flawed expressions, which are reported elsewhere.
fn misplaced<'a>(context: &LintContext<'a>, inferred: &Inferred<'_>) -> Vec<&'a str> {
    let acceptors = context.waiter.acceptors.iter().enumerate();
    let used: HashSet<_> = inferred.uses.iter().map(|one| one.acceptor).collect();
    let lost = acceptors.filter(|(index, acceptor)| {
        !matches!(acceptor.matcher, MatcherKind::Error | MatcherKind::Status)
            && !used.contains(index)
    });
    lost.filter_map(|(_, acceptor)| acceptor.expected.as_str()).collect()
}

fn check_coverage(
    context: &mut LintContext<'_>,
    inferred: &Inferred<'_>,
    origin: Origin<'_>,
    known: &[String],
    table: Option<&states::StateTable>,
    uses: &[&ValueUse<'_>],
    decides: bool,
) {
    let values: Option<Vec<_>> = uses.iter().map(|one| one.value.as_deref()).collect();
    let Some(mut named) = values else { return };
    named.extend(misplaced(context, inferred));
    // Values in another casing are reported elsewhere.
    let folded: HashSet<_> = named.iter().map(|value| fold(value)).collect();
    let unnamed = known.iter().filter(|value| !folded.contains(&fold(value)));
    let success = uses.iter().filter(|one| one.state == State::Success);
    let success: Vec<_> = success.filter_map(|one| one.value.as_deref()).collect();
    let purpose =
        Purpose::new(context.name, &success, &named, known).or_deletion(succeeds_by_error(context));
    let success: Vec<_> = success.into_iter().map(str::to_owned).collect();
    let wanted = if purpose.is_deletion() { Wanted::Gone } else { Wanted::Values(&success) };
    let finals = states::finals(known, wanted, table);
    let is_final = |value: &str| known.iter().zip(&finals).any(|(one, it)| one == value && *it);
    let (settled, passing): (Vec<_>, Vec<_>) =
        unnamed.cloned().partition(|value| decides && is_final(value) && purpose.concerns(value));
    let quoted = |values: &[String]| {
        let quoted: Vec<_> = values.iter().map(|value| format!("`{value}`")).collect();
        quoted.join(", ")
    };
    if !settled.is_empty() {
        let (names, verb) = match settled.len() {
            1 => ("the final value", "is"),
            _ => ("the final values", "are"),
        };
        let message = format!(
            "{names} {} of `{}` {verb} named by no acceptor",
            quoted(&settled),
            origin.member
        );
        let help = "add an acceptor for each: failure, or retry if the state can be left again";
        context.advise(&rule::UNCOVERED_FINAL_STATE, "/acceptors", message, help);
    }
    if !passing.is_empty() {
        let message = format!("in these values of `{}` the wait goes on", origin.member);
        context.advise(&rule::UNCOVERED_STATE, "/acceptors", message, listed(&passing));
    }
}

/// Whether an error means success, as in a wait for a deletion.
pub(super) fn succeeds_by_error(context: &LintContext<'_>) -> bool {
    context.waiter.acceptors.iter().any(|acceptor| {
        acceptor.state == State::Success
            && match acceptor.matcher {
                MatcherKind::Error => acceptor.expected != serde_json::Value::Bool(false),
                MatcherKind::Status => acceptor.expected == 404,
                MatcherKind::Path | MatcherKind::PathAll | MatcherKind::PathAny => false,
            }
    })
}
