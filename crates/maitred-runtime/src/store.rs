//! The door to durable state: what a store promises, method by method.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use super::task::{
    CancelRequest, Change, Checkpoint, DeferredTask, HistoryEntry, HookProgress, LogLine, NewTask,
    StoredDeferral, StoredIntent, Task, TaskId, TaskState,
};
use crate::operator::{Begun, Intent, Settled};
#[cfg(doc)]
use crate::task::{OnConflict, Transition};
#[cfg(doc)]
use crate::trigger::CancelReason;
use maitred_core::clock::Timestamp;

mod error;

pub use error::StoreError;

/// Durable tasks.
///
/// Every method is one transaction: when it has returned `Ok`, its effect survives a crash of the
/// process and, where the store is a file, of the machine; when it has returned `Err`, or the process
/// died before it returned, it has either happened whole or not at all. Methods block; asynchronous
/// callers run them on a thread for blocking work.
///
/// Any number of processes may submit, read and ask for cancellations. One at a time is the triggerer:
/// methods that take a [`Fence`] fail with [`StoreError::Fenced`] once another one has acquired the store.
pub trait Store: Send + Sync + fmt::Debug {
    /// Submits tasks: all of them, or none.
    ///
    /// A task of a key that another has, or had, is refused, stands back, or takes its place, as its
    /// [`OnConflict`] says. To take a place asks for the end of the other task with the reason
    /// [`CancelReason::Replaced`]; the key is free for the new one at once, although the other may take
    /// a while to end. A task with a `due` in the future waits for it.
    ///
    /// # Errors
    /// A key is taken and the task says [`OnConflict::Reject`]: [`StoreError::Conflict`].
    fn submit(&self, tasks: &[NewTask], now: Timestamp) -> Result<Vec<Submitted>, StoreError> {
        self.submit_with(tasks, &BTreeMap::new(), now)
    }

    /// The same with the definitions that the tasks' [`waiters`](NewTask::waiters) name, hash and text. They
    /// are kept as long as the tasks are.
    ///
    /// # Errors
    /// As [`Self::submit`].
    fn submit_with(
        &self,
        tasks: &[NewTask],
        definitions: &BTreeMap<String, String>,
        now: Timestamp,
    ) -> Result<Vec<Submitted>, StoreError>;

    /// Makes the caller the triggerer of this store, and every earlier one a stranger.
    ///
    /// Tasks that were running are queued again in the same step, with the token, the deadline and the
    /// main calls that they had, and count as the same try. One whose end was asked for is cancelled, or,
    /// if it has a main call of which nobody knows what became of it, queued with the request, for the
    /// triggerer to look that up.
    /// Blocked tasks are put back to where they were, deferred or queued, to be looked at anew.
    /// Pauses that seem to have begun after `now` begin now: the wall clock was set back since.
    /// Definitions that no deferral and no task needs are removed: now is the time when no triggerer remembers
    /// having stored one.
    ///
    /// # Errors
    /// The triggerer of the file is alive: [`StoreError::Locked`].
    fn acquire(&self, now: Timestamp) -> Result<Fence, StoreError>;

    /// Makes the caller the one that runs the task `id`, beside others that each run one of their own. To
    /// that task happens what [`acquire`](Self::acquire) does to all; every other one stays as it is, and
    /// no triggerer becomes a stranger. While one of them is alive, the file can have no triggerer.
    ///
    /// # Errors
    /// The triggerer of the file is alive, or `share` is [`Share::Existing`] and somebody else runs a task:
    /// [`StoreError::Locked`].
    fn acquire_task(&self, id: TaskId, share: Share, now: Timestamp) -> Result<Fence, StoreError>;

    /// The tasks that are due, queued or up for retry: the longest due first, and at most `limit`. Those that
    /// are due at once although their `due` is later than `now`, because another process has put them there whose
    /// clock was ahead, take turns with the others.
    fn due(&self, fence: Fence, now: Timestamp, limit: usize) -> Result<Vec<Task>, StoreError>;

    /// Takes these tasks, in this order: queued or up for retry → running. One that is not due, or no
    /// longer, is left out. The first claim of a try sets its deadline and counts it, the first of all sets
    /// `started`. Also tells when the next task is due of those that are left, which may have passed.
    fn claim(&self, fence: Fence, now: Timestamp, ids: &[TaskId]) -> Result<Claimed, StoreError>;

    /// Changes states, in one transaction, in the order given. A change whose task has left the state or
    /// step in which it was found is left out, so that an event is committed once; tells for each whether
    /// it was made. What each does is told at [`Transition`].
    ///
    /// While the end of a task is asked for ([`request_cancel`](Self::request_cancel)), it is not sent
    /// on: a deferred one takes only [`Transition::End`], everything else is left out; a running one
    /// that would be queued, retried or blocked is cancelled instead, which counts as made; it ends in doubt,
    /// if it has a main call of which nobody knows what became of it.
    /// [`Transition::Defer`] keeps the request. A deferred task that is to be undone takes only an end that
    /// answers that ([`Change::undo_answered`]).
    fn commit(
        &self,
        fence: Fence,
        changes: &[Change],
        now: Timestamp,
    ) -> Result<Vec<bool>, StoreError>;

    /// Takes in that the wall clock was set back by so much: what is left of the pauses before a task is tried
    /// again stays the same. A `due` that was asked for, and deadlines, stay as they are.
    /// `only`: of this task.
    fn clock_set_back(
        &self,
        fence: Fence,
        only: Option<TaskId>,
        by: Duration,
    ) -> Result<(), StoreError>;

    /// Stores where triggers stand, and lines of logs. A trigger whose task has moved on is left out.
    fn checkpoint(
        &self,
        fence: Fence,
        checkpoints: &[Checkpoint],
        lines: &[LogLine],
    ) -> Result<(), StoreError>;

    /// The deferred tasks with a number above `after`, in the order of their numbers, at most `limit`.
    fn deferred(
        &self,
        fence: Fence,
        after: TaskId,
        limit: usize,
    ) -> Result<Vec<DeferredTask>, StoreError>;

    /// Stores that a main call is about to be made in this step, unless its result is known already.
    ///
    /// # Errors
    /// The task does not run this step, nor is it deferred and its end asked for, which may need a call
    /// too: [`StoreError::WrongState`]. The call was begun before and nobody
    /// has found out what became of it: [`StoreError::Unsettled`]; so a call is never begun twice. Another
    /// call was made in its place: [`StoreError::OtherCall`].
    fn begin(
        &self,
        fence: Fence,
        id: TaskId,
        step: u32,
        intent: &Intent,
    ) -> Result<Begun, StoreError>;

    /// Stores what became of a main call. What is stored first stands; [`Settled::NotMade`] removes the
    /// intent of a call that is not known to have been made.
    ///
    /// # Errors
    /// There is no such intent, e.g. because its task has ended: [`StoreError::WrongState`].
    fn settle(
        &self,
        fence: Fence,
        id: TaskId,
        step: u32,
        ordinal: u32,
        settled: &Settled,
    ) -> Result<(), StoreError>;

    /// The main calls of this step, in order.
    fn intents(&self, id: TaskId, step: u32) -> Result<Vec<StoredIntent>, StoreError>;

    /// The main calls of all steps of a task that are still kept, in order.
    fn all_intents(&self, id: TaskId) -> Result<Vec<StoredIntent>, StoreError>;

    /// Asks for the end of a task, and tells the state that it has then. One that waits for a worker or
    /// is blocked ends at once: cancelled, or in doubt if its step has begun a main call and nobody knows
    /// what became of it; for a running or deferred one the request is kept for the triggerer. A
    /// blocked one that is to be undone and has a call for it is deferred again with the request, so that
    /// the triggerer makes that call. A second request may add the undoing; it does not take it back.
    ///
    /// # Errors
    /// There is no such task, or it has ended.
    fn request_cancel(
        &self,
        id: TaskId,
        request: CancelRequest,
        now: Timestamp,
    ) -> Result<TaskState, StoreError>;

    /// The running and deferred tasks whose end somebody has asked for.
    fn cancel_requests(&self, fence: Fence) -> Result<Vec<Task>, StoreError>;

    /// The tasks that have failed and whose failure hook has still to be run, the oldest first.
    fn pending_hooks(&self, fence: Fence) -> Result<Vec<TaskId>, StoreError>;

    /// Stores what came of an attempt at the failure hook for the end that a task came to at `ended`, and a
    /// line of its log about that. The hook has still to be run as long as another attempt is due. A task
    /// that was removed, is tried again, or has come to another end, gets the line alone.
    fn hook_run(
        &self,
        fence: Fence,
        id: TaskId,
        ended: Timestamp,
        progress: &HookProgress,
        line: &LogLine,
    ) -> Result<(), StoreError>;

    /// Takes a user's word for what became of the main call for which a task is in doubt, and puts the
    /// task up for one more try, due now, in the same step with the same token, entered as before. The call
    /// is the first of the step of which nobody knows; if all are known, the last one, whose recorded result
    /// could not be read, and is replaced. [`Settled::Done`] records the result, so that
    /// [`begin`](Self::begin) gives it and the call is not made again; [`Settled::NotMade`] removes the
    /// intent, so that it is.
    ///
    /// # Errors
    /// There is no such task, it is not in doubt ([`StoreError::WrongState`]), its key is taken by now, or
    /// it was made and no call is recorded ([`StoreError::NoCall`]).
    fn settle_by_user(
        &self,
        id: TaskId,
        settled: &Settled,
        now: Timestamp,
    ) -> Result<(), StoreError>;

    /// Puts a task that has failed, was skipped or cancelled up for one more try from the beginning, due
    /// now, in a new step. Its tries are counted on. With `changed`, that is its submission from now on; the
    /// operator and the key are those it has. One that is in doubt has to be settled
    /// ([`settle_by_user`](Self::settle_by_user)): from the beginning, it could make its call twice.
    ///
    /// # Errors
    /// There is no such task, it is in another state, or its key is taken by now.
    fn retry(
        &self,
        id: TaskId,
        changed: Option<&NewTask>,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        self.retry_with(id, changed, &BTreeMap::new(), now)
    }

    /// The same with the definitions that the changed submission's [`waiters`](NewTask::waiters) name, hash and
    /// text, as in [`submit_with`](Self::submit_with).
    ///
    /// # Errors
    /// As [`Self::retry`].
    fn retry_with(
        &self,
        id: TaskId,
        changed: Option<&NewTask>,
        definitions: &BTreeMap<String, String>,
        now: Timestamp,
    ) -> Result<(), StoreError>;

    /// A task; `None` if there is none of this number.
    fn task(&self, id: TaskId) -> Result<Option<Task>, StoreError>;

    /// The task that has this key, else the last one that had it.
    fn task_of_key(&self, key: &str) -> Result<Option<Task>, StoreError>;

    /// Tasks, the newest first.
    fn tasks(&self, filter: &TaskFilter) -> Result<Vec<Task>, StoreError>;

    /// How many tasks are in each state.
    fn counts(&self) -> Result<Vec<(TaskState, u64)>, StoreError>;

    /// The deferral of a deferred task, or of one that was blocked while it was deferred.
    fn deferral(&self, id: TaskId) -> Result<Option<StoredDeferral>, StoreError>;

    /// Every transition of a task, in order.
    fn history(&self, id: TaskId) -> Result<Vec<HistoryEntry>, StoreError>;

    /// The lines of a task's log after the first `skip`.
    fn logs(&self, id: TaskId, skip: usize) -> Result<Vec<LogLine>, StoreError>;

    /// Removes tasks that ended before `before`, with all that belongs to them; tells how many. Their
    /// numbers are not given again. Tasks in doubt stay: they alone tell of a call that may have been made.
    fn prune(&self, before: Timestamp) -> Result<usize, StoreError>;

    /// Keeps the text of a definition under its hash, as long as a deferral needs it: its state is an
    /// object whose `definition` is the hash. See [`acquire`](Self::acquire) for when it is removed.
    fn put_definition(&self, hash: &str, text: &str) -> Result<(), StoreError>;

    /// The text of a definition.
    fn definition(&self, hash: &str) -> Result<Option<String>, StoreError>;

    /// A number that is another one whenever somebody else has changed the store: another process, or a
    /// submission, a request or a retry through this value. What a triggerer does does not count.
    fn change_counter(&self) -> Result<u64, StoreError>;
}

/// Who else may run tasks when a task is acquired ([`Store::acquire_task`]).
/// Callers match it exhaustively: a new variant is a breaking change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Share {
    /// Anybody but a triggerer: the caller has just submitted the task, so that nobody else runs it.
    New,
    /// Nobody: whoever is alive might be running this very task.
    Existing,
}

/// The right to be the triggerer; it ends when another process acquires the store.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fence(pub u64);

/// What [`Store::claim`] gives.
#[derive(Debug, Clone, PartialEq, Default)]
#[non_exhaustive]
pub struct Claimed {
    /// The tasks to run, each with the state `running`.
    pub tasks: Vec<Task>,
    /// When the next task is due, if any waits.
    pub next_due: Option<Timestamp>,
}

/// The outcome of a submission. Callers match it exhaustively: a new variant is a breaking change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Submitted {
    /// A new task.
    Created(TaskId),
    /// The task of this key that was there already ([`OnConflict::Attach`], [`OnConflict::Done`]).
    Attached(TaskId),
    /// A new task in the place of another ([`OnConflict::Replace`]), whose cancellation is asked for.
    Replaced {
        /// The new task.
        new: TaskId,
        /// The one that had the key.
        old: TaskId,
    },
}

impl Submitted {
    /// The task that stands for the submission.
    #[must_use]
    pub fn id(self) -> TaskId {
        match self {
            Self::Created(id) | Self::Attached(id) | Self::Replaced { new: id, .. } => id,
        }
    }
}

/// Which tasks to list.
#[derive(Debug, Clone, PartialEq, Default)]
#[non_exhaustive]
pub struct TaskFilter {
    /// Only those in one of these states; all if it is empty.
    pub states: Vec<TaskState>,
    /// Only those of this operator.
    pub operator: Option<String>,
    /// Only those of this key.
    pub key: Option<String>,
    /// Only those that were submitted at this time or later.
    pub created_since: Option<Timestamp>,
    /// Only those with a lower number: a list of any length is read in pages, each from where the one before
    /// has ended.
    pub before: Option<TaskId>,
    /// At most so many.
    pub limit: Option<usize>,
}
