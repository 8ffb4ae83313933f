//! Secrets: recognising them by name, and hiding known values.
//!
//! - [`names`] decides which headers, query parameters and JSON members are secrets.
//! - [`urls`] finds logins and secrets in the URLs of a text, [`literals`] finds secrets in inputs.
//! - [`KnownSecrets`] remembers values. Everything that writes text redacts it first: the store of tasks,
//!   `record`, the command line. Values of fewer than five characters are not remembered, since they are
//!   parts of other words; they are still hidden by name.

mod encodings;
mod known;
pub mod literals;
pub mod names;
pub mod urls;

pub use known::KnownSecrets;

/// The text that is shown in place of a secret.
pub const HIDDEN: &str = "***";
