//! The async loop around [`step()`](super::step()).

use std::future::Future;
use std::time::Duration;

use serde_json::Value;

use super::diagnose::{Diagnosis, diagnose};
use super::ending::Ending;
use super::outcome::Outcome;
use super::progress::Progress;
use super::step::{NextAction, StepResult, step};
use crate::client::{Client, Observation, PreparedCall};
use crate::clock::{Clock, Moment, Timestamp};
use crate::document::Document;
use crate::matcher::Decision;
use crate::waiter::Waiter;

/// How long after its deadline a wait may end: the time limit for a poll that is sent at the deadline,
/// together with the diagnostic calls. A poll that is in flight at the deadline is cancelled then.
pub const LAST_POLL_GRACE: Duration = Duration::from_secs(2);

/// Polls until the waiter's acceptors or bounds end the wait.
///
/// The only time-out is the waiter's own; see [`Options::timeout`](crate::waiter::Options).
///
/// # Cancellation
/// Dropping the future cancels the wait and the call in flight. To keep the progress, use
/// [`Wait::run_until`].
pub async fn wait(waiter: &Waiter, client: &dyn Client, clock: &dyn Clock) -> Outcome {
    Wait::new(waiter, client, clock).run().await
}

/// A wait, which runs to its end ([`Wait::run`]) or event by event ([`Wait::next_event`]).
#[derive(Debug)]
pub struct Wait<'a> {
    waiter: &'a Waiter,
    client: &'a dyn Client,
    clock: &'a dyn Clock,
    prepared: PreparedCall,
    progress: Progress,
    document: Option<LastDocument>,
    diagnosis: Vec<Diagnosis>,
    /// When the last poll was sent.
    polled: Timestamp,
    phase: Phase,
    /// When this value was created, and how long the wait had lasted by then.
    begun: (Moment, Duration),
}

/// The last document. It waits for the next poll as text, which takes a fifth of the memory.
#[derive(Debug)]
enum LastDocument {
    Document(Document),
    Text(Box<str>),
}

impl LastDocument {
    fn into_text(self) -> Self {
        match self {
            Self::Document(document) => Self::Text(document.value().to_string().into()),
            text @ Self::Text(_) => text,
        }
    }

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
    /// The next poll is due after a pause: its start and length.
    Waiting(Moment, Duration),
    /// The last poll has been returned, the outcome not yet.
    Ending(Ending),
    /// The outcome has been returned.
    Over,
}

/// An event of a running wait. Callers match it exhaustively: a new variant is a breaking change.
#[derive(Debug, Clone)]
pub enum WaitEvent {
    /// A poll.
    Polled(Box<Poll>),
    /// The end; no event follows.
    Done(Box<Outcome>),
}

/// One poll.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Poll {
    /// The number of this poll, from 1.
    pub attempt: u64,
    /// Time since the wait began.
    pub elapsed: Duration,
    /// The observation. [`Acceptor::examine`](crate::matcher::Acceptor::examine) explains what each acceptor
    /// found in it.
    pub seen: Observation,
    /// What the acceptors decided.
    pub decision: Decision,
    /// The values of the waiter's `show` expressions.
    pub shown: Option<Value>,
    /// Time to the next poll; `None` if this was the last.
    pub next_delay: Option<Duration>,
}

impl<'a> Wait<'a> {
    /// A wait that starts now.
    #[must_use]
    pub fn new(waiter: &'a Waiter, client: &'a dyn Client, clock: &'a dyn Clock) -> Self {
        Self::started_at(waiter, client, clock, clock.now())
    }

    /// A wait that started at `started`, so that several waits can share a deadline.
    #[must_use]
    pub fn started_at(
        waiter: &'a Waiter,
        client: &'a dyn Client,
        clock: &'a dyn Clock,
        started: Timestamp,
    ) -> Self {
        let progress = Progress::start(waiter, started, fastrand::u64(..));
        let first = started.plus(waiter.schedule().initial_delay);
        // If the deadline comes earlier, there is one poll at the deadline.
        let first = progress.deadline.map_or(first, |deadline| first.min(deadline));
        let pause = first.since(clock.now());
        Self::after(pause, waiter, client, clock, progress)
    }

    /// A wait that continues from stored progress. Its next poll is due at once; attempts and deadline
    /// carry over.
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
            prepared: PreparedCall::default(),
            document: None,
            diagnosis: Vec::new(),
            polled,
            phase: Phase::Waiting(now, pause),
            begun: (now, now.wall.since(polled)),
            progress,
        }
    }

    /// How long the wait has lasted, unaffected by changes of the wall clock.
    fn elapsed(&self) -> Duration {
        let (moment, before) = self.begun;
        before.saturating_add(moment.elapsed(self.clock))
    }

    /// Goes on with what the client has kept of this wait's call in an earlier part of the wait.
    #[must_use]
    pub fn with_prepared(mut self, prepared: PreparedCall) -> Self {
        self.prepared = prepared;
        self
    }

    /// Splits the wait in the progress so far and what the client keeps of the wait's call.
    #[must_use]
    pub fn into_parts(self) -> (Progress, PreparedCall) {
        (self.progress, self.prepared)
    }

    /// The progress so far.
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

    /// Runs to the end or until `cancel` completes. In that case the outcome is
    /// [`Cancelled`](Ending::Cancelled) and has the progress from which the wait can be resumed.
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

    /// Sleeps until the next poll is due, polls, and returns the observation. After the last poll it makes
    /// the waiter's diagnostic calls if the wait did not succeed, and returns the outcome; then `None`.
    ///
    /// # Cancellation
    /// Dropping the future loses only the call in flight; the next call of this method continues.
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

    /// Ends the wait now: as cancelled, unless its last poll has already ended it.
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
            self.document = self.document.take().map(LastDocument::into_text);
            self.clock.sleep(left).await;
        }
        self.polled = self.clock.now();
        let Some(seen) = self.call().await else {
            let progress = &mut self.progress;
            progress.attempts += 1;
            // No answer: this counts as a failure after others, but is not the first one.
            progress.failed_polls += u64::from(progress.failed_polls > 0);
            progress.transient_failures += u32::from(progress.transient_failures > 0);
            self.phase = Phase::Ending(Ending::TimedOut);
            return self.end(Ending::TimedOut).await;
        };
        let now = self.clock.now();
        let StepResult { decision, shown, next } =
            step(self.waiter, &mut self.progress, &seen, now);
        if let Some(document) = seen.document() {
            self.document = Some(LastDocument::Document(document.clone()));
        }
        let next_delay = match next {
            NextAction::Sleep(delay) => {
                self.phase = Phase::Waiting(Moment::of(self.clock), delay);
                Some(delay)
            }
            NextAction::Done(ending) => {
                self.phase = Phase::Ending(ending);
                None
            }
        };
        let poll = Poll {
            attempt: self.progress.attempts,
            elapsed: self.elapsed(),
            shown,
            seen,
            decision,
            next_delay,
        };
        trace(self.waiter, &poll);
        WaitEvent::Polled(Box::new(poll))
    }

    /// Makes one poll; `None` if the deadline cancelled it.
    async fn call(&mut self) -> Option<Observation> {
        let call = self.client.poll(self.waiter.call(), &mut self.prepared);
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
        // For a last poll that was sent late, after a restart, the grace starts there.
        let until =
            self.progress.deadline.map(|deadline| deadline.max(self.polled).plus(LAST_POLL_GRACE));
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
            self.document.take().map(LastDocument::into_document),
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
