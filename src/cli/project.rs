//! The project of the current folder, and what it may decide.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::exit::Failure;
use super::report;
use crate::connection::{Connections, Environment};
use crate::file;
use crate::project::{Distrust, FILE_NAME, Project, Trust};

/// Finds the project of the current folder; the default one if there is no `maitred.toml`.
///
/// # Errors
/// `maitred.toml` cannot be used.
pub(super) fn find() -> Result<Project, Failure> {
    let Ok(here) = std::env::current_dir() else { return Ok(Project::default()) };
    let found = Project::find(&here).map(Option::unwrap_or_default);
    let shown = |path: PathBuf| match path.strip_prefix(&here) {
        Ok(below) if !below.as_os_str().is_empty() => below.to_owned(),
        _ => path,
    };
    // Findings name files relative to the current folder, which annotations rely on.
    let found = found.map(|mut project| {
        project.waiters = project.waiters.into_iter().map(shown).collect();
        project.tests = project.tests.map(shown);
        project
    });
    found.map_err(|error| Failure::usage(error.to_string()).maybe_help(error.help()))
}

/// The store that a project names, if it names one.
///
/// # Errors
/// The user does not trust the project's folder as it is.
pub(super) fn store(project: &Project) -> Result<Option<PathBuf>, Failure> {
    let Some((_, named)) = project.named().find(|(what, _)| *what == "store") else {
        return Ok(None);
    };
    match trust()?.store(project) {
        Ok(store) => Ok(store.map(Path::to_owned)),
        Err(why) => Err(distrusted(project, "the store", named, &why, "--store or MAITRED_STORE")),
    }
}

/// The connections of the environment and of the file that a project names, or else of the default file.
///
/// # Errors
/// The user does not trust the project's folder as it is.
pub(super) fn connections(project: &Project) -> Result<Connections, Failure> {
    let (environment, known) = (Environment::of_process(), report::known().clone());
    let Some((_, named)) = project.named().find(|(what, _)| *what == "connections") else {
        return Ok(Connections::remembering(environment, None, known));
    };
    let trust = trust()?;
    match trust.connections(project) {
        Ok(Some(path)) => {
            let (path, project) = (path.to_owned(), project.clone());
            // The file is read again for each client, and may have changed by then.
            let check = move |content: &[u8]| {
                let checked = trust.check_connections(&project, content);
                checked.map_err(|why| format!("{why}; run `maitred trust` again"))
            };
            Ok(Connections::checking(environment, &path, Arc::new(check), known))
        }
        Ok(None) => Ok(Connections::remembering(environment, None, known)),
        Err(why) => {
            let instead = "--connections or MAITRED_CONNECTIONS";
            Err(distrusted(project, "the connections file", named, &why, instead))
        }
    }
}

/// Checks that a path which the user has not named lies inside the folder `root`: a checkout must not decide
/// what is written elsewhere.
///
/// # Errors
/// It lies outside; `flag` names another path.
pub(super) fn stays_inside(root: &Path, path: &Path, flag: &str) -> Result<(), Failure> {
    if file::leads_into(root, path) {
        return Ok(());
    }
    let path = report::path(path);
    let message = format!("{path} leads out of this project, and nothing is written there");
    Err(Failure::usage(message).help(format!("name it with {flag} if it is meant")))
}

/// The folders that the user trusts.
///
/// # Errors
/// There is no folder to record them in.
pub(super) fn trust() -> Result<Trust, Failure> {
    Trust::of_process().ok_or_else(|| {
        Failure::usage("there is no home folder in which your trust in a folder is kept")
            .help("set HOME or XDG_STATE_HOME to the path of a folder")
    })
}

fn distrusted(
    project: &Project,
    what: &str,
    named: &Path,
    why: &Distrust,
    instead: &str,
) -> Failure {
    let file = report::path(&project.root.join(FILE_NAME));
    let (named, why) = (report::path(named), report::one_line(&why.to_string()));
    let root = report::path(&project.root);
    Failure::usage(format!("{file} names {what} {named}, which does not count: {why}")).help(
        format!(
            "look at what these files say, then run `maitred trust {root}`; or name another one with \
             {instead}"
        ),
    )
}
