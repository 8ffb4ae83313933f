//! What `maitred.toml` says, for the commands.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::arguments::variable_unless_empty;
use super::exit::Failure;
use super::report;
use crate::connection::{Connections, Environment};
use crate::file;
use crate::project::{Distrust, FILE_NAME, Project, Trust};

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
    let found = found.map(|mut project| {
        project.waiters = project.waiters.into_iter().map(shown).collect();
        project.tests = project.tests.map(shown);
        project
    });
    found.map_err(|error| {
        let failure = Failure::usage(error.to_string());
        match error.help() {
            Some(help) => failure.help(help),
            None => failure,
        }
    })
}

/// The store that the project of the current folder names; `None` if it names none.
///
/// # Errors
/// As [`project`], or it names one in a folder that the user has not trusted as it is.
pub(super) fn store() -> Result<Option<PathBuf>, Failure> {
    let project = project()?;
    let Some((_, named)) = project.named().find(|(what, _)| *what == "store") else {
        return Ok(None);
    };
    match trust()?.store(&project) {
        Ok(store) => Ok(store.map(Path::to_owned)),
        Err(why) => Err(distrusted(&project, "the store", named, &why, "--store or MAITRED_STORE")),
    }
}

/// Which file of connections is used.
#[derive(Debug, Clone, Default, clap::Args)]
pub(super) struct ConnectionsArgs {
    /// The file of connections; default: `connections` of a maitred.toml that is trusted, else
    /// maitred/connections.toml in the configuration folder.
    #[arg(long, value_name = "FILE", env = variable_unless_empty("MAITRED_CONNECTIONS"), hide_env_values = true)]
    connections: Option<PathBuf>,
}

impl ConnectionsArgs {
    /// Connections of the environment and of a file: the one that is named, else the project's; else the one
    /// where connections are looked for anyway.
    ///
    /// # Errors
    /// As [`project`], or the project names a file in a folder that the user has not trusted as it is.
    pub(super) fn open(&self) -> Result<Connections, Failure> {
        let (environment, known) = (Environment::of_process(), report::known().clone());
        if self.connections.is_some() {
            return Ok(Connections::remembering(environment, self.connections.as_deref(), known));
        }
        let project = project()?;
        let Some((_, named)) = project.named().find(|(what, _)| *what == "connections") else {
            return Ok(Connections::remembering(environment, None, known));
        };
        let trust = trust()?;
        match trust.connections(&project) {
            Ok(Some(path)) => {
                let (path, project) = (path.to_owned(), project.clone());
                // It is read for each client that is made, so that it can be another one by then.
                let check = move |content: &[u8]| {
                    let checked = trust.check_connections(&project, content);
                    checked.map_err(|why| format!("{why}; run `maitred trust` again"))
                };
                Ok(Connections::checking(environment, &path, Arc::new(check), known))
            }
            Ok(None) => Ok(Connections::remembering(environment, None, known)),
            Err(why) => {
                let instead = "--connections or MAITRED_CONNECTIONS";
                Err(distrusted(&project, "the connections file", named, &why, instead))
            }
        }
    }
}

/// Checks that what is written at `path` stays in the folder `root`, for a path that nobody has named: a checkout
/// must not decide what is written elsewhere.
///
/// # Errors
/// It does not; `flag` names another place.
pub(super) fn stays_inside(root: &Path, path: &Path, flag: &str) -> Result<(), Failure> {
    if file::leads_into(root, path) {
        return Ok(());
    }
    let path = report::one_line(&path.display().to_string());
    let message = format!("{path} leads out of this project, and nothing is written there");
    Err(Failure::usage(message).help(format!("name it with {flag} if it is meant")))
}

/// What the user has said of folders.
///
/// # Errors
/// There is no place where it could be kept.
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
    let shown = |path: &Path| report::one_line(&path.display().to_string());
    let (file, named) = (shown(&project.root.join(FILE_NAME)), shown(named));
    let why = report::one_line(&why.to_string());
    Failure::usage(format!("{file} names {what} {named}, which does not count: {why}")).help(
        format!(
            "look at what these files say, then run `maitred trust {}`; or name another one with \
             {instead}",
            shown(&project.root)
        ),
    )
}
