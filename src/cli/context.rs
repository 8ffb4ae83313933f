//! What every command works with. It is made once per process and passed on.

use std::cell::OnceCell;
use std::path::PathBuf;
use std::sync::Arc;

use super::exit::Failure;
use super::project;
use crate::catalog::Sources;
use crate::clock::{Clock, SystemClock};
use crate::connection::Connections;
use crate::model::Models;
use crate::project::Project;
use crate::runtime::Registry;

/// The folder of the test cases where neither an option nor `maitred.toml` names one.
pub(super) const DEFAULT_CASES: &str = "tests/waiters";

/// The registry, the project, the clock, and where waiters and models are found.
#[derive(Debug)]
pub(super) struct Context {
    /// The operators and triggers that are known.
    pub(super) registry: Arc<Registry>,
    pub(super) clock: Arc<dyn Clock>,
    /// Where waiters and models are found according to the environment.
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
    ///
    /// # Errors
    /// `maitred.toml` cannot be used.
    pub(super) fn project(&self) -> Result<&Project, Failure> {
        self.project.get_or_init(project::find).as_ref().map_err(Clone::clone)
    }

    /// The store that the project names, if it names one.
    ///
    /// # Errors
    /// As [`Context::project`], or the user does not trust the folder of the project as it is.
    pub(super) fn project_store(&self) -> Result<Option<PathBuf>, Failure> {
        project::store(self.project()?)
    }

    /// The connections of the environment and of the file that the project names, or else of the default file.
    ///
    /// # Errors
    /// As [`Context::project`], or the user does not trust the folder of the project as it is.
    pub(super) fn project_connections(&self) -> Result<Connections, Failure> {
        project::connections(self.project()?)
    }

    /// The folder of the test cases: `given`, or else the project's.
    ///
    /// # Errors
    /// As [`Context::project`].
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
