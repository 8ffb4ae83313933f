//! The loop of the triggerer: it hands out steps and workers, and lets the store have what came of them.

use std::collections::{HashMap, HashSet, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt as _;
use tokio::sync::{mpsc, oneshot, watch};
use tokio::task::JoinSet;
use tracing::Instrument as _;

use super::options::{CHECKPOINT_EVERY, TriggererOptions};
use super::poll_slots::PollSlots;
use super::queue::{Bound, TriggerQueue, Woken};
use crate::access::StoreAccess;
use crate::store::{Fence, Store, StoreError};
use crate::task::{Change, Task, TaskId, TaskState};
use crate::worker::{EndDeferral, STOP_GRACE, Workplace};
use maitred_core::clock::Moment;
use maitred_core::descriptors::room_for_connections;

mod hooks;
mod state;
mod steps;
mod store_io;

use hooks::HOOKS_AT_ONCE;
pub(super) use state::Driver;
use state::{CLOCK_SET, Hooks, InFlight, LOAD_AT_ONCE, LOOK_EVERY, Running};
use steps::if_running;

impl Drop for Driver {
    /// Whatever ends the triggerer, no failure command outlives it.
    fn drop(&mut self) {
        self.workplace.commands.kill_all();
    }
}

impl Driver {
    pub(super) fn new(
        workplace: Workplace,
        (store, fence): (StoreAccess, Fence),
        options: TriggererOptions,
        broken: mpsc::UnboundedReceiver<StoreError>,
        stopped: watch::Sender<Option<Moment>>,
    ) -> Self {
        let clock = Arc::clone(&workplace.services.clock);
        let now = Moment::of(&*clock);
        // Where few files may be open, each kind of connection has its share of them.
        let room = room_for_connections().unwrap_or(usize::MAX);
        let workers = options.workers.min((room / 4).max(1));
        let hooks_at_once = HOOKS_AT_ONCE.min((room / 8).max(1));
        let polls = room.saturating_sub(workers).saturating_sub(hooks_at_once).max(1);
        let options = TriggererOptions { workers, ..options };
        Self {
            workplace,
            store,
            fence,
            clock,
            slots: PollSlots::new(options.polls, polls),
            hooks_at_once,
            options,
            queue: TriggerQueue::default(),
            ready: VecDeque::new(),
            waiting: VecDeque::new(),
            steps: JoinSet::new(),
            abandons: HashMap::new(),
            workers: JoinSet::new(),
            running: HashMap::new(),
            busy: 0,
            deadlines: HashMap::new(),
            changes: Vec::new(),
            unstored: HashSet::new(),
            stores: JoinSet::new(),
            hooks: Hooks::default(),
            in_flight: InFlight::default(),
            want_claim: true,
            seen: None,
            look_anew: false,
            next_due: None,
            next_checkpoint: now.monotonic + CHECKPOINT_EVERY,
            next_look: now.monotonic,
            set: now,
            set_back: Duration::ZERO,
            stopped,
            idle: false,
            broken,
        }
    }

    /// Takes up what the last triggerer has left: failures to tell, and deferred tasks.
    pub(super) async fn load(&mut self) -> Result<(), StoreError> {
        let (fence, scope) = (self.fence, self.options.scope);
        let pending = move |store: &dyn Store| store.pending_hooks(fence);
        let pending = self.store.run(pending).await?;
        pending.into_iter().filter(|id| scope.has(*id)).for_each(|id| self.tell_failure(id));
        let (mut after, at_once) = match scope.only() {
            Some(id) => (id.previous(), 1),
            None => (TaskId(0), LOAD_AT_ONCE),
        };
        loop {
            let read = move |store: &dyn Store| store.deferred(fence, after, at_once);
            let tasks = self.store.run(read).await?;
            let Some(last) = tasks.last().filter(|last| scope.has(last.id)) else {
                return Ok(());
            };
            after = last.id;
            for task in tasks {
                self.hold(task);
            }
        }
    }

    pub(super) async fn run(
        mut self,
        stop: impl Future<Output = ()> + Send,
    ) -> Result<(), StoreError> {
        let mut stop = std::pin::pin!(stop.fuse());
        loop {
            self.turn();
            if self.is_over() {
                return Ok(());
            }
            let pause = self.pause();
            tokio::select! {
                biased;
                () = &mut stop, if !self.is_stopping() => {
                    self.stopped.send_replace(Some(Moment::of(&*self.clock)));
                }
                Some(error) = self.broken.recv() => return Err(error),
                Some(done) = self.stores.join_next() => self.stored(joined(done)??)?,
                Some(done) = self.workers.join_next() => {
                    let (id, change) = joined(done)?;
                    self.ran(id, change?);
                    while let Some(done) = self.workers.try_join_next() {
                        let (id, change) = joined(done)?;
                        self.ran(id, change?);
                    }
                }
                Some(done) = self.steps.join_next() => {
                    self.stepped(joined(done)?);
                    while let Some(done) = self.steps.try_join_next() {
                        self.stepped(joined(done)?);
                    }
                }
                Some(done) = self.hooks.running.join_next() => self.told(joined(done)?)?,
                () = self.clock.sleep(pause) => {}
            }
        }
    }

    /// Begins whatever can be begun now.
    fn turn(&mut self) {
        let now = Moment::of(&*self.clock);
        self.watch_wall_clock(now);
        while let Some(woken) = self.queue.pop(now) {
            match woken {
                Woken::Step(id) => self.ready.push_back(id),
                Woken::Ended(id, Bound::Deferral) => self.end(id, EndDeferral::TimedOut),
                Woken::Ended(id, Bound::Execution) => self.end(id, EndDeferral::OutOfTime),
            }
        }
        if !self.is_stopping() {
            self.start_steps();
            self.take_waiting();
            self.take_in_wall_clock();
            self.claim(now.wall);
        }
        // A step that hangs must not hold up the end; it runs again once there is another triggerer.
        let asked = *self.stopped.borrow();
        if asked.is_some_and(|asked| asked.left_of(STOP_GRACE, &*self.clock).is_zero()) {
            self.abandons.clear();
        }
        // What is finished before the end can be cancelled until then.
        if !self.is_stopping() || !self.rests_in_memory() {
            self.look(now.monotonic);
        }
        self.run_hooks(now.wall);
        self.checkpoint(now.monotonic);
        self.commit();
    }

    /// Takes in that the wall clock was set: what was due at a time of it is looked at anew.
    fn watch_wall_clock(&mut self, now: Moment) {
        let by_wall = now.wall.since(self.set.wall);
        let by_monotonic = now.monotonic.saturating_sub(self.set.monotonic);
        let back = (self.set.wall.since(now.wall) + by_monotonic).saturating_sub(by_wall);
        let forward = by_wall.saturating_sub(by_monotonic);
        if back.max(forward) < CLOCK_SET {
            return;
        }
        self.set = now;
        self.set_back += back;
        self.hooks.look_again();
        self.want_claim = true;
    }

    /// How long nothing will have to be begun.
    fn pause(&self) -> Duration {
        let now = Moment::of(&*self.clock);
        let next_due = self.next_due.filter(|_| self.busy < self.options.workers);
        let next_due = next_due.map(|due| due.since(now.wall));
        let next_hook = self.hooks.next_due().map(|due| due.since(now.wall));
        let next_look = self.next_look.saturating_sub(now.monotonic);
        let next = [self.queue.rests_for(now), next_due, next_hook].into_iter().flatten().min();
        let next = match self.is_stopping() {
            true => self.next_checkpoint.saturating_sub(now.monotonic),
            false => next.map_or(next_look, |next| next.min(next_look)),
        };
        next.clamp(Duration::from_millis(1), LOOK_EVERY)
    }

    /// Whether everything that was begun has come to its end and is stored.
    fn is_over(&self) -> bool {
        let resting = self.rests_in_memory();
        let kept = self.changes.is_empty() && self.workplace.log.is_empty();
        self.is_ending() && resting && kept && self.stores.is_empty()
    }

    fn rests_in_memory(&self) -> bool {
        self.steps.is_empty() && self.workers.is_empty() && self.hooks_rest()
    }

    fn is_stopping(&self) -> bool {
        self.stopped.borrow().is_some()
    }

    fn is_ending(&self) -> bool {
        let idle = self.idle && self.hooks.next_due().is_none();
        self.is_stopping() || (idle && self.options.until_idle)
    }

    fn change(&mut self, change: Change) {
        self.unstored.insert(change.id);
        self.changes.push(change);
    }

    fn ran(&mut self, id: TaskId, change: Option<Change>) {
        let running = self.running.remove(&id);
        if running.is_some_and(|running| running.on_worker) {
            self.busy -= 1;
            self.want_claim = true;
        }
        if let Some(change) = change {
            self.change(change);
        }
    }

    /// Whether this process has nothing in hand.
    fn rests(&self) -> bool {
        let held = self.queue.all() + self.running.len();
        held == 0 && self.changes.is_empty() && !self.in_flight.commit && !self.in_flight.claim
    }

    fn start_worker(&mut self, task: Task, on_worker: bool) {
        let (send, receive) = oneshot::channel();
        let id = task.id;
        let cancel = match task.cancel {
            // The last triggerer died before it could end it.
            Some(request) => {
                let _ = send.send(request);
                None
            }
            None => Some(send),
        };
        self.running.insert(id, Running { cancel, on_worker });
        self.deadlines.extend(task.deadline.map(|deadline| (id, deadline)));
        let workplace = self.workplace.clone();
        let operator = task.spec.operator.as_str();
        let span = tracing::info_span!("task", task = id.0, operator, step = task.step);
        let ran = async move { (id, if_running(workplace.run(task, receive).await)) };
        self.workers.spawn(ran.instrument(span));
    }

    /// Does what somebody has asked for, unless that is in hand already.
    fn cancel(&mut self, task: &Task) {
        let Some(request) = task.cancel else { return };
        if self.unstored.contains(&task.id) {
            // The next look tells what has become of it.
            self.look_anew = true;
            return;
        }
        let is_stopping = self.is_stopping();
        match self.running.get_mut(&task.id) {
            Some(running) => {
                if let Some(cancel) = running.cancel.take() {
                    // A worker that has just ended has left its change; the next look finds the task again.
                    let _ = cancel.send(request);
                }
            }
            // Once it ends, that is left to the next triggerer.
            None if task.state == TaskState::Deferred && is_stopping => {}
            None if task.state == TaskState::Deferred => {
                self.end(task.id, EndDeferral::Cancelled(request));
            }
            // It has just been claimed: the next look finds it here.
            None => self.look_anew = true,
        }
    }
}

/// What the runtime itself broke: nothing of ours panics outside a guard.
fn joined<T>(done: Result<T, tokio::task::JoinError>) -> Result<T, StoreError> {
    done.map_err(|error| StoreError::Broken(Box::new(error)))
}
