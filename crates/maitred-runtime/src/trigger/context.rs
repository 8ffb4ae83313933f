//! The context in which a trigger runs.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use maitred_core::catalog::Catalog;
use maitred_core::client::{Call, Client, Observation, PreparedCall};
use maitred_core::clock::{Clock, Timestamp};
use serde_json::{Map, Value};

use super::definitions::Definitions;
use super::error::TriggerError;
use super::log::{Level, Log};
use crate::blocking::{Blocking, BlockingThreads};
use crate::connection::{ClientSettings, Clients, HTTP_DEFAULT, Origin, has_reference};

/// Services that all triggers and operators of a process share.
#[derive(Debug)]
#[non_exhaustive]
pub struct Services {
    /// The clock.
    pub clock: Arc<dyn Clock>,
    /// The clients of connections.
    pub clients: Arc<Clients>,
    /// The waiters that can be found by name.
    pub catalog: Arc<Catalog>,
    /// The waiters of waits in flight.
    pub definitions: Definitions,
    /// Runs transactions of the store.
    pub blocking: Arc<dyn Blocking>,
}

impl Services {
    /// Services of these clients, whose waiters are found in `catalog` or stored in `definitions`.
    #[must_use]
    pub fn new(
        clock: Arc<dyn Clock>,
        clients: Arc<Clients>,
        catalog: Arc<Catalog>,
        definitions: Definitions,
    ) -> Self {
        Self { clock, clients, catalog, definitions, blocking: Arc::new(BlockingThreads) }
    }

    /// Sets [`Self::blocking`]. Default: [`BlockingThreads`].
    #[must_use]
    pub fn with_blocking(mut self, blocking: Arc<dyn Blocking>) -> Self {
        self.blocking = blocking;
        self
    }
}

/// The context in which a trigger runs.
#[derive(Debug, Clone)]
pub struct TriggerContext {
    services: Arc<Services>,
    log: Arc<dyn Log>,
    submitted: Arc<BTreeMap<String, String>>,
    prepared: Arc<Mutex<PreparedCall>>,
}

impl TriggerContext {
    /// The context of one task.
    #[must_use]
    pub fn new(services: Arc<Services>, log: Arc<dyn Log>) -> Self {
        Self { services, log, submitted: Arc::default(), prepared: Arc::default() }
    }

    /// Sets the waiters that were submitted with the task: their names, `service.waiter`, and the hashes of their
    /// definitions.
    #[must_use]
    pub(crate) fn with_submitted(mut self, waiters: &BTreeMap<String, String>) -> Self {
        self.submitted = Arc::new(waiters.clone());
        self
    }

    /// The hash of the waiter of this name that was submitted with the task.
    pub(crate) fn submitted(&self, id: &str) -> Option<&str> {
        self.submitted.get(id).map(String::as_str)
    }

    /// Takes what the client keeps of the trigger's call from step to step. It is lost in a restart.
    pub(crate) fn take_prepared(&self) -> PreparedCall {
        std::mem::take(&mut *self.prepared.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Keeps it for the next step.
    pub(crate) fn keep_prepared(&self, prepared: PreparedCall) {
        *self.prepared.lock().unwrap_or_else(PoisonError::into_inner) = prepared;
    }

    /// The time now.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        self.services.clock.now()
    }

    /// The clock, to limit the time of calls. To wait, a trigger returns [`Step::Again`](super::Step::Again) instead.
    #[must_use]
    pub fn clock(&self) -> &dyn Clock {
        &*self.services.clock
    }

    /// A client for `service` with these settings.
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
        found.is_ok_and(|connection| connection.origin != Origin::BuiltIn)
    }

    /// The connections and their clients.
    #[must_use]
    pub fn clients(&self) -> &Clients {
        &self.services.clients
    }

    /// The input of a call with secrets in place of the references to them; borrowed if it has none.
    ///
    /// # Errors
    /// A secret is not available.
    pub async fn resolve<'a>(
        &self,
        input: &'a Map<String, Value>,
    ) -> Result<Cow<'a, Map<String, Value>>, TriggerError> {
        resolve(&self.services.clients, input).await
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

/// Sends a call in its mode, through the client of `settings` and with secrets in place of the references to them.
///
/// # Errors
/// It was not sent: the connection or a secret is not available.
pub(crate) async fn send(
    clients: &Clients,
    settings: &ClientSettings,
    mut call: Call,
) -> Result<Observation, TriggerError> {
    if let Cow::Owned(input) = resolve(clients, &call.input).await? {
        call.input = input;
    }
    let client = clients.open(&call.service, settings).await?;
    Ok(client.call(&call).await)
}

async fn resolve<'a>(
    clients: &Clients,
    input: &'a Map<String, Value>,
) -> Result<Cow<'a, Map<String, Value>>, TriggerError> {
    if !input.values().any(has_reference) {
        return Ok(Cow::Borrowed(input));
    }
    let resolved = clients.connections().resolve(Value::Object(input.clone())).await?;
    let Value::Object(input) = resolved else {
        return Err(TriggerError::new("an input is an object, not a reference to a secret"));
    };
    Ok(Cow::Owned(input))
}
