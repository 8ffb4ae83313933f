//! maitred waits for cloud resources and HTTP endpoints.
//!
//! A **waiter** is a JSON file in the format of botocore's `waiters-2.json`: an operation to poll, a
//! delay, a number of attempts, and acceptors that say which response means success, failure or "go
//! on". This crate reads such files, checks them, compiles them and polls, for AWS services and for
//! any HTTP endpoint.
//!
//! ```text
//! waiters/redshift.json ──schema──▶ WaiterConfig ──compile──▶ Waiter ──┐
//!     written by people               config                  waiter    │
//!                                                                      ▼
//!     Client ──Observation──▶ step(waiter, progress, observation) ──▶ Sleep(d) | Done(ending)
//!     all network access                  engine                       ▲
//!                                                                      │
//!     engine::wait, `maitred wait`: the loops around the step ─────────┤
//!     runtime: the triggerer holds a hundred thousand such waits as data ┘
//! ```
//!
//! [`engine::step`] is pure: no clock, no network, no sleep. Everything that waits calls it, so
//! all waits have the same verdicts.
//!
//! # Example
//!
#![cfg_attr(feature = "aws", doc = "```no_run")]
#![cfg_attr(not(feature = "aws"), doc = "```ignore")]
//! use std::time::Duration;
//!
//! use maitred::{AwsClient, Catalog, Options, SystemClock, wait};
//!
//! # #[tokio::main]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let client = AwsClient::new(&aws_config::load_from_env().await);
//! let mut options = Options::with_input([("ClusterIdentifier", "analytics")]);
//! options.timeout = Some(Duration::from_secs(1800));
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
//! | `authoring` | yes | JSON Schemas, lint rules, drafts, cases and recordings |
//! | `aws` | yes | [`client::aws`](client): any AWS operation by name |
//! | `http` | yes | [`client::http`](client): service `http` |
//! | `runtime` | yes | connections, triggers, operators, and the durable tasks that run them; of service `http` and, with `aws`, of AWS |
//! | `redshift` | yes | operators for Amazon Redshift, on the official SDK |
//! | `sso` | no | credentials from IAM Identity Center profiles |
//!
//! Without any of them, what remains is the file format, the compiler and the engine, for a program
//! that brings its own [`client::Client`].

#[doc(inline)]
pub use maitred_core::{
    catalog, clock, config, diagnostic, document, engine, expression, matcher, names,
    operator_file, placeholder, schedule, waiter,
};

/// The trait of clients, which call services, and its implementations.
pub mod client {
    #[doc(inline)]
    pub use maitred_core::client::*;

    #[cfg(feature = "aws")]
    #[doc(inline)]
    pub use maitred_aws as aws;
    #[cfg(feature = "http")]
    #[doc(inline)]
    pub use maitred_http as http;
}

#[cfg(feature = "authoring")]
#[doc(inline)]
pub use maitred_authoring::{case, draft, lint, record, replay, schema};
#[cfg(all(feature = "aws", feature = "runtime"))]
#[doc(inline)]
pub use maitred_aws::connections as aws_connections;
#[cfg(any(feature = "aws", feature = "authoring"))]
#[doc(inline)]
pub use maitred_model as model;
#[cfg(feature = "redshift")]
#[doc(inline)]
pub use maitred_redshift as redshift;
#[cfg(feature = "runtime")]
#[doc(inline)]
pub use maitred_runtime::{self as runtime, connection, operator, trigger};

#[doc(no_inline)]
pub use catalog::Catalog;
#[doc(no_inline)]
pub use client::{Call, Client};
#[doc(no_inline)]
pub use clock::SystemClock;
#[doc(no_inline)]
pub use engine::wait;
#[cfg(feature = "aws")]
#[doc(no_inline)]
pub use maitred_aws::AwsClient;
#[cfg(feature = "http")]
#[doc(no_inline)]
pub use maitred_http::HttpClient;
#[cfg(feature = "runtime")]
#[doc(no_inline)]
pub use maitred_runtime::{
    EmbeddedEngine, Engine, NewTask, Registry, SqliteStore, Task, TaskState, Triggerer,
    TriggererOptions,
};
#[doc(no_inline)]
pub use waiter::{Options, Waiter};

#[cfg(feature = "cli")]
pub mod cli;

#[cfg(feature = "cli")]
use maitred_core::{descriptors, file, python, secrets};

/// The waiters that come with maitred: its own and, with feature `aws`, botocore's. With feature `authoring`,
/// files that are added are checked against the JSON Schema.
///
/// [`Sources::with_environment`](catalog::Sources::with_environment) adds those that the command finds.
#[must_use]
pub fn sources() -> catalog::Sources {
    let sources = catalog::Sources::default();
    #[cfg(feature = "authoring")]
    let sources = sources.with_reader(schema::parse);
    #[cfg(feature = "aws")]
    let sources = sources.with_embedded(Some(model::Models::embedded_waiters()));
    sources
}

/// The operators and triggers that come with maitred: those of service `http`, the waits, those of files and, with feature
/// `redshift`, those of Amazon Redshift. The files that the variable `MAITRED_OPERATORS` names come before the shipped ones.
#[cfg(feature = "runtime")]
#[must_use]
pub fn registry() -> runtime::Registry {
    let registry = runtime::Registry::builtin();
    #[cfg(feature = "redshift")]
    let registry = redshift::register(registry);
    let paths = std::env::var_os("MAITRED_OPERATORS").filter(|paths| !paths.is_empty());
    let paths = paths.iter().flat_map(std::env::split_paths);
    registry.with_operators(operator::file::OperatorCatalog::shipped().with_paths(paths))
}

/// The clients of `connections`, for service `http` and all built-in AWS services.
#[cfg(all(feature = "aws", feature = "runtime"))]
#[must_use]
pub fn clients(
    connections: connection::Connections,
    clock: std::sync::Arc<dyn clock::Clock>,
) -> connection::Clients {
    let clients = connection::Clients::new(connections, clock);
    aws_connections::with_aws(clients, model::Models::embedded())
}

/// The engine of the tasks in `store`, with the connections of the process's environment, and the waiters of
/// [`Sources::with_environment`](catalog::Sources::with_environment).
#[cfg(all(feature = "aws", feature = "runtime"))]
#[must_use]
pub fn engine(
    store: std::sync::Arc<dyn runtime::Store>,
    registry: runtime::Registry,
) -> runtime::EmbeddedEngine {
    let clock: std::sync::Arc<dyn clock::Clock> = std::sync::Arc::new(clock::SystemClock::new());
    let connections = connection::Connections::new(connection::Environment::of_process());
    let sources = sources().with_environment();
    let models = model::Models::embedded().with_data_paths(sources.data_paths.clone());
    let clients = connection::Clients::new(connections, std::sync::Arc::clone(&clock));
    runtime::EmbeddedEngine::new(store, std::sync::Arc::new(registry), clock)
        .with_catalog(std::sync::Arc::new(catalog::Catalog::new(sources)))
        .with_clients(aws_connections::with_aws(clients, models))
}
