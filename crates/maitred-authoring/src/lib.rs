//! For those who write waiters: the JSON Schema of waiter files and of cases, the lint rules, drafts of new waiters
//! out of service models, offline tests from recorded replies, and the recorder of those.
//!
//! The modules are listed in the order in which they depend on each other.

pub mod case;
pub mod schema;
pub mod lint;
pub mod replay;
pub mod record;
pub mod draft;
