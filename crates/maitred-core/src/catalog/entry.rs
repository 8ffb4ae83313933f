//! A waiter of the catalog.

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;

use crate::config::{PartialWaiter, WaiterConfig};
use crate::diagnostic::Invalid;
use crate::names::snake_name;
use crate::waiter::{Options, Waiter};

/// A waiter that was found.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Entry {
    /// The service, e.g. `redshift`.
    pub service: String,
    /// The name as in its file.
    pub name: String,
    /// The waiter.
    pub config: Arc<WaiterConfig>,
    /// The source of the waiter.
    pub origin: WaiterOrigin,
    /// The waiters that it extends, nearest first. Their keys and acceptors are merged into `config`.
    pub bases: Vec<Base>,
}

impl Entry {
    /// The name in snake case, as used by `maitred wait`.
    #[must_use]
    pub fn snake_name(&self) -> String {
        snake_name(&self.name)
    }

    /// Compiles the waiter with the caller's options.
    ///
    /// # Errors
    /// As [`Waiter::compile`].
    pub fn compile(&self, options: &Options) -> Result<Waiter, Invalid> {
        Waiter::compile(&self.service, &self.name, &self.config, options)
    }
}

/// A waiter as its file has it, before `extends` is resolved.
#[derive(Debug)]
pub(super) struct WrittenEntry {
    pub(super) service: String,
    pub(super) name: String,
    pub(super) waiter: Arc<PartialWaiter>,
    pub(super) origin: WaiterOrigin,
}

/// The source of a waiter.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum WaiterOrigin {
    /// Written for maitred and shipped with it.
    Shipped,
    /// One of botocore's, shipped with maitred.
    Botocore,
    /// A user's file.
    File(PathBuf),
    /// A file in botocore's layout.
    DataPath(PathBuf),
}

impl fmt::Display for WaiterOrigin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Shipped => f.write_str("maitred"),
            Self::Botocore => f.write_str("botocore"),
            Self::File(path) | Self::DataPath(path) => write!(f, "{}", path.display()),
        }
    }
}

/// A waiter that another one extends.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Base {
    /// `service.name`.
    pub id: String,
    /// The source of the waiter.
    pub origin: WaiterOrigin,
    /// The number of its own acceptors; those of all bases are in order.
    pub acceptors: usize,
}

/// The longest chain of waiters that extend each other.
pub const MAX_BASES: usize = 8;
