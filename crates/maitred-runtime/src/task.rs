//! What a task is, as the store keeps it.

use std::collections::BTreeMap;
use std::fmt;
use std::ops::Range;
use std::time::Duration;

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value;

use crate::connection::SecretRef;
use crate::operator::{FailureKind, Intent, Operator, OperatorError, Resumed, Settled, UndoCall};
use crate::trigger::{CancelReason, Level, SerializedTrigger};
use maitred_core::clock::Timestamp;
use maitred_core::engine::Progress;

mod id;
mod state;

pub use id::TaskId;
pub use state::TaskState;

/// The largest result of a task and the largest event, in bytes of JSON. What is larger fails the task.
pub const MAX_RESULT_BYTES: usize = 256 * 1024;

/// What happens when a task is submitted with the key of another one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum OnConflict {
    /// The submission is refused while the other task has not ended.
    #[default]
    Reject,
    /// A task that has not ended stands for the new one.
    Attach,
    /// A task that has not ended is cancelled; the new one has the key at once.
    Replace,
    /// The last task of the key stands for the new one if it has succeeded, is in doubt, or has not ended. So
    /// a key that names one piece of work, such as that of one night, is not done twice, as long as its task
    /// is not [pruned](super::Store::prune).
    Done,
}

/// Who is told when a task fails. Each failure is told at least once: again, if the triggerer died before
/// it could store that the hook was run. The task's number and its try tell one failure from another.
/// [`Task::hook`] has what came of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum FailureHook {
    /// A program and its arguments; it gets the task as JSON on standard input. One that takes longer than
    /// 30 s is killed, with the processes of its group.
    Command(Vec<String>),
    /// A URL; it gets the task as JSON in a POST. It is tried 10 times, over about nine minutes, while there
    /// is no connection, or the answer is 408, 425, 429 or 5xx. A redirect is followed if the same server
    /// wants the POST at another URL (307, 308).
    Webhook(WebhookUrl),
}

/// Where a webhook is: its URL, or a reference to a secret whose value is the URL. As JSON it is a string, or
/// `{"$secret": "env:NAME"}`. A URL with a login, or a secret in its query, has to be a reference.
/// Callers match it exhaustively: a new variant is a breaking change.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum WebhookUrl {
    /// This one.
    Literal(String),
    /// What this stands for, whenever it is used.
    Secret(SecretRef),
}

impl From<String> for WebhookUrl {
    fn from(url: String) -> Self {
        Self::Literal(url)
    }
}

impl<'de> Deserialize<'de> for WebhookUrl {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let value = Value::deserialize(deserializer)?;
        if let Value::String(url) = value {
            return Ok(Self::Literal(url));
        }
        SecretRef::deserialize(value).map(Self::Secret).map_err(D::Error::custom)
    }
}

/// A task to be submitted.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct NewTask {
    /// The operator's name.
    pub operator: String,
    /// The version of the operator's arguments; [`Engine::start`](super::Engine::start) fills in what this
    /// program knows.
    pub version: u32,
    /// The operator's arguments.
    pub args: Value,
    /// A name of the user's; at most one task of a key has not ended. Default: none.
    pub key: Option<String>,
    /// What happens if the key is taken. Default: the submission is refused.
    pub on_conflict: OnConflict,
    /// How many tries more after the first. Default: 0.
    pub retries: u32,
    /// Time between two tries. Default: 5 minutes, as in Airflow.
    pub retry_delay: Duration,
    /// How long one try may take, deferrals included. Default: without end.
    pub execution_timeout: Option<Duration>,
    /// Who is told when it fails. Default: nobody.
    pub on_failure: Option<FailureHook>,
    /// When it is due. Default: at once.
    pub due: Option<Timestamp>,
    /// The waiters that were found for it at its submission, by their names, `service.waiter`, as the hashes
    /// of their definitions; [`Engine::start`](super::Engine::start) fills them in. It waits with these,
    /// whatever files there are where it runs.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub waiters: BTreeMap<String, String>,
    /// For an operator of a file, the hash of the definition that was found at its submission, as for the waiters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub definition: Option<String>,
}

impl NewTask {
    /// A task of the operator of this name with these arguments, and the defaults for everything else.
    pub fn new(operator: impl Into<String>, args: Value) -> Self {
        Self {
            operator: operator.into(),
            version: 1,
            args,
            key: None,
            on_conflict: OnConflict::Reject,
            retries: 0,
            retry_delay: Duration::from_secs(300),
            execution_timeout: None,
            on_failure: None,
            due: None,
            waiters: BTreeMap::new(),
            definition: None,
        }
    }

    /// A task of this very operator, and the defaults for everything else.
    ///
    /// ```
    /// # use maitred_runtime::operator::WaitOperator;
    /// # use maitred_runtime::NewTask;
    /// # use maitred_runtime::trigger::WaiterTrigger;
    /// let trigger = WaiterTrigger::new("redshift", "cluster_available");
    /// let task = NewTask::of(&WaitOperator { trigger })?.with_retries(3);
    /// assert_eq!(task.operator, "maitred.wait");
    /// # Ok::<(), maitred_runtime::operator::OperatorError>(())
    /// ```
    ///
    /// # Errors
    /// Its arguments cannot be stored, because they are no JSON object.
    pub fn of<T: Operator>(operator: &T) -> Result<Self, OperatorError> {
        let unusable = |why: &dyn fmt::Display| {
            OperatorError::fatal(format!("the arguments of {} cannot be stored: {why}", T::NAME))
        };
        let args = serde_json::to_value(operator).map_err(|error| unusable(&error))?;
        if !args.is_object() {
            return Err(unusable(&"they are no JSON object"));
        }
        Ok(Self { version: T::VERSION, ..Self::new(T::NAME, args) })
    }

    /// Sets [`Self::key`].
    #[must_use]
    pub fn with_key(mut self, key: impl Into<String>) -> Self {
        self.key = Some(key.into());
        self
    }

    /// Sets [`Self::on_conflict`].
    #[must_use]
    pub fn with_on_conflict(mut self, on_conflict: OnConflict) -> Self {
        self.on_conflict = on_conflict;
        self
    }

    /// Sets [`Self::retries`].
    #[must_use]
    pub fn with_retries(mut self, retries: u32) -> Self {
        self.retries = retries;
        self
    }

    /// Sets [`Self::retry_delay`].
    #[must_use]
    pub fn with_retry_delay(mut self, delay: Duration) -> Self {
        self.retry_delay = delay;
        self
    }

    /// Sets [`Self::execution_timeout`].
    #[must_use]
    pub fn with_execution_timeout(mut self, timeout: impl Into<Option<Duration>>) -> Self {
        self.execution_timeout = timeout.into();
        self
    }

    /// Sets [`Self::on_failure`].
    #[must_use]
    pub fn with_on_failure(mut self, hook: impl Into<Option<FailureHook>>) -> Self {
        self.on_failure = hook.into();
        self
    }

    /// Sets [`Self::due`].
    #[must_use]
    pub fn with_due(mut self, due: impl Into<Option<Timestamp>>) -> Self {
        self.due = due.into();
        self
    }
}

/// A task as it stands.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Task {
    /// Its number.
    pub id: TaskId,
    /// What was submitted.
    #[serde(flatten)]
    pub spec: NewTask,
    /// Where it stands.
    pub state: TaskState,
    /// Which try this is, from 1; 0 before the first.
    pub try_number: u32,
    /// Grows whenever the operator has a new step to run: with every resumption and every retry. What
    /// belongs to one step (its intents, its deferral) carries this number.
    pub step: u32,
    /// The idempotency token of this step.
    pub token: String,
    /// The end of this try's execution time-out.
    pub deadline: Option<Timestamp>,
    /// When it is due, while it is queued or up for retry.
    pub due: Timestamp,
    /// When the pause began that ends at `due`; of no length for a task that is due at once. `None` if `due` is
    /// a time that was asked for. See the table of [`clock`](maitred_core::clock).
    #[serde(skip)]
    pub pause_from: Option<Timestamp>,
    /// How the next step is entered; `None`: with `execute`.
    pub resumption: Option<Resumption>,
    /// The result of a success.
    pub result: Option<Value>,
    /// The reason of the last transition.
    pub message: Option<String>,
    /// How the wait or the call has failed that the task failed by, where that is known.
    pub failure: Option<FailureKind>,
    /// What somebody has asked for, and the triggerer has not done yet.
    pub cancel: Option<CancelRequest>,
    /// When it was submitted.
    pub created: Timestamp,
    /// When its first try began.
    pub started: Option<Timestamp>,
    /// When it came to its end.
    pub ended: Option<Timestamp>,
    /// Whether it has failed and its failure hook has still to be run.
    pub hook_pending: bool,
    /// What has become of that hook so far.
    pub hook: HookProgress,
}

/// The attempts at telling a failure.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[non_exhaustive]
pub struct HookProgress {
    /// How many there were.
    pub attempts: u32,
    /// When the next one is due, if the last has failed and may be repeated.
    pub next: Option<Timestamp>,
    /// Why the last one has failed, if it has.
    pub error: Option<String>,
}

/// How an operator is resumed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Resumption {
    /// The method.
    pub method: String,
    /// Its arguments.
    pub kwargs: Value,
    /// The event, or what came instead of it.
    pub with: Resumed,
}

/// What a user asks for with `tasks cancel`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct CancelRequest {
    /// Why.
    pub reason: CancelReason,
    /// True if what the task has started is to be undone.
    pub undo: bool,
}

impl CancelRequest {
    /// A request for this reason.
    #[must_use]
    pub const fn new(reason: CancelReason, undo: bool) -> Self {
        Self { reason, undo }
    }
}

/// A deferral as the store keeps it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct StoredDeferral {
    /// What is waited for.
    pub trigger: SerializedTrigger,
    /// The trigger's state, as JSON.
    pub state: String,
    /// When the trigger's next step is due.
    pub due: Timestamp,
    /// When the pause before that step began. Not known of a deferral that an older version has stored.
    pub pause_from: Option<Timestamp>,
    /// When the deferral times out.
    pub timeout_at: Option<Timestamp>,
    /// Where the operator goes on.
    pub method: String,
    /// With what.
    pub kwargs: Value,
    /// The call that undoes what the task has started.
    pub on_cancel: Option<UndoCall>,
}

impl StoredDeferral {
    /// A deferral onto a trigger whose next step is due at `due`.
    #[must_use]
    pub fn new(trigger: SerializedTrigger, state: String, due: Timestamp) -> Self {
        let (method, kwargs) = (String::new(), Value::Null);
        Self {
            trigger,
            state,
            due,
            pause_from: None,
            timeout_at: None,
            method,
            kwargs,
            on_cancel: None,
        }
    }

    /// The progress of its wait, if it waits with a waiter.
    #[must_use]
    pub fn progress(&self) -> Option<Progress> {
        #[derive(Deserialize)]
        struct Waiting {
            progress: Progress,
        }
        serde_json::from_str(&self.state).ok().map(|Waiting { progress }| progress)
    }
}

/// A deferred task, as the triggerer takes it up.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct DeferredTask {
    /// The task.
    pub id: TaskId,
    /// The step that was deferred.
    pub step: u32,
    /// The end of the try's execution time-out.
    pub deadline: Option<Timestamp>,
    /// The deferral.
    pub deferral: StoredDeferral,
}

/// One change of a task's state.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Change {
    /// The task.
    pub id: TaskId,
    /// The step in which the change was found. A task that is in another step by now is left alone.
    pub step: u32,
    /// What happens.
    pub transition: Transition,
    /// Why, for the task's history.
    pub reason: String,
    /// Of an end as failed: how the wait or the call has failed, where that is known.
    pub failure: Option<FailureKind>,
    /// True for an end that answers a request to undo what the task has started. Without it, a deferred task whose
    /// undoing is asked for stays as it is.
    #[serde(default)]
    pub undo_answered: bool,
}

impl Change {
    /// A change of a task in this step.
    pub fn new(id: TaskId, step: u32, transition: Transition, reason: impl Into<String>) -> Self {
        Self { id, step, transition, reason: reason.into(), failure: None, undo_answered: false }
    }

    /// A change of this task in the step that it is in.
    #[must_use]
    pub fn of(task: &Task, transition: Transition, reason: impl Into<String>) -> Self {
        Self::new(task.id, task.step, transition, reason)
    }

    /// Sets [`Self::failure`].
    #[must_use]
    pub fn with_failure(mut self, failure: Option<FailureKind>) -> Self {
        self.failure = failure;
        self
    }
}

/// What may happen to a task. Every one is an entry of the task's history and sets its message.
/// Callers match it exhaustively: a new variant is a breaking change.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Transition {
    /// Running → deferred, in the same step. What the step was resumed with is gone.
    Defer(Box<StoredDeferral>),
    /// Deferred → queued, due now, in a new step with a new token, which enters where the deferral says.
    /// The deferral is removed. The deadline stays.
    Resume(Box<Resumed>),
    /// Running or deferred → up for retry at this time, in a new step with a new token, from the
    /// beginning. The deferral is removed; the next claim sets a new deadline.
    Retry(Timestamp),
    /// Running → queued at this time, in the same step of the same try, entered as before: it could not
    /// be run now.
    Requeue(Timestamp),
    /// Running or deferred → blocked. Where it was is remembered: see [`Store::acquire`](super::Store::acquire).
    Block,
    /// Running or deferred → an end, with the result of a success. Its deferral, main calls and request
    /// to cancel are removed, but those of a task in doubt: its main calls are kept. History and log stay. A
    /// state that is no end is left out.
    End(TaskState, Option<Value>),
}

/// Where a trigger stands, to be stored.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Checkpoint {
    /// The task.
    pub id: TaskId,
    /// The step that was deferred.
    pub step: u32,
    /// The trigger's state, as JSON.
    pub state: String,
    /// When its next step is due.
    pub due: Timestamp,
    /// When the pause before that step began.
    pub pause_from: Timestamp,
}

impl Checkpoint {
    /// The state of a trigger during a pause.
    #[must_use]
    pub fn new(id: TaskId, step: u32, state: String, pause: Range<Timestamp>) -> Self {
        Self { id, step, state, due: pause.end, pause_from: pause.start }
    }
}

/// An entry of a task's history.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct HistoryEntry {
    /// When.
    pub at: Timestamp,
    /// The state before; `None` for the submission.
    pub from: Option<TaskState>,
    /// The state after.
    pub to: TaskState,
    /// Why.
    pub reason: String,
}

/// A line of a task's log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct LogLine {
    /// The task.
    pub id: TaskId,
    /// When.
    pub at: Timestamp,
    /// How much it matters.
    pub level: Level,
    /// The text.
    pub message: String,
}

impl LogLine {
    /// A line of this task's log.
    pub fn new(id: TaskId, at: Timestamp, level: Level, message: impl Into<String>) -> Self {
        Self { id, at, level, message: message.into() }
    }
}

/// A main call as the store keeps it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct StoredIntent {
    /// The call.
    pub intent: Intent,
    /// What became of it, if that is known.
    pub settled: Option<Settled>,
}
