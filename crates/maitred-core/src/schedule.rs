//! When to poll: the arithmetic of delay, back-off, jitter, attempts and the deadline.

use std::time::Duration;

/// The delays and bounds of a wait.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Schedule {
    /// The time between two polls; with a back-off, the shortest.
    pub delay: Duration,
    /// The time before the first poll.
    pub initial_delay: Duration,
    /// The growth of the delay; `None` for a constant delay.
    pub backoff: Option<Backoff>,
    /// The most polls; `None` for no bound.
    pub max_attempts: Option<u64>,
    /// The longest duration of the wait; `None` for no bound.
    pub timeout: Option<Duration>,
}

/// A delay that doubles up to `max_delay`.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Backoff {
    /// The longest delay.
    pub max_delay: Duration,
    /// Whether each delay is random, between the shortest and the current one.
    pub jitter: bool,
}

/// The longest random time that a streak of transient failures adds to the delay.
const MAX_TRANSIENT_DELAY: Duration = Duration::from_secs(60);

impl Schedule {
    /// The delay after poll number `attempt` (from 1), by Smithy's formula
    /// (<https://smithy.io/2.0/additional-specs/waiters.html#waiter-retries>), in real numbers, so
    /// that delays below a second work too. `remaining` is the time to the deadline: a delay that
    /// would leave less than the shortest delay is stretched, one that would pass it is cut, so that
    /// the last poll lands on the deadline.
    pub(crate) fn delay_after(
        &self,
        attempt: u64,
        remaining: Option<Duration>,
        random: &mut fastrand::Rng,
    ) -> Duration {
        let Some(backoff) = &self.backoff else {
            return remaining.map_or(self.delay, |remaining| self.delay.min(remaining));
        };
        let ceiling = self.exponential(attempt, backoff);
        let delay = if backoff.jitter { between(self.delay, ceiling, random) } else { ceiling };
        match remaining {
            Some(remaining) if remaining.saturating_sub(delay) <= self.delay => remaining,
            _ => delay,
        }
    }

    /// The time that is added to the delay after transient failure number `streak` in a row (from 1): random,
    /// at most `min(60 s, 1 s * 2^streak)`.
    pub(crate) fn transient_delay(streak: u32, random: &mut fastrand::Rng) -> Duration {
        let ceiling = Duration::from_secs(1_u64 << streak.min(6)).min(MAX_TRANSIENT_DELAY);
        between(Duration::ZERO, ceiling, random)
    }

    /// The longest time that the wait can take, without the time of the calls and the pauses after transient
    /// failures; `None` if it is unbounded.
    #[must_use]
    pub fn longest(&self) -> Option<Duration> {
        let by_attempts = self.max_attempts.map(|attempts| self.longest_of(attempts));
        match (by_attempts, self.timeout) {
            (Some(attempts), Some(timeout)) => Some(attempts.min(timeout)),
            (bound, None) | (None, bound) => bound,
        }
    }

    fn longest_of(&self, attempts: u64) -> Duration {
        let sleeps = attempts.saturating_sub(1);
        let Some(backoff) = &self.backoff else {
            return self.initial_delay.saturating_add(times(self.delay, sleeps));
        };
        let mut total = self.initial_delay;
        for attempt in 1..=sleeps {
            let delay = self.exponential(attempt, backoff);
            if delay >= backoff.max_delay {
                return total.saturating_add(times(delay, sleeps - attempt + 1));
            }
            total = total.saturating_add(delay);
        }
        total
    }

    fn exponential(&self, attempt: u64, backoff: &Backoff) -> Duration {
        let doublings = i32::try_from(attempt.saturating_sub(1)).unwrap_or(i32::MAX);
        let seconds = self.delay.as_secs_f64() * 2_f64.powi(doublings);
        if seconds >= backoff.max_delay.as_secs_f64() {
            backoff.max_delay
        } else {
            Duration::from_secs_f64(seconds)
        }
    }
}

fn times(delay: Duration, count: u64) -> Duration {
    Duration::try_from_secs_f64(delay.as_secs_f64() * count as f64).unwrap_or(Duration::MAX)
}

fn between(least: Duration, most: Duration, random: &mut fastrand::Rng) -> Duration {
    least + most.saturating_sub(least).mul_f64(random.f64())
}
