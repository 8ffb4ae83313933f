//! Which task a command is about.

use crate::cli::context::Context;
use crate::cli::exit::Failure;
use crate::cli::store::{OpenStore, StoreArgs, store_failure};
use crate::runtime::{Task, TaskId};

/// Which task of which store.
#[derive(Debug, Clone, clap::Args)]
pub(super) struct TaskArgs {
    /// The task's number, or its key
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
    pub(super) fn find(&self, context: &Context) -> anyhow::Result<(OpenStore, Task)> {
        let opened = self.store.open_existing(context)?;
        let found = match self.task.parse::<TaskId>() {
            Ok(id) => opened.store.task(id),
            Err(_) => opened.store.task_of_key(&self.task),
        };
        let found = found.map_err(store_failure)?;
        let task = found.ok_or_else(|| {
            Failure::usage(format!("there is no task {} in {}", self.task, opened.path.display()))
                .help("`maitred tasks list` shows the tasks there are")
        })?;
        Ok((opened, task))
    }
}

/// A task in a few words: `task 7 (nightly), redshift.pause_cluster`.
pub(crate) fn title(task: &Task) -> String {
    let key = task.spec.key.as_ref().map_or_else(String::new, |key| format!(" ({key})"));
    format!("task {}{key}, {}", task.id, task.spec.operator)
}
