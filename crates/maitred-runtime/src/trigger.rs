//! Triggers: what a deferred task waits for, as data.
//!
//! A trigger is a step with serialisable state, not a free generator, so that any engine can hold it
//! between two polls, store it, and go on after a restart. [`WaiterTrigger`] is the generic one: any
//! waiter, of any service, without a type of its own. What no waiter can express implements
//! [`Trigger`] by hand.
//!
//! # A trigger of one's own
//!
//! This one polls a file until it is there. Everything that it needs to go on after a restart is in its
//! fields and its `State`; it never sleeps by itself, it says when it wants to be asked again.
//!
//! ```
//! use std::time::Duration;
//!
//! use maitred_core::clock::Timestamp;
//! use maitred_runtime::trigger::{Step, Trigger, TriggerContext, TriggerError, TriggerEvent};
//! use serde::{Deserialize, Serialize};
//! use serde_json::json;
//!
//! #[derive(Debug, Serialize, Deserialize)]
//! #[serde(deny_unknown_fields)]
//! struct FileTrigger {
//!     path: String,
//! }
//!
//! impl Trigger for FileTrigger {
//!     const NAME: &'static str = "example.file";
//!     type State = u32;
//!
//!     async fn start(&self, _ctx: &TriggerContext) -> Result<u32, TriggerError> {
//!         Ok(0)
//!     }
//!
//!     async fn step(&self, _ctx: &TriggerContext, polls: &mut u32) -> Result<Step, TriggerError> {
//!         *polls += 1;
//!         if std::path::Path::new(&self.path).exists() {
//!             return Ok(Step::Fire(TriggerEvent::new(json!({"status": "success", "polls": polls}))));
//!         }
//!         Ok(Step::Again { after: Duration::from_secs(5) })
//!     }
//! }
//! ```

use std::fmt;
use std::future::Future;
use std::time::Duration;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::connection::{ConnectionError, SecretError};
use maitred_core::clock::BoxFuture;
use maitred_core::clock::Timestamp;

mod context;
mod http;
mod secrets;
mod time;
mod values;
mod waiter;

pub(crate) use context::stored_form;
pub use context::{DefinitionStore, Definitions, Level, Log, Services, TriggerContext};
pub use http::HttpTrigger;
pub(crate) use secrets::literal_secret;
pub use time::{DateTimeTrigger, TimeDeltaTrigger};
pub use waiter::{Overrides, WaiterState, WaiterTrigger};
pub use waiter::{refused_route, route_of_file};

/// What a deferred task waits for: plain data, and one step at a time.
///
/// The fields are the arguments: they are stored, so they hold no secrets. See the
/// [module](self) for an example.
pub trait Trigger: Serialize + DeserializeOwned + fmt::Debug + Send + Sync + 'static {
    /// The name under which triggers of this type are stored, e.g. `maitred.waiter`.
    const NAME: &'static str;
    /// The version of the stored form. A program parks tasks whose trigger has another version.
    const VERSION: u32 = 1;
    /// What changes from step to step.
    type State: Serialize + DeserializeOwned + Send + Sync + 'static;

    /// The state before the first step. Called once, when the task is deferred.
    ///
    /// # Errors
    /// The trigger cannot work, e.g. because its waiter does not exist; the task is told at once.
    fn start(
        &self,
        ctx: &TriggerContext,
    ) -> impl Future<Output = Result<Self::State, TriggerError>> + Send;

    /// When the first step is due, from the state that [`start`](Self::start) gave. Default: at once.
    fn first_due(&self, state: &Self::State, now: Timestamp) -> Timestamp {
        let _ = state;
        now
    }

    /// One look at the world. At least once: after a crash the last step may run again.
    ///
    /// # Errors
    /// The trigger cannot go on. The operator is resumed with
    /// [`Resumed::TriggerCrashed`](crate::operator::Resumed::TriggerCrashed).
    fn step(
        &self,
        ctx: &TriggerContext,
        state: &mut Self::State,
    ) -> impl Future<Output = Result<Step, TriggerError>> + Send;

    /// Called when the task's deferral is ended from outside, before
    /// [`Operator::on_cancel`](crate::operator::Operator::on_cancel); never on a restart. `reason` is
    /// [`CancelReason::Timeout`] for the deferral's own time-out and for the task's execution time-out
    /// alike. `state` is the one that was stored last, up to a second old; a step that is in flight is
    /// dropped. At least once, as a step. Default: nothing.
    fn on_cancel(
        &self,
        ctx: &TriggerContext,
        state: &Self::State,
        reason: CancelReason,
    ) -> impl Future<Output = ()> + Send {
        let _ = (ctx, state, reason);
        async {}
    }

    /// The stored form.
    ///
    /// # Errors
    /// The fields cannot be written as JSON, or hold a literal secret.
    fn serialize_trigger(&self) -> Result<SerializedTrigger, TriggerError> {
        serialized(self)
    }
}

fn serialized<T: Trigger>(trigger: &T) -> Result<SerializedTrigger, TriggerError> {
    let kwargs = serde_json::to_value(trigger)
        .map_err(|error| TriggerError::new(format!("{} cannot be stored: {error}", T::NAME)))?;
    Ok(SerializedTrigger { name: T::NAME.to_owned(), version: T::VERSION, kwargs })
}

/// The shortest time between two steps of a trigger: one that asks for less must not keep the process
/// busy.
pub const MIN_PAUSE: Duration = Duration::from_millis(10);

/// A trigger as it is stored: its name, the version of its form, and its fields.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SerializedTrigger {
    /// [`Trigger::NAME`].
    pub name: String,
    /// [`Trigger::VERSION`] of the program that stored it.
    pub version: u32,
    /// The fields.
    pub kwargs: Value,
}

/// What comes after a step.
#[derive(Debug, Clone, PartialEq)]
pub enum Step {
    /// What was waited for has happened: the operator is resumed with this event.
    Fire(TriggerEvent),
    /// Not yet: step again.
    Again {
        /// Time from now to the next step; less than [`MIN_PAUSE`] counts as that.
        after: Duration,
    },
    /// Ends the task here, without a worker.
    End(TaskEnd),
}

/// What a trigger tells the operator: JSON, and at most
/// [`MAX_RESULT_BYTES`](crate::task::MAX_RESULT_BYTES) of it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct TriggerEvent {
    /// The event. By convention an object with a `status`, which is `success` if all went well, and a
    /// `message` if not: [`Resumed::success`](crate::operator::Resumed::success) reads them.
    pub payload: Value,
}

impl TriggerEvent {
    /// An event of this payload.
    #[must_use]
    pub fn new(payload: Value) -> Self {
        Self { payload }
    }

    /// The payload's `status`, if it is an object that has one.
    #[must_use]
    pub fn status(&self) -> Option<&str> {
        self.payload.get("status")?.as_str()
    }
}

/// The end of a task, as a trigger may declare it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TaskEnd {
    /// It succeeded, with this result.
    Success(Value),
    /// It failed; retries are made if the task has any left.
    Failure(String),
    /// It was not needed.
    Skip(String),
}

/// Why a wait or a task is stopped from outside.
///
/// | what happens | the trigger's [`on_cancel`](Trigger::on_cancel) | the operator's [`on_cancel`](crate::operator::Operator::on_cancel) | the [undo call](crate::operator::Deferral::with_undo) | then |
/// |---|---|---|---|---|
/// | cancelled while it is deferred | `User` or `Replaced` | the same | if asked for (`--undo`) | `cancelled` |
/// | cancelled while a step of the operator runs | – | the same; the step is dropped | – | `cancelled`, or `in_doubt` if [`reconcile`](crate::operator::Operator::reconcile) says so |
/// | cancelled while it is queued, awaits a retry, or is blocked (with `--undo`: as deferred) | – | – | – | `cancelled`, or `in_doubt` if a main call may have been made |
/// | the deferral's time-out | `Timeout` | – | – | resumed with [`TimedOut`](crate::operator::Resumed::TimedOut) |
/// | the execution time-out, deferred | `Timeout` | `Timeout` | – | fails, and is retried if it may be |
/// | the execution time-out, in a step | – | `Timeout`; the step is dropped | – | the same |
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum CancelReason {
    /// Somebody cancelled the task.
    User,
    /// The deferral's time-out or the task's execution time-out passed.
    Timeout,
    /// Another task took its key.
    Replaced,
}

impl fmt::Display for CancelReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::User => "cancelled by a user",
            Self::Timeout => "out of time",
            Self::Replaced => "replaced by another task of the same key",
        })
    }
}

/// Why a trigger cannot start or go on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TriggerError {
    message: String,
    cause: Cause,
    /// Whether it is the store of the tasks that cannot be used, which says nothing of the task.
    of_store: bool,
}

/// What follows from the failure of a trigger.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Cause {
    /// It broke.
    #[default]
    Broken,
    /// What it was given cannot be used.
    Refused,
    /// Something is not here that may be elsewhere, or later.
    Missing,
}

impl Cause {
    /// Whether it is the one that is not written down.
    pub(crate) fn is_broken(&self) -> bool {
        *self == Self::Broken
    }
}

impl TriggerError {
    /// An error with a message for people. It must not hold secrets: it is stored.
    pub fn new(message: impl Into<String>) -> Self {
        Self { message: message.into(), cause: Cause::Broken, of_store: false }
    }

    /// The same for something that is not defined here, and may be in another process or later: a waiter, a
    /// service model, a connection, a secret. It parks the task as `blocked`, until a triggerer begins that
    /// has it.
    pub fn missing(message: impl Into<String>) -> Self {
        Self { cause: Cause::Missing, ..Self::new(message) }
    }

    /// The same for a store of tasks that cannot be used: this ends the triggerer, and not the task.
    pub(crate) fn of_store(message: impl Into<String>) -> Self {
        Self { of_store: true, ..Self::new(message) }
    }

    /// Whether the store of the tasks cannot be used.
    pub(crate) fn is_of_store(&self) -> bool {
        self.of_store
    }

    /// Whether something is not defined here.
    #[must_use]
    pub fn is_missing(&self) -> bool {
        self.cause == Cause::Missing
    }

    pub(crate) fn cause(&self) -> Cause {
        self.cause
    }
}

impl From<ConnectionError> for TriggerError {
    fn from(error: ConnectionError) -> Self {
        let cause = if error.is_missing() { Cause::Missing } else { Cause::Refused };
        Self { cause, ..Self::new(error.to_string()) }
    }
}

impl From<SecretError> for TriggerError {
    fn from(error: SecretError) -> Self {
        ConnectionError::from(error).into()
    }
}

impl fmt::Display for TriggerError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for TriggerError {}

/// How a registry makes triggers of one type out of stored ones.
#[derive(Clone, Copy)]
pub(crate) struct TriggerType {
    pub(crate) version: u32,
    load: fn(Value) -> Result<Box<dyn AnyTrigger>, TriggerError>,
}

impl TriggerType {
    pub(crate) fn of<T: Trigger>() -> Self {
        Self { version: T::VERSION, load: load::<T> }
    }

    /// The trigger of these fields.
    pub(crate) fn load(&self, kwargs: Value) -> Result<Box<dyn AnyTrigger>, TriggerError> {
        (self.load)(kwargs)
    }
}

fn load<T: Trigger>(kwargs: Value) -> Result<Box<dyn AnyTrigger>, TriggerError> {
    let trigger: T = serde_json::from_value(kwargs).map_err(|error| {
        TriggerError::new(format!("the arguments of {} cannot be read: {error}", T::NAME))
    })?;
    Ok(Box::new(Loaded::<T> { trigger, state: None }))
}

/// A trigger of any type together with its state.
pub(crate) trait AnyTrigger: Send {
    /// Makes the state before the first step, and tells when that is due.
    fn start<'a>(
        &'a mut self,
        ctx: &'a TriggerContext,
    ) -> BoxFuture<'a, Result<Timestamp, TriggerError>>;
    /// Takes up a stored state.
    fn restore(&mut self, state: &str) -> Result<(), TriggerError>;
    /// The state as it is stored.
    fn state(&self) -> Result<String, TriggerError>;
    fn step<'a>(&'a mut self, ctx: &'a TriggerContext)
    -> BoxFuture<'a, Result<Step, TriggerError>>;
    fn on_cancel<'a>(&'a self, ctx: &'a TriggerContext, reason: CancelReason) -> BoxFuture<'a, ()>;
}

struct Loaded<T: Trigger> {
    trigger: T,
    state: Option<T::State>,
}

const NOT_STARTED: &str = "the trigger has not been started";

impl<T: Trigger> AnyTrigger for Loaded<T> {
    fn start<'a>(
        &'a mut self,
        ctx: &'a TriggerContext,
    ) -> BoxFuture<'a, Result<Timestamp, TriggerError>> {
        Box::pin(async {
            let state = self.trigger.start(ctx).await?;
            let due = self.trigger.first_due(&state, ctx.now());
            self.state = Some(state);
            Ok(due)
        })
    }

    fn restore(&mut self, state: &str) -> Result<(), TriggerError> {
        let state = serde_json::from_str(state).map_err(|error| {
            TriggerError::new(format!("the state of {} cannot be read: {error}", T::NAME))
        })?;
        self.state = Some(state);
        Ok(())
    }

    fn state(&self) -> Result<String, TriggerError> {
        let state = self.state.as_ref().ok_or_else(|| TriggerError::new(NOT_STARTED))?;
        serde_json::to_string(state).map_err(|error| {
            TriggerError::new(format!("the state of {} cannot be stored: {error}", T::NAME))
        })
    }

    fn step<'a>(
        &'a mut self,
        ctx: &'a TriggerContext,
    ) -> BoxFuture<'a, Result<Step, TriggerError>> {
        Box::pin(async {
            let state = self.state.as_mut().ok_or_else(|| TriggerError::new(NOT_STARTED))?;
            self.trigger.step(ctx, state).await
        })
    }

    fn on_cancel<'a>(&'a self, ctx: &'a TriggerContext, reason: CancelReason) -> BoxFuture<'a, ()> {
        Box::pin(async move {
            if let Some(state) = &self.state {
                self.trigger.on_cancel(ctx, state, reason).await;
            }
        })
    }
}
