//! The time since the start of a command, and the work before the first poll.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use crate::cli::duration;
use crate::cli::exit::{Exit, Failure};
use crate::cli::signals::Signals;
use crate::clock::{Clock, Moment};

/// Measures the time since a command started. Time-outs include everything that the command does, e.g. opening
/// connections and reading secrets.
#[derive(Debug)]
pub(super) struct Stopwatch {
    pub(super) clock: Arc<dyn Clock>,
    pub(super) started: Moment,
}

impl Stopwatch {
    /// Starts to measure now.
    pub(super) fn start(clock: &Arc<dyn Clock>) -> Self {
        let clock = Arc::clone(clock);
        Self { started: Moment::of(&*clock), clock }
    }

    /// The rest of `timeout`.
    pub(super) fn left(&self, timeout: Duration) -> Duration {
        self.started.left_of(timeout, &*self.clock)
    }

    /// Does work before the first poll, until it is done, `timeout` is over, or a signal comes.
    pub(super) async fn before_first_poll<T>(
        &self,
        timeout: Option<Duration>,
        signals: &mut Signals,
        work: impl Future<Output = Result<T, Failure>>,
    ) -> Result<T, Failure> {
        let time_out = async {
            let Some(timeout) = timeout else { return std::future::pending().await };
            self.clock.sleep(self.left(timeout)).await;
            let timeout = duration::show(timeout);
            let message = format!("timed out after {timeout} before the first poll");
            let help = "a file or a secret that the connection refers to cannot be read in time";
            Failure::new(Exit::GaveUp, message).help(help)
        };
        tokio::select! {
            biased;
            exit = signals.next() => Err(Failure::new(exit, "cancelled before the first poll")),
            done = work => done,
            failure = time_out => Err(failure),
        }
    }
}
