//! The `maitred` command as a process, against servers on the loopback interface.

pub(crate) mod process;

mod arguments;
mod aws_configuration;
mod bad_waiters;
mod baseline;
mod bounds;
mod call;
mod certificates;
#[cfg(target_os = "linux")]
mod clock;
mod conditions;
mod credential_process;
mod diagnose;
mod endings;
mod escapes;
#[cfg(unix)]
mod files;
mod machine_credentials;
mod limits;
mod many;
mod models;
mod output;
mod own_command;
mod pages;
mod record;
mod run;
mod scope;
mod secrets;
mod signals;
mod task_mistakes;
mod tasks;
mod triggerer;
mod trust;
