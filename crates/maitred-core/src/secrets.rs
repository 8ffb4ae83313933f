//! Secrets: what they are called, and which values are known to be one.
//!
//! - [`names`] is the one vocabulary: of headers, keys of a query, members of JSON.
//! - [`urls`] finds logins and secrets in the URLs of a text, [`literals`] finds secrets in inputs.
//! - [`KnownSecrets`] remembers values. It travels with the connections that resolve them, and whoever lets
//!   a text out asks it: the store of tasks, `record`, the file that prints. Values of less than five
//!   characters are not remembered, since they are parts of other words; names still hide them.

mod encodings;
mod known;
pub mod literals;
pub mod names;
pub mod urls;

pub use known::KnownSecrets;

/// What is shown in place of a secret.
pub const HIDDEN: &str = "***";
