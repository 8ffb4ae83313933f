//! What `maitred.toml` says, for the commands.

use std::path::PathBuf;

use super::exit::Failure;
use crate::project::Project;

/// The project of the current folder; one that says nothing if there is no `maitred.toml`.
///
/// # Errors
/// There is one, and it cannot be used.
pub(super) fn project() -> Result<Project, Failure> {
    let Ok(here) = std::env::current_dir() else { return Ok(Project::default()) };
    Project::find(&here).map(Option::unwrap_or_default).map_err(|error| {
        let failure = Failure::usage(error.to_string());
        match error.help() {
            Some(help) => failure.help(help),
            None => failure,
        }
    })
}

/// The file of connections: the one that is named, else the project's; else where connections are
/// looked for anyway.
pub(super) fn connections(named: Option<PathBuf>) -> Option<PathBuf> {
    named.or_else(|| {
        let elsewhere = std::env::var_os("MAITRED_CONNECTIONS").is_some();
        project().ok().filter(|_| !elsewhere)?.connections
    })
}
