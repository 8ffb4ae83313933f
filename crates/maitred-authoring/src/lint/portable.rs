//! The rule about keys that botocore ignores.

use super::context::LintContext;
use super::rule;

/// Checks for keys that botocore does not know.
pub(super) fn check(context: &mut LintContext<'_>) {
    let waiter = context.waiter;
    let any_message = waiter.acceptors.iter().any(|acceptor| acceptor.message.is_some());
    let for_people = [
        ("show", waiter.show.is_some()),
        ("message", any_message),
        ("diagnose", !waiter.diagnose.is_empty()),
    ];
    let for_meaning = [
        ("input", !waiter.input.is_empty()),
        ("parameters", !waiter.parameters.is_empty()),
        ("consecutive", waiter.consecutive.is_some_and(|count| count > 1)),
        ("timeout", waiter.timeout.is_some()),
        ("initialDelay", waiter.initial_delay.is_some()),
        ("backoff", waiter.backoff.is_some()),
        ("transient", waiter.transient.is_some()),
        ("mutating", waiter.mutating),
        ("baseline", waiter.baseline.is_some()),
        ("allPages", waiter.all_pages == Some(true)),
        ("extends", waiter.extends.is_some()),
    ];
    let used = |keys: &[(&str, bool)]| {
        let used = keys.iter().filter(|(_, used)| *used).map(|(key, _)| format!("`{key}`"));
        used.collect::<Vec<_>>().join(", ")
    };
    let meaning = used(&for_meaning);
    if !meaning.is_empty() {
        let message = format!("botocore ignores {meaning}: there the waiter means something else");
        return context.report(&rule::NOT_PORTABLE, "", message);
    }
    let people = used(&for_people);
    if !people.is_empty() {
        let message = format!("botocore ignores {people}; the waiter means the same there");
        context.report(&rule::NOT_PORTABLE, "", message);
    }
}
