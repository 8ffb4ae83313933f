//! The async loop around [`step`](super::step).

use std::future::Future;
use std::time::Duration;

use futures_core::Stream;
use serde_json::Value;

use super::{Diagnosis, Ending, Outcome, Progress, Step, diagnose, shown, step};
use crate::client::Client;
use crate::client::Observation;
use crate::clock::{Clock, Moment, Timestamp};
use crate::document::Document;
use crate::matcher::Decision;
use crate::waiter::Waiter;

/// How long after the deadline a wait ends at the latest: the poll that is sent at the deadline, and
/// the calls that diagnose a failure, have as long together. A poll that is in flight when the
/// deadline comes is cut there.
pub const LAST_POLL_GRACE: Duration = Duration::from_secs(2);

/// Waits: polls until the waiter says that it is over.
///
/// There is no time-out but the waiter's own; see [`Options::timeout`](crate::waiter::Options).
///
/// # Cancellation
/// Dropping the future cancels the wait and the call in flight. To keep what the wait knew, use
/// [`Wait::run_until`].
pub async fn wait(waiter: &Waiter, client: &dyn Client, clock: &dyn Clock) -> Outcome {
    Wait::new(waiter, client, clock).run().await
}

/// One wait, to be run to its end at once, or event by event.
#[derive(Debug)]
pub struct Wait<'a> {
    waiter: &'a Waiter,
    client: &'a dyn Client,
    clock: &'a dyn Clock,
    progress: Progress,
    reads_body: bool,
    document: Option<Kept>,
    diagnosis: Vec<Diagnosis>,
    /// When the last poll was sent.
    polled: Timestamp,
    phase: Phase,
    /// When this value was made, and how long the wait had lasted then.
    begun: (Moment, Duration),
}

/// The last document. Between two polls, which is where most waits are most of the time, it is kept
/// as text, which takes a fifth of the memory.
#[derive(Debug)]
enum Kept {
    Document(Document),
    Text(Box<str>),
}

impl Kept {
    fn into_document(self) -> Document {
        match self {
            Self::Document(document) => document,
            Self::Text(text) => {
                Document::from(serde_json::from_str::<Value>(&text).unwrap_or_default())
            }
        }
    }
}

#[derive(Debug)]
enum Phase {
    /// The next poll is due after a pause of this length, which began then.
    Waiting(Moment, Duration),
    /// The last poll has been told, its outcome not yet.
    Ending(Ending),
    /// The outcome has been told.
    Over,
}

/// What a wait tells while it runs.
#[derive(Debug, Clone)]
pub enum WaitEvent {
    /// A poll that did not end the wait, or the one that did.
    Polled(Box<Poll>),
    /// The end; nothing comes after it.
    Done(Box<Outcome>),
}

/// One poll.
#[derive(Debug, Clone)]
pub struct Poll {
    /// The number of this poll, from 1.
    pub attempt: u64,
    /// Time since the wait began.
    pub elapsed: Duration,
    /// What came back. [`Acceptor::examine`](crate::matcher::Acceptor::examine) tells what each acceptor made of it.
    pub seen: Observation,
    /// What the acceptors decided.
    pub decision: Decision,
    /// The values of the waiter's `show` expressions.
    pub shown: Option<Value>,
    /// Time to the next poll; `None` if this was the last.
    pub next_delay: Option<Duration>,
}

impl<'a> Wait<'a> {
    /// A wait that begins now.
    #[must_use]
    pub fn new(waiter: &'a Waiter, client: &'a dyn Client, clock: &'a dyn Clock) -> Self {
        Self::started_at(waiter, client, clock, clock.now())
    }

    /// A wait that began at `started`: waits that begin together have the same deadline.
    #[must_use]
    pub fn started_at(
        waiter: &'a Waiter,
        client: &'a dyn Client,
        clock: &'a dyn Clock,
        started: Timestamp,
    ) -> Self {
        let progress = Progress::start(waiter, started, fastrand::u64(..));
        let first = started.plus(waiter.schedule().initial_delay);
        // A deadline that comes earlier gets the one poll that there is time for.
        let first = progress.deadline.map_or(first, |deadline| first.min(deadline));
        let pause = first.since(clock.now());
        Self::after(pause, waiter, client, clock, progress)
    }

    /// A wait that goes on from stored progress: its next poll is due at once, attempts and
    /// deadline go on counting.
    #[must_use]
    pub fn resume(
        waiter: &'a Waiter,
        client: &'a dyn Client,
        clock: &'a dyn Clock,
        progress: Progress,
    ) -> Self {
        Self::after(Duration::ZERO, waiter, client, clock, progress)
    }

    /// A wait whose next poll is due after `pause`.
    fn after(
        pause: Duration,
        waiter: &'a Waiter,
        client: &'a dyn Client,
        clock: &'a dyn Clock,
        progress: Progress,
    ) -> Self {
        let now = Moment::of(clock);
        let polled = progress.started;
        Self {
            waiter,
            client,
            clock,
            reads_body: waiter.reads_body(),
            document: None,
            diagnosis: Vec::new(),
            polled,
            phase: Phase::Waiting(now, pause),
            begun: (now, now.wall.since(polled)),
            progress,
        }
    }

    /// How long the wait has lasted, however the wall clock was set meanwhile.
    fn elapsed(&self) -> Duration {
        let (moment, before) = self.begun;
        before.saturating_add(moment.elapsed(self.clock))
    }

    /// The same for a caller that reads the `Body` of the last document, which else is read for a waiter
    /// that [looks at it](Waiter::reads_body) only.
    #[must_use]
    pub fn with_body(mut self) -> Self {
        self.reads_body = true;
        self
    }

    /// Where the wait stands.
    #[must_use]
    pub fn progress(&self) -> &Progress {
        &self.progress
    }

    /// Runs to the end.
    ///
    /// # Cancellation
    /// Dropping the future cancels the wait and the call in flight.
    pub async fn run(self) -> Outcome {
        self.run_until(std::future::pending()).await
    }

    /// Runs to the end or until `cancel` completes; then the outcome is
    /// [`Cancelled`](Ending::Cancelled) and holds the progress, from which the wait can be resumed.
    pub async fn run_until(mut self, cancel: impl Future<Output = ()> + Send) -> Outcome {
        let mut cancel = std::pin::pin!(cancel);
        loop {
            let event = tokio::select! {
                biased;
                () = &mut cancel => None,
                event = self.next_event() => event,
            };
            match event {
                Some(WaitEvent::Polled(_)) => {}
                Some(WaitEvent::Done(outcome)) => return *outcome,
                None => return self.cancel(),
            }
        }
    }

    /// The polls as they happen, then the outcome.
    pub fn events(self) -> impl Stream<Item = WaitEvent> + Send + 'a {
        futures_util::stream::unfold(self, |mut wait| async move {
            let event = wait.next_event().await?;
            Some((event, wait))
        })
    }

    /// Sleeps until the next poll is due and tells what it saw; after the last poll it asks why the
    /// wait failed, if it did and the waiter says how, tells the outcome, and then nothing more.
    ///
    /// # Cancellation
    /// Dropping the future loses nothing but the call in flight; the next call of this method goes on.
    pub async fn next_event(&mut self) -> Option<WaitEvent> {
        match &self.phase {
            Phase::Waiting(from, pause) => {
                let (from, pause) = (*from, *pause);
                Some(self.poll_after(from, pause).await)
            }
            Phase::Ending(ending) => {
                let ending = ending.clone();
                Some(self.end(ending).await)
            }
            Phase::Over => None,
        }
    }

    /// Ends the wait where it stands: as cancelled, unless its last poll has already ended it.
    #[must_use]
    pub fn cancel(mut self) -> Outcome {
        let ending = match std::mem::replace(&mut self.phase, Phase::Over) {
            Phase::Ending(ending) => ending,
            Phase::Waiting(..) | Phase::Over => Ending::Cancelled,
        };
        self.outcome(ending)
    }

    async fn poll_after(&mut self, from: Moment, pause: Duration) -> WaitEvent {
        let left = from.left_of(pause, self.clock);
        if !left.is_zero() {
            self.clock.sleep(left).await;
        }
        self.polled = self.clock.now();
        let Some(seen) = self.call().await else {
            let progress = &mut self.progress;
            progress.attempts += 1;
            // No answer came either: it goes on with a streak, but does not begin one.
            progress.transient_failures += u32::from(progress.transient_failures > 0);
            self.phase = Phase::Ending(Ending::TimedOut);
            return self.end(Ending::TimedOut).await;
        };
        let now = self.clock.now();
        let (decision, next) = step(self.waiter, &mut self.progress, &seen, now);
        if let Some(document) = seen.document() {
            self.document = Some(match next {
                Step::Sleep(_) => Kept::Text(document.value().to_string().into()),
                Step::Done(_) => Kept::Document(document.clone()),
            });
        }
        let next_delay = match next {
            Step::Sleep(delay) => {
                self.phase = Phase::Waiting(Moment::of(self.clock), delay);
                Some(delay)
            }
            Step::Done(ending) => {
                self.phase = Phase::Ending(ending);
                None
            }
        };
        let poll = Poll {
            attempt: self.progress.attempts,
            elapsed: self.elapsed(),
            shown: shown(self.waiter, &seen),
            seen,
            decision,
            next_delay,
        };
        trace(self.waiter, &poll);
        WaitEvent::Polled(Box::new(poll))
    }

    /// One poll, cut at the deadline; `None` if it was cut.
    async fn call(&self) -> Option<Observation> {
        let call = self.waiter.call();
        let call = match (self.waiter.all_pages(), self.reads_body) {
            (true, _) => self.client.call_all_pages(call),
            (false, true) => self.client.call(call),
            (false, false) => self.client.call_without_body(call),
        };
        let Some(deadline) = self.progress.deadline else { return Some(call.await) };
        let remaining = deadline.since(self.clock.now());
        let out_of_time = match remaining.is_zero() {
            true => self.clock.sleep(LAST_POLL_GRACE),
            false => self.clock.sleep_until(deadline),
        };
        tokio::select! {
            biased;
            seen = call => Some(seen),
            () = out_of_time => None,
        }
    }

    async fn end(&mut self, ending: Ending) -> WaitEvent {
        // A last poll that was sent late, after a restart, has its grace from there.
        let until = self.progress.deadline.map(|it| it.max(self.polled).plus(LAST_POLL_GRACE));
        self.diagnosis = diagnose(self.waiter, self.client, self.clock, &ending, until).await;
        self.phase = Phase::Over;
        WaitEvent::Done(Box::new(self.outcome(ending)))
    }

    fn outcome(&mut self, ending: Ending) -> Outcome {
        let elapsed = self.elapsed();
        let progress = self.progress.clone();
        Outcome::new(
            self.waiter,
            ending,
            progress,
            elapsed,
            self.document.take().map(Kept::into_document),
            std::mem::take(&mut self.diagnosis),
        )
    }
}

fn trace(waiter: &Waiter, poll: &Poll) {
    let delay_ms =
        poll.next_delay.map(|delay| u64::try_from(delay.as_millis()).unwrap_or(u64::MAX));
    tracing::debug!(
        service = waiter.service(),
        waiter = waiter.snake_name(),
        attempt = poll.attempt,
        status = poll.seen.status(),
        error = poll.seen.error().map(|error| error.code()),
        acceptor = poll.decision.matched,
        delay_ms,
        "polled {}",
        waiter.id()
    );
}
