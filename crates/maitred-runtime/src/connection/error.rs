//! The errors of connections. No message holds a value of one.

use std::path::PathBuf;

use maitred_core::client::{CallError, CallErrorKind};

use super::origin::Origin;
use super::secret::SecretError;

/// The reason why a connection cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ConnectionError {
    /// No connection has this id.
    #[error("there is no connection `{id}`: {looked}{}", did_you_mean(near.as_deref()))]
    #[non_exhaustive]
    Undefined {
        /// The id.
        id: String,
        /// The defined id that was probably meant.
        near: Option<String>,
        /// The places where it was looked for.
        looked: String,
    },
    /// It is defined, but what it says cannot be used.
    #[error("{}{message}", named(id, origin))]
    #[non_exhaustive]
    Invalid {
        /// The id.
        id: String,
        /// The place where it is defined.
        origin: Origin,
        /// The reason.
        message: String,
    },
    /// The file of connections cannot be used.
    #[error("{}: {message}", path.display())]
    #[non_exhaustive]
    File {
        /// The file.
        path: PathBuf,
        /// The reason.
        message: String,
    },
    /// A secret that it refers to has no value here.
    #[error(transparent)]
    Secret(#[from] SecretError),
    /// The program makes no clients of this service.
    #[error("this program makes no clients of service `{0}`")]
    NoClients(String),
}

fn did_you_mean(near: Option<&str>) -> String {
    near.map_or_else(String::new, |near| format!("; did you mean `{near}`?"))
}

/// Names a connection. A built-in one has nothing wrong in it: the settings beside it have.
fn named(id: &str, origin: &Origin) -> String {
    match origin {
        Origin::BuiltIn => String::new(),
        Origin::Variable(_) | Origin::File(_) => {
            format!("the connection `{id}` ({origin}) cannot be used: ")
        }
    }
}

impl ConnectionError {
    /// True if something is only not there: the connection, or a secret that it refers to. Another process may have
    /// it, or this one later.
    #[must_use]
    pub fn is_missing(&self) -> bool {
        matches!(self, Self::Undefined { .. } | Self::Secret(_) | Self::NoClients(_))
    }
}

impl From<&ConnectionError> for CallError {
    /// The error of a call that needs the connection: it cannot be sent as it is.
    fn from(error: &ConnectionError) -> Self {
        Self::new(CallErrorKind::Invalid, "ConnectionError", error.to_string())
    }
}
