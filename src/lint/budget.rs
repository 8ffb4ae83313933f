//! Rules about how long a wait takes.

use super::Subject;
use super::paths::Walked;
use super::rule;

/// The least time for which a state is polled, in seconds.
const LEAST: f64 = 60.0;

/// The longest wait, in seconds: seven days.
const MOST: f64 = 7.0 * 24.0 * 3600.0;

/// Checks the time and the pace.
pub(super) fn check(subject: &mut Subject<'_>, walked: &Walked<'_>) {
    let waiter = subject.waiter;
    if waiter.delay == 0.0 && waiter.max_attempts > 1 {
        let message = "with a delay of 0 the service is polled without a pause";
        return subject.report(&rule::SHORT_BUDGET, "/delay", message);
    }
    let attempts = waiter.max_attempts as f64;
    let longest = waiter.backoff.as_ref().map_or(waiter.delay, |backoff| backoff.max_delay);
    // A minute as it is usually written, 30 polls every 2 seconds, has 29 delays.
    let by_attempts = longest * attempts + waiter.initial_delay.unwrap_or(0.0);
    let total = waiter.timeout.map_or(by_attempts, |timeout| timeout.min(by_attempts));
    let polls_state = walked.uses.iter().any(|one| one.direct);
    if total < LEAST && polls_state {
        let message = format!("the wait is given up after {}", seconds(total));
        let help = "few things change their state so fast; raise maxAttempts or delay";
        subject.advise(&rule::SHORT_BUDGET, "/maxAttempts", message, help);
    }
    if total > MOST {
        let days = (total / 86_400.0).round();
        let message = format!("the wait is given up only after {days} days");
        let help = "lower maxAttempts, or set `timeout`";
        subject.advise(&rule::ENDLESS_BUDGET, "/maxAttempts", message, help);
    }
}

fn seconds(total: f64) -> String {
    format!("{total} second{}", if total == 1.0 { "" } else { "s" })
}
