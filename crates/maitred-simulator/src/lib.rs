//! Runs the durable runtime on simulated time: the whole program, its store, its service and its users in one
//! thread, where a seed decides everything, and everything can go wrong.
//!
//! [`run`](run::run) runs a seed; [`judge`] says what must be true.

#![expect(clippy::wildcard_enum_match_arm, reason = "each door has a few of the faults only")]

pub mod blocking;
pub mod chance;
pub mod client;
pub mod clock;
pub mod fault;
pub mod judge;
mod machine;
pub mod plan;
pub mod process;
pub mod run;
pub mod service;
pub mod shrink;
pub mod store;
pub mod trace;
mod users;
pub mod workload;
pub mod world;
