//! What a trigger may use while it runs.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::Arc;

use maitred_core::catalog::Catalog;
use maitred_core::client::Client;
use maitred_core::clock::{Clock, Timestamp};
use serde_json::{Map, Value};

use super::definitions::Definitions;
use super::error::TriggerError;
use super::log::{Level, Log};
use crate::connection::{ClientSettings, Clients, HTTP_DEFAULT, Origin, has_reference};

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
