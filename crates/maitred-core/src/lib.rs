//! The core of maitred: the format of waiter files, the compiler and the engine. It has no network access of
//! its own.
//!
//! A waiter file is parsed to a [`config::WaiterFile`], one of its waiters is compiled to a
//! [`waiter::Waiter`], and [`engine::wait`] polls with it through a [`client::Client`].
//!
//! ```
//! use maitred_core::catalog;
//! use maitred_core::client::{Call, Client, Observation, Output};
//! use maitred_core::clock::{BoxFuture, SystemClock};
//! use maitred_core::engine::{self, Status};
//! use maitred_core::waiter::{Options, Waiter};
//! use serde_json::json;
//!
//! /// A service whose job is done at the second poll.
//! #[derive(Debug, Default)]
//! struct Jobs(std::sync::atomic::AtomicBool);
//!
//! impl Client for Jobs {
//!     fn call<'a>(&'a self, _call: &'a Call) -> BoxFuture<'a, Observation> {
//!         let is_done = self.0.swap(true, std::sync::atomic::Ordering::Relaxed);
//!         let state = if is_done { "done" } else { "running" };
//!         Box::pin(async move { Observation::Output(Output::from_json(json!({"state": state}))) })
//!     }
//! }
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let file = catalog::parse(r#"{"version": 2, "waiters": {"job_done": {
//!     "operation": "GetJob", "delay": 0.01, "maxAttempts": 10, "acceptors": [
//!         {"state": "success", "matcher": "path", "argument": "state", "expected": "done"}]}}}"#)?;
//! let config = file.waiters["job_done"].resolve()?;
//! let waiter = Waiter::compile("jobs", "job_done", &config, &Options::default())?;
//! let outcome = engine::wait(&waiter, &Jobs::default(), &SystemClock::new()).await;
//! assert_eq!(outcome.status(), Status::Success);
//! # Ok(())
//! # }
//! ```
//!
//! The modules are listed in the order in which they depend on each other.

#[cfg(feature = "process")]
pub mod descriptors;
#[cfg(feature = "process")]
pub mod process_group;
pub mod file;
mod word_tables;
pub mod secrets;

pub mod diagnostic;
pub mod config;
pub mod data_path;
pub mod names;

pub mod python;
pub mod expression;
pub mod placeholder;

pub mod document;
pub mod clock;
pub mod client;

pub mod schedule;
pub mod matcher;
pub mod operator_file;
pub mod waiter;
pub mod catalog;
pub mod engine;
