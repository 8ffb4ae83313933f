//! The generic trigger: any waiter, as data.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::{
    Level, SerializedTrigger, Step, Trigger, TriggerContext, TriggerError, TriggerEvent,
    secrets::literal_secret_of, secrets::secret_parameter, serialized, values,
};
use crate::connection::ClientSettings;
use maitred_core::catalog::Catalog;
use maitred_core::catalog::LookupError;
use maitred_core::client::Call;
use maitred_core::client::UNKNOWN_SERVICE;
use maitred_core::clock::Timestamp;
use maitred_core::config::AcceptorConfig;
use maitred_core::config::PartialWaiter;
use maitred_core::config::Show;
use maitred_core::config::WaiterConfig;
use maitred_core::diagnostic::Invalid;
use maitred_core::diagnostic::shortened;
use maitred_core::document::Document;
use maitred_core::engine::Outcome;
use maitred_core::engine::Poll;
use maitred_core::engine::Progress;
use maitred_core::engine::Status;
use maitred_core::engine::Wait;
use maitred_core::engine::WaitEvent;
use maitred_core::waiter::Options;
use maitred_core::waiter::Waiter;
use maitred_http::ROUTE;

/// Waits as a waiter says. There is no trigger type per waiter: which one, with what input and through
/// which connection is all data.
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

/// What the caller of a waiter changes of it.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
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
    /// Whether the pause before the first poll has begun.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    paused: bool,
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
            values: BTreeMap::new(),
        }
    }

    /// The same with the waiter itself, which is then not looked for in the catalog.
    #[must_use]
    pub fn with_definition(mut self, definition: impl Into<PartialWaiter>) -> Self {
        self.definition = Some(Box::new(definition.into()));
        self
    }

    /// The same with one more parameter of the operation.
    #[must_use]
    pub fn with_input(mut self, name: impl Into<String>, value: impl Into<Value>) -> Self {
        self.input.insert(name.into(), value.into());
        self
    }

    /// The same with a value of one of the waiter's `parameters`.
    #[must_use]
    pub fn with_parameter(mut self, name: impl Into<String>, value: impl Into<Value>) -> Self {
        self.parameters.insert(name.into(), value.into());
        self
    }

    /// The same through this connection.
    #[must_use]
    pub fn with_client(mut self, client: ClientSettings) -> Self {
        self.client = client;
        self
    }

    /// The same with a time that the whole wait may take. It then is the only bound: the waiter's
    /// `maxAttempts` does not count.
    #[must_use]
    pub fn with_timeout(mut self, timeout: Duration) -> Self {
        self.overrides.timeout = Some(timeout.as_secs_f64());
        self
    }

    /// The same with one more of the event's `values`: a name, and a JMESPath expression over the last
    /// document.
    #[must_use]
    pub fn with_value(mut self, name: impl Into<String>, expression: impl Into<String>) -> Self {
        self.values.insert(name.into(), expression.into());
        self
    }

    /// Checks before the wait what can be checked by then: the waiter exists, it compiles with this input
    /// and these parameters, and the `values` do. Call it from
    /// [`Operator::check`](crate::operator::Operator::check) where the waiter is known by then: what is
    /// found only when the task is deferred is found after the main call.
    ///
    /// # Errors
    /// What is wrong, with the name that was probably meant.
    pub fn check(&self, catalog: &Catalog) -> Result<(), TriggerError> {
        let config = self.find(catalog)?;
        self.refuse_secrets()?;
        self.refuse_secrets_of(&config.input)?;
        self.refuse_route_of(&config, self.client.connection.is_some())?;
        values::check(&self.values)?;
        self.compile(&config, self.input.clone()).map(drop)
    }

    /// What the waiter is called, e.g. `redshift.cluster_paused`.
    pub(crate) fn id(&self) -> String {
        format!("{}.{}", self.service, self.waiter)
    }

    pub(crate) fn find(&self, catalog: &Catalog) -> Result<Arc<WaiterConfig>, TriggerError> {
        if let Some(definition) = &self.definition {
            return definition.resolve().map(Arc::new).map_err(|error| self.unusable(&error));
        }
        let entry = catalog.find(&self.service, &self.waiter);
        Ok(entry.map_err(|error| not_found(&error))?.config)
    }

    /// The waiter that was submitted with the task, else the one that is found here.
    async fn take(
        &self,
        ctx: &TriggerContext,
    ) -> Result<(String, Arc<WaiterConfig>), TriggerError> {
        let submitted = ctx.submitted(&self.id()).filter(|_| self.definition.is_none());
        if let Some(hash) = submitted {
            return Ok((hash.to_owned(), ctx.definitions().get(hash).await?));
        }
        let config = self.find(ctx.catalog())?;
        self.refuse_secrets_of(&config.input)?;
        Ok((ctx.definitions().put(&config).await?, config))
    }

    /// Refuses secrets that would be stored.
    pub(crate) fn refuse_secrets(&self) -> Result<(), TriggerError> {
        if self.client.has_secret() {
            let message =
                "a task is stored: put the login into a connection, and name that in `client`";
            return Err(TriggerError::new(message));
        }
        let in_input = literal_secret_of(&self.service, &self.input);
        if let Some(message) = in_input.or_else(|| secret_parameter(self.parameters.iter())) {
            return Err(TriggerError::new(message));
        }
        let input = self.definition.as_ref().map(|definition| &definition.input);
        input.map_or(Ok(()), |input| self.refuse_secrets_of(input))
    }

    /// The waiter is stored, too.
    fn refuse_secrets_of(&self, input: &Map<String, Value>) -> Result<(), TriggerError> {
        match literal_secret_of(&self.service, input) {
            Some(message) => {
                let (service, waiter) = (&self.service, &self.waiter);
                let message = format!("{service}.{waiter}: in its input, {message}");
                Err(TriggerError::new(message))
            }
            None => Ok(()),
        }
    }

    /// What a connection holds goes to its host as the connection says, and not by a way that a waiter file
    /// names, which may be a stranger's.
    fn refuse_route_of(
        &self,
        config: &WaiterConfig,
        has_connection: bool,
    ) -> Result<(), TriggerError> {
        if self.service != "http" || self.definition.is_some() || !has_connection {
            return Ok(());
        }
        let (service, waiter) = (&self.service, &self.waiter);
        match route_of_file(&config.input, &self.input) {
            Some(key) => {
                Err(TriggerError::new(format!("{service}.{waiter}: {}", refused_route(key))))
            }
            None => Ok(()),
        }
    }

    fn options(&self, input: Map<String, Value>) -> Result<Options, TriggerError> {
        let seconds = |value: Option<f64>| match value.map(Duration::try_from_secs_f64) {
            None => Ok(None),
            Some(Ok(duration)) => Ok(Some(duration)),
            Some(Err(error)) => Err(TriggerError::new(format!("a time cannot be waited: {error}"))),
        };
        let mut options = Options::with_input(input);
        options.parameters.clone_from(&self.parameters);
        options.delay = seconds(self.overrides.delay)?;
        options.max_attempts = self.overrides.max_attempts;
        options.timeout = seconds(self.overrides.timeout)?;
        options.acceptors.clone_from(&self.overrides.acceptors);
        options.show.clone_from(&self.overrides.show);
        // Whoever writes a waiter down in the task itself has seen what it polls.
        options.allow_mutating = self.definition.is_some();
        Ok(options)
    }

    fn compile(
        &self,
        config: &WaiterConfig,
        input: Map<String, Value>,
    ) -> Result<Waiter, TriggerError> {
        let options = self.options(input)?;
        Waiter::compile(&self.service, &self.waiter, config, &options)
            .map_err(|problems| self.unusable(&problems))
    }

    fn unusable(&self, problems: &Invalid) -> TriggerError {
        TriggerError::new(format!("{}: {problems}", self.id()))
    }

    /// The call that the wait polls with.
    pub(crate) fn call(&self, config: &WaiterConfig) -> Result<Call, TriggerError> {
        Ok(self.compile(config, self.input.clone())?.call().clone())
    }

    /// The compiled waiter. What does not depend on the input is compiled once for all waits.
    fn compiled(
        &self,
        ctx: &TriggerContext,
        hash: &str,
        config: &WaiterConfig,
        input: &Map<String, Value>,
    ) -> Result<Waiter, TriggerError> {
        let compile = |input| self.compile(config, input);
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
        if outcome.status() == Status::Success && !self.values.is_empty() {
            let document = outcome.document().map_or(&Value::Null, Document::value);
            match values::read(&self.values, document) {
                Ok(values) => payload["values"] = Value::Object(values),
                Err(message) => {
                    payload["status"] = json!(Status::Error);
                    payload["message"] = message.into();
                }
            }
        }
        if outcome.is_unreachable() {
            payload["outcome"]["unreachable"] = true.into();
        }
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
        let waiter = self.compiled(ctx, &state.definition, &config, &input)?;
        if state.progress.attempts == 0
            && !std::mem::replace(&mut state.paused, true)
            && let Some(after) = initial_pause(&waiter, &state.progress, ctx.now())
        {
            return Ok(Step::Again { after });
        }
        let client = ctx.client(&self.service, &self.client).await?;
        let before = state.progress.shown.clone();
        let mut wait = Wait::resume(&waiter, &*client, ctx.clock(), state.progress.clone());
        if values::read_member(&self.values, "Body") {
            wait = wait.with_body();
        }
        let next = loop {
            match wait.next_event().await {
                Some(WaitEvent::Polled(poll)) => {
                    self.tell(ctx, &poll, before.as_ref());
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
        let is_new = state.progress.baseline.is_none();
        state.progress = wait.progress().clone();
        match state.progress.baseline.as_ref().filter(|_| is_new) {
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

/// The member of a waiter's input that leads a request another way, unless the caller's `own` input says so.
pub fn route_of_file(file: &Map<String, Value>, own: &Map<String, Value>) -> Option<&'static str> {
    let safe = |value: &Value| value.is_null() || *value == Value::Bool(true);
    ROUTE
        .into_iter()
        .find(|key| file.get(*key).is_some_and(|value| !safe(value)) && !own.contains_key(*key))
}

/// Why a member of a waiter's input is refused together with a connection.
pub fn refused_route(key: &str) -> String {
    format!(
        "its file says `{key}`, which would decide who can read what the connection sends; give \
         `{key}` with the task or the command, or put it into the connection"
    )
}

/// Why there is no waiter, with the one that was probably meant.
fn not_found(error: &LookupError) -> TriggerError {
    let mut hint = String::new();
    if let LookupError::BadFile(bad) = error {
        hint = format!("; `maitred lint {}` shows why", bad.path.display());
    }
    if let LookupError::Unknown(unknown) = error
        && let Some(near) = unknown.near()
    {
        hint = format!("; did you mean `{near}`?");
    }
    TriggerError::missing(format!("{error}{hint}"))
}

/// That this process has no model of the wait's service, if that is why it has ended.
fn no_model(outcome: &Outcome) -> Option<TriggerError> {
    let error = outcome.progress().last_error.as_ref()?;
    let is_it = outcome.status() == Status::Error && error.code == UNKNOWN_SERVICE;
    is_it.then(|| {
        TriggerError::missing(format!("there is no model of the service: {}", error.message))
    })
}

/// What is left of the waiter's initial delay; a deadline that comes earlier gets the one poll that
/// there is time for.
fn initial_pause(waiter: &Waiter, progress: &Progress, now: Timestamp) -> Option<Duration> {
    let first = progress.started.plus(waiter.schedule().initial_delay);
    let first = progress.deadline.map_or(first, |deadline| first.min(deadline));
    Some(first.since(now)).filter(|pause| !pause.is_zero())
}
