//! Many waits at the same time, until as many have succeeded as are needed, or no longer can.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Semaphore;
use tokio::sync::mpsc;
use tokio::sync::watch;
use tokio::task::JoinSet;

use super::beginning::Beginning;
use super::plan::Plan;
use super::targets::Targets;
use crate::cli::advice;
use crate::cli::clients::ServiceClient;
use crate::cli::exit::Exit;
use crate::cli::report::Report;
use crate::cli::signals::Signals;
use crate::client::Call;
use crate::client::Client;
use crate::client::Observation;
use crate::clock::BoxFuture;
use crate::descriptors::room_for_connections;
use crate::engine::Outcome;
use crate::engine::Status;
use crate::engine::Wait;
use crate::engine::WaitEvent;

mod ending;
mod voice;

use voice::Voice;

/// How many polls are in flight at the same time. AWS allows a few tens of reads a second of most
/// services, and an answer takes a fraction of one.
const IN_FLIGHT: usize = 50;

/// The same, as far as the process may open connections.
fn in_flight() -> usize {
    room_for_connections().map_or(IN_FLIGHT, |room| room.clamp(1, IN_FLIGHT))
}

/// The waits that have ended so far.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Tally {
    total: usize,
    needed: usize,
    succeeded: usize,
    /// Ended, but not by success.
    failed: usize,
}

/// How all waits ended.
#[derive(Debug)]
struct Ended {
    /// In the order of the targets.
    outcomes: Vec<Outcome>,
    tally: Tally,
    elapsed: Duration,
    signal: Option<Exit>,
}

/// What a wait tells, with the index of its target.
type Told = (usize, WaitEvent);

/// Waits for all targets of `plan`.
pub(super) async fn run(
    plan: &Plan,
    targets: &Targets,
    client: ServiceClient,
    beginning: &Beginning,
    signals: &mut Signals,
    about: &str,
) -> anyhow::Result<Report> {
    if plan.args.pace.dry_run {
        return ending::dry_run(plan, targets, &client);
    }
    for one in &targets.all {
        let checked = client.check(one.waiter.call());
        checked.map_err(|error| advice::failure(&error, &plan.target.signature))?;
    }
    let region = client.region().map(str::to_owned);
    let mut voice = Voice::new(targets, plan.args.say.quiet, plan.args.say.verbose > 0);
    voice.begin(&ending::first_line(targets, about));
    let client = Arc::new(Bounded { client, permits: Semaphore::new(in_flight()) });
    let once = plan.args.pace.once;
    let ended = watch_all(targets, &client, beginning, once, &mut voice, signals).await;
    voice.end();
    Ok(ending::report(plan, targets, region.as_deref(), &ended))
}

impl Tally {
    fn new(targets: &Targets) -> Self {
        Self { total: targets.all.len(), needed: targets.needed, succeeded: 0, failed: 0 }
    }

    fn count(&mut self, status: Status) {
        match status {
            Status::Success => self.succeeded += 1,
            Status::Failure | Status::Exhausted | Status::Timeout | Status::Error => {
                self.failed += 1;
            }
            Status::Cancelled => {}
        }
    }

    fn is_met(self) -> bool {
        self.succeeded >= self.needed
    }

    /// Whether nothing that comes can change the answer.
    fn is_decided(self) -> bool {
        self.is_met() || self.total - self.failed < self.needed
    }

    fn waiting(self) -> usize {
        self.total - self.succeeded - self.failed
    }
}

/// Runs every wait in a task of its own, and takes in what they tell.
///
/// With `once` every target gets its one poll: how each stands is what is asked for.
async fn watch_all(
    targets: &Targets,
    client: &Arc<Bounded>,
    beginning: &Beginning,
    once: bool,
    voice: &mut Voice<'_>,
    signals: &mut Signals,
) -> Ended {
    let (clock, started) = (&beginning.clock, beginning.at);
    let (stop, stopped) = watch::channel(false);
    let (sender, mut told) = mpsc::unbounded_channel();
    let mut tasks = JoinSet::new();
    for (index, one) in targets.all.iter().enumerate() {
        let (waiter, client, clock) =
            (Arc::clone(&one.waiter), Arc::clone(client), Arc::clone(clock));
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
    let mut many = Many { tally: Tally::new(targets), outcomes: Vec::new(), voice };
    many.outcomes.resize_with(targets.all.len(), || None);
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
                Some(told) => many.take_in(told, started.elapsed(&**clock)),
                None => break,
            },
            () = clock.sleep(many.voice.until_tick(elapsed)) => {
                many.voice.tick(started.elapsed(&**clock), many.tally);
            }
        }
        if many.tally.is_decided() && !once {
            stop.send_replace(true);
        }
    }
    let outcomes = many.outcomes.into_iter();
    Ended {
        outcomes: outcomes.map(|outcome| outcome.expect("every task tells its outcome")).collect(),
        tally: many.tally,
        elapsed: started.elapsed(&**clock),
        signal,
    }
}

/// Where all waits stand.
struct Many<'a, 'b> {
    tally: Tally,
    outcomes: Vec<Option<Outcome>>,
    voice: &'a mut Voice<'b>,
}

impl Many<'_, '_> {
    fn take_in(&mut self, (index, event): Told, elapsed: Duration) {
        match event {
            WaitEvent::Polled(poll) => self.voice.polled(index, &poll, elapsed, self.tally),
            WaitEvent::Done(outcome) => {
                self.tally.count(outcome.status());
                self.voice.ended(index, &outcome, elapsed, self.tally);
                self.outcomes[index] = Some(*outcome);
            }
        }
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

/// A client that sends only so many calls at the same time. A deadline holds for those that queue too.
#[derive(Debug)]
struct Bounded {
    client: ServiceClient,
    permits: Semaphore,
}

impl Client for Bounded {
    fn call<'a>(&'a self, call: &'a Call) -> BoxFuture<'a, Observation> {
        Box::pin(async move {
            // The semaphore is never closed.
            let _permit = self.permits.acquire().await;
            self.client.client().call(call).await
        })
    }

    fn call_without_body<'a>(&'a self, call: &'a Call) -> BoxFuture<'a, Observation> {
        Box::pin(async move {
            let _permit = self.permits.acquire().await;
            self.client.client().call_without_body(call).await
        })
    }

    fn call_all_pages<'a>(&'a self, call: &'a Call) -> BoxFuture<'a, Observation> {
        Box::pin(async move {
            let _permit = self.permits.acquire().await;
            self.client.client().call_all_pages(call).await
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tally(needed: usize, statuses: &[Status]) -> Tally {
        let mut tally = Tally { total: 3, needed, succeeded: 0, failed: 0 };
        statuses.iter().for_each(|status| tally.count(*status));
        tally
    }

    #[test]
    fn the_answer_is_decided_as_soon_as_nothing_can_change_it() {
        use Status::{Cancelled, Failure, Success, Timeout};
        for (needed, statuses, decided, met) in [
            (3, vec![Success, Success], false, false),
            (3, vec![Success, Failure], true, false),
            (3, vec![Success, Success, Success], true, true),
            (1, vec![Failure, Timeout], false, false),
            (1, vec![Failure, Timeout, Failure], true, false),
            (1, vec![Success], true, true),
            (2, vec![Success, Failure], false, false),
            (2, vec![Failure, Timeout], true, false),
            (2, vec![Cancelled, Cancelled], false, false),
        ] {
            let tally = tally(needed, &statuses);
            assert_eq!(
                (tally.is_decided(), tally.is_met()),
                (decided, met),
                "{needed} {statuses:?}"
            );
        }
    }
}
