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
//! use serde_json::json;
//!
//! #[derive(Debug, Serialize, Deserialize)]
//! #[serde(deny_unknown_fields)] // a misspelt argument is an error, and not left out
//! struct Remind {
//!     text: String,
//!     seconds: f64,
//! }
//!
//! /// Where it goes on after a wait; stored as `{"method": "remind", "kwargs": {"after": 60.0}}`.
//! #[derive(Serialize, Deserialize)]
//! #[serde(tag = "method", content = "kwargs", rename_all = "snake_case")]
//! enum At {
//!     Remind { after: f64 },
//! }
//!
//! impl Operator for Remind {
//!     const NAME: &'static str = "example.remind";
//!     type Resume = At;
//!
//!     async fn execute(&self, _ctx: &OperatorContext) -> Result<Flow<At>, OperatorError> {
//!         let trigger = TimeDeltaTrigger::new(self.seconds);
//!         Ok(Flow::Defer(Deferral::new(&trigger, At::Remind { after: self.seconds })?))
//!     }
//!
//!     async fn resume(
//!         &self,
//!         _ctx: &OperatorContext,
//!         At::Remind { after }: At,
//!         with: Resumed,
//!     ) -> Result<Flow<At>, OperatorError> {
//!         with.success()?;
//!         Ok(Flow::Done(json!({"reminded": self.text, "after": after})))
//!     }
//! }
//! ```

use std::fmt;
use std::future::Future;

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::trigger::CancelReason;

mod arguments;
mod connection_use;
mod context;
mod erased;
mod error;
pub mod file;
mod flow;
pub mod http;
mod main_call;
mod resumed;
pub mod sensor;
mod wait;

pub use arguments::{arguments_of, kind, resolved};
pub use connection_use::ConnectionUse;
pub use context::{Host, OperatorContext, TaskInfo};
pub(crate) use erased::{AnyOperator, OperatorType};
pub use error::{FailureKind, OperatorError};
pub(crate) use flow::Method;
pub use flow::{Deferral, ExecuteComplete, Flow, UndoCall};
pub(crate) use main_call::send_once;
pub use main_call::{Begun, Intent, MainCallError, Reconciled, Settled};
pub use resumed::{Crash, Resumed};
pub use wait::WaitOperator;

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
    /// The description, in a sentence.
    const SUMMARY: &'static str = "";
    /// The places where it can go on after a deferral: [`ExecuteComplete`], or an enum with
    /// `#[serde(tag = "method", content = "kwargs", rename_all = "snake_case")]` whose variants hold what has to
    /// be known there. It is stored with the deferral, so it holds no secrets. A task whose stored form this
    /// program cannot read is parked as `blocked`.
    type Resume: Serialize + DeserializeOwned + Send;

    /// The JSON Schema of the arguments, for `maitred tasks operators NAME`:
    /// [`arguments_of::<Self>()`](arguments_of), if it derives `JsonSchema`. Default: null, it is not told.
    #[must_use]
    fn arguments() -> Value {
        Value::Null
    }

    /// Checks the arguments before the task is accepted. Default: they are good.
    ///
    /// # Errors
    /// The message says what is wrong, and what to give instead.
    fn check(&self) -> Result<(), OperatorError> {
        Ok(())
    }

    /// The connections that it uses, which are looked up before the task is accepted. Default: none.
    fn connections(&self) -> Vec<ConnectionUse> {
        Vec::new()
    }

    /// The deferral to begin with, for a task that needs no worker before its trigger. Default: none.
    ///
    /// # Errors
    /// The trigger cannot be stored.
    fn start_from_trigger(&self) -> Result<Option<Deferral<Self::Resume>>, OperatorError> {
        Ok(None)
    }

    /// Starts the work.
    ///
    /// # Errors
    /// The task has failed; it is retried if it has retries left.
    fn execute(
        &self,
        ctx: &OperatorContext,
    ) -> impl Future<Output = Result<Flow<Self::Resume>, OperatorError>> + Send;

    /// Goes on after a deferral, at `resume`. Default: the event of a wait that succeeded is the task's
    /// result, and anything else fails the task ([`Resumed::success`]).
    ///
    /// # Errors
    /// The task has failed; it is retried if it has retries left.
    fn resume(
        &self,
        ctx: &OperatorContext,
        resume: Self::Resume,
        with: Resumed,
    ) -> impl Future<Output = Result<Flow<Self::Resume>, OperatorError>> + Send {
        let _ = (ctx, resume);
        async { Ok(Flow::Done(with.success()?.payload)) }
    }

    /// Finds out what became of a main call whose reply was never seen. Default: it cannot be told.
    ///
    /// It is called before a step runs again whose process died in the call, and at once after a call that
    /// ended as [`MainCallError::Ambiguous`], also if the step was cancelled in it.
    /// [`TaskInfo::token`] is that of the step that made the call; another try of the
    /// task has a new one. After [`Reconciled::Found`] the step runs again, and
    /// [`main_call`](OperatorContext::main_call) gives the result that was found. After
    /// [`Reconciled::NotStarted`] a step that died runs again, and one whose call was ambiguous fails: it
    /// is retried if the task has retries left.
    ///
    /// # Errors
    /// It could not be looked up; it is tried again every 30 seconds, up to the task's execution time-out,
    /// at which it ends as `in_doubt`. Without one there is no end to that: give [`Reconciled::InDoubt`] for
    /// what no further look can tell. A look that goes on at the execution time-out is dropped, and the task ends as
    /// `in_doubt`. A cancelled task ends so at the first look that fails, or takes longer than 30 seconds.
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
    /// own time-out passes ([`Resumed::TimedOut`] tells of that), nor on a restart. At least once, as a step. It has
    /// 30 seconds, and is dropped then.
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
