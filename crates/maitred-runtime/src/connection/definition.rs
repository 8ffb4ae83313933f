//! A connection as it is defined, and with its references resolved.

use std::fmt;

use serde_json::{Map, Value};

use super::error::ConnectionError;
use super::mask;
use super::origin::Origin;
use super::parse::{self, Fields};

/// A connection as it is defined; references in it are not resolved yet.
///
/// `Debug` shows neither secrets nor what may be one.
#[derive(Clone, PartialEq)]
#[non_exhaustive]
pub struct Connection {
    /// The id.
    pub id: String,
    /// The place where it is defined.
    pub origin: Origin,
    pub(super) fields: Fields,
}

impl Connection {
    /// A connection from a URI or a JSON object, as a variable has it.
    ///
    /// # Errors
    /// The text is neither. The message does not repeat any of it.
    pub fn parse(id: &str, origin: Origin, text: &str) -> Result<Self, ConnectionError> {
        Self::of_fields(id, origin, parse::text(text))
    }

    pub(super) fn of_fields(
        id: &str,
        origin: Origin,
        fields: Result<Fields, String>,
    ) -> Result<Self, ConnectionError> {
        let id = id.to_owned();
        match fields {
            Ok(fields) => Ok(Self { id, origin, fields }),
            Err(message) => Err(ConnectionError::Invalid { id, origin, message }),
        }
    }

    /// The type, e.g. `aws` or `http`; empty if it has none.
    #[must_use]
    pub fn kind(&self) -> &str {
        &self.fields.kind
    }

    /// The host, which may have a scheme and, in a connection of HTTP, a path; a login in it is
    /// hidden.
    #[must_use]
    pub fn host(&self) -> Option<String> {
        self.fields.host.as_deref().map(mask::without_login)
    }

    /// Its description.
    #[must_use]
    pub fn description(&self) -> Option<&str> {
        self.fields.description.as_deref()
    }

    /// The error that the connection cannot be used.
    pub(super) fn invalid(&self, message: impl Into<String>) -> ConnectionError {
        let (id, origin, message) = (self.id.clone(), self.origin.clone(), message.into());
        ConnectionError::Invalid { id, origin, message }
    }

    /// The connection as JSON, for people: [`HIDDEN`](super::HIDDEN) stands for what is or may be a secret, and
    /// references stand as they are.
    #[must_use]
    pub fn shown(&self) -> Value {
        mask::shown(&self.id, &self.origin, &self.fields)
    }
}

impl fmt::Debug for Connection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Connection({})", mask::shown(&self.id, &self.origin, &self.fields))
    }
}

/// A connection with its references resolved.
///
/// `Debug` shows the type alone.
#[non_exhaustive]
pub struct Resolved {
    /// The id.
    pub id: String,
    /// The type, e.g. `aws`; empty if it has none.
    pub kind: String,
    /// The host.
    pub host: Option<String>,
    /// The login.
    pub login: Option<String>,
    /// The password.
    pub password: Option<String>,
    /// The schema.
    pub schema: Option<String>,
    /// The port.
    pub port: Option<u16>,
    /// The settings of this type of connection.
    pub extra: Map<String, Value>,
}

impl fmt::Debug for Resolved {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Resolved").field("kind", &self.kind).finish_non_exhaustive()
    }
}
