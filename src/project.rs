//! `maitred.toml`: the settings of a folder of waiters, for all commands.
//!
//! ```toml
//! waiters = ["waiters", "../shared/waiters"]   # files and folders of waiter files
//! tests = "tests/waiters"                      # the folder of test cases
//! store = "var/maitred.db"                     # the file of durable tasks
//! connections = "connections.toml"             # the file of connections
//!
//! [lint.rules]
//! no-failure = "off"                           # off, note, warning or error
//! ```
//!
//! It is looked for from the current folder upwards, as far as the root of the git repository;
//! outside a repository only in the current folder. Paths in it are relative to the file's folder.
//!
//! The file may come from anyone, e.g. with a checkout. `store` and `connections` are used only in a folder
//! that the user trusts ([`Trust`]): the commands in a store are run, and connections decide where secrets go.

mod hash;
mod maitred_toml;
mod trust;

pub use maitred_toml::{FILE_NAME, Project, ProjectError};
pub use trust::{Distrust, Trust, TrustRecord};
