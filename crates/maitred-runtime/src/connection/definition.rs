//! A connection as it is defined, and with its references resolved.

use std::fmt;

use serde_json::{Map, Value};

use super::error::{ConnectionError, InvalidConnection};
use super::mask;
use super::origin::Origin;
use super::parse::{self, Fields};

/// A connection as it is defined; references in it are not resolved yet.
///
/// `Debug` shows neither secrets nor what may be one.
#[derive(Clone, PartialEq)]
pub struct Connection {
    pub(super) id: String,
    pub(super) origin: Origin,
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
        match fields {
            Ok(fields) => Ok(Self { id: id.to_owned(), origin, fields }),
            Err(message) => Err(ConnectionError::Invalid(InvalidConnection {
                id: id.to_owned(),
                origin,
                message,
            })),
        }
    }

    /// The id.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.id
    }

    /// Where it is defined.
    #[must_use]
    pub fn origin(&self) -> &Origin {
        &self.origin
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

    /// The port.
    #[must_use]
    pub fn port(&self) -> Option<u16> {
        self.fields.port
    }

    /// The schema; for HTTP that is `http` or `https`.
    #[must_use]
    pub fn schema(&self) -> Option<&str> {
        self.fields.schema.as_deref()
    }

    /// What it is for, in words.
    #[must_use]
    pub fn description(&self) -> Option<&str> {
        self.fields.description.as_deref()
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
    /// What this type of connection has beside it.
    pub extra: Map<String, Value>,
}

impl fmt::Debug for Resolved {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Resolved").field("kind", &self.kind).finish_non_exhaustive()
    }
}

impl Connection {
    /// What is wrong with the connection.
    pub fn invalid(&self, message: impl Into<String>) -> ConnectionError {
        ConnectionError::Invalid(InvalidConnection {
            id: self.id.clone(),
            origin: self.origin.clone(),
            message: message.into(),
        })
    }
}
