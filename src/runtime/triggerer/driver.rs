//! The loop of the triggerer: it hands out steps and workers, and lets the store have what came of them.

use std::collections::{HashMap, HashSet, VecDeque};
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt as _;
use tokio::sync::oneshot;
use tokio::task::JoinSet;
use tracing::Instrument as _;

use super::queue::{Bound, Held, TriggerQueue, Woken};
use super::resting::Resting;
use super::{CHECKPOINT_EVERY, Observer, TriggererOptions};
use crate::clock::Clock;
use crate::clock::Timestamp;
use crate::operator::Crash;
use crate::operator::OperatorError;
use crate::operator::Resumed;
use crate::runtime::hook;
use crate::runtime::registry::Unusable;
use crate::runtime::store::{Claimed, Store, StoreError};
use crate::runtime::task::{
    CancelRequest, Change, DeferredTask, MAX_RESULT_BYTES, StoredDeferral, Task, TaskId, TaskState,
    Transition,
};
use crate::runtime::worker::{EndDeferral, Workplace, on_store, panic_message};
use crate::trigger::MIN_PAUSE;
use crate::trigger::Step;
use crate::trigger::TaskEnd;
use crate::trigger::TriggerError;

/// How long a task that another process has submitted may wait to be seen.
const LOOK_EVERY: Duration = Duration::from_millis(100);

/// How many deferred tasks are read at once.
const LOAD_AT_ONCE: usize = 5_000;

/// How many due tasks are looked at, at once: beyond those that there are workers for, some may need none.
const CLAIM_AT_ONCE: usize = 512;

/// How many failure hooks run at a time.
const HOOKS_AT_ONCE: usize = 16;

/// What came of a trigger's step.
struct Stepped {
    id: TaskId,
    step: u32,
    trigger: Resting,
    result: Result<Step, TriggerError>,
}

/// What came of an operation on the store.
enum Stored {
    Committed(Vec<Change>, Vec<bool>),
    Claimed(Claimed, HashSet<TaskId>),
    Checkpointed,
    Loaded(Option<Box<DeferredTask>>),
    Looked(Look),
}

/// What a look at the store has shown.
struct Look {
    counter: u64,
    cancelled: Vec<Task>,
    failed: Vec<TaskId>,
    idle: bool,
}

/// Which operations on the store are in flight; at most one of each kind.
#[derive(Default)]
struct InFlight {
    commit: bool,
    claim: bool,
    checkpoint: bool,
    load: bool,
    look: bool,
}

/// A task whose change is being found out.
struct Running {
    /// The way to cancel it, until it was used.
    cancel: Option<oneshot::Sender<CancelRequest>>,
    /// Whether it takes one of the workers. One that begins with its trigger does not, nor does one
    /// whose deferral ends.
    on_worker: bool,
}

pub(super) struct Driver {
    workplace: Workplace,
    clock: Arc<dyn Clock>,
    options: TriggererOptions,
    queue: TriggerQueue,
    /// Triggers whose step is due and that wait for a place among those in flight.
    ready: VecDeque<TaskId>,
    /// Deferred tasks beyond the capacity.
    waiting: VecDeque<TaskId>,
    steps: JoinSet<Stepped>,
    workers: JoinSet<(TaskId, Result<Option<Change>, StoreError>)>,
    running: HashMap<TaskId, Running>,
    /// How many of them take a worker.
    busy: usize,
    /// The execution time-outs of tasks that were on workers, until their deferral is stored.
    deadlines: HashMap<TaskId, Timestamp>,
    /// What has happened and is not stored yet.
    changes: Vec<Change>,
    /// The tasks of these changes, and of those that are being stored.
    unstored: HashSet<TaskId>,
    store: JoinSet<Result<Stored, StoreError>>,
    hooks: JoinSet<(TaskId, Result<(), StoreError>)>,
    /// The tasks whose hooks these are, or wait for a place among them.
    telling: HashSet<TaskId>,
    untold: VecDeque<TaskId>,
    in_flight: InFlight,
    want_claim: bool,
    seen: Option<u64>,
    next_due: Option<Timestamp>,
    next_checkpoint: Timestamp,
    next_look: Timestamp,
    stopping: bool,
    idle: bool,
    observer: Option<Observer>,
}

impl Driver {
    pub(super) fn new(
        workplace: Workplace,
        options: TriggererOptions,
        observer: Option<Observer>,
    ) -> Self {
        let clock = Arc::clone(&workplace.services.clock);
        let now = clock.now();
        Self {
            workplace,
            clock,
            options,
            queue: TriggerQueue::default(),
            ready: VecDeque::new(),
            waiting: VecDeque::new(),
            steps: JoinSet::new(),
            workers: JoinSet::new(),
            running: HashMap::new(),
            busy: 0,
            deadlines: HashMap::new(),
            changes: Vec::new(),
            unstored: HashSet::new(),
            store: JoinSet::new(),
            hooks: JoinSet::new(),
            telling: HashSet::new(),
            untold: VecDeque::new(),
            in_flight: InFlight::default(),
            want_claim: true,
            seen: None,
            next_due: None,
            next_checkpoint: now.plus(CHECKPOINT_EVERY),
            next_look: now,
            stopping: false,
            idle: false,
            observer,
        }
    }

    /// Takes up what the last triggerer has left: failures to tell, and deferred tasks.
    pub(super) async fn load(&mut self) -> Result<(), StoreError> {
        let fence = self.workplace.fence;
        let pending = move |store: &dyn Store| store.pending_hooks(fence);
        for id in on_store(&self.workplace.store, pending).await? {
            self.tell_failure(id);
        }
        let mut after = 0;
        loop {
            let read = move |store: &dyn Store| store.deferred(fence, after, LOAD_AT_ONCE);
            let tasks = on_store(&self.workplace.store, read).await?;
            let Some(last) = tasks.last() else { return Ok(()) };
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
                () = &mut stop, if !self.stopping => self.stopping = true,
                Some(done) = self.store.join_next() => self.stored(joined(done)??)?,
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
                Some(done) = self.hooks.join_next() => {
                    let (id, told) = joined(done)?;
                    self.telling.remove(&id);
                    told?;
                    // It may have failed again meanwhile.
                    self.seen = None;
                    self.idle = false;
                }
                () = self.clock.sleep(pause) => {}
            }
        }
    }

    /// Begins whatever can be begun now.
    fn turn(&mut self) {
        let now = self.clock.now();
        while let Some(woken) = self.queue.pop(now) {
            match woken {
                Woken::Step(id) => self.ready.push_back(id),
                Woken::Ended(id, Bound::Deferral) => self.end(id, EndDeferral::TimedOut),
                Woken::Ended(id, Bound::Execution) => self.end(id, EndDeferral::OutOfTime),
            }
        }
        if !self.stopping {
            self.start_steps();
            self.take_waiting();
            self.claim(now);
            self.look(now);
        }
        self.run_hooks();
        self.checkpoint(now);
        self.commit();
    }

    /// How long nothing will have to be begun.
    fn pause(&self) -> Duration {
        let now = self.clock.now();
        let next_due = self.next_due.filter(|_| self.busy < self.options.workers);
        let times = [self.queue.next_wake(), next_due, Some(self.next_look)];
        let next = times.into_iter().flatten().min().unwrap_or(now);
        let next = if self.stopping { self.next_checkpoint } else { next };
        next.since(now).clamp(Duration::from_millis(1), LOOK_EVERY)
    }

    /// Whether everything that was begun has come to its end and is stored.
    fn is_over(&self) -> bool {
        let resting = self.rests_in_memory();
        let kept = self.changes.is_empty() && self.workplace.log.is_empty();
        self.is_ending() && resting && kept && self.store.is_empty()
    }

    fn rests_in_memory(&self) -> bool {
        let told = self.hooks.is_empty() && self.untold.is_empty();
        self.steps.is_empty() && self.workers.is_empty() && told
    }

    fn is_ending(&self) -> bool {
        self.stopping || (self.idle && self.options.until_idle)
    }

    fn start_steps(&mut self) {
        while self.steps.len() < self.options.polls
            && let Some(id) = self.ready.pop_front()
        {
            let Some((step, mut trigger)) = self.queue.take(id) else { continue };
            let ctx = self.workplace.trigger_context(id);
            let span = tracing::debug_span!("trigger", task = id, step);
            let stepped = async move {
                let result = AssertUnwindSafe(trigger.step(&ctx)).catch_unwind().await;
                let result =
                    result.unwrap_or_else(|panic| Err(TriggerError::new(panic_message(&*panic))));
                Stepped { id, step, trigger, result }
            };
            self.steps.spawn(stepped.instrument(span));
        }
    }

    fn stepped(&mut self, stepped: Stepped) {
        let Stepped { id, step, trigger, result } = stepped;
        // It may have been cancelled, or out of time, meanwhile.
        if !self.queue.holds(id, step) {
            return;
        }
        let (transition, reason) = match result {
            Ok(Step::Again { after }) => {
                let due = self.clock.now().plus(after.max(MIN_PAUSE));
                self.queue.put_back(id, trigger, due);
                return;
            }
            Ok(Step::Fire(event)) => {
                let size = event.payload.to_string().len();
                let (with, reason) = if size > MAX_RESULT_BYTES {
                    let message =
                        format!("the event has {size} bytes, more than {MAX_RESULT_BYTES}");
                    (Resumed::TriggerCrashed(Crash { message: message.clone() }), message)
                } else {
                    (Resumed::Event(event), "the trigger fired".to_owned())
                };
                (Transition::Resume(Box::new(with)), reason)
            }
            Ok(Step::End(TaskEnd::Success(result))) => {
                let size = result.to_string().len();
                if size > MAX_RESULT_BYTES {
                    let message =
                        format!("the result has {size} bytes, more than {MAX_RESULT_BYTES}");
                    self.queue.remove(id);
                    self.fail(id, OperatorError::fatal(message));
                    return;
                }
                let end = Transition::End(TaskState::Success, Some(result));
                (end, "ended by its trigger".to_owned())
            }
            Ok(Step::End(TaskEnd::Skip(reason))) => {
                (Transition::End(TaskState::Skipped, None), reason)
            }
            Ok(Step::End(TaskEnd::Failure(reason))) => {
                self.queue.remove(id);
                self.fail(id, OperatorError::new(reason));
                return;
            }
            Err(error) => {
                let message = error.to_string();
                let with = Resumed::TriggerCrashed(Crash { message: message.clone() });
                (Transition::Resume(Box::new(with)), format!("the trigger failed: {message}"))
            }
        };
        self.queue.remove(id);
        self.change(Change { id, step, transition, reason, failure: None });
    }

    /// A trigger has ended its task as failed: another try, if there is one left.
    fn fail(&mut self, id: TaskId, error: OperatorError) {
        let workplace = self.workplace.clone();
        self.running.insert(id, Running { cancel: None, on_worker: false });
        self.workers.spawn(async move {
            let task = on_store(&workplace.store, move |store| {
                store.task(id)?.ok_or(StoreError::NotFound(id))
            });
            (id, task.await.map(|task| Some(workplace.after_failure(&task, &error))))
        });
    }

    /// Ends a deferral from outside.
    fn end(&mut self, id: TaskId, why: EndDeferral) {
        self.queue.remove(id);
        let workplace = self.workplace.clone();
        self.running.insert(id, Running { cancel: None, on_worker: false });
        self.workers.spawn(async move {
            let task = on_store(&workplace.store, move |store| {
                store.task(id)?.ok_or(StoreError::NotFound(id))
            });
            let change = match task.await {
                // Who asked for its end may have read the task before it ended by itself.
                Ok(task) if task.state != TaskState::Deferred => Ok(None),
                Ok(task) => workplace.end_deferral(task, why).await.map(Some),
                Err(error) => Err(error),
            };
            (id, change)
        });
    }

    /// Holds the trigger of a deferred task, or lets it wait in the store if there is no room.
    fn hold(&mut self, task: DeferredTask) {
        let DeferredTask { id, step, deadline, deferral } = task;
        // Its end is in hand already.
        if self.running.contains_key(&id) {
            return;
        }
        let ends = ends(&deferral, deadline);
        if self.queue.len() >= self.options.capacity {
            self.waiting.push_back(id);
            self.queue.insert(id, Held::outside(step, deferral.due, ends));
            return;
        }
        let (transition, reason) = match self.workplace.registry.trigger_type(&deferral.trigger) {
            Ok(kind) => {
                let due = deferral.due;
                let trigger = Resting::new(kind, &deferral.trigger.kwargs, deferral.state);
                self.queue.insert(id, Held::new(step, trigger, due, ends));
                return;
            }
            Err(Unusable::Unknown(reason)) => (Transition::Block, reason),
            Err(Unusable::Invalid(message)) => {
                let with = Resumed::TriggerCrashed(Crash { message: message.clone() });
                (Transition::Resume(Box::new(with)), message)
            }
        };
        self.queue.remove(id);
        self.change(Change { id, step, transition, reason, failure: None });
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

    fn commit(&mut self) {
        if self.in_flight.commit || self.changes.is_empty() {
            return;
        }
        self.in_flight.commit = true;
        let changes = std::mem::take(&mut self.changes);
        let (fence, now) = (self.workplace.fence, self.clock.now());
        let store = Arc::clone(&self.workplace.store);
        self.store.spawn(async move {
            on_store(&store, move |store| {
                let made = store.commit(fence, &changes, now)?;
                Ok(Stored::Committed(changes, made))
            })
            .await
        });
    }

    fn claim(&mut self, now: Timestamp) {
        let due = self.next_due.is_some_and(|due| due <= now);
        let room = self.options.workers.saturating_sub(self.busy);
        let wanted = self.want_claim || (due && room > 0);
        if self.in_flight.claim || !wanted {
            return;
        }
        self.in_flight.claim = true;
        self.want_claim = false;
        self.next_due = None;
        let fence = self.workplace.fence;
        let workplace = self.workplace.clone();
        self.store.spawn(async move {
            let store = Arc::clone(&workplace.store);
            let claim = move |store: &dyn Store| {
                let mut on_workers = HashSet::new();
                let mut wants = |task: &Task| {
                    let begins_alone = workplace.starts_from_trigger(task);
                    let has_room = on_workers.len() < room;
                    if !begins_alone && has_room {
                        on_workers.insert(task.id);
                    }
                    begins_alone || has_room
                };
                let claimed = store.claim(fence, now, room.max(CLAIM_AT_ONCE), &mut wants)?;
                Ok(Stored::Claimed(claimed, on_workers))
            };
            on_store(&store, claim).await
        });
    }

    fn checkpoint(&mut self, now: Timestamp) {
        let resting = self.is_ending() && self.rests_in_memory();
        if self.in_flight.checkpoint || (now < self.next_checkpoint && !resting) {
            return;
        }
        self.next_checkpoint = now.plus(CHECKPOINT_EVERY);
        let checkpoints = self.queue.checkpoints();
        let lines = self.workplace.log.take();
        if checkpoints.is_empty() && lines.is_empty() {
            return;
        }
        self.in_flight.checkpoint = true;
        let fence = self.workplace.fence;
        let store = Arc::clone(&self.workplace.store);
        self.store.spawn(async move {
            on_store(&store, move |store| {
                store.checkpoint(fence, &checkpoints, &lines)?;
                Ok(Stored::Checkpointed)
            })
            .await
        });
    }

    /// Looks whether another process has changed the store.
    fn look(&mut self, now: Timestamp) {
        if self.in_flight.look || now < self.next_look {
            return;
        }
        self.next_look = now.plus(LOOK_EVERY);
        self.in_flight.look = true;
        let (fence, seen) = (self.workplace.fence, self.seen);
        let count = self.options.until_idle && self.rests();
        let store = Arc::clone(&self.workplace.store);
        self.store.spawn(async move {
            on_store(&store, move |store| {
                let counter = store.change_counter()?;
                let news = seen != Some(counter);
                let cancelled = if news { store.cancel_requests(fence)? } else { Vec::new() };
                // A task that somebody has cancelled elsewhere may have ended in doubt.
                let failed = if news { store.pending_hooks(fence)? } else { Vec::new() };
                let idle = count
                    && store.counts()?.iter().all(|(state, count)| {
                        *count == 0 || state.is_final() || *state == TaskState::Blocked
                    });
                Ok(Stored::Looked(Look { counter, cancelled, failed, idle }))
            })
            .await
        });
    }

    /// Whether this process has nothing in hand.
    fn rests(&self) -> bool {
        let held = self.queue.all() + self.running.len();
        held == 0 && self.changes.is_empty() && !self.in_flight.commit && !self.in_flight.claim
    }

    fn stored(&mut self, stored: Stored) -> Result<(), StoreError> {
        match stored {
            Stored::Checkpointed => self.in_flight.checkpoint = false,
            Stored::Loaded(task) => {
                self.in_flight.load = false;
                // It may have come to its end while it was read.
                if let Some(task) = task
                    && self.queue.is_outside(task.id)
                {
                    self.hold(*task);
                }
            }
            Stored::Claimed(claimed, on_workers) => self.claimed(claimed, &on_workers),
            Stored::Committed(changes, made) => {
                self.in_flight.commit = false;
                for (change, made) in changes.into_iter().zip(made) {
                    self.unstored.remove(&change.id);
                    if made {
                        self.committed(change);
                    } else {
                        // Somebody has asked for its end meanwhile, most likely: this must be seen.
                        self.deadlines.remove(&change.id);
                        self.seen = None;
                    }
                }
            }
            Stored::Looked(look) => {
                self.in_flight.look = false;
                self.want_claim |= self.seen != Some(look.counter);
                self.seen = Some(look.counter);
                self.idle = look.idle && self.rests();
                for task in look.cancelled {
                    self.cancel(&task);
                }
                for id in look.failed {
                    self.tell_failure(id);
                }
            }
        }
        Ok(())
    }

    fn claimed(&mut self, claimed: Claimed, on_workers: &HashSet<TaskId>) {
        self.in_flight.claim = false;
        self.next_due = earliest(self.next_due, claimed.next_due);
        // There may be more of those that need no worker.
        self.want_claim |= claimed.tasks.len() > on_workers.len();
        self.busy += on_workers.len();
        for task in claimed.tasks {
            let on_worker = on_workers.contains(&task.id);
            self.start_worker(task, on_worker);
        }
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
        let span = tracing::info_span!("task", task = id, operator, step = task.step);
        let ran = async move { (id, workplace.run(task, receive).await.map(Some)) };
        self.workers.spawn(ran.instrument(span));
    }

    /// A change is stored: what follows from it here.
    fn committed(&mut self, change: Change) {
        if let Some(observer) = &self.observer {
            observer(&change);
        }
        let Change { id, step, transition, .. } = change;
        let deadline = self.deadlines.remove(&id);
        match transition {
            Transition::Defer(deferral) => {
                // Somebody may have asked for its end while it was running.
                self.seen = None;
                self.hold(DeferredTask { id, step, deadline, deferral: *deferral });
            }
            Transition::Resume(_) => self.want_claim = true,
            Transition::Retry(due) | Transition::Requeue(due) => {
                self.next_due = earliest(self.next_due, Some(due));
                // It may have ended in doubt instead, which has to be told.
                self.seen = None;
            }
            Transition::End(TaskState::Failed | TaskState::InDoubt, _) => {
                self.tell_failure(id);
            }
            Transition::Block => self.seen = None,
            Transition::End(..) => {}
        }
    }

    /// Runs the failure hook of a task, unless that is in hand already.
    fn tell_failure(&mut self, id: TaskId) {
        if self.telling.insert(id) {
            self.untold.push_back(id);
        }
    }

    fn run_hooks(&mut self) {
        while self.hooks.len() < HOOKS_AT_ONCE
            && let Some(id) = self.untold.pop_front()
        {
            let workplace = self.workplace.clone();
            self.hooks.spawn(async move { (id, hook::tell(workplace, id).await) });
        }
    }

    /// Does what somebody has asked for, unless that is in hand already.
    fn cancel(&mut self, task: &Task) {
        let Some(request) = task.cancel else { return };
        if self.unstored.contains(&task.id) {
            // The next look tells what has become of it.
            self.seen = None;
            return;
        }
        match self.running.get_mut(&task.id) {
            Some(running) => {
                if let Some(cancel) = running.cancel.take() {
                    // A worker that has just ended has left its change; the next look finds the task again.
                    let _ = cancel.send(request);
                }
            }
            None if task.state == TaskState::Deferred => {
                self.end(task.id, EndDeferral::Cancelled(request));
            }
            // It has just been claimed: the next look finds it here.
            None => self.seen = None,
        }
    }

    /// Reads the next task that waits for a place among the triggers.
    fn take_waiting(&mut self) {
        if self.in_flight.load || self.queue.len() >= self.options.capacity {
            return;
        }
        let id = loop {
            let Some(id) = self.waiting.pop_front() else { return };
            if self.queue.is_outside(id) {
                break id;
            }
        };
        self.in_flight.load = true;
        let fence = self.workplace.fence;
        let store = Arc::clone(&self.workplace.store);
        self.store.spawn(async move {
            on_store(&store, move |store| {
                let tasks = store.deferred(fence, id - 1, 1)?;
                let task = tasks.into_iter().find(|task| task.id == id);
                Ok(Stored::Loaded(task.map(Box::new)))
            })
            .await
        });
    }
}

fn ends(deferral: &StoredDeferral, deadline: Option<Timestamp>) -> Option<(Timestamp, Bound)> {
    let deferral = deferral.timeout_at.map(|end| (end, Bound::Deferral));
    let execution = deadline.map(|end| (end, Bound::Execution));
    [deferral, execution].into_iter().flatten().min_by_key(|(end, _)| *end)
}

fn earliest(one: Option<Timestamp>, other: Option<Timestamp>) -> Option<Timestamp> {
    [one, other].into_iter().flatten().min()
}

/// What the runtime itself broke: nothing of ours panics outside a guard.
fn joined<T>(done: Result<T, tokio::task::JoinError>) -> Result<T, StoreError> {
    done.map_err(|error| StoreError::Broken(Box::new(error)))
}
