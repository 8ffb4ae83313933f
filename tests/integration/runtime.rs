//! Durable tasks, and what runs them.

mod http_operators;
#[cfg(feature = "redshift")]
mod kill;
#[cfg(feature = "redshift")]
mod redshift;
mod rig;
mod secrets;
mod sqlite_store;
mod store;
mod triggerer;
