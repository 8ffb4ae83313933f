//! The place where a connection is defined.

use std::fmt;
use std::path::PathBuf;

/// The place where a connection is defined.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Origin {
    /// This environment variable.
    Variable(String),
    /// This file of connections.
    File(PathBuf),
    /// Nowhere: it is one of the two that need no definition.
    BuiltIn,
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Variable(name) => f.write_str(name),
            Self::File(path) => write!(f, "{}", path.display()),
            Self::BuiltIn => f.write_str("built in"),
        }
    }
}
