//! The generic trigger: any waiter, as data.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::{Level, Step, Trigger, TriggerContext, TriggerError, TriggerEvent};
use crate::clock::Timestamp;
use crate::config::AcceptorConfig;
use crate::config::Show;
use crate::config::WaiterConfig;
use crate::connection::ClientSettings;
use crate::diagnostic::shortened;
use crate::engine::Outcome;
use crate::engine::Poll;
use crate::engine::Progress;
use crate::engine::Status;
use crate::engine::Wait;
use crate::engine::WaitEvent;
use crate::waiter::Options;
use crate::waiter::Waiter;

/// Waits as a waiter says. There is no trigger type per waiter: which one, with what input and through
/// which connection is all data.
///
/// Its event is `{"status", "message", return_key: return_value, "outcome": {"attempts", "elapsed",
/// "shown", "acceptor", "error"}}`, where `status` is one of `success`, `failure`, `exhausted`,
/// `timeout` and `error`, and `elapsed` is in seconds.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WaiterTrigger {
    /// The service, e.g. `redshift`.
    pub service: String,
    /// The waiter's name, e.g. `cluster_paused`.
    pub waiter: String,
    /// The waiter itself, for one that is in no file; then `waiter` is only what it is called. One that
    /// says `mutating` may poll an operation that is no read. Default: it is found by its name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub definition: Option<Box<WaiterConfig>>,
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
}

/// What the caller of a waiter changes of it.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
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

/// Where a [`WaiterTrigger`] stands.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct WaiterState {
    /// The hash of the waiter as it was when the wait began.
    definition: Arc<str>,
    /// Where the wait stands.
    progress: Progress,
}

impl WaiterState {
    /// Where the wait stands.
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
        }
    }

    /// The same with the waiter itself, which is then not looked for in the catalog.
    #[must_use]
    pub fn with_definition(mut self, definition: WaiterConfig) -> Self {
        self.definition = Some(Box::new(definition));
        self
    }

    /// The same with one more parameter of the operation.
    #[must_use]
    pub fn with_input(mut self, name: impl Into<String>, value: impl Into<Value>) -> Self {
        self.input.insert(name.into(), value.into());
        self
    }

    fn options(&self) -> Result<Options, TriggerError> {
        let seconds = |value: Option<f64>| match value.map(Duration::try_from_secs_f64) {
            None => Ok(None),
            Some(Ok(duration)) => Ok(Some(duration)),
            Some(Err(error)) => Err(TriggerError::new(format!("a time cannot be waited: {error}"))),
        };
        Ok(Options {
            parameters: self.parameters.clone(),
            delay: seconds(self.overrides.delay)?,
            max_attempts: self.overrides.max_attempts,
            timeout: seconds(self.overrides.timeout)?,
            acceptors: self.overrides.acceptors.clone(),
            show: self.overrides.show.clone(),
            // Whoever writes a waiter down in the task itself has seen what it polls.
            allow_mutating: self.definition.is_some(),
            ..Options::default()
        })
    }

    /// The compiled waiter. What does not depend on the input is compiled once for all waits.
    fn compiled(
        &self,
        ctx: &TriggerContext,
        hash: &str,
        config: &WaiterConfig,
        input: &Map<String, Value>,
    ) -> Result<Waiter, TriggerError> {
        let compile = |input: Map<String, Value>| {
            let options = Options { input, ..self.options()? };
            Waiter::compile(&self.service, &self.waiter, config, &options).map_err(|problems| {
                TriggerError::new(format!("{}.{}: {problems}", self.service, self.waiter))
            })
        };
        let key = self.key(hash)?;
        let shared = ctx.definitions().compiled(key, || compile(Map::new()));
        match shared {
            Ok(shared) => match shared.with_input(input.clone()) {
                Some(waiter) => Ok(waiter),
                None => compile(input.clone()),
            },
            // `{{input.X}}` cannot be bound before there is an input.
            Err(_) => compile(input.clone()),
        }
    }

    /// What compiled waiters are told apart by.
    fn key(&self, hash: &str) -> Result<String, TriggerError> {
        if self.parameters.is_empty() && self.overrides.is_empty() {
            return Ok(format!("{}.{} {hash}", self.service, self.waiter));
        }
        let own = serde_json::to_string(&(&self.parameters, &self.overrides))
            .map_err(|error| TriggerError::new(error.to_string()))?;
        Ok(format!("{}.{} {hash} {own}", self.service, self.waiter))
    }

    fn event(&self, waiter: &Waiter, outcome: &Outcome) -> TriggerEvent {
        let progress = outcome.progress();
        let acceptor = progress
            .last_matched
            .and_then(|matched| Some(waiter.acceptors().get(matched.acceptor)?.explanation()));
        let message = match (&self.failure_message, outcome.status()) {
            (Some(text), status) if status != Status::Success => {
                format!("{text}: {}", outcome.message())
            }
            _ => outcome.message().to_owned(),
        };
        let mut payload = json!({"status": outcome.status(), "message": message});
        payload[&self.return_key] = self.return_value.clone();
        payload["outcome"] = json!({
            "attempts": progress.attempts,
            "elapsed": outcome.elapsed().as_secs_f64(),
            "shown": progress.shown,
            "acceptor": acceptor,
            "error": progress.last_error,
        });
        TriggerEvent::new(payload)
    }

    /// One line for every change of what is shown, and for every error.
    fn tell(&self, ctx: &TriggerContext, poll: &Poll, before: Option<&Value>) {
        let what = self.status_message.as_deref().unwrap_or("waiting");
        if let Some(error) = poll.seen.error().filter(|_| poll.decision.matched.is_none()) {
            ctx.log(Level::Warning, format!("{what}: attempt {}: {error}", poll.attempt));
        } else if poll.attempt == 1 || poll.shown.as_ref() != before {
            let shown = poll
                .shown
                .as_ref()
                .map_or_else(String::new, |shown| format!(": {}", shortened(&shown.to_string())));
            ctx.log(Level::Info, format!("{what}: attempt {}{shown}", poll.attempt));
        }
    }
}

impl Trigger for WaiterTrigger {
    const NAME: &'static str = "maitred.waiter";
    type State = WaiterState;

    async fn start(&self, ctx: &TriggerContext) -> Result<WaiterState, TriggerError> {
        let config = match &self.definition {
            Some(definition) => Arc::new(WaiterConfig::clone(definition)),
            None => {
                let entry = ctx.catalog().find(&self.service, &self.waiter);
                entry.map_err(|error| TriggerError::new(error.to_string()))?.config
            }
        };
        let definition = ctx.definitions().put(&config).await?;
        let waiter = self.compiled(ctx, &definition, &config, &self.input)?;
        let progress = Progress::start(&waiter, ctx.now(), fastrand::u64(..));
        Ok(WaiterState { definition: definition.into(), progress })
    }

    async fn step(
        &self,
        ctx: &TriggerContext,
        state: &mut WaiterState,
    ) -> Result<Step, TriggerError> {
        let config = ctx.definitions().get(&state.definition).await?;
        let input = ctx.resolve(&self.input).await?;
        let waiter = self.compiled(ctx, &state.definition, &config, &input)?;
        if state.progress.attempts == 0
            && let Some(after) = initial_pause(&waiter, &state.progress, ctx.now())
        {
            return Ok(Step::Again { after });
        }
        let client = ctx.client(&self.service, &self.client).await?;
        let before = state.progress.shown.clone();
        let mut wait = Wait::resume(&waiter, client.client(), ctx.clock(), state.progress.clone());
        let next = loop {
            match wait.next_event().await {
                Some(WaitEvent::Polled(poll)) => {
                    self.tell(ctx, &poll, before.as_ref());
                    if let Some(after) = poll.next_delay {
                        break Step::Again { after };
                    }
                }
                Some(WaitEvent::Done(outcome)) => {
                    ctx.log(Level::Info, outcome.message());
                    break Step::Fire(self.event(&waiter, &outcome));
                }
                None => return Err(TriggerError::new("the wait was over already")),
            }
        };
        state.progress = wait.progress().clone();
        Ok(next)
    }
}

/// What is left of the waiter's initial delay; a deadline that comes earlier gets the one poll that
/// there is time for.
fn initial_pause(waiter: &Waiter, progress: &Progress, now: Timestamp) -> Option<Duration> {
    let first = progress.started.plus(waiter.schedule().initial_delay);
    let first = progress.deadline.map_or(first, |deadline| first.min(deadline));
    Some(first.since(now)).filter(|pause| !pause.is_zero())
}
