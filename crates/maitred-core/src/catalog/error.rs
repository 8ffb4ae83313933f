//! Errors of looking up a waiter.

use std::path::PathBuf;
use std::sync::Arc;

use thiserror::Error;

use super::entry::{MAX_BASES, WaiterOrigin};
use super::search::meant;
use crate::diagnostic::Invalid;

/// A file that cannot be used.
#[derive(Debug, Clone, Error)]
#[error("{} cannot be used", path.display())]
#[non_exhaustive]
pub struct BadFile {
    /// The file.
    pub path: PathBuf,
    /// Its text, to show where the problems are; empty if it cannot be read.
    pub text: String,
    /// The problems of the file.
    #[source]
    pub problems: Invalid,
}

impl BadFile {
    pub(super) fn new(path: impl Into<PathBuf>, text: String, problems: Invalid) -> Box<Self> {
        Box::new(Self { path: path.into(), text, problems })
    }
}

/// A waiter that cannot be found or used.
#[derive(Debug, Clone, Error)]
#[non_exhaustive]
pub enum LookupError {
    /// There is no such waiter.
    #[error("there is no waiter `{}` for service `{}`", .0.name, .0.service)]
    Unknown(Unknown),
    /// The file that should have it cannot be used.
    #[error(transparent)]
    BadFile(Box<BadFile>),
    /// It extends a waiter that cannot be found or used.
    #[error(transparent)]
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

/// A waiter whose `extends` cannot be resolved.
#[derive(Debug, Clone, Error)]
#[error("{id} ({origin}) extends `{extends}`, {reason}")]
pub struct BadExtends {
    /// The waiter that has the key `extends`.
    id: String,
    origin: WaiterOrigin,
    extends: String,
    reason: Reason,
    source: Option<LookupError>,
}

#[derive(Debug, Clone, Error)]
pub(super) enum Reason {
    #[error("which names no waiter")]
    NoId,
    #[error("which does not exist")]
    Unknown,
    #[error("which cannot be used")]
    Unusable,
    #[error("which in the end extends itself")]
    Cycle,
    #[error("the last of more than {MAX_BASES} in a row")]
    Depth,
}

impl From<BadExtends> for LookupError {
    fn from(bad: BadExtends) -> Self {
        Self::Extends(Box::new(bad))
    }
}

impl BadExtends {
    pub(super) fn new(id: &str, origin: &WaiterOrigin, extends: &str, reason: Reason) -> Self {
        let (id, extends) = (id.to_owned(), extends.to_owned());
        Self { id, origin: origin.clone(), extends, reason, source: None }
    }

    pub(super) fn with_source(self, source: LookupError) -> Self {
        let is_unknown = matches!(source, LookupError::Unknown(_));
        let reason = if is_unknown { Reason::Unknown } else { Reason::Unusable };
        Self { reason, source: Some(source), ..self }
    }

    /// Advice on fixing it, if there is any.
    #[must_use]
    pub fn help(&self) -> Option<String> {
        if let Reason::NoId = self.reason {
            return Some("name it as SERVICE.NAME".to_owned());
        }
        let Some(LookupError::Unknown(unknown)) = &self.source else { return None };
        match (unknown.near(), unknown.names()) {
            (Some(near), _) => Some(format!("did you mean `{}.{near}`?", unknown.service)),
            (None, []) => None,
            (None, names) => Some(format!("{} has {}", unknown.service, names.join(", "))),
        }
    }
}
