//! Errors of looking up a waiter.

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;

use super::entry::{MAX_BASES, WaiterOrigin};
use super::search::meant;
use crate::diagnostic::Invalid;

/// A file that cannot be used.
#[derive(Debug, Clone)]
pub struct BadFile {
    /// The file.
    pub path: PathBuf,
    /// Its text, to show where the problems are; empty if it cannot be read.
    pub text: String,
    /// What is wrong with it.
    pub problems: Invalid,
}

/// A waiter that cannot be found or used.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum LookupError {
    /// There is no such waiter.
    Unknown(Unknown),
    /// The file that should have it cannot be used.
    BadFile(Box<BadFile>),
    /// It extends a waiter that cannot be found or used.
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

    /// A similar name, if there is one.
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

/// A waiter whose `extends` cannot be resolved.
#[derive(Debug, Clone)]
pub struct BadExtends {
    /// The waiter that has the key `extends`.
    id: String,
    origin: WaiterOrigin,
    extends: String,
    reason: Reason,
}

#[derive(Debug, Clone)]
pub(super) enum Reason {
    NoId,
    Lookup(LookupError),
    Cycle,
    Depth,
}

impl BadExtends {
    pub(super) fn error(
        id: &str,
        origin: &WaiterOrigin,
        extends: &str,
        reason: Reason,
    ) -> LookupError {
        let (id, extends) = (id.to_owned(), extends.to_owned());
        LookupError::Extends(Box::new(Self { id, origin: origin.clone(), extends, reason }))
    }

    /// How to fix it, if that is known.
    #[must_use]
    pub fn help(&self) -> Option<String> {
        match &self.reason {
            Reason::NoId => Some("name it as SERVICE.NAME".to_owned()),
            Reason::Lookup(LookupError::Unknown(unknown)) => {
                match (unknown.near(), unknown.names()) {
                    (Some(near), _) => Some(format!("did you mean `{}.{near}`?", unknown.service)),
                    (None, []) => None,
                    (None, names) => Some(format!("{} has {}", unknown.service, names.join(", "))),
                }
            }
            Reason::Lookup(_) | Reason::Cycle | Reason::Depth => None,
        }
    }

    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match &self.reason {
            Reason::Lookup(error) => Some(error),
            Reason::NoId | Reason::Cycle | Reason::Depth => None,
        }
    }
}

impl fmt::Display for BadExtends {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { id, origin, extends, .. } = self;
        write!(f, "{id} ({origin}) extends `{extends}`, ")?;
        match &self.reason {
            Reason::NoId => f.write_str("which names no waiter"),
            Reason::Lookup(LookupError::Unknown(_)) => f.write_str("which does not exist"),
            Reason::Lookup(_) => f.write_str("which cannot be used"),
            Reason::Cycle => f.write_str("which in the end extends itself"),
            Reason::Depth => write!(f, "the last of more than {MAX_BASES} in a row"),
        }
    }
}
