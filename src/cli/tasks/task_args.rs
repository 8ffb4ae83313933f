//! Which task a command is about.

use crate::cli::async_runtime::block_on;
use crate::cli::context::Context;
use crate::cli::exit::Failure;
use crate::cli::store::{OpenEngine, StoreArgs, engine_failure};
use crate::runtime::{Engine as _, EngineError, Task};

/// Which task of which store.
#[derive(Debug, Clone, clap::Args)]
pub(super) struct TaskArgs {
    /// The task's number, or else its key
    #[arg(value_name = "TASK")]
    task: String,
    #[command(flatten)]
    store: StoreArgs,
}

impl TaskArgs {
    /// Opens the store and finds the task.
    ///
    /// # Errors
    /// The store cannot be opened, or has no such task.
    pub(super) fn find(&self, context: &Context) -> anyhow::Result<(OpenEngine, Task)> {
        let opened = self.store.open_existing(context)?;
        match block_on(opened.engine.find(&self.task))? {
            Ok(task) => Ok((opened, task)),
            Err(error @ EngineError::NotFound(_)) => {
                let message = format!("{error} in {}", opened.path.display());
                Err(Failure::usage(message)
                    .help("`maitred tasks list` shows the tasks there are")
                    .into())
            }
            Err(error) => Err(engine_failure(error).into()),
        }
    }
}

/// A task in a few words: `task 7 (nightly), redshift.pause_cluster`.
pub(crate) fn title(task: &Task) -> String {
    let key = task.spec.key.as_ref().map_or_else(String::new, |key| format!(" ({key})"));
    format!("task {}{key}, {}", task.id, task.spec.operator)
}
