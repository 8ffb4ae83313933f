//! Triggers: the waits of deferred tasks, as data.
//!
//! A trigger is a step with serialisable state, so that any engine can hold it between two polls, store it, and
//! continue after a restart. [`WaiterTrigger`] is the generic one: it runs any waiter of any service. A wait that no
//! waiter can express is a type that implements [`Trigger`].
//!
//! # A custom trigger
//!
//! This one polls until a file exists. Everything that it needs to continue after a restart is in its fields and its
//! `State`. It never sleeps: it returns when the next step is due.
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

use serde::Serialize;
use serde::de::DeserializeOwned;

use maitred_core::clock::Timestamp;

mod cancel;
mod context;
mod definitions;
mod erased;
mod error;
mod http;
mod log;
mod secrets;
mod step;
mod time;
mod values;
mod waiter;

pub use cancel::CancelReason;
pub(crate) use context::send;
pub use context::{Services, TriggerContext};
pub(crate) use definitions::stored_form;
pub use definitions::{DefinitionStore, Definitions};
pub(crate) use erased::{AnyTrigger, TriggerType};
pub(crate) use error::Cause;
pub use error::TriggerError;
pub use http::HttpTrigger;
pub use log::{Level, Log};
pub(crate) use secrets::literal_secret;
pub use secrets::{refused_route, route_of_file};
pub use step::{SerializedTrigger, Step, TaskEnd, TriggerEvent};
pub use time::{DateTimeTrigger, TimeDeltaTrigger};
pub use waiter::{Overrides, WaiterState, WaiterTrigger};

/// The wait of a deferred task: plain data, and one step at a time.
///
/// The fields are the arguments. They are stored, so they hold no secrets. The [module](self) has an example.
pub trait Trigger: Serialize + DeserializeOwned + fmt::Debug + Send + Sync + 'static {
    /// The name of this type in stored triggers, e.g. `maitred.waiter`.
    const NAME: &'static str;
    /// The version of the stored form. Tasks whose trigger has another version are blocked.
    const VERSION: u32 = 1;
    /// The state, which changes from step to step.
    type State: Serialize + DeserializeOwned + Send + Sync + 'static;

    /// Creates the state before the first step. Called once, when the task is deferred.
    ///
    /// # Errors
    /// The trigger cannot work, e.g. because its waiter does not exist. The operator gets the error at once.
    fn start(
        &self,
        ctx: &TriggerContext,
    ) -> impl Future<Output = Result<Self::State, TriggerError>> + Send;

    /// The time at which the first step is due, given the state from [`start`](Self::start). Default: `now`.
    fn first_due(&self, state: &Self::State, now: Timestamp) -> Timestamp {
        let _ = state;
        now
    }

    /// Makes one step, e.g. a poll. After a crash the last step may run again.
    ///
    /// # Errors
    /// The trigger cannot continue. The operator is resumed with
    /// [`Resumed::TriggerCrashed`](crate::operator::Resumed::TriggerCrashed).
    fn step(
        &self,
        ctx: &TriggerContext,
        state: &mut Self::State,
    ) -> impl Future<Output = Result<Step, TriggerError>> + Send;

    /// Called when the task's deferral is ended from outside, before
    /// [`Operator::on_cancel`](crate::operator::Operator::on_cancel); never on a restart. `reason` is
    /// [`CancelReason::Timeout`] for the deferral's own time-out and for the task's execution time-out
    /// alike. `state` is the last stored one, up to a second old; a step in flight is dropped. After a crash it may
    /// be called again. Default: does nothing.
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

/// The shortest pause between two steps, so that no trigger can keep the process busy.
pub const MIN_PAUSE: Duration = Duration::from_millis(10);
