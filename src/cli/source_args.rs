//! `--waiters` and `--botocore-data`.

use std::path::PathBuf;

use super::context::Context;
use super::exit::Failure;
use super::findings;
use super::operation_flags::variable_unless_empty;
use super::project::FILE_NAME;
use crate::catalog::{self, BadFile, Catalog};
use crate::model::Models;

const PATH_SEPARATOR: char = if cfg!(windows) { ';' } else { ':' };

/// The sources of waiters in addition to the built-in ones.
#[derive(Debug, Clone, Default, clap::Args)]
#[command(next_help_heading = "Waiters")]
pub(super) struct SourceArgs {
    /// A waiter file, or a folder of them, that takes precedence over the built-in ones. May be repeated.
    #[arg(long, value_name = "PATH", env = variable_unless_empty("MAITRED_WAITERS"), value_delimiter = PATH_SEPARATOR, hide_env_values = true)]
    pub(super) waiters: Vec<PathBuf>,
    #[command(flatten)]
    pub(super) data: DataArgs,
}

/// The sources of service models in addition to the built-in ones.
#[derive(Debug, Clone, Default, clap::Args)]
#[command(next_help_heading = "Waiters")]
pub(super) struct DataArgs {
    /// The `data` folder of an installed botocore, to use its service models and waiters too.
    #[arg(long, value_name = "DIR")]
    pub(super) botocore_data: Vec<PathBuf>,
}

impl DataArgs {
    /// Checks that the folders exist: without them, the built-in models would be used unnoticed.
    pub(super) fn check(&self) -> Result<(), Failure> {
        match self.botocore_data.iter().find(|path| !path.is_dir()) {
            Some(path) => Err(Failure::usage(format!("{} is not a folder", path.display()))
                .help("--botocore-data takes the `data` folder of an installed botocore")),
            None => Ok(()),
        }
    }

    /// All service models.
    pub(super) fn models(&self, context: &Context) -> Models {
        context.models(&self.botocore_data)
    }
}

impl SourceArgs {
    /// The sources of a command without these options.
    pub(super) fn of_environment(context: &Context) -> Self {
        Self { waiters: context.sources.user.clone(), ..Self::default() }
    }

    /// Checks that the paths exist and that the files can be used: without them, the built-in waiters would be
    /// used unnoticed.
    pub(super) fn check(&self) -> Result<(), Failure> {
        self.data.check()?;
        if let Some(path) = self.waiters.iter().find(|path| !path.exists()) {
            return Err(Failure::usage(format!("{} does not exist", path.display()))
                .help("check --waiters and MAITRED_WAITERS"));
        }
        // A folder may hold unrelated files; a named file may not be one.
        let files = self.waiters.iter().filter(|path| path.is_file());
        match files.filter_map(|path| catalog::read(path, crate::schema::parse).err()).next() {
            None => Ok(()),
            Some(bad) => Err(unusable_file(&bad)),
        }
    }

    /// All waiters: those of the named paths, of botocore's data paths, the built-in ones, then the project's.
    pub(super) fn catalog(&self, context: &Context) -> Result<Catalog, Failure> {
        // Named paths already come first.
        let local = local_waiters(context)?.into_iter().filter(|path| !self.waiters.contains(path));
        Ok(Catalog::new(
            (context.sources.clone())
                .with_user(self.waiters.iter().cloned())
                .with_botocore(self.data.botocore_data.iter().cloned())
                .with_local(local),
        ))
    }
}

/// The waiters of the project.
fn local_waiters(context: &Context) -> Result<Vec<PathBuf>, Failure> {
    let waiters = &context.project()?.waiters;
    if let Some(path) = waiters.iter().find(|path| !path.exists()) {
        return Err(Failure::usage(format!("{} does not exist", path.display()))
            .help(format!("check `waiters` in {FILE_NAME}")));
    }
    Ok(if waiters.is_empty() { vec![PathBuf::from("waiters")] } else { waiters.clone() })
}

/// A file that cannot be used, as an error of the command.
pub(super) fn unusable_file(bad: &BadFile) -> Failure {
    let path = bad.path.display();
    Failure::usage(format!("{path} cannot be used\n{}", findings::bad_file(bad)))
}
