//! Many waits at the same time, until enough have succeeded or no longer can.

use std::sync::Arc;

use tokio::sync::{Semaphore, mpsc, watch};
use tokio::task::JoinSet;

use super::plan::Plan;
use super::stopwatch::Stopwatch;
use super::targets::Targets;
use crate::cli::advice;
use crate::cli::clients::ServiceClient;
use crate::cli::report::Report;
use crate::cli::signals::Signals;
use crate::client::{Call, Client, Observation, PreparedCall};
use crate::clock::BoxFuture;
use crate::descriptors::room_for_connections;
use crate::engine::{Outcome, Wait, WaitEvent};

mod outcome;
mod progress;
mod report;

use outcome::{ManyOutcome, Tally};
use progress::ManyProgress;

/// The maximum number of polls in flight. AWS allows a few tens of reads a second of most
/// services, and an answer takes a fraction of one.
const IN_FLIGHT: usize = 50;

/// The same, as far as the process may open connections.
fn in_flight() -> usize {
    room_for_connections().map_or(IN_FLIGHT, |room| room.clamp(1, IN_FLIGHT))
}

/// Waits for all targets of `plan`.
pub(super) async fn run(
    plan: &Plan,
    targets: &Targets,
    client: ServiceClient,
    stopwatch: &Stopwatch,
    signals: &mut Signals,
    about: &str,
) -> anyhow::Result<Report> {
    if plan.args.pace.dry_run {
        return report::dry_run(plan, targets, &client);
    }
    for target in &targets.all {
        let checked = client.check(target.waiter.call());
        checked.map_err(|error| advice::failure(&error, &plan.resolved.signature))?;
    }
    let region = client.region().map(str::to_owned);
    let mut progress =
        ManyProgress::new(targets, plan.args.output.quiet, plan.args.output.verbose > 0);
    progress.begin(&report::first_line(targets, about));
    let client = Arc::new(Bounded { client, permits: Semaphore::new(in_flight()) });
    let once = plan.args.pace.once;
    let ended = watch_all(targets, &client, stopwatch, once, &mut progress, signals).await;
    progress.end();
    Ok(report::report(plan, targets, region.as_deref(), &ended))
}

/// Runs every wait in a task of its own, and collects their events.
///
/// With `once`, every target is polled once, even after the answer is decided.
async fn watch_all(
    targets: &Targets,
    client: &Arc<Bounded>,
    stopwatch: &Stopwatch,
    once: bool,
    progress: &mut ManyProgress<'_>,
    signals: &mut Signals,
) -> ManyOutcome {
    let (clock, started) = (&stopwatch.clock, stopwatch.started);
    let (stop, stopped) = watch::channel(false);
    let (sender, mut told) = mpsc::unbounded_channel();
    let mut tasks = JoinSet::new();
    for (index, target) in targets.all.iter().enumerate() {
        let (waiter, client, clock) =
            (Arc::clone(&target.waiter), Arc::clone(client), Arc::clone(clock));
        let (stopped, sender) = (stopped.clone(), sender.clone());
        tasks.spawn(async move {
            let wait = Wait::started_at(&waiter, &*client, &*clock, started.wall);
            run_until_stopped(wait, stopped, |event| {
                // The other end is gone only when the process ends.
                let _ = sender.send((index, event));
            })
            .await;
        });
    }
    drop(sender);
    let mut tally = Tally::new(targets);
    let mut outcomes: Vec<Option<Outcome>> = targets.all.iter().map(|_| None).collect();
    let mut signal = None;
    loop {
        let elapsed = started.elapsed(&**clock);
        tokio::select! {
            biased;
            exit = signals.next(), if signal.is_none() => {
                signal = Some(exit);
                stop.send_replace(true);
            }
            told = told.recv() => match told {
                Some((index, WaitEvent::Polled(poll))) => {
                    progress.polled(index, &poll, started.elapsed(&**clock), tally);
                }
                Some((index, WaitEvent::Done(outcome))) => {
                    tally.count(outcome.status());
                    progress.ended(index, &outcome, started.elapsed(&**clock), tally);
                    outcomes[index] = Some(*outcome);
                }
                None => break,
            },
            () = clock.sleep(progress.until_tick(elapsed)) => {
                progress.tick(started.elapsed(&**clock), tally);
            }
        }
        if tally.is_decided() && !once {
            stop.send_replace(true);
        }
    }
    let outcomes = outcomes.into_iter();
    ManyOutcome {
        outcomes: outcomes.map(|outcome| outcome.expect("every task tells its outcome")).collect(),
        tally,
        elapsed: started.elapsed(&**clock),
        signal,
    }
}

/// Runs one wait to its end, or until it is stopped.
async fn run_until_stopped(
    mut wait: Wait<'_>,
    mut stopped: watch::Receiver<bool>,
    tell: impl Fn(WaitEvent),
) {
    loop {
        let event = tokio::select! {
            biased;
            _ = stopped.wait_for(|stopped| *stopped) => None,
            event = wait.next_event() => event,
        };
        match event {
            Some(event @ WaitEvent::Polled(_)) => tell(event),
            Some(done @ WaitEvent::Done(_)) => return tell(done),
            None => return tell(WaitEvent::Done(Box::new(wait.cancel()))),
        }
    }
}

/// A client that limits the calls in flight. Deadlines include the time in the queue.
#[derive(Debug)]
struct Bounded {
    client: ServiceClient,
    permits: Semaphore,
}

impl Bounded {
    fn permitted<'a>(&'a self, call: BoxFuture<'a, Observation>) -> BoxFuture<'a, Observation> {
        Box::pin(async move {
            // The semaphore is never closed.
            let _permit = self.permits.acquire().await;
            call.await
        })
    }
}

impl Client for Bounded {
    fn call<'a>(&'a self, call: &'a Call) -> BoxFuture<'a, Observation> {
        self.permitted(self.client.client().call(call))
    }

    fn poll<'a>(
        &'a self,
        call: &'a Call,
        prepared: &'a mut PreparedCall,
    ) -> BoxFuture<'a, Observation> {
        self.permitted(self.client.client().poll(call, prepared))
    }
}
