//! What a trigger may use while it runs.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use sha2::{Digest as _, Sha256};

use super::TriggerError;
use crate::connection::ClientSettings;
use crate::connection::Clients;
use crate::connection::HTTP_DEFAULT;
use crate::connection::Origin;
use crate::connection::has_reference;
use maitred_core::catalog::Catalog;
use maitred_core::client::Client;
use maitred_core::clock::BoxFuture;
use maitred_core::clock::Clock;
use maitred_core::clock::Timestamp;
use maitred_core::config::WaiterConfig;
use maitred_core::waiter::Waiter;

/// What all triggers and operators of a process share.
#[derive(Debug)]
pub struct Services {
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// The way to the network.
    pub clients: Arc<Clients>,
    /// The waiters that can be found by name.
    pub catalog: Arc<Catalog>,
    /// The waiters of waits in flight.
    pub definitions: Definitions,
}

/// Where definitions are kept, by the hash of their text, as long as a wait in flight needs them.
pub trait DefinitionStore: Send + Sync + fmt::Debug {
    /// Keeps `text` under `hash`. When this has returned, the text survives a crash.
    fn put<'a>(&'a self, hash: &'a str, text: &'a str) -> BoxFuture<'a, Result<(), TriggerError>>;
    /// The text that was kept under `hash`.
    fn get<'a>(&'a self, hash: &'a str) -> BoxFuture<'a, Result<Option<String>, TriggerError>>;
}

/// The waiters of waits in flight, each stored once by the hash of its content: editing or upgrading
/// a file does not change a wait that has begun.
#[derive(Debug)]
pub struct Definitions {
    store: Arc<dyn DefinitionStore>,
    configs: Mutex<HashMap<String, Arc<WaiterConfig>>>,
    compiled: Mutex<HashMap<String, Arc<Waiter>>>,
}

/// How many compiled waiters are kept at most; more are compiled again when they are needed.
const MAX_COMPILED: usize = 10_000;

impl Definitions {
    /// Definitions that are kept in `store`.
    #[must_use]
    pub fn new(store: Arc<dyn DefinitionStore>) -> Self {
        Self { store, configs: Mutex::default(), compiled: Mutex::default() }
    }

    /// Stores a definition and gives the hash of its content.
    ///
    /// # Errors
    /// It cannot be stored.
    pub async fn put(&self, config: &Arc<WaiterConfig>) -> Result<String, TriggerError> {
        let (hash, text) = stored_form(config)?;
        if self.known(&hash).is_none() {
            self.store.put(&hash, &text).await?;
            lock(&self.configs).insert(hash.clone(), Arc::clone(config));
        }
        Ok(hash)
    }

    /// The definition of this hash.
    ///
    /// # Errors
    /// It is not there, or cannot be read.
    pub async fn get(&self, hash: &str) -> Result<Arc<WaiterConfig>, TriggerError> {
        if let Some(config) = self.known(hash) {
            return Ok(config);
        }
        let text = self.store.get(hash).await?;
        let text = text.ok_or_else(|| {
            TriggerError::missing(format!("the waiter of hash {hash} is not in the store"))
        })?;
        let config = serde_json::from_str(&text).map_err(|error| {
            TriggerError::new(format!("the waiter of hash {hash} cannot be read: {error}"))
        })?;
        let config = Arc::new(config);
        lock(&self.configs).insert(hash.to_owned(), Arc::clone(&config));
        Ok(config)
    }

    fn known(&self, hash: &str) -> Option<Arc<WaiterConfig>> {
        lock(&self.configs).get(hash).cloned()
    }

    /// The compiled waiter of this key, which `compile` makes if it is not there.
    pub(super) fn compiled(
        &self,
        key: String,
        compile: impl FnOnce() -> Result<Waiter, TriggerError>,
    ) -> Result<Arc<Waiter>, TriggerError> {
        if let Some(waiter) = lock(&self.compiled).get(&key) {
            return Ok(Arc::clone(waiter));
        }
        let waiter = Arc::new(compile()?);
        let mut compiled = lock(&self.compiled);
        if compiled.len() >= MAX_COMPILED {
            compiled.clear();
        }
        compiled.insert(key, Arc::clone(&waiter));
        Ok(waiter)
    }
}

/// The hash of a definition and its text.
pub(crate) fn stored_form(config: &WaiterConfig) -> Result<(String, String), TriggerError> {
    let text = serde_json::to_string(config)
        .map_err(|error| TriggerError::new(format!("a waiter cannot be stored: {error}")))?;
    let hash = Sha256::digest(&text).iter().map(|byte| format!("{byte:02x}")).collect();
    Ok((hash, text))
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    // The guarded code cannot panic half-way, so a poisoned map is still whole.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// How much a line of a task's log matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    /// For those who look for a mistake.
    Debug,
    /// What happens.
    Info,
    /// What should not happen, and is borne.
    Warning,
    /// What ends a task.
    Error,
}

impl Level {
    /// The name, e.g. `warning`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Debug => "debug",
            Self::Info => "info",
            Self::Warning => "warning",
            Self::Error => "error",
        }
    }
}

/// Takes the lines of one task's log.
pub trait Log: Send + Sync + fmt::Debug {
    /// Takes a line. It must not hold secrets: it is stored.
    fn log(&self, level: Level, message: String);
}

/// What a trigger may use while it runs.
#[derive(Debug, Clone)]
pub struct TriggerContext {
    services: Arc<Services>,
    log: Arc<dyn Log>,
    submitted: Arc<BTreeMap<String, String>>,
}

impl TriggerContext {
    /// The context of one task.
    #[must_use]
    pub fn new(services: Arc<Services>, log: Arc<dyn Log>) -> Self {
        Self { services, log, submitted: Arc::default() }
    }

    /// The same with the waiters that were submitted with the task: their names, `service.waiter`, and the
    /// hashes of their definitions.
    #[must_use]
    pub(crate) fn with_submitted(mut self, waiters: &BTreeMap<String, String>) -> Self {
        self.submitted = Arc::new(waiters.clone());
        self
    }

    /// The hash of the waiter of this name that was submitted with the task.
    pub(crate) fn submitted(&self, id: &str) -> Option<&str> {
        self.submitted.get(id).map(String::as_str)
    }

    /// The time now.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        self.services.clock.now()
    }

    /// The clock, for calls that must be cut in time. To wait, a trigger says
    /// [`Step::Again`](super::Step::Again) instead.
    #[must_use]
    pub fn clock(&self) -> &dyn Clock {
        &*self.services.clock
    }

    /// A client for `service`, by the id of a connection and what goes with it.
    ///
    /// # Errors
    /// The connection does not exist or cannot be used.
    pub async fn client(
        &self,
        service: &str,
        settings: &ClientSettings,
    ) -> Result<Arc<dyn Client>, TriggerError> {
        Ok(self.services.clients.open(service, settings).await?)
    }

    /// Whether a client of service `http` with `settings` has a connection that somebody has defined.
    pub(crate) fn has_connection(&self, settings: &ClientSettings) -> bool {
        let id = settings.connection.as_deref().unwrap_or(HTTP_DEFAULT);
        let found = self.services.clients.connections().get(id);
        found.is_ok_and(|connection| *connection.origin() != Origin::BuiltIn)
    }

    /// Connections and the clients made of them.
    #[must_use]
    pub fn clients(&self) -> &Clients {
        &self.services.clients
    }

    /// The input of a call with the secrets in the place of the references in it.
    ///
    /// # Errors
    /// A secret cannot be had.
    pub async fn resolve<'a>(
        &self,
        input: &'a Map<String, Value>,
    ) -> Result<Cow<'a, Map<String, Value>>, TriggerError> {
        if !input.values().any(has_reference) {
            return Ok(Cow::Borrowed(input));
        }
        let connections = self.services.clients.connections();
        match connections.resolve(Value::Object(input.clone())).await {
            Ok(Value::Object(input)) => Ok(Cow::Owned(input)),
            Ok(_) => Err(TriggerError::new("an input is an object, not a reference to a secret")),
            Err(error) => Err(error.into()),
        }
    }

    /// The waiters that can be found by name.
    #[must_use]
    pub fn catalog(&self) -> &Catalog {
        &self.services.catalog
    }

    /// The waiters of waits in flight.
    #[must_use]
    pub fn definitions(&self) -> &Definitions {
        &self.services.definitions
    }

    /// Writes a line to the task's log. It must not hold secrets: it is stored.
    pub fn log(&self, level: Level, message: impl Into<String>) {
        self.log.log(level, message.into());
    }
}
