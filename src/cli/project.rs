//! What `maitred.toml` says, for the commands.

use std::path::PathBuf;

use super::exit::Failure;
use super::report;
use crate::connection::{Connections, Environment};
use crate::project::Project;

/// The project of the current folder; one that says nothing if there is no `maitred.toml`.
///
/// # Errors
/// There is one, and it cannot be used.
pub(super) fn project() -> Result<Project, Failure> {
    let Ok(here) = std::env::current_dir() else { return Ok(Project::default()) };
    let found = Project::find(&here).map(Option::unwrap_or_default);
    let shown = |path: PathBuf| match path.strip_prefix(&here) {
        Ok(below) if !below.as_os_str().is_empty() => below.to_owned(),
        _ => path,
    };
    // Findings name files as one names them oneself: an annotation is placed by that.
    let found = found.map(|project| Project {
        waiters: project.waiters.into_iter().map(shown).collect(),
        tests: project.tests.map(shown),
        ..project
    });
    found.map_err(|error| {
        let failure = Failure::usage(error.to_string());
        match error.help() {
            Some(help) => failure.help(help),
            None => failure,
        }
    })
}

/// Connections of the environment and of a file: the one that is named, else the project's; else the one
/// where connections are looked for anyway.
///
/// # Errors
/// As [`project`].
pub(super) fn connections(named: Option<PathBuf>) -> Result<Connections, Failure> {
    let is_said = named.is_some() || std::env::var_os("MAITRED_CONNECTIONS").is_some();
    let file = if is_said { named } else { project()?.connections };
    let known = report::known().clone();
    Ok(Connections::remembering(Environment::of_process(), file.as_deref(), known))
}
