//! Durable tasks, and what runs them.

mod hook_retries;
mod http_operators;
mod kill;
mod operator_files;
mod own_operators;
mod redshift;
mod replaced_store;
mod registry;
mod rig;
mod secrets;
mod sent_once;
mod sqlite_file;
mod sqlite_store;
mod store;
mod submission;
mod triggerer;
