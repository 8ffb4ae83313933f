//! The generic trigger: any waiter, as data.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::{
    Level, SerializedTrigger, Step, Trigger, TriggerContext, TriggerError, serialized, values,
};
use crate::connection::ClientSettings;
use maitred_core::client::{PreparedCall, UNKNOWN_SERVICE};
use maitred_core::clock::Timestamp;
use maitred_core::config::{AcceptorConfig, PartialWaiter, Show};
use maitred_core::engine::{Outcome, Progress, Status, Wait, WaitEvent};
use maitred_core::waiter::Waiter;

mod checks;
mod compile;
mod event;

/// Waits as a waiter says. There is no trigger type for each waiter: the waiter, its input and the connection are
/// data.
///
/// Its event is `{"status", "message", return_key: return_value, "outcome": {"attempts", "elapsed",
/// "shown", "acceptor", "error"}, "values"}`, where `status` is one of `success`, `failure`, `exhausted`,
/// `timeout` and `error`, and `elapsed` is in seconds. `values` is there if the wait succeeded and some
/// were asked for. Where every poll failed by throttling, 5xx or the network, the outcome has
/// `"unreachable": true` too.
///
/// # A waiter that comes with the program
///
/// ```
/// use std::time::Duration;
///
/// use maitred_core::catalog;
/// use maitred_runtime::trigger::WaiterTrigger;
///
/// // Or `include_str!("../waiters/exports.json")`.
/// let text = r#"{"version": 2, "service": "http", "waiters": {"export_done": {
///     "operation": "GET", "delay": 2, "maxAttempts": 300,
///     "parameters": {"EXPORT": {}}, "input": {"endpoint": "exports/{{EXPORT}}"},
///     "acceptors": [
///         {"state": "success", "matcher": "path", "argument": "Body.state", "expected": "done"}
///     ]
/// }}}"#;
/// let file = catalog::parse(text)?;
/// let trigger = WaiterTrigger::new("http", "export_done")
///     .with_definition(file.waiters["export_done"].clone())
///     .with_parameter("EXPORT", "7")
///     .with_timeout(Duration::from_secs(3600))
///     .with_value("url", "Body.url");
/// trigger.check(&maitred_core::catalog::Catalog::default())?;
/// # Ok::<_, Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct WaiterTrigger {
    /// The service, e.g. `redshift`.
    pub service: String,
    /// The waiter's name, e.g. `cluster_paused`.
    pub waiter: String,
    /// The waiter itself, for one that is in no file; then `waiter` is only what it is called. One that
    /// says `mutating` may poll an operation that is not read-only. Default: it is found by its name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub definition: Option<Box<PartialWaiter>>,
    /// The parameters of the operation. References to secrets in it are resolved at every poll.
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    pub input: Map<String, Value>,
    /// Values of the waiter's `parameters`.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub parameters: BTreeMap<String, Value>,
    /// What replaces values of the waiter.
    #[serde(default, skip_serializing_if = "Overrides::is_empty")]
    pub overrides: Overrides,
    /// The connection that polls go through, and what goes with it.
    #[serde(default)]
    pub client: ClientSettings,
    /// What the event's message begins with when the wait did not succeed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failure_message: Option<String>,
    /// What the lines of the log begin with while it waits.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status_message: Option<String>,
    /// The event's member that holds `return_value`. Default: `value`.
    #[serde(default = "default_return_key", skip_serializing_if = "is_default_return_key")]
    pub return_key: String,
    /// What the operator wants to find in the event. Default: null.
    #[serde(default, skip_serializing_if = "Value::is_null")]
    pub return_value: Value,
    /// JMESPath expressions over the last document of a wait that succeeds, e.g.
    /// `{"endpoint": "Clusters[0].Endpoint.Address"}`. What they yield is the event's member `values`; an
    /// event has to be small.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub values: BTreeMap<String, String>,
}

/// Values that replace those of a waiter.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct Overrides {
    /// Seconds between two polls.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub delay: Option<f64>,
    /// How many polls at most.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_attempts: Option<u64>,
    /// Seconds that the whole wait may take. Without `max_attempts` it is the only bound.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub timeout: Option<f64>,
    /// Acceptors that are asked before the waiter's.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub acceptors: Vec<AcceptorConfig>,
    /// What to show, instead of the waiter's own.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub show: Option<Show>,
}

impl Overrides {
    fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

fn default_return_key() -> String {
    "value".to_owned()
}

fn is_default_return_key(key: &str) -> bool {
    key == "value"
}

/// The state of a [`WaiterTrigger`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct WaiterState {
    /// The hash of the waiter as it was when the wait began.
    definition: Arc<str>,
    progress: Progress,
    /// Whether the pause before the first poll has begun.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    paused: bool,
}

impl WaiterState {
    /// The progress of the wait.
    #[must_use]
    pub fn progress(&self) -> &Progress {
        &self.progress
    }
}

impl WaiterTrigger {
    /// A trigger that waits as `waiter` of `service` says, through the default connection.
    pub fn new(service: impl Into<String>, waiter: impl Into<String>) -> Self {
        Self {
            service: service.into(),
            waiter: waiter.into(),
            definition: None,
            input: Map::new(),
            parameters: BTreeMap::new(),
            overrides: Overrides::default(),
            client: ClientSettings::default(),
            failure_message: None,
            status_message: None,
            return_key: default_return_key(),
            return_value: Value::Null,
            values: BTreeMap::new(),
        }
    }

    /// Sets the waiter itself, which is then not looked up in the catalog.
    #[must_use]
    pub fn with_definition(mut self, definition: impl Into<PartialWaiter>) -> Self {
        self.definition = Some(Box::new(definition.into()));
        self
    }

    /// Adds a parameter of the operation.
    #[must_use]
    pub fn with_input(mut self, name: impl Into<String>, value: impl Into<Value>) -> Self {
        self.input.insert(name.into(), value.into());
        self
    }

    /// Sets one of the waiter's `parameters`.
    #[must_use]
    pub fn with_parameter(mut self, name: impl Into<String>, value: impl Into<Value>) -> Self {
        self.parameters.insert(name.into(), value.into());
        self
    }

    /// Sets the connection.
    #[must_use]
    pub fn with_client(mut self, client: ClientSettings) -> Self {
        self.client = client;
        self
    }

    /// Sets the time that the whole wait may take. It is then the only bound: the waiter's `maxAttempts` does not
    /// count.
    #[must_use]
    pub fn with_timeout(mut self, timeout: Duration) -> Self {
        self.overrides.timeout = Some(timeout.as_secs_f64());
        self
    }

    /// Adds one of the event's `values`: a name, and a JMESPath expression over the last document.
    #[must_use]
    pub fn with_value(mut self, name: impl Into<String>, expression: impl Into<String>) -> Self {
        self.values.insert(name.into(), expression.into());
        self
    }
}

impl Trigger for WaiterTrigger {
    const NAME: &'static str = "maitred.waiter";
    type State = WaiterState;

    async fn start(&self, ctx: &TriggerContext) -> Result<WaiterState, TriggerError> {
        let (definition, config) = self.take(ctx).await?;
        self.refuse_route_of(&config, ctx.has_connection(&self.client))?;
        values::check(&self.values)?;
        let waiter = self.compiled(ctx, &definition, &config, &self.input)?;
        let progress = Progress::start(&waiter, ctx.now(), fastrand::u64(..));
        Ok(WaiterState { definition: definition.into(), progress, paused: false })
    }

    async fn step(
        &self,
        ctx: &TriggerContext,
        state: &mut WaiterState,
    ) -> Result<Step, TriggerError> {
        let config = ctx.definitions().get(&state.definition).await?;
        let input = ctx.resolve(&self.input).await?;
        let mut waiter = self.compiled(ctx, &state.definition, &config, &input)?;
        if state.progress.attempts == 0
            && !std::mem::replace(&mut state.paused, true)
            && let Some(after) = initial_pause(&waiter, &state.progress, ctx.now())
        {
            return Ok(Step::Again { after });
        }
        if values::read_member(&self.values, "Body") {
            waiter = waiter.with_body();
        }
        // A secret may have changed since the last poll.
        let is_fixed = matches!(input, Cow::Borrowed(_));
        let prepared = if is_fixed { ctx.take_prepared() } else { PreparedCall::default() };
        let client = ctx.client(&self.service, &self.client).await?;
        let mut wait = Wait::resume(&waiter, &*client, ctx.clock(), state.progress.clone())
            .with_prepared(prepared);
        let next = loop {
            match wait.next_event().await {
                Some(WaitEvent::Polled(poll)) => {
                    self.log_poll(ctx, &poll, state.progress.shown.as_ref());
                    if let Some(after) = poll.next_delay {
                        break Step::Again { after };
                    }
                }
                Some(WaitEvent::Done(outcome)) => {
                    if let Some(missing) = no_model(&outcome) {
                        return Err(missing);
                    }
                    ctx.log(Level::Info, outcome.message());
                    break Step::Fire(self.event(&waiter, &outcome));
                }
                None => return Err(TriggerError::new("the wait was over already")),
            }
        };
        let (progress, prepared) = wait.into_parts();
        if is_fixed {
            ctx.keep_prepared(prepared);
        }
        let was_known = std::mem::replace(&mut state.progress, progress).baseline.is_some();
        match state.progress.baseline.as_ref().filter(|_| !was_known) {
            Some(baseline) if ctx.clients().connections().known().is_in(&baseline.value) => {
                let message =
                    "the baseline is a secret, which must not be stored: compare another value";
                Err(TriggerError::new(message))
            }
            _ => Ok(next),
        }
    }

    fn serialize_trigger(&self) -> Result<SerializedTrigger, TriggerError> {
        self.refuse_secrets()?;
        serialized(self)
    }
}

/// The error of a wait that has ended because this process has no model of its service.
fn no_model(outcome: &Outcome) -> Option<TriggerError> {
    let error = outcome.progress().last_error.as_ref()?;
    let is_it = outcome.status() == Status::Error && error.code == UNKNOWN_SERVICE;
    is_it.then(|| {
        TriggerError::missing(format!("there is no model of the service: {}", error.message))
    })
}

/// The remaining time of the waiter's initial delay. If the deadline comes earlier, there is one poll at the deadline.
fn initial_pause(waiter: &Waiter, progress: &Progress, now: Timestamp) -> Option<Duration> {
    let first = progress.started.plus(waiter.schedule().initial_delay);
    let first = progress.deadline.map_or(first, |deadline| first.min(deadline));
    Some(first.since(now)).filter(|pause| !pause.is_zero())
}
