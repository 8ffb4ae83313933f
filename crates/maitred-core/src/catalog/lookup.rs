//! Why a waiter was not found.

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;

use super::BadExtends;
use super::search::meant;
use crate::diagnostic::Invalid;

/// A file that cannot be used.
#[derive(Debug, Clone)]
pub struct BadFile {
    /// The file.
    pub path: PathBuf,
    /// Its text, for showing the places of the problems; empty if it cannot be read.
    pub text: String,
    /// What is wrong with it.
    pub problems: Invalid,
}

/// Why a waiter was not found.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum LookupError {
    /// There is no such waiter.
    Unknown(Unknown),
    /// The file that would have it cannot be used.
    BadFile(Box<BadFile>),
    /// It extends a waiter that cannot be had.
    Extends(Box<BadExtends>),
}

/// A waiter that does not exist.
#[derive(Debug, Clone)]
pub struct Unknown {
    pub(super) service: String,
    pub(super) name: String,
    pub(super) names: Arc<[String]>,
}

impl Unknown {
    /// The name that was looked for.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The name that was probably meant.
    #[must_use]
    pub fn near(&self) -> Option<&str> {
        meant(&self.name, &self.names)
    }

    /// The waiters that the service has.
    #[must_use]
    pub fn names(&self) -> &[String] {
        &self.names
    }
}

impl fmt::Display for LookupError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unknown(unknown) => {
                write!(f, "there is no waiter `{}` for service `{}`", unknown.name, unknown.service)
            }
            Self::BadFile(bad) => write!(f, "{} cannot be used", bad.path.display()),
            Self::Extends(bad) => bad.fmt(f),
        }
    }
}

impl std::error::Error for LookupError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Unknown(_) => None,
            Self::BadFile(bad) => Some(&bad.problems),
            Self::Extends(bad) => bad.source(),
        }
    }
}
