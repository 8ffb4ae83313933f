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

    /// What is left of `timeout`.
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
            match timeout {
                Some(timeout) => self.clock.sleep(self.left(timeout)).await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            biased;
            exit = signals.next() => Err(Failure::new(exit, "cancelled before the first poll")),
            done = work => done,
            () = time_out => Err(timed_out(timeout.unwrap_or_default())),
        }
    }
}

fn timed_out(timeout: Duration) -> Failure {
    let message = format!("timed out after {} before the first poll", duration::show(timeout));
    let failure = Failure::new(Exit::GaveUp, message);
    failure.help("a file or a secret that the connection refers to cannot be read in time")
}
