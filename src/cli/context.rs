//! The context of every command. It is made once per process and passed on.

use std::cell::OnceCell;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::exit::Failure;
use super::project::{Distrust, FILE_NAME, Project, Trust};
use super::report;
use crate::catalog::Sources;
use crate::clock::{Clock, SystemClock};
use crate::connection::{Connections, Environment};
use crate::model::Models;
use crate::runtime::Registry;

/// The folder of the test cases where neither an option nor `maitred.toml` names one.
pub(super) const DEFAULT_CASES: &str = "tests/waiters";

/// The registry, the project, the clock, and where waiters and models are found.
#[derive(Debug)]
pub(super) struct Context {
    /// The operators and triggers that are known.
    pub(super) registry: Arc<Registry>,
    pub(super) clock: Arc<dyn Clock>,
    /// The sources of waiters and models according to the environment.
    pub(super) sources: Sources,
    /// Read at the first use: few commands need it, and only those fail if it cannot be used.
    project: OnceCell<Result<Project, Failure>>,
}

impl Context {
    /// The context of this process.
    pub(super) fn new(registry: Registry) -> Self {
        Self {
            registry: Arc::new(registry),
            clock: Arc::new(SystemClock::new()),
            sources: crate::sources().with_environment(),
            project: OnceCell::new(),
        }
    }

    /// The project of the current folder; the default one if there is no `maitred.toml`.
    pub(super) fn project(&self) -> Result<&Project, Failure> {
        self.project.get_or_init(Project::current).as_ref().map_err(Clone::clone)
    }

    /// The store that the project names, if it names one, in a folder that the user trusts as it is.
    pub(super) fn project_store(&self) -> Result<Option<PathBuf>, Failure> {
        let project = self.project()?;
        let Some(path) = &project.store else { return Ok(None) };
        match Trust::of_user()?.store(project) {
            Ok(_) => Ok(Some(path.clone())),
            Err(why) => {
                Err(distrusted(project, "the store", path, &why, "--store or MAITRED_STORE"))
            }
        }
    }

    /// The connections of the environment, and of the file that the project names in a folder that the user
    /// trusts as it is, or else of the default file.
    pub(super) fn project_connections(&self) -> Result<Connections, Failure> {
        let connections = Connections::new(Environment::of_process());
        let connections = connections.with_known_secrets(report::known().clone());
        let project = self.project()?;
        let Some(path) = &project.connections else {
            return Ok(connections);
        };
        let trust = Trust::of_user()?;
        trust.connections(project).map_err(|why| {
            let instead = "--connections or MAITRED_CONNECTIONS";
            distrusted(project, "the connections file", path, &why, instead)
        })?;
        let trusted = project.clone();
        // The file is read again for each client, and may have changed by then.
        let check = move |content: &[u8]| {
            let checked = trust.check_connections(&trusted, content);
            checked.map_err(|why| format!("{why}; run `maitred trust` again"))
        };
        Ok(connections.with_checked_file(path, check))
    }

    /// The folder of the test cases: `given`, or else the project's.
    pub(super) fn cases(&self, given: Option<&PathBuf>) -> Result<PathBuf, Failure> {
        let project = self.project()?;
        let cases = given.or(project.tests.as_ref()).cloned();
        Ok(cases.unwrap_or_else(|| PathBuf::from(DEFAULT_CASES)))
    }

    /// The service models: those of botocore's data paths, then those of `folders`, then the built-in ones.
    pub(super) fn models(&self, folders: &[PathBuf]) -> Models {
        let paths = self.sources.data_paths.iter().chain(folders).cloned();
        Models::embedded().with_data_paths(paths)
    }
}

fn distrusted(
    project: &Project,
    what: &str,
    named: &Path,
    why: &Distrust,
    instead: &str,
) -> Failure {
    let (root, file) = (report::path(&project.root), report::path(&project.root.join(FILE_NAME)));
    let (named, why) = (report::path(named), report::one_line(&why.to_string()));
    Failure::usage(format!("{file} names {what} {named}, which does not count: {why}")).help(
        format!(
            "look at what these files say, then run `maitred trust {root}`; or name another one with \
             {instead}"
        ),
    )
}
