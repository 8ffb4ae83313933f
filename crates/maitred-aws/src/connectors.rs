//! Connectors of an HTTP client, one for each kind of connection.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use aws_smithy_runtime_api::client::http::{HttpConnectorSettings, SharedHttpConnector};
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;

use super::sent_once::is_sent_once;

/// A kind of connections.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct ConnectionKind {
    pub(super) connect_timeout: Option<Duration>,
    pub(super) read_timeout: Option<Duration>,
    /// True if requests are sent once: each has a connection of its own.
    pub(super) sent_once: bool,
}

impl ConnectionKind {
    pub(super) fn new(settings: &HttpConnectorSettings, components: &RuntimeComponents) -> Self {
        Self {
            connect_timeout: settings.connect_timeout(),
            read_timeout: settings.read_timeout(),
            sent_once: is_sent_once(components),
        }
    }
}

/// The connectors that were made so far. Each has a pool of connections.
#[derive(Debug, Default)]
pub(super) struct Connectors(Mutex<HashMap<ConnectionKind, SharedHttpConnector>>);

impl Connectors {
    pub(super) fn get_or_make(
        &self,
        kind: ConnectionKind,
        make: impl FnOnce() -> SharedHttpConnector,
    ) -> SharedHttpConnector {
        // A connector is inserted whole or not at all, so a poisoned map is still good.
        let mut made = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        made.entry(kind).or_insert_with(make).clone()
    }
}
