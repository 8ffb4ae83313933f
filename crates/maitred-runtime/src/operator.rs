//! Operators: the work of a task, and what comes after the wait.
//!
//! An operator's [`execute`](Operator::execute) starts the real work and then **defers**: it returns a
//! [`Deferral`], which names a trigger, and is gone. When the trigger fires, a new value of the same
//! operator is made from its stored arguments, in whatever process, and resumed with the event. Nothing
//! else survives in between: what a later step needs goes into the deferral's `kwargs`.
//!
//! `execute`, `resume` and a trigger's `step` run at least once: after a crash they may run again. What
//! must not happen twice goes through [`OperatorContext::main_call`].
//!
//! `examples/own_operator.rs` has the usual one: it posts something, looks it up if the reply is lost,
//! waits for it with a waiter, and can undo it. `maitred::cli::main_with` makes a command
//! line of one's own operators. To test one, run it against a client of the test's
//! ([`Clients::with_client`](crate::connection::Clients::with_client)).
//!
//! # An operator of one's own
//!
//! ```
//! use maitred_runtime::operator::{Deferral, Flow, Operator, OperatorContext, OperatorError, Resumed};
//! use maitred_runtime::trigger::TimeDeltaTrigger;
//! use serde::{Deserialize, Serialize};
//! use serde_json::{Value, json};
//!
//! #[derive(Debug, Serialize, Deserialize)]
//! #[serde(deny_unknown_fields)] // a misspelt argument is an error, and not left out
//! struct Remind {
//!     text: String,
//!     seconds: f64,
//! }
//!
//! impl Operator for Remind {
//!     const NAME: &'static str = "example.remind";
//!
//!     async fn execute(&self, _ctx: &OperatorContext) -> Result<Flow, OperatorError> {
//!         let trigger = TimeDeltaTrigger { delta: self.seconds };
//!         Ok(Flow::Defer(Deferral::new(&trigger, "remind")?))
//!     }
//!
//!     async fn resume(
//!         &self,
//!         _ctx: &OperatorContext,
//!         _method: &str,
//!         _kwargs: Value,
//!         with: Resumed,
//!     ) -> Result<Flow, OperatorError> {
//!         with.success()?;
//!         Ok(Flow::Done(json!({"reminded": self.text})))
//!     }
//! }
//! ```

use std::fmt;
use std::future::Future;
use std::time::Duration;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::connection::{ClientSettings, ConnectionError};
use crate::trigger::CancelReason;
use crate::trigger::Cause;
use crate::trigger::SerializedTrigger;
use crate::trigger::Trigger;
use crate::trigger::TriggerError;
use crate::trigger::TriggerEvent;
use maitred_core::client::Call;
use maitred_core::client::CallError;
use maitred_core::clock::BoxFuture;
use maitred_core::engine::is_transient;

mod arguments;
mod context;
pub mod http;
pub mod sensor;
mod wait;

pub use arguments::arguments_of;
pub use arguments::{kind, resolved};
pub use context::{Begun, Host, MainCallError, OperatorContext, Settled, TaskInfo};
pub use wait::Wait;

/// The work of a task. The fields are the arguments: they are stored, and they are all that is left
/// between `execute` and `resume`. See the [module](self) for an example.
///
/// `#[serde(deny_unknown_fields)]` is recommended: without it a misspelt argument is dropped, and the task
/// runs with that argument's default.
pub trait Operator: Serialize + DeserializeOwned + fmt::Debug + Send + Sync + 'static {
    /// The name under which tasks are submitted and stored, e.g. `redshift.pause_cluster`.
    const NAME: &'static str;
    /// The version of the arguments' stored form. A program parks tasks of another version.
    const VERSION: u32 = 1;
    /// What it does, in a sentence.
    const SUMMARY: &'static str = "";

    /// The JSON Schema of the arguments, for `maitred tasks operators NAME`:
    /// [`arguments_of::<Self>()`](arguments_of), if it derives `JsonSchema`. Default: null, it is not told.
    #[must_use]
    fn arguments() -> Value {
        Value::Null
    }

    /// Checks the arguments before the task is accepted. Default: they are good.
    ///
    /// # Errors
    /// What is wrong, and what to give instead.
    fn check(&self) -> Result<(), OperatorError> {
        Ok(())
    }

    /// The deferral to begin with, for a task that needs no worker before its trigger. Default: none.
    ///
    /// # Errors
    /// The trigger cannot be stored.
    fn start_from_trigger(&self) -> Result<Option<Deferral>, OperatorError> {
        Ok(None)
    }

    /// Starts the work.
    ///
    /// # Errors
    /// The task has failed; it is retried if it has retries left.
    fn execute(
        &self,
        ctx: &OperatorContext,
    ) -> impl Future<Output = Result<Flow, OperatorError>> + Send;

    /// Goes on after a deferral, at `method`. Default: the event of a wait that succeeded is the task's
    /// result, and anything else fails the task ([`Resumed::success`]).
    ///
    /// # Errors
    /// The task has failed; it is retried if it has retries left.
    fn resume(
        &self,
        ctx: &OperatorContext,
        method: &str,
        kwargs: Value,
        with: Resumed,
    ) -> impl Future<Output = Result<Flow, OperatorError>> + Send {
        let _ = (ctx, method, kwargs);
        async { Ok(Flow::Done(with.success()?.payload)) }
    }

    /// Finds out what became of a main call whose reply was never seen. Default: it cannot be told.
    ///
    /// It is called before a step runs again whose process died in the call, and at once after a call that
    /// ended as [`MainCallError::Ambiguous`], also if the step was cancelled in it.
    /// [`OperatorContext::idempotency_token`] is that of the step that made the call; another try of the
    /// task has a new one. After [`Reconciled::Found`] the step runs again, and
    /// [`main_call`](OperatorContext::main_call) gives the result that was found. After
    /// [`Reconciled::NotStarted`] a step that died runs again, and one whose call was ambiguous fails: it
    /// is retried if the task has retries left.
    ///
    /// # Errors
    /// It could not be looked up; it is tried again every 30 seconds, up to the task's execution time-out,
    /// at which it ends as `in_doubt`. Without one there is no end to that: give [`Reconciled::InDoubt`] for
    /// what no further look can tell. A cancelled task ends so at the first look that fails.
    fn reconcile(
        &self,
        ctx: &OperatorContext,
        intent: &Intent,
    ) -> impl Future<Output = Result<Reconciled, OperatorError>> + Send {
        let _ = (ctx, intent);
        async { Ok(Reconciled::InDoubt) }
    }

    /// Called when the task is cancelled, or its execution time-out passes, while it is deferred or a step of
    /// it runs; that step has been dropped by then, at whatever `await` it was. Not called when a deferral's
    /// own time-out passes ([`Resumed::TimedOut`] tells of that), nor on a restart. At least once, as a step.
    /// [`CancelReason`] has a table. Default: nothing.
    fn on_cancel(
        &self,
        ctx: &OperatorContext,
        reason: CancelReason,
    ) -> impl Future<Output = ()> + Send {
        let _ = (ctx, reason);
        async {}
    }
}

/// What comes after a step of an operator.
#[derive(Debug, Clone, PartialEq)]
#[expect(
    clippy::large_enum_variant,
    reason = "there is one a step, and a box would be in everybody's way"
)]
pub enum Flow {
    /// The task has succeeded, with this result.
    Done(Value),
    /// The task waits for a trigger.
    Defer(Deferral),
    /// There was nothing to do, for this reason.
    Skip(String),
}

/// A hand-over to a trigger.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Deferral {
    /// What to wait for.
    pub trigger: SerializedTrigger,
    /// What [`Operator::resume`] gets as `method`.
    pub method_name: String,
    /// What [`Operator::resume`] gets as `kwargs`.
    #[serde(default)]
    pub kwargs: Value,
    /// How long the trigger may take; then the operator is resumed with [`Resumed::TimedOut`].
    #[serde(default)]
    pub timeout: Option<Duration>,
    /// The call that undoes what this task has started ([`Self::with_undo`]).
    #[serde(default, rename = "on_cancel")]
    pub undo: Option<UndoCall>,
}

impl Deferral {
    /// Waits for `trigger`, without a time-out, and goes on at `method_name`.
    ///
    /// # Errors
    /// The trigger cannot be stored.
    pub fn new(
        trigger: &impl Trigger,
        method_name: impl Into<String>,
    ) -> Result<Self, OperatorError> {
        Ok(Self {
            trigger: trigger.serialize_trigger()?,
            method_name: method_name.into(),
            kwargs: Value::Null,
            timeout: None,
            undo: None,
        })
    }

    /// The same with arguments for the method.
    #[must_use]
    pub fn with_kwargs(mut self, kwargs: Value) -> Self {
        self.kwargs = kwargs;
        self
    }

    /// The same with a time-out.
    #[must_use]
    pub fn with_timeout(mut self, timeout: Duration) -> Self {
        self.timeout = Some(timeout);
        self
    }

    /// The same with a call that undoes what this task itself has started. It is sent, once, if the task is
    /// cancelled while it is deferred here and whoever cancels it asks for that (`tasks cancel --undo`,
    /// [`Engine::cancel`](crate::Engine::cancel)); never on a time-out or a failure. A task that
    /// only waits for somebody else's work must not have one.
    #[must_use]
    pub fn with_undo(mut self, call: UndoCall) -> Self {
        self.undo = Some(call);
        self
    }
}

/// A call that undoes what a task has started, as data. It is stored as it is and sent as it is, so it holds
/// no secrets, nor references to any: those are in the connection.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct UndoCall {
    /// What it does, in words, e.g. `delete cluster analytics`: shown before it is sent.
    pub description: String,
    /// The call.
    pub call: Call,
    /// The connection that it goes through.
    pub client: ClientSettings,
}

/// What a deferred operator is resumed with.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Resumed {
    /// The trigger fired.
    Event(TriggerEvent),
    /// The deferral's time-out passed.
    TimedOut,
    /// The trigger could not start or go on.
    TriggerCrashed(Crash),
}

impl Resumed {
    /// The event, whatever it says: also that of a wait that failed. See [`Self::success`].
    ///
    /// # Errors
    /// There is none: the deferral timed out, or its trigger crashed.
    pub fn event(self) -> Result<TriggerEvent, OperatorError> {
        match self {
            Self::Event(event) => Ok(event),
            Self::TimedOut => {
                let error = OperatorError::new("the deferral timed out");
                Err(error.with_kind(FailureKind::GaveUp))
            }
            Self::TriggerCrashed(Crash { message, cause }) => Err(match cause {
                Cause::Missing => OperatorError::missing(message),
                Cause::Refused => OperatorError::new(message).with_kind(FailureKind::Refused),
                Cause::Broken => OperatorError::new(format!("the trigger failed: {message}")),
            }),
        }
    }

    /// The event of a wait that succeeded: its `status` is `success`. A trigger of one's own says so
    /// too; an event without a `status`, or one that is no object, is no success.
    ///
    /// # Errors
    /// There is no event, or its `status` is not `success`: then the message is the event's `message`, or
    /// else the event.
    pub fn success(self) -> Result<TriggerEvent, OperatorError> {
        let event = self.event()?;
        if event.status() == Some("success") {
            return Ok(event);
        }
        let message = event.payload.get("message").and_then(Value::as_str);
        let message = message.filter(|message| !message.is_empty());
        let error = OperatorError::new(match message {
            Some(message) => message.to_owned(),
            None => format!("the wait did not succeed: {}", event.payload),
        });
        Err(OperatorError { kind: FailureKind::of_event(&event), ..error })
    }
}

/// How a trigger broke.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Crash {
    /// What happened, for people.
    pub message: String,
    /// What follows from it, if nobody does anything about it.
    #[serde(default, skip_serializing_if = "Cause::is_broken")]
    pub(crate) cause: Cause,
}

impl Crash {
    /// A crash that fails the task.
    #[must_use]
    pub fn new(message: impl Into<String>) -> Self {
        Self { message: message.into(), cause: Cause::Broken }
    }
}

impl From<TriggerError> for Crash {
    fn from(error: TriggerError) -> Self {
        Self { cause: error.cause(), ..Self::new(error.to_string()) }
    }
}

/// That a main call is about to be made. Stored before the call, so that a crash leaves a trace of it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Intent {
    /// The place of the call among the calls of this step, from 0.
    pub ordinal: u32,
    /// Which call, e.g. `pause_cluster`.
    pub name: String,
    /// What identifies the work, for [`Operator::reconcile`]. Holds no secrets.
    pub details: Value,
}

/// What became of a main call.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reconciled {
    /// It was made: this is its result, as the call would have given it.
    Found(Value),
    /// It was certainly not made, so it can be made now.
    NotStarted,
    /// It cannot be told. The task ends as `in_doubt`; the call is never made twice.
    InDoubt,
}

/// Why an operator failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OperatorError {
    message: String,
    retry: bool,
    in_doubt: bool,
    missing: bool,
    kind: Option<FailureKind>,
}

/// How a wait has failed that no failure acceptor has ended: `maitred run` exits as `maitred wait` would.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum FailureKind {
    /// The attempts or the time were used up.
    GaveUp,
    /// The service refused.
    Refused,
    /// The service could not be reached, or throttled for too long.
    Unreachable,
}

impl FailureKind {
    /// What an event says. One that a trigger fires for a call that may succeed later has a member
    /// `unreachable`, beside the `status` or in the `outcome`.
    fn of_event(event: &TriggerEvent) -> Option<Self> {
        let places = ["/unreachable", "/outcome/unreachable"];
        let is_true = |place: &&str| event.payload.pointer(place) == Some(&Value::Bool(true));
        match event.status()? {
            "exhausted" | "timeout" | "error" if places.iter().any(is_true) => {
                Some(Self::Unreachable)
            }
            "exhausted" | "timeout" => Some(Self::GaveUp),
            "error" => Some(Self::Refused),
            _ => None,
        }
    }
}

impl OperatorError {
    /// A failure with a message for people, to be retried if the task has retries left. The message
    /// must not hold secrets: it is stored.
    pub fn new(message: impl Into<String>) -> Self {
        let message = message.into();
        Self { message, retry: true, in_doubt: false, missing: false, kind: None }
    }

    /// Something is not defined here that may be in another process or later, such as a connection. It
    /// parks the task as `blocked`, until a triggerer begins that has it.
    pub fn missing(message: impl Into<String>) -> Self {
        Self { missing: true, ..Self::new(message) }
    }

    /// A failure that no retry can mend.
    pub fn fatal(message: impl Into<String>) -> Self {
        Self { retry: false, ..Self::new(message) }
    }

    /// A main call was made and its reply not seen.
    fn in_doubt(message: impl Into<String>) -> Self {
        Self { in_doubt: true, ..Self::new(message) }
    }

    /// A main call was made, and its recorded result is of no use: to go on could mean to make it again.
    fn unreadable(message: impl Into<String>) -> Self {
        Self { in_doubt: true, ..Self::fatal(message) }
    }

    /// The same of this kind.
    #[must_use]
    pub fn with_kind(mut self, kind: FailureKind) -> Self {
        self.kind = Some(kind);
        self
    }

    /// Which kind of failure it is, if it comes from a wait or a call of which that is known.
    #[must_use]
    pub fn kind(&self) -> Option<FailureKind> {
        self.kind
    }

    /// Whether a retry could help.
    #[must_use]
    pub fn can_be_retried(&self) -> bool {
        self.retry
    }

    /// Whether something is not defined here.
    #[must_use]
    pub fn is_missing(&self) -> bool {
        self.missing
    }

    /// Whether a main call may or may not have been made.
    #[must_use]
    pub fn is_in_doubt(&self) -> bool {
        self.in_doubt
    }
}

impl fmt::Display for OperatorError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for OperatorError {}

/// A call that failed, to be retried.
impl From<CallError> for OperatorError {
    fn from(error: CallError) -> Self {
        let kind =
            if is_transient(&error, &[]) { FailureKind::Unreachable } else { FailureKind::Refused };
        Self::new(error.to_string()).with_kind(kind)
    }
}

impl From<TriggerError> for OperatorError {
    fn from(error: TriggerError) -> Self {
        match error.cause() {
            Cause::Missing => Self::missing(error.to_string()),
            Cause::Refused => Self::new(error.to_string()).with_kind(FailureKind::Refused),
            Cause::Broken => Self::new(error.to_string()),
        }
    }
}

impl From<ConnectionError> for OperatorError {
    fn from(error: ConnectionError) -> Self {
        TriggerError::from(error).into()
    }
}

/// How a registry makes operators of one type out of stored arguments.
#[derive(Clone, Copy)]
pub(crate) struct OperatorType {
    pub(crate) version: u32,
    pub(crate) summary: &'static str,
    pub(crate) arguments: fn() -> Value,
    load: fn(&Value) -> Result<Box<dyn AnyOperator>, OperatorError>,
}

impl OperatorType {
    pub(crate) fn of<T: Operator>() -> Self {
        Self { version: T::VERSION, summary: T::SUMMARY, arguments: T::arguments, load: load::<T> }
    }

    /// The operator of these arguments.
    pub(crate) fn load(&self, args: &Value) -> Result<Box<dyn AnyOperator>, OperatorError> {
        (self.load)(args)
    }
}

fn load<T: Operator>(args: &Value) -> Result<Box<dyn AnyOperator>, OperatorError> {
    let operator: T = arguments::read(args, &T::arguments()).map_err(|problem| {
        OperatorError::fatal(format!(
            "the arguments of {name} cannot be used: {problem} (`maitred tasks operators {name}` shows them)",
            name = T::NAME
        ))
    })?;
    Ok(Box::new(operator))
}

/// An operator of any type.
pub(crate) trait AnyOperator: Send + Sync {
    fn check(&self) -> Result<(), OperatorError>;
    fn start_from_trigger(&self) -> Result<Option<Deferral>, OperatorError>;
    fn execute<'a>(
        &'a self,
        ctx: &'a OperatorContext,
    ) -> BoxFuture<'a, Result<Flow, OperatorError>>;
    fn resume<'a>(
        &'a self,
        ctx: &'a OperatorContext,
        method: &'a str,
        kwargs: Value,
        with: Resumed,
    ) -> BoxFuture<'a, Result<Flow, OperatorError>>;
    fn reconcile<'a>(
        &'a self,
        ctx: &'a OperatorContext,
        intent: &'a Intent,
    ) -> BoxFuture<'a, Result<Reconciled, OperatorError>>;
    fn on_cancel<'a>(&'a self, ctx: &'a OperatorContext, reason: CancelReason)
    -> BoxFuture<'a, ()>;
}

impl<T: Operator> AnyOperator for T {
    fn check(&self) -> Result<(), OperatorError> {
        Operator::check(self)
    }

    fn start_from_trigger(&self) -> Result<Option<Deferral>, OperatorError> {
        Operator::start_from_trigger(self)
    }

    fn execute<'a>(
        &'a self,
        ctx: &'a OperatorContext,
    ) -> BoxFuture<'a, Result<Flow, OperatorError>> {
        Box::pin(Operator::execute(self, ctx))
    }

    fn resume<'a>(
        &'a self,
        ctx: &'a OperatorContext,
        method: &'a str,
        kwargs: Value,
        with: Resumed,
    ) -> BoxFuture<'a, Result<Flow, OperatorError>> {
        Box::pin(Operator::resume(self, ctx, method, kwargs, with))
    }

    fn reconcile<'a>(
        &'a self,
        ctx: &'a OperatorContext,
        intent: &'a Intent,
    ) -> BoxFuture<'a, Result<Reconciled, OperatorError>> {
        Box::pin(Operator::reconcile(self, ctx, intent))
    }

    fn on_cancel<'a>(
        &'a self,
        ctx: &'a OperatorContext,
        reason: CancelReason,
    ) -> BoxFuture<'a, ()> {
        Box::pin(Operator::on_cancel(self, ctx, reason))
    }
}
