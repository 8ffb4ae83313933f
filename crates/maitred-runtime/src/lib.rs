//! The embedded engine: durable tasks in one SQLite file, run by one process.
//!
//! A **task** is one run of an operator. It is submitted to a [`Store`] by anybody; a [`Triggerer`]
//! claims it, runs the operator on a worker, holds its trigger while it is deferred, and resumes it
//! with the event. Every change of a task's state is one transaction of the store, so a process that
//! is killed at any point loses nothing: what was running is run again, what was deferred goes on.
//!
//! # Example
//!
//! All parts that a program with durable tasks has: a store, the operators that it knows, the clients of its
//! connections, the waiters, the engine and a triggerer.
//!
//! ```
//! use std::sync::Arc;
//!
//! use maitred_core::catalog::{Catalog, Sources};
//! use maitred_core::clock::SystemClock;
//! use maitred_runtime::connection::{Clients, Connections, Environment};
//! use maitred_runtime::{
//!     EmbeddedEngine, Engine, NewTask, Registry, SqliteStore, TriggererOptions,
//! };
//! use serde_json::json;
//!
//! # #[tokio::main]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let folder = tempfile::tempdir()?;
//! # let file = folder.path().join("tasks.sqlite");
//! let clock = Arc::new(SystemClock::new());
//! // Clients for service `http`; `maitred::clients` has those of AWS, too.
//! let connections = Connections::new(Environment::of_process());
//! let clients = Clients::new(connections, clock.clone());
//! let catalog = Arc::new(Catalog::new(Sources::default()));
//! let (store, registry) = (SqliteStore::open(&file)?, Registry::builtin());
//! let engine = EmbeddedEngine::new(Arc::new(store), Arc::new(registry), clock)
//!     .with_catalog(catalog)
//!     .with_clients(clients);
//!
//! // Any process may submit tasks. Nobody listens at this port, so this one fails.
//! let sensor = json!({"endpoint": "http://127.0.0.1:9/jobs/7", "timeout": 0.1, "poke_interval": 0.05});
//! let id = engine.start(NewTask::new("http.sensor", sensor)).await?.id();
//!
//! // One process runs them; `run` takes a future that ends it early.
//! let options = TriggererOptions::until_idle();
//! engine.triggerer(options).run(std::future::pending()).await?;
//!
//! let task = engine.result(id).await?;
//! println!("{}: {}", task.state, task.message.unwrap_or_default());
//! assert_eq!(task.state.as_str(), "failed");
//! # Ok(())
//! # }
//! ```
//!
//! [`operator`] shows an operator of one's own, [`trigger`] a trigger.

pub mod blocking;
pub mod connection;
pub mod trigger;
pub mod operator;

pub mod task;
mod transitions;
pub mod store;
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
pub mod triggerer;
pub mod engine;
mod embedded;

pub use admission::Admission;
pub use definitions::StoreDefinitions;
pub use embedded::EmbeddedEngine;
pub use engine::{Engine, EngineError};
pub use registry::Registry;
pub use sqlite::SqliteStore;
pub use store::{Store, StoreError};
pub use task::{NewTask, OnConflict, Task, TaskId, TaskState};
pub use triggerer::{Scope, Triggerer, TriggererOptions};
