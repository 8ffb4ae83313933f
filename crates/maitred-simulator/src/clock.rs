//! The clocks of the machine: the wall clock can be set.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::time::Duration;

use maitred_core::clock::{BoxFuture, Clock, Timestamp, sleep_by};
use tokio::time::Instant;

/// The wall clock at the beginning of a run: 2026-01-01T00:00:00Z.
const BEGIN: u64 = 1_767_225_600_000;

/// The clocks of the simulated machine, on tokio's paused time.
#[derive(Clone)]
pub struct SimClock {
    begun: Instant,
    /// Milliseconds by which the wall clock was set.
    set: Arc<AtomicI64>,
    /// The milliseconds of those that went back.
    set_back: Arc<AtomicU64>,
}

impl SimClock {
    /// Clocks that begin now.
    #[must_use]
    pub fn new() -> Self {
        Self { begun: Instant::now(), set: Arc::default(), set_back: Arc::default() }
    }

    /// Sets the wall clock forward or back.
    pub fn set_wall(&self, by_millis: i64) {
        self.set.fetch_add(by_millis, Ordering::SeqCst);
        let back = by_millis.min(0).unsigned_abs();
        self.set_back.fetch_add(back, Ordering::SeqCst);
    }

    /// How far the wall clock was set back in all: a time of it may come that much later.
    #[must_use]
    pub fn set_back(&self) -> Duration {
        Duration::from_millis(self.set_back.load(Ordering::SeqCst))
    }

    /// The time since the beginning.
    #[must_use]
    pub fn elapsed(&self) -> Duration {
        self.begun.elapsed()
    }
}

impl Default for SimClock {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for SimClock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SimClock").field("now", &self.now()).finish_non_exhaustive()
    }
}

impl Clock for SimClock {
    fn now(&self) -> Timestamp {
        let millis = BEGIN + u64::try_from(self.elapsed().as_millis()).unwrap_or(u64::MAX / 4);
        Timestamp::from_millis(millis.saturating_add_signed(self.set.load(Ordering::SeqCst)))
    }

    fn monotonic(&self) -> Duration {
        self.elapsed()
    }

    fn sleep(&self, duration: Duration) -> BoxFuture<'_, ()> {
        Box::pin(sleep_by(self, duration))
    }
}
