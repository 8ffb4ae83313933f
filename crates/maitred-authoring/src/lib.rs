//! Tools for writing waiters: the JSON Schemas of waiter files and cases, lint rules, drafts of waiters from
//! service models, offline tests with recorded replies, and a recorder.
//!
//! The modules are listed in the order in which they depend on each other.

pub mod case;
pub mod schema;
pub mod lint;
pub mod replay;
pub mod record;
pub mod draft;
