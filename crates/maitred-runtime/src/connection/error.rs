//! What goes wrong with connections. No message holds a value of one.

use std::fmt;
use std::path::{Path, PathBuf};

use maitred_core::client::CallError;
use maitred_core::client::CallErrorKind;

use super::origin::Origin;
use super::secret::SecretError;

/// Why a connection cannot be used.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum ConnectionError {
    /// No connection has this id.
    Undefined(Undefined),
    /// It is defined, but what it says cannot be used.
    Invalid(InvalidConnection),
    /// The file of connections cannot be used.
    File(ConnectionFileError),
    /// A secret that it refers to cannot be had.
    Secret(SecretError),
    /// The program makes no clients of this service.
    NoClients(String),
}

/// An id that is not defined.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Undefined {
    pub(super) id: String,
    pub(super) near: Option<String>,
    pub(super) looked: String,
}

impl Undefined {
    /// The id.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.id
    }

    /// The defined id that was probably meant.
    #[must_use]
    pub fn near(&self) -> Option<&str> {
        self.near.as_deref()
    }
}

/// A connection that cannot be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InvalidConnection {
    pub(super) id: String,
    pub(super) origin: Origin,
    pub(super) message: String,
}

impl InvalidConnection {
    /// Its id.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.id
    }

    /// Where it is defined.
    #[must_use]
    pub fn origin(&self) -> &Origin {
        &self.origin
    }
}

/// A file of connections that cannot be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConnectionFileError {
    pub(super) path: PathBuf,
    pub(super) message: String,
}

impl ConnectionFileError {
    pub(super) fn new(path: &Path, message: impl Into<String>) -> Self {
        Self { path: path.to_owned(), message: message.into() }
    }

    /// The file.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }
}

impl fmt::Display for ConnectionError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Undefined(Undefined { id, near, looked }) => {
                write!(f, "there is no connection `{id}`: {looked}")?;
                match near {
                    Some(near) => write!(f, "; did you mean `{near}`?"),
                    None => Ok(()),
                }
            }
            // Nobody wrote it, so what is wrong was given beside it.
            Self::Invalid(InvalidConnection { origin: Origin::BuiltIn, message, .. }) => {
                f.write_str(message)
            }
            Self::Invalid(InvalidConnection { id, origin, message }) => {
                write!(f, "the connection `{id}` ({origin}) cannot be used: {message}")
            }
            Self::File(ConnectionFileError { path, message }) => {
                write!(f, "{}: {message}", path.display())
            }
            Self::Secret(error) => error.fmt(f),
            Self::NoClients(service) => {
                write!(f, "this program makes no clients of service `{service}`")
            }
        }
    }
}

impl ConnectionError {
    /// The program makes no clients of `service`.
    #[must_use]
    pub fn no_clients(service: &str) -> Self {
        Self::NoClients(service.to_owned())
    }

    /// Whether it is only not there: the connection, or a secret that it refers to. Another process may have
    /// it, or this one later.
    #[must_use]
    pub fn is_missing(&self) -> bool {
        matches!(self, Self::Undefined(_) | Self::Secret(_) | Self::NoClients(_))
    }
}

impl std::error::Error for ConnectionError {}

impl From<SecretError> for ConnectionError {
    fn from(error: SecretError) -> Self {
        Self::Secret(error)
    }
}

impl From<&ConnectionError> for CallError {
    /// What a call that needs the connection came to: it cannot be sent as it is.
    fn from(error: &ConnectionError) -> Self {
        Self::new(CallErrorKind::Invalid, "ConnectionError", error.to_string())
    }
}
