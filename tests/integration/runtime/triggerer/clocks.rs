//! A wall clock that can be set, and a monotonic one that is tokio's.

use std::time::Duration;

use maitred::clock::{BoxFuture, Clock, Moment, Timestamp};
use tokio::sync::watch;
use tokio::time::Instant;

/// Time passes on both clocks as it does for tokio.
#[derive(Debug)]
pub(super) struct TwoClocks {
    origin: Instant,
    /// What the wall clock showed, or would have shown, at `origin`.
    start: watch::Sender<Timestamp>,
}

impl TwoClocks {
    pub(super) fn new() -> Self {
        let start = Timestamp::from_millis(1_800_000_000_000);
        Self { origin: Instant::now(), start: watch::Sender::new(start) }
    }

    pub(super) fn set_forward(&self, by: Duration) {
        self.start.send_modify(|start| *start = start.plus(by));
    }

    pub(super) fn set_back(&self, by: Duration) {
        self.start.send_modify(|start| *start = start.minus(by));
    }
}

impl Clock for TwoClocks {
    fn now(&self) -> Timestamp {
        self.start.borrow().plus(self.origin.elapsed())
    }

    fn monotonic(&self) -> Duration {
        self.origin.elapsed()
    }

    #[expect(clippy::disallowed_methods, reason = "it is a clock")]
    fn sleep(&self, duration: Duration) -> BoxFuture<'_, ()> {
        Box::pin(async move {
            let begun = Moment::of(self);
            let mut set = self.start.subscribe();
            let mut left = duration;
            while !left.is_zero() {
                tokio::select! {
                    () = tokio::time::sleep(left) => {}
                    _ = set.changed() => {}
                }
                left = begun.left_of(duration, self);
            }
        })
    }
}
