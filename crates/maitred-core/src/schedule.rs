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

#[cfg(test)]
mod tests {
    use super::*;

    const SEED: u64 = 7;

    fn seconds(seconds: f64) -> Duration {
        Duration::from_secs_f64(seconds)
    }

    /// A delay of ten seconds, which doubles up to `longest`.
    fn growing(longest: f64, jitter: bool) -> Schedule {
        let backoff = Some(Backoff { max_delay: seconds(longest), jitter });
        Schedule { backoff, ..constant() }
    }

    fn constant() -> Schedule {
        let initial_delay = Duration::ZERO;
        let (delay, max_attempts, timeout) = (seconds(10.0), None, None);
        Schedule { delay, initial_delay, backoff: None, max_attempts, timeout }
    }

    fn delay(schedule: &Schedule, attempt: u64, remaining: Option<f64>) -> Duration {
        let mut random = fastrand::Rng::with_seed(SEED);
        schedule.delay_after(attempt, remaining.map(seconds), &mut random)
    }

    #[test]
    fn a_constant_delay_is_cut_at_the_deadline() {
        for (remaining, delayed) in
            [(None, 10.0), (Some(11.0), 10.0), (Some(10.0), 10.0), (Some(9.5), 9.5)]
        {
            assert_eq!(delay(&constant(), 3, remaining), seconds(delayed), "{remaining:?}");
        }
    }

    #[test]
    fn a_growing_delay_doubles_up_to_its_bound() {
        let schedule = growing(45.0, false);
        let delays: Vec<_> = (1..=5).map(|attempt| delay(&schedule, attempt, None)).collect();
        assert_eq!(delays, [10.0, 20.0, 40.0, 45.0, 45.0].map(seconds));
        assert_eq!(delay(&schedule, u64::MAX, None), seconds(45.0));
        assert_eq!(delay(&growing(40.0, false), 3, None), seconds(40.0));
    }

    #[test]
    fn a_delay_that_would_leave_no_room_for_another_poll_reaches_to_the_deadline() {
        let schedule = growing(40.0, false);
        for (remaining, delayed) in
            [(100.0, 40.0), (50.1, 40.0), (50.0, 50.0), (45.0, 45.0), (40.0, 40.0), (5.0, 5.0)]
        {
            assert_eq!(delay(&schedule, 3, Some(remaining)), seconds(delayed), "{remaining}");
        }
    }

    #[test]
    fn jitter_lies_between_the_delay_and_its_current_bound() {
        let part = fastrand::Rng::with_seed(SEED).f64();
        for (attempt, bound) in [(1, 10.0), (2, 20.0), (3, 40.0), (9, 45.0)] {
            let expected = seconds(10.0) + seconds(bound - 10.0).mul_f64(part);
            assert_eq!(delay(&growing(45.0, true), attempt, None), expected, "{attempt}");
        }
    }

    #[test]
    fn the_pause_after_a_transient_failure_doubles_up_to_a_minute() {
        let part = fastrand::Rng::with_seed(SEED).f64();
        let bounds = [(1, 2), (2, 4), (3, 8), (4, 16), (5, 32), (6, 60), (7, 60), (u32::MAX, 60)];
        for (streak, bound) in bounds {
            let pause = Schedule::transient_delay(streak, &mut fastrand::Rng::with_seed(SEED));
            assert_eq!(pause, Duration::from_secs(bound).mul_f64(part), "{streak}");
        }
    }

    #[test]
    fn the_longest_wait_is_the_sum_of_its_delays_or_the_time_out() {
        let initial_delay = seconds(3.0);
        let bounded = |schedule: Schedule, attempts: Option<u64>, timeout: Option<f64>| {
            let timeout = timeout.map(seconds);
            Schedule { initial_delay, max_attempts: attempts, timeout, ..schedule }.longest()
        };
        for (schedule, attempts, timeout, longest) in [
            (constant(), None, None, None),
            (constant(), None, Some(50.0), Some(50.0)),
            (constant(), Some(0), None, Some(3.0)),
            (constant(), Some(1), None, Some(3.0)),
            (constant(), Some(4), None, Some(33.0)),
            (constant(), Some(4), Some(32.0), Some(32.0)),
            (constant(), Some(4), Some(34.0), Some(33.0)),
            (growing(45.0, false), Some(1), None, Some(3.0)),
            (growing(45.0, false), Some(4), None, Some(73.0)),
            (growing(45.0, true), Some(5), None, Some(118.0)),
            (growing(45.0, false), Some(7), None, Some(208.0)),
            (growing(40.0, false), Some(4), None, Some(73.0)),
            (growing(40.0, false), Some(6), None, Some(153.0)),
        ] {
            let found = bounded(schedule, attempts, timeout);
            assert_eq!(found, longest.map(seconds), "{attempts:?} {timeout:?}");
        }
        assert_eq!(bounded(constant(), Some(u64::MAX), None), Some(Duration::MAX));
    }
}
