//! Rules about the duration of a wait.

use super::context::LintContext;
use super::rule;
use super::value_use::Inferred;

/// The least time for which a state is polled, in seconds.
const LEAST: f64 = 60.0;

/// The longest wait, in seconds: seven days.
const MOST: f64 = 7.0 * 24.0 * 3600.0;

/// The shortest delay that counts as a pause, in seconds.
const PAUSE: f64 = 0.1;

/// Checks the time and the pace.
pub(super) fn check(context: &mut LintContext<'_>, inferred: &Inferred<'_>) {
    let waiter = context.waiter;
    let (Some(delay), Some(max_attempts)) = (waiter.delay, waiter.max_attempts) else {
        return check_reach(context);
    };
    if delay < PAUSE && max_attempts > 1 {
        let message = format!("with a delay of {delay} the service is polled without a pause");
        return context.report(&rule::SHORT_BUDGET, "/delay", message);
    }
    check_reach(context);
    let attempts = max_attempts as f64;
    let longest = waiter.backoff.as_ref().map_or(delay, |backoff| backoff.max_delay);
    let initial = waiter.initial_delay.unwrap_or(0.0);
    let bounded = |time: f64| waiter.timeout.map_or(time, |timeout| timeout.min(time));
    // N polls have N-1 delays between them. A minute is usually written as 30 polls every 2 seconds.
    let total = bounded(longest * (attempts - 1.0).max(0.0) + initial);
    let short = bounded(longest * attempts + initial) < LEAST || total <= LEAST / 2.0;
    let polls_state = inferred.uses.iter().any(|one| one.direct);
    if short && polls_state {
        let message = match max_attempts {
            1 => "there is one poll, and nothing is waited for".to_owned(),
            _ => format!("the wait is given up after {}", seconds(total)),
        };
        let help = "few things change their state so fast; raise maxAttempts or delay";
        context.advise(&rule::SHORT_BUDGET, "/maxAttempts", message, help);
    }
    if total > MOST {
        let days = (total / 86_400.0).round();
        let message = format!("the wait is given up only after {days} days");
        let help = "lower maxAttempts, or set `timeout`";
        context.advise(&rule::ENDLESS_BUDGET, "/maxAttempts", message, help);
    }
}

/// Checks that the first poll and enough successes are possible.
fn check_reach(context: &mut LintContext<'_>) {
    let waiter = context.waiter;
    if let (Some(initial), Some(timeout)) = (waiter.initial_delay, waiter.timeout)
        && initial >= timeout
    {
        let message = format!("the time is up after {}, before the first poll", seconds(timeout));
        context.report(&rule::SHORT_BUDGET, "/initialDelay", message);
    }
    if let (Some(count), Some(most)) = (waiter.consecutive, waiter.max_attempts)
        && u64::from(count) > most
    {
        let polls = if most == 1 { "1 poll".to_owned() } else { format!("{most} polls") };
        let message = format!("{count} successes in a row take more than {polls}");
        context.report(&rule::SHORT_BUDGET, "/consecutive", message);
    }
}

fn seconds(total: f64) -> String {
    format!("{total} second{}", if total == 1.0 { "" } else { "s" })
}
