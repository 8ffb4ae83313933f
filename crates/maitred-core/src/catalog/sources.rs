//! Where a catalog finds its waiters.

use std::fmt;
use std::path::PathBuf;

use serde_json::Value;

use super::reader::{WaiterReader, parse};

/// The sources of a [`Catalog`](super::Catalog), and the reader of their files. By default it has only
/// the waiters of this crate, and files are read by [`parse`].
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Sources {
    /// Waiter files, and folders of them, that the user names. They take precedence over everything else.
    pub user: Vec<PathBuf>,
    /// Folders in botocore's layout `<service>/<api-version>/waiters-2.json`: `AWS_DATA_PATH` and
    /// `~/.aws/models`.
    pub data_paths: Vec<PathBuf>,
    /// The `data` folders of installed botocore packages. Their waiters take precedence over those of
    /// botocore that are shipped, but not over those written for this crate.
    pub botocore: Vec<PathBuf>,
    /// The shipped waiters of botocore, by service.
    pub embedded: Option<Embedded>,
    /// Files and folders that can add waiters, but not replace any: those of `maitred.toml`, or `./waiters`.
    pub local: Vec<PathBuf>,
    /// Reads the user's and the local files.
    pub reader: WaiterReader,
}

impl Default for Sources {
    fn default() -> Self {
        let (user, data_paths, botocore, local) = Default::default();
        Self { user, data_paths, botocore, embedded: None, local, reader: parse }
    }
}

impl Sources {
    /// Sets [`Sources::user`].
    #[must_use]
    pub fn with_user(mut self, user: impl IntoIterator<Item = PathBuf>) -> Self {
        self.user = user.into_iter().collect();
        self
    }

    /// Sets [`Sources::data_paths`].
    #[must_use]
    pub fn with_data_paths(mut self, folders: impl IntoIterator<Item = PathBuf>) -> Self {
        self.data_paths = folders.into_iter().collect();
        self
    }

    /// Sets [`Sources::botocore`].
    #[must_use]
    pub fn with_botocore(mut self, folders: impl IntoIterator<Item = PathBuf>) -> Self {
        self.botocore = folders.into_iter().collect();
        self
    }

    /// Sets [`Sources::embedded`].
    #[must_use]
    pub fn with_embedded(mut self, embedded: Option<Embedded>) -> Self {
        self.embedded = embedded;
        self
    }

    /// Sets [`Sources::local`].
    #[must_use]
    pub fn with_local(mut self, local: impl IntoIterator<Item = PathBuf>) -> Self {
        self.local = local.into_iter().collect();
        self
    }

    /// Sets [`Sources::reader`], for instance to one that checks files against the JSON Schema.
    #[must_use]
    pub fn with_reader(mut self, reader: WaiterReader) -> Self {
        self.reader = reader;
        self
    }
}

/// Access to the shipped `waiters-2.json` of each service.
#[derive(Clone, Copy)]
pub struct Embedded {
    /// The services that have one.
    pub services: fn() -> Vec<String>,
    /// The file of one service.
    pub file: fn(&str) -> Option<Value>,
}

impl fmt::Debug for Embedded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Embedded")
    }
}
