//! An injected clock: everything that waits takes a [`Clock`], so that tests control the time.
//!
//! There are two clocks. The **wall clock** ([`Clock::now`]) is shared with people and other processes. It
//! can be set forward and back, and it continues while the machine is suspended. The **monotonic clock**
//! ([`Clock::monotonic`]) never steps, but on Linux it stops while the machine is suspended, and it means
//! nothing in other processes. Stored times are always those of the wall clock.
//!
//! | time | follows | when the wall clock is set forward, or the machine was suspended | when it is set back |
//! |---|---|---|---|
//! | deadline of a wait (`--timeout`), of a deferral, of a task's try | the wall clock | ends as soon as the wall clock has passed it | ends when the wall clock gets there |
//! | `due` that a submission asks for, a schedule's slot, the moment of a time trigger | the wall clock | due as soon as the wall clock has passed it | due when the wall clock gets there |
//! | a task that is due at once: submitted, resumed, retried or settled | neither | due | due, also where another process has stored a time in the future |
//! | pause between two polls, before the first one, and before a reconnection | both, whichever is over first | over early | over as if nothing had happened; after a restart, at most once from the beginning |
//! | pause before the next try of a task (`--retry-delay`) | the same | the same | the same |
//! | grace of a stop, time-out of a hook, limit of `diagnose`, life of a token, age of a connection, progress lines | the same | the same | the same |
//! | looks at the store, flushes of state | the monotonic clock | as if nothing had happened | as if nothing had happened |
//! | `created`, `started`, `ended`, history, logs | the wall clock | a record, never compared, but by `prune` | a record |
//!
//! A sleep checks the wall clock at least once a second.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Mutex;
use std::time::Duration;

use serde::{Deserialize, Serialize};

/// A boxed future, the return type of the object-safe traits of this crate.
pub type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// A point in time: milliseconds since 1970-01-01T00:00:00Z.
///
/// It is plain data, so that a deadline can be stored and keeps its meaning after a restart.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct Timestamp(u64);

impl Timestamp {
    /// The time `millis` milliseconds after 1970-01-01T00:00:00Z.
    #[must_use]
    pub const fn from_millis(millis: u64) -> Self {
        Self(millis)
    }

    /// Milliseconds since 1970-01-01T00:00:00Z.
    #[must_use]
    pub const fn as_millis(self) -> u64 {
        self.0
    }

    /// This time plus `duration`, truncated to milliseconds; saturates at the largest time.
    #[must_use]
    pub fn plus(self, duration: Duration) -> Self {
        let millis = u64::try_from(duration.as_millis()).unwrap_or(u64::MAX);
        Self(self.0.saturating_add(millis))
    }

    /// This time minus `duration`, truncated to milliseconds; saturates at the earliest time.
    #[must_use]
    pub fn minus(self, duration: Duration) -> Self {
        let millis = u64::try_from(duration.as_millis()).unwrap_or(u64::MAX);
        Self(self.0.saturating_sub(millis))
    }

    /// The time from `earlier` to this time; zero if `earlier` is later.
    #[must_use]
    pub fn since(self, earlier: Self) -> Duration {
        Duration::from_millis(self.0.saturating_sub(earlier.0))
    }
}

/// The source of time, and the way to sleep. The [module](self) documents which of the two clocks each time
/// follows.
pub trait Clock: Send + Sync + fmt::Debug {
    /// The time of the wall clock. It can step in either direction between two calls.
    fn now(&self) -> Timestamp;

    /// The monotonic clock: the time since an arbitrary point, which never decreases.
    fn monotonic(&self) -> Duration;

    /// Sleeps until `duration` has passed on the monotonic clock or on the wall clock, whichever is first.
    /// The wall clock is checked at least once a second.
    ///
    /// # Cancellation
    /// Dropping the future ends the sleep.
    fn sleep(&self, duration: Duration) -> BoxFuture<'_, ()>;

    /// Sleeps until the wall clock shows `at` or later, even if it is set meanwhile.
    ///
    /// # Cancellation
    /// Dropping the future ends the sleep.
    fn sleep_until(&self, at: Timestamp) -> BoxFuture<'_, ()> {
        Box::pin(async move {
            loop {
                let left = at.since(self.now());
                if left.is_zero() {
                    return;
                }
                self.sleep(left).await;
            }
        })
    }
}

/// A point in time on both clocks, to measure from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Moment {
    /// The wall clock.
    pub wall: Timestamp,
    /// The monotonic clock.
    pub monotonic: Duration,
}

impl Moment {
    /// The current time of `clock`.
    #[must_use]
    pub fn of(clock: &dyn Clock) -> Self {
        Self { wall: clock.now(), monotonic: clock.monotonic() }
    }

    /// The time since then, by the clock on which more time has passed: the monotonic clock may have stopped,
    /// the wall clock may have been set back.
    #[must_use]
    pub fn elapsed(self, clock: &dyn Clock) -> Duration {
        let now = Self::of(clock);
        now.wall.since(self.wall).max(now.monotonic.saturating_sub(self.monotonic))
    }

    /// The remaining time of a pause of `duration` that began then.
    #[must_use]
    pub fn left_of(self, duration: Duration, clock: &dyn Clock) -> Duration {
        duration.saturating_sub(self.elapsed(clock))
    }
}

/// The [`Clock::sleep`] of a clock whose monotonic time is tokio's: it checks the wall clock of `clock` once a
/// second.
///
/// # Cancellation
/// Dropping the future ends the sleep.
#[expect(clippy::disallowed_methods, reason = "the one place that sleeps")]
pub async fn sleep_by(clock: &dyn Clock, duration: Duration) {
    let begun = Moment::of(clock);
    let mut left = duration;
    loop {
        tokio::time::sleep(left.min(LOOK_EVERY)).await;
        left = begun.left_of(duration, clock);
        if left.is_zero() {
            return;
        }
    }
}

/// The interval at which a sleep checks the wall clock.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// The system's clocks.
#[derive(Debug)]
pub struct SystemClock {
    origin: tokio::time::Instant,
}

impl SystemClock {
    /// A clock whose monotonic time starts at zero.
    #[must_use]
    pub fn new() -> Self {
        Self { origin: tokio::time::Instant::now() }
    }
}

impl Default for SystemClock {
    fn default() -> Self {
        Self::new()
    }
}

impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "the one place that reads the wall clock")]
    fn now(&self) -> Timestamp {
        let since_epoch = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
        Timestamp::default().plus(since_epoch.unwrap_or_default())
    }

    fn monotonic(&self) -> Duration {
        self.origin.elapsed()
    }

    fn sleep(&self, duration: Duration) -> BoxFuture<'_, ()> {
        Box::pin(sleep_by(self, duration))
    }
}

/// A clock whose time passes only while sleeping: a wait of a day takes no time, and [`ManualClock::sleeps`]
/// returns its sleeps. For tests and for replaying saved replies.
#[derive(Debug, Default)]
pub struct ManualClock {
    state: Mutex<ManualState>,
}

#[derive(Debug, Default)]
struct ManualState {
    wall: Timestamp,
    monotonic: Duration,
    sleeps: Vec<Duration>,
}

impl ManualState {
    fn advance(&mut self, duration: Duration) {
        self.wall = self.wall.plus(duration);
        self.monotonic = self.monotonic.saturating_add(duration);
    }
}

impl ManualClock {
    /// A clock whose wall clock shows `now`.
    #[must_use]
    pub fn at(now: Timestamp) -> Self {
        Self { state: Mutex::new(ManualState { wall: now, ..ManualState::default() }) }
    }

    /// Advances the time without recording a sleep, e.g. for the duration of a call.
    pub fn advance(&self, duration: Duration) {
        self.lock().advance(duration);
    }

    /// Sets the wall clock, forward or back, while no time passes, as when a clock is corrected or a machine
    /// was suspended.
    pub fn set_wall(&self, now: Timestamp) {
        self.lock().wall = now;
    }

    /// Every sleep so far, in order.
    #[must_use]
    pub fn sleeps(&self) -> Vec<Duration> {
        self.lock().sleeps.clone()
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, ManualState> {
        // The guarded code cannot panic midway, so a poisoned state is consistent.
        self.state.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}

impl Clock for ManualClock {
    fn now(&self) -> Timestamp {
        self.lock().wall
    }

    fn monotonic(&self) -> Duration {
        self.lock().monotonic
    }

    fn sleep(&self, duration: Duration) -> BoxFuture<'_, ()> {
        Box::pin(async move {
            let mut state = self.lock();
            state.advance(duration);
            state.sleeps.push(duration);
        })
    }
}
