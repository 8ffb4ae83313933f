//! The context of an operator: its task, the services of the process, and main calls.

use std::fmt;
use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, AtomicUsize, Ordering};

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::error::OperatorError;
use super::main_call::{Begun, Intent, MainCallError, Settled};
use super::resumed::{Crash, Resumed};
use crate::connection::ClientSettings;
use crate::task::TaskId;
use crate::trigger::{
    Level, Log, MIN_PAUSE, Services, Step, Trigger, TriggerContext, TriggerError,
};
use maitred_core::client::Client;
use maitred_core::clock::{BoxFuture, Timestamp};

/// The task that an operator works for.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct TaskInfo {
    /// The task's number.
    pub id: TaskId,
    /// The task's key, if it was given one.
    pub key: Option<String>,
    /// The number of this try, from 1.
    pub try_number: u32,
    /// A token for operations that have an idempotency token: the same when this step runs again after a crash,
    /// another one for every try and every step.
    pub token: String,
}

/// The engine that runs a task, as its operator's context uses it.
pub trait Host: Send + Sync + fmt::Debug {
    /// Stores that a main call is about to be made. When this has returned, the intent survives a crash.
    fn begin(&self, intent: Intent) -> BoxFuture<'_, Result<Begun, OperatorError>>;
    /// Stores what became of the call. When this has returned, it survives a crash.
    fn settle(&self, ordinal: u32, settled: Settled) -> BoxFuture<'_, Result<(), OperatorError>>;
    /// The stored result of a call of this step that was made before.
    fn recorded(&self, ordinal: u32) -> BoxFuture<'_, Result<Option<Value>, OperatorError>>;
    /// Takes a line of the task's log.
    fn log(&self, level: Level, message: String);
}

/// The log of a trigger that runs on a worker.
#[derive(Debug)]
struct HostLog(Arc<dyn Host>);

impl Log for HostLog {
    fn log(&self, level: Level, message: String) {
        self.0.log(level, message);
    }
}

/// The context of an operator while it runs.
#[derive(Debug)]
#[non_exhaustive]
pub struct OperatorContext {
    /// The clock, the clients and the waiters of the process.
    pub services: Arc<Services>,
    /// The task.
    pub task: TaskInfo,
    host: Arc<dyn Host>,
    calls: AtomicU32,
    /// The number of main calls that are being made.
    open: AtomicUsize,
}

/// A main call that is being made, until this is dropped.
struct OpenCall<'a>(&'a AtomicUsize);

impl<'a> OpenCall<'a> {
    fn of(open: &'a AtomicUsize) -> Self {
        open.fetch_add(1, Ordering::SeqCst);
        Self(open)
    }
}

impl Drop for OpenCall<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

impl OperatorContext {
    /// The context of one step of a task.
    #[must_use]
    pub fn new(services: Arc<Services>, task: TaskInfo, host: Arc<dyn Host>) -> Self {
        Self { services, task, host, calls: AtomicU32::new(0), open: AtomicUsize::new(0) }
    }

    /// The stored result of the next main call of this step if it was made before, in a run that was broken off. It then
    /// counts as made: what follows is the call after it.
    pub(crate) async fn recorded(&self) -> Result<Option<Value>, OperatorError> {
        let recorded = self.host.recorded(self.calls.load(Ordering::Relaxed)).await?;
        if recorded.is_some() {
            self.calls.fetch_add(1, Ordering::Relaxed);
        }
        Ok(recorded)
    }

    /// True while a main call is being made.
    pub(crate) fn makes_main_call(&self) -> bool {
        self.open.load(Ordering::SeqCst) > 0
    }

    /// The time now.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        self.services.clock.now()
    }

    /// A client for `service`, by the id of a connection and what goes with it.
    ///
    /// # Errors
    /// The connection does not exist or cannot be used.
    pub async fn client(
        &self,
        service: &str,
        settings: &ClientSettings,
    ) -> Result<Arc<dyn Client>, OperatorError> {
        Ok(self.services.clients.open(service, settings).await?)
    }

    /// Runs a trigger to its end here, on the worker: the wait of an operator that does not defer.
    pub async fn run_trigger<T: Trigger>(&self, trigger: &T) -> Resumed {
        let log = Arc::new(HostLog(Arc::clone(&self.host)));
        let ctx = TriggerContext::new(Arc::clone(&self.services), log);
        let crashed = |error: TriggerError| Resumed::TriggerCrashed(error.into());
        let mut state = match trigger.start(&ctx).await {
            Ok(state) => state,
            Err(error) => return crashed(error),
        };
        let mut pause = trigger.first_due(&state, self.now()).since(self.now());
        loop {
            self.services.clock.sleep(pause).await;
            match trigger.step(&ctx, &mut state).await {
                Ok(Step::Again { after }) => pause = after.max(MIN_PAUSE),
                Ok(Step::Fire(event)) => return Resumed::Event(event),
                Ok(Step::End(_)) => {
                    let message = "a trigger that ends its task needs a deferral";
                    return Resumed::TriggerCrashed(Crash::new(message));
                }
                Err(error) => return crashed(error),
            }
        }
    }

    /// Writes a line to the task's log. It must not hold secrets: it is stored.
    pub fn log(&self, level: Level, message: impl Into<String>) {
        self.host.log(level, message.into());
    }

    /// Makes a call that must not be made twice. `call` sends it in
    /// [`CallMode::Once`](maitred_core::client::CallMode::Once), or through another client without retries.
    ///
    /// That it is about to be made is stored first, with `details`, which hold no secrets. If this
    /// step runs again after a crash, a call that is known to have been made is not repeated: its
    /// stored result is returned. A call whose reply was not seen is looked up with
    /// [`Operator::reconcile`](super::Operator::reconcile) first.
    ///
    /// The calls of one step are told apart by their order, so that must not depend on anything that
    /// changes between two runs of it.
    ///
    /// # Errors
    /// The error of `call`; or the intent cannot be stored, and then nothing was called.
    pub async fn main_call<T, F>(
        &self,
        name: &str,
        details: Value,
        call: impl FnOnce() -> F + Send,
    ) -> Result<T, OperatorError>
    where
        T: Serialize + DeserializeOwned + Send,
        F: Future<Output = Result<T, MainCallError>> + Send,
    {
        let _open = OpenCall::of(&self.open);
        let ordinal = self.calls.fetch_add(1, Ordering::Relaxed);
        let intent = Intent::new(ordinal, name, details);
        if let Begun::Recorded(value) = self.host.begin(intent).await? {
            return serde_json::from_value(value).map_err(|error| {
                OperatorError::unreadable(format!("the result of {name} cannot be read: {error}"))
            });
        }
        match call().await {
            Ok(result) => {
                let value = serde_json::to_value(&result).map_err(|error| {
                    OperatorError::fatal(format!("the result of {name} cannot be stored: {error}"))
                })?;
                self.host.settle(ordinal, Settled::Done(value)).await?;
                Ok(result)
            }
            Err(MainCallError::Refused(error)) => {
                self.host.settle(ordinal, Settled::NotMade).await?;
                Err(error)
            }
            Err(MainCallError::Ambiguous(message)) => {
                let message = format!("no reply to {name} was seen: {message}");
                self.host.log(Level::Warning, message.clone());
                Err(OperatorError::in_doubt(message))
            }
        }
    }
}
