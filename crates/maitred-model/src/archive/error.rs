//! Errors of looking up and reading models.

use std::fmt;
use std::path::PathBuf;

use maitred_core::client::UNKNOWN_SERVICE;

/// A model that does not exist or cannot be read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ModelError {
    /// There is no such service in the archive.
    #[error("unknown service `{name}`{}", hint(.suggestion))]
    UnknownService {
        /// The name that was looked up.
        name: String,
        /// A similar name, if there is one.
        suggestion: Option<String>,
    },
    /// The service has no such operation.
    #[error("`{service}` has no operation `{name}`{}", hint(.suggestion))]
    UnknownOperation {
        /// The service.
        service: String,
        /// The name that was looked up.
        name: String,
        /// A similar name, if there is one.
        suggestion: Option<String>,
    },
    /// The archive is damaged or has an unsupported version.
    #[error("the archive of service models cannot be read: {0}")]
    Corrupt(String),
    /// A file of a data path cannot be used.
    #[error("{} cannot be used: {why}; correct the file, or take it out of the data path", path.display())]
    BadFile {
        /// The file.
        path: PathBuf,
        /// The problem.
        why: String,
    },
}

impl ModelError {
    /// The error code of a call that cannot be sent because of this error.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::UnknownService { .. } => UNKNOWN_SERVICE,
            Self::UnknownOperation { .. } => "UnknownOperation",
            Self::Corrupt(_) => "DamagedModels",
            Self::BadFile { .. } => "BadModelFile",
        }
    }
}

fn hint(suggestion: &Option<String>) -> String {
    suggestion.as_ref().map(|name| format!("; did you mean `{name}`?")).unwrap_or_default()
}

/// An error about damage in the archive.
pub(super) fn corrupt(what: impl fmt::Display) -> ModelError {
    ModelError::Corrupt(what.to_string())
}
