//! Time as a door: everything that waits takes a [`Clock`], so tests can hold the hands of it.

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
/// It is plain data, so that a deadline can be stored and still mean the same after a restart.
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

    /// This time plus `duration`, cut to whole milliseconds; the largest time there is if it overflows.
    #[must_use]
    pub fn plus(self, duration: Duration) -> Self {
        let millis = u64::try_from(duration.as_millis()).unwrap_or(u64::MAX);
        Self(self.0.saturating_add(millis))
    }

    /// How long after `earlier` this is; zero if it is not after it.
    #[must_use]
    pub fn since(self, earlier: Self) -> Duration {
        Duration::from_millis(self.0.saturating_sub(earlier.0))
    }
}

/// The only source of time and the only way to sleep.
pub trait Clock: Send + Sync + fmt::Debug {
    /// The time now. It never goes back while the process lives.
    fn now(&self) -> Timestamp;

    /// Completes once `duration` has passed.
    ///
    /// # Cancellation
    /// Dropping the future ends the sleep.
    fn sleep(&self, duration: Duration) -> BoxFuture<'_, ()>;
}

/// The system's clock. Time is read from the wall once, and then advances monotonically, so that
/// a clock that is set back or forward does not shorten or lengthen a wait.
#[derive(Debug)]
pub struct SystemClock {
    start: Timestamp,
    origin: tokio::time::Instant,
}

impl SystemClock {
    /// A clock that starts at the system's time.
    #[must_use]
    #[expect(clippy::disallowed_methods, reason = "the one place that reads the system's time")]
    pub fn new() -> Self {
        let since_epoch =
            std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
        Self { start: Timestamp::default().plus(since_epoch), origin: tokio::time::Instant::now() }
    }
}

impl Default for SystemClock {
    fn default() -> Self {
        Self::new()
    }
}

impl Clock for SystemClock {
    fn now(&self) -> Timestamp {
        self.start.plus(self.origin.elapsed())
    }

    #[expect(clippy::disallowed_methods, reason = "the one place that sleeps")]
    fn sleep(&self, duration: Duration) -> BoxFuture<'_, ()> {
        Box::pin(tokio::time::sleep(duration))
    }
}

/// A clock whose time passes only by sleeping on it: a wait of a day runs at once, and
/// [`ManualClock::sleeps`] tells how it was spent. For tests and for replaying saved replies.
#[derive(Debug, Default)]
pub struct ManualClock {
    state: Mutex<ManualState>,
}

#[derive(Debug, Default)]
struct ManualState {
    now: Timestamp,
    sleeps: Vec<Duration>,
}

impl ManualClock {
    /// A clock that stands at `now`.
    #[must_use]
    pub fn at(now: Timestamp) -> Self {
        Self { state: Mutex::new(ManualState { now, sleeps: Vec::new() }) }
    }

    /// Lets `duration` pass without recording a sleep, e.g. the time that a call takes.
    pub fn advance(&self, duration: Duration) {
        let mut state = self.lock();
        state.now = state.now.plus(duration);
    }

    /// Every sleep so far, in order.
    #[must_use]
    pub fn sleeps(&self) -> Vec<Duration> {
        self.lock().sleeps.clone()
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, ManualState> {
        // The guarded code cannot panic half-way, so a poisoned state is still whole.
        self.state.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}

impl Clock for ManualClock {
    fn now(&self) -> Timestamp {
        self.lock().now
    }

    fn sleep(&self, duration: Duration) -> BoxFuture<'_, ()> {
        Box::pin(async move {
            let mut state = self.lock();
            state.now = state.now.plus(duration);
            state.sleeps.push(duration);
        })
    }
}
