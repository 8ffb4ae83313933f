//! The embedded engine: durable tasks in one SQLite file, run by one process.
//!
//! A **task** is one run of an operator. It is submitted to a [`Store`] by anybody; a [`Triggerer`]
//! claims it, runs the operator on a worker, holds its trigger while it is deferred, and resumes it
//! with the event. Every change of a task's state is one transaction of the store, so a process that
//! is killed at any point loses nothing: what was running is run again, what was deferred goes on.

pub mod connection;
pub mod trigger;
pub mod operator;

pub mod task;
mod transitions;
pub mod store;
pub mod memory;
pub mod sqlite;
mod definitions;

pub mod registry;
mod known_waiters;
mod admission;
mod notice;
mod access;
mod journal;
mod redact;
mod log;
mod running_commands;
mod worker;
mod hook;
mod undo;
pub mod triggerer;
pub mod engine;
mod embedded;

pub use admission::Admission;
pub use definitions::StoreDefinitions;
pub use embedded::EmbeddedEngine;
pub use engine::{Engine, EngineError};
pub use memory::MemoryStore;
pub use registry::Registry;
pub use sqlite::SqliteStore;
pub use store::{Store, StoreError};
pub use task::{NewTask, OnConflict, Task, TaskId, TaskState};
pub use triggerer::{Scope, Triggerer, TriggererOptions};
