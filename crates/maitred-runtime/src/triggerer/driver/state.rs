//! What the loop of the triggerer holds.

use std::collections::{BTreeMap, HashMap, HashSet, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use maitred_core::clock::{Clock, Moment, Timestamp};
use tokio::sync::{mpsc, oneshot, watch};
use tokio::task::JoinSet;

use crate::access::StoreAccess;
use crate::hook::Told;
use crate::store::{Claimed, Fence, StoreError};
use crate::task::{CancelRequest, Change, DeferredTask, Task, TaskId};
use crate::trigger::{Step, TriggerError};
use crate::triggerer::options::TriggererOptions;
use crate::triggerer::parked_trigger::ParkedTrigger;
use crate::triggerer::poll_slots::{PollSlot, PollSlots};
use crate::triggerer::queue::TriggerQueue;
use crate::worker::Workplace;

/// How long a task that another process has submitted may wait to be seen.
pub(in crate::triggerer) const LOOK_EVERY: Duration = Duration::from_millis(100);

/// By how much the wall clock has to leave the monotonic one to count as set: what time servers correct bit by
/// bit does not.
pub(in crate::triggerer) const CLOCK_SET: Duration = Duration::from_secs(1);

/// How many deferred tasks are read at once.
pub(in crate::triggerer) const LOAD_AT_ONCE: usize = 5_000;

/// Which operations on the store are in flight; at most one of each kind.
#[derive(Default)]
pub(in crate::triggerer) struct InFlight {
    pub(super) commit: bool,
    pub(super) claim: bool,
    pub(super) checkpoint: bool,
    pub(super) load: bool,
    pub(super) look: bool,
    pub(super) set_back: bool,
}

/// A task whose change is being found out.
pub(in crate::triggerer) struct Running {
    /// The way to cancel it, until it was used.
    pub(super) cancel: Option<oneshot::Sender<CancelRequest>>,
    /// Whether it takes one of the workers. One that begins with its trigger does not, nor does one
    /// whose deferral ends.
    pub(super) on_worker: bool,
}

pub(in crate::triggerer) struct Driver {
    pub(super) workplace: Workplace,
    pub(super) store: StoreAccess,
    pub(super) fence: Fence,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) options: TriggererOptions,
    pub(super) queue: TriggerQueue,
    /// Triggers whose step is due and that wait for a slot among those in flight.
    pub(super) ready: VecDeque<TaskId>,
    pub(super) slots: PollSlots,
    /// How many failure hooks may run at a time.
    pub(super) hooks_at_once: usize,
    /// Deferred tasks beyond the capacity.
    pub(super) waiting: VecDeque<TaskId>,
    pub(super) steps: JoinSet<Stepped>,
    /// The steps in flight, each with what abandons it when it is dropped.
    pub(super) abandons: HashMap<TaskId, oneshot::Sender<()>>,
    pub(super) workers: JoinSet<(TaskId, Result<Option<Change>, StoreError>)>,
    pub(super) running: HashMap<TaskId, Running>,
    /// How many of them take a worker.
    pub(super) busy: usize,
    /// The execution time-outs of tasks that were on workers, until their deferral is stored.
    pub(super) deadlines: HashMap<TaskId, Timestamp>,
    /// What has happened and is not stored yet.
    pub(super) changes: Vec<Change>,
    /// The tasks of these changes, and of those that are being stored.
    pub(super) unstored: HashSet<TaskId>,
    /// The operations on the store in flight.
    pub(super) stores: JoinSet<Result<Stored, StoreError>>,
    pub(super) hooks: Hooks,
    pub(super) in_flight: InFlight,
    pub(super) want_claim: bool,
    /// The change counter of the last look.
    pub(super) seen: Option<u64>,
    /// True if the next look has to be a whole one, also if a look is in flight that will set `seen`.
    pub(super) look_anew: bool,
    pub(super) next_due: Option<Timestamp>,
    /// On the monotonic clock, as the next one.
    pub(super) next_checkpoint: Duration,
    pub(super) next_look: Duration,
    /// Both clocks when the wall clock was found set, last.
    pub(super) set: Moment,
    /// How far the wall clock was set back, as long as the store has not taken it in.
    pub(super) set_back: Duration,
    /// When the end was asked for, if it was; workers hear of it.
    pub(super) stopped: watch::Sender<Option<Moment>>,
    pub(super) idle: bool,
    /// Errors of the store that end this triggerer.
    pub(super) broken: mpsc::UnboundedReceiver<StoreError>,
}

/// What came of a trigger's step.
pub(in crate::triggerer) struct Stepped {
    pub(super) id: TaskId,
    pub(super) step: u32,
    pub(super) slot: PollSlot,
    pub(super) trigger: ParkedTrigger,
    /// `None`: it was abandoned.
    pub(super) result: Option<Result<Step, TriggerError>>,
}

/// What came of an operation on the store.
pub(in crate::triggerer) enum Stored {
    Committed(Vec<Change>, Vec<bool>),
    Claimed(Claimed, HashSet<TaskId>),
    Checkpointed,
    SetBack,
    Loaded(Option<Box<DeferredTask>>),
    Looked(Look),
}

/// What a look at the store has shown.
pub(in crate::triggerer) struct Look {
    pub(super) counter: u64,
    /// True if it was a whole look, because something may have changed.
    pub(super) news: bool,
    pub(super) cancelled: Vec<Task>,
    pub(super) failed: Vec<TaskId>,
    pub(super) idle: bool,
}

/// A look at a task's hook that is over.
pub(in crate::triggerer) type HookAttempt = (TaskId, Result<Told, StoreError>);

#[derive(Default)]
pub(in crate::triggerer) struct Hooks {
    pub(super) running: JoinSet<HookAttempt>,
    /// The tasks whose hooks these are, or wait for a slot among them.
    pub(super) in_hand: HashSet<TaskId>,
    pub(super) untold: VecDeque<TaskId>,
    /// When the next attempts are due of hooks that have failed.
    pub(super) later: BTreeMap<TaskId, Timestamp>,
}
