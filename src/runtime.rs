//! The embedded engine: durable tasks in one SQLite file, run by one process.
//!
//! A **task** is one run of an operator. It is submitted to a [`Store`] by anybody; a [`Triggerer`]
//! claims it, runs the operator on a worker, holds its trigger while it is deferred, and resumes it
//! with the event. Every change of a task's state is one transaction of the store, so a process that
//! is killed at any point loses nothing: what was running is run again, what was deferred goes on.

pub mod engine;
pub mod memory;
pub mod registry;
pub mod sqlite;
pub mod store;
pub mod task;
pub mod triggerer;

mod access;
mod definitions;
mod hook;
mod known_waiters;
mod log;
mod notice;
mod redact;
mod rules;
mod undo;
mod worker;

pub use definitions::StoreDefinitions;
pub use engine::{EmbeddedEngine, Engine};
pub use memory::MemoryStore;
pub use registry::Registry;
pub use sqlite::SqliteStore;
pub use store::{Store, StoreError};
pub use task::{NewTask, OnConflict, Task, TaskId, TaskState};
pub use triggerer::{Scope, Triggerer, TriggererOptions};
