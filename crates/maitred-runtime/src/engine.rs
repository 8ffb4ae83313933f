//! The engine: it starts, shows and ends tasks, whatever runs them.

use std::collections::BTreeMap;
use std::fmt;

use serde_json::Value;

use super::registry::Unusable;
use super::store::{StoreError, Submitted, TaskFilter};
use super::task::{
    HistoryEntry, LogLine, NewTask, StoredDeferral, StoredIntent, Task, TaskId, TaskState,
};
use crate::operator::Settled;
use maitred_core::clock::{BoxFuture, Timestamp};

/// Starts, shows and ends tasks. The command line and servers rest on this alone, so nothing of one engine's own
/// is in here: [`EmbeddedEngine`](super::EmbeddedEngine) keeps tasks in a store, another one may keep them
/// elsewhere.
///
/// All methods also fail with [`EngineError::Unavailable`] and [`EngineError::Failed`].
pub trait Engine: Send + Sync + fmt::Debug {
    /// Submits tasks: all of them, or none. This checks all that can be known before a task runs: the operator and
    /// its arguments, the failure hook, the connections that it uses, its waiter and the waiter's input.
    ///
    /// # Errors
    /// [`EngineError::Unusable`] if a task cannot be run as it is, [`EngineError::Conflict`] if a key is taken.
    fn start_all(&self, tasks: Vec<NewTask>) -> BoxFuture<'_, Result<Accepted, EngineError>>;

    /// Submits one task, and logs the warnings.
    ///
    /// # Errors
    /// As [`Self::start_all`].
    fn start(&self, task: NewTask) -> BoxFuture<'_, Result<Submitted, EngineError>> {
        Box::pin(async move {
            let accepted = self.start_all(vec![task]).await?;
            for warning in &accepted.warnings {
                tracing::warn!("{warning}");
            }
            let missing = || EngineError::Failed("the engine gave no number".into());
            accepted.tasks.first().copied().ok_or_else(missing)
        })
    }

    /// A task.
    ///
    /// # Errors
    /// [`EngineError::NotFound`].
    fn get(&self, id: TaskId) -> BoxFuture<'_, Result<Task, EngineError>>;

    /// The task of this number, or the one that has this key, else the last one that had it.
    ///
    /// # Errors
    /// [`EngineError::NotFound`].
    fn find<'a>(&'a self, id_or_key: &'a str) -> BoxFuture<'a, Result<Task, EngineError>>;

    /// Tasks, the newest first.
    ///
    /// # Errors
    /// Only those of all methods.
    fn list(&self, filter: TaskFilter) -> BoxFuture<'_, Result<Vec<Task>, EngineError>>;

    /// The number of tasks in each state; a state without tasks may be left out.
    ///
    /// # Errors
    /// Only those of all methods.
    fn counts(&self) -> BoxFuture<'_, Result<BTreeMap<TaskState, u64>, EngineError>>;

    /// All that is known of a task but its log.
    ///
    /// # Errors
    /// [`EngineError::NotFound`].
    fn details(&self, id: TaskId) -> BoxFuture<'_, Result<TaskDetails, EngineError>>;

    /// The wait of a task that is deferred, or was blocked while it was deferred.
    ///
    /// # Errors
    /// Only those of all methods; a task that does not exist has none.
    fn deferral(&self, id: TaskId) -> BoxFuture<'_, Result<Option<StoredDeferral>, EngineError>>;

    /// The lines of a task's log after the first `skip`.
    ///
    /// # Errors
    /// Only those of all methods; a task that does not exist has no lines.
    fn logs(&self, id: TaskId, skip: usize) -> BoxFuture<'_, Result<Vec<LogLine>, EngineError>>;

    /// A task once it has come to its end.
    ///
    /// # Errors
    /// [`EngineError::NotFound`].
    fn result(&self, id: TaskId) -> BoxFuture<'_, Result<Task, EngineError>>;

    /// Asks for the end of a task, and returns its state after that; `undo` also sends the call that undoes what
    /// the task has started.
    ///
    /// # Errors
    /// [`EngineError::NotFound`], or [`EngineError::WrongState`] if it has ended.
    fn cancel(&self, id: TaskId, undo: bool) -> BoxFuture<'_, Result<TaskState, EngineError>>;

    /// Records what a user says of the call for which a task is in doubt. The task goes on with the result of the
    /// call, or makes it again.
    ///
    /// # Errors
    /// [`EngineError::NotFound`], [`EngineError::WrongState`] if it is not in doubt, [`EngineError::Conflict`] if
    /// its key is taken by now, [`EngineError::NoCall`].
    fn settle(&self, id: TaskId, settled: Settled) -> BoxFuture<'_, Result<(), EngineError>>;

    /// Runs a task that has failed, was skipped or cancelled once more from the beginning, due now; with `args`,
    /// those are its arguments from now on, checked as those of a new task.
    ///
    /// # Errors
    /// [`EngineError::NotFound`], [`EngineError::WrongState`], [`EngineError::Conflict`] if its key is taken by
    /// now, [`EngineError::Unusable`].
    fn retry(
        &self,
        id: TaskId,
        args: Option<Value>,
    ) -> BoxFuture<'_, Result<Vec<Warning>, EngineError>>;

    /// Removes tasks that ended before `before`, and returns how many. Tasks in doubt stay.
    ///
    /// # Errors
    /// Only those of all methods.
    fn prune(&self, before: Timestamp) -> BoxFuture<'_, Result<usize, EngineError>>;
}

/// Tasks that were accepted.
#[derive(Debug, Clone, PartialEq, Default)]
#[non_exhaustive]
pub struct Accepted {
    /// The result for each, in the order of the submission.
    pub tasks: Vec<Submitted>,
    /// The warnings about them, each once.
    pub warnings: Vec<Warning>,
}

/// A problem that may keep an accepted task from running.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Warning {
    /// The connection of this id is not defined where the task was submitted.
    UndefinedConnection(String),
}

impl fmt::Display for Warning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self::UndefinedConnection(id) = self;
        write!(
            f,
            "the connection {id} is not defined here; the triggerer will need it, or the task is blocked"
        )
    }
}

/// A task and what belongs to it.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct TaskDetails {
    /// The task.
    pub task: Task,
    /// Its wait, if it is deferred, or was blocked while it was deferred.
    pub deferral: Option<StoredDeferral>,
    /// The main calls of its steps that are still of use, in order.
    pub calls: Vec<StoredIntent>,
    /// Every change of its state, in order.
    pub history: Vec<HistoryEntry>,
}

/// The error of an engine.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum EngineError {
    /// A task cannot be run as it is.
    #[error("{reason}")]
    Unusable {
        /// Which of the submitted tasks, from 0.
        index: usize,
        /// The reason.
        reason: Unusable,
    },
    /// A task has nowhere to send its request: the connection that it uses has no host.
    #[error(
        "{operator}: the endpoint is not a whole URL, and the connection {connection} has no host: there is nowhere \
         to send it"
    )]
    NoHost {
        /// Which of the submitted tasks, from 0.
        index: usize,
        /// The operator.
        operator: String,
        /// The connection's id.
        connection: String,
    },
    /// There is no task of this number or key.
    #[error("there is no task {0}")]
    NotFound(String),
    /// Another task that has not ended has the key.
    #[error("task {id} has the key `{key}` and has not ended")]
    Conflict {
        /// The key.
        key: String,
        /// The other task.
        id: TaskId,
    },
    /// This cannot be done with a task in its state.
    #[error("task {id} is {state}")]
    WrongState {
        /// The task.
        id: TaskId,
        /// Its state.
        state: TaskState,
    },
    /// No call of the task is recorded that could be settled.
    #[error("no call of task {0} is recorded that could be settled")]
    NoCall(TaskId),
    /// The engine cannot be used just now. Nothing was done; it can be tried again.
    #[error(transparent)]
    Unavailable(Box<dyn std::error::Error + Send + Sync>),
    /// The engine does not work.
    #[error(transparent)]
    Failed(Box<dyn std::error::Error + Send + Sync>),
}

impl From<StoreError> for EngineError {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::NotFound(id) => Self::NotFound(id.to_string()),
            StoreError::Conflict { key, id } => Self::Conflict { key, id },
            StoreError::WrongState { id, state } => Self::WrongState { id, state },
            StoreError::NoCall(id) => Self::NoCall(id),
            StoreError::Unavailable(_) => Self::Unavailable(Box::new(error)),
            StoreError::Fenced
            | StoreError::Locked(_)
            | StoreError::Unsettled { .. }
            | StoreError::OtherCall { .. }
            | StoreError::Newer(_)
            | StoreError::Replaced(_)
            | StoreError::Broken(_) => Self::Failed(Box::new(error)),
        }
    }
}
