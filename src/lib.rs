//! maitred waits on things in the cloud.
//!
//! A **waiter** is a JSON file in the format of botocore's `waiters-2.json`: an operation to poll, a
//! delay, a number of attempts, and acceptors that say which response means success, failure or "go
//! on". This crate reads such files, checks them, compiles them and polls, for AWS services and for
//! any HTTP endpoint.
//!
//! ```text
//! waiters/redshift.json ──schema──▶ WaiterConfig ──compile──▶ Waiter ──┐
//!     what a person writes           config                  waiter    │
//!                                                                      ▼
//!     Client ──Observation──▶ step(waiter, progress, observation) ──▶ Sleep(d) | Done(ending)
//!     the only door to the network        engine                       ▲
//!                                                                      │
//!     engine::wait, `maitred wait`: the loops around the step ─────────┤
//!     runtime: the triggerer holds a hundred thousand such waits as data ┘
//! ```
//!
//! [`engine::step`] is pure: no clock, no network, no sleep. Everything that waits calls it, so
//! nothing that waits can disagree.
//!
//! # Example
//!
#![cfg_attr(feature = "aws", doc = "```no_run")]
#![cfg_attr(not(feature = "aws"), doc = "```ignore")]
//! use std::time::Duration;
//!
//! use maitred::catalog::Catalog;
//! use maitred::client::aws::AwsClient;
//! use maitred::clock::SystemClock;
//! use maitred::engine::wait;
//! use maitred::waiter::Options;
//!
//! # #[tokio::main]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let client = AwsClient::new(&aws_config::load_from_env().await);
//! let options = Options {
//!     timeout: Some(Duration::from_secs(1800)),
//!     ..Options::with_input([("ClusterIdentifier", "analytics")])
//! };
//! let waiter = Catalog::default().find("redshift", "cluster_paused")?.compile(&options)?;
//! let reply = wait(&waiter, &client, &SystemClock::new()).await.into_result()?;
//! println!("{}", reply["Clusters"][0]["ClusterStatus"]);
//! # Ok(())
//! # }
//! ```
//!
//! # Features
//!
//! | feature | default | what it brings |
//! |---|---|---|
//! | `cli` | yes | the `maitred` command |
//! | `aws` | yes | [`client::aws`](client): any AWS operation by name |
//! | `http` | yes | [`client::http`](client): service `http` |
//! | `runtime` | yes | connections, triggers, operators, and the durable tasks that run them |
//! | `redshift` | yes | operators for Amazon Redshift, on the official SDK |
//! | `sso` | no | credentials from IAM Identity Center profiles |
//!
//! Without any of them, what remains is the file format, the compiler and the engine, for a program
//! that brings its own [`client::Client`].

// Without the command, parts of what the features share privately have no user.
#![cfg_attr(
    not(feature = "cli"),
    allow(dead_code, unused_imports, reason = "each feature uses a part of what is private")
)]

// The list is the reading order and the dependency order: a module may use only modules listed
// above it, and `tests/integration/architecture.rs` checks it.

// The door to the disk.
mod file;
#[cfg(feature = "runtime")]
mod descriptors;

// The door to other programs.
#[cfg(feature = "aws")]
mod process_group;

// What must not be seen.
mod secrets;

// What people write.
pub mod config;
pub mod diagnostic;
#[cfg(feature = "cli")]
pub mod project;

// The language of the expressions in it.
mod python;
pub mod expression;

// The doors, as traits and data.
pub mod document;
pub mod model;
pub mod clock;
pub mod client;
pub mod case;

// What it means: pure.
pub mod schedule;
pub mod matcher;
pub mod waiter;
pub mod schema;
pub mod catalog;
mod states;
pub mod lint;

// How it runs.
pub mod engine;

// How waiters are written and tested.
pub mod replay;
pub mod record;
pub mod draft;

// Deferral.
#[cfg(feature = "runtime")]
pub mod connection;
#[cfg(feature = "runtime")]
pub mod trigger;
#[cfg(feature = "runtime")]
pub mod operator;
#[cfg(feature = "runtime")]
pub mod runtime;

// The outside.
#[cfg(feature = "cli")]
pub mod cli;
