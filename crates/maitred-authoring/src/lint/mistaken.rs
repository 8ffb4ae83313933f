//! The rule about acceptors that contradict the names of states.

use serde_json::Value;

use super::context::LintContext;
use super::coverage::succeeds_by_error;
use super::rule;
use super::value_use::{Inferred, ValueUse};
use maitred_core::config::{MatcherKind, State};
use maitred_model::states;
use maitred_model::states::Purpose;

/// Checks every state that acceptors ask for.
pub(super) fn check(context: &mut LintContext<'_>, inferred: &Inferred<'_>) {
    let uses = inferred.uses.iter().filter(|one| one.direct);
    for one in uses.clone() {
        let Some(value) = one.value.as_deref().filter(|value| is_written(context, one, value))
        else {
            continue;
        };
        let of_same = || uses.clone().filter(|other| other.origin == one.origin);
        let message = match one.state {
            State::Retry if purpose(context, inferred, one).is_lost(value) => {
                format!("`{value}` is not left again, by its name, so there is nothing to retry")
            }
            // If everything that ends the wait is a success, a failure may be one, too.
            State::Success if states::is_failure(value) => {
                let good = of_same().find(|other| is_good_failure(other));
                let Some(good) = good.and_then(|good| good.value.as_deref()) else { continue };
                format!("`{value}` is a success and `{good}` a failure, unlike their names")
            }
            State::Success if states::is_ready(value) => {
                let Some(code) = gone(context) else { continue };
                format!("`{value}` is a success, and so is `{code}`: one of the two is not")
            }
            State::Failure if states::is_beginning(value) => {
                // If all states but one are failures, this is intended.
                if !of_same().filter(|other| other.state == State::Failure).all(is_lost_or_begun) {
                    continue;
                }
                let ready = of_same().find(|other| is_ready_success(other));
                let Some(ready) = ready.and_then(|ready| ready.value.as_deref()) else { continue };
                format!("`{value}` is on the way to `{ready}`, by its name, and no failure of it")
            }
            State::Success | State::Failure | State::Retry => continue,
        };
        context.report(&rule::MISTAKEN_STATE, &format!("/acceptors/{}", one.acceptor), message);
    }
}

/// Whether the value is written in the acceptor, rather than being left by a negation.
fn is_written(context: &LintContext<'_>, one: &ValueUse<'_>, value: &str) -> bool {
    let acceptor = &context.waiter.acceptors[one.acceptor];
    acceptor.expected == Value::String(value.to_owned())
        || acceptor.argument.as_ref().is_some_and(|argument| argument.contains(value))
}

fn is_good_failure(one: &ValueUse<'_>) -> bool {
    let good = |value: &String| states::is_good(value);
    one.state == State::Failure && one.value.as_ref().is_some_and(good)
}

fn is_lost_or_begun(one: &ValueUse<'_>) -> bool {
    one.value.as_ref().is_none_or(|value| {
        states::is_final(value) || states::is_about_deletion(value) || states::is_beginning(value)
    })
}

fn is_ready_success(one: &ValueUse<'_>) -> bool {
    let ready = |value: &String| states::is_ready(value);
    one.state == State::Success && one.value.as_ref().is_some_and(ready)
}

/// The code of an error that means success and says that the resource does not exist.
fn gone<'a>(context: &LintContext<'a>) -> Option<&'a str> {
    // A resource that is being deleted may be gone.
    if states::is_about_deletion(context.name) {
        return None;
    }
    let mut successes =
        context.waiter.acceptors.iter().filter(|acceptor| acceptor.state == State::Success);
    successes.find_map(|acceptor| {
        let code = acceptor.expected.as_str().filter(|_| acceptor.matcher == MatcherKind::Error)?;
        ["NotFound", "NoSuch", "DoesNotExist"]
            .iter()
            .any(|word| code.contains(word))
            .then_some(code)
    })
}

fn purpose(context: &LintContext<'_>, inferred: &Inferred<'_>, one: &ValueUse<'_>) -> Purpose {
    let uses = || inferred.uses.iter().filter(|other| other.origin == one.origin);
    let named: Vec<_> = uses().filter_map(|other| other.value.as_deref()).collect();
    let success = uses().filter(|other| other.state == State::Success);
    let success: Vec<_> = success.filter_map(|other| other.value.as_deref()).collect();
    let inactive = success.iter().any(|value| states::words(value) == ["INACTIVE"]);
    Purpose::new(context.name, &success, &named, one.values)
        .or_deletion(inactive || succeeds_by_error(context))
}
