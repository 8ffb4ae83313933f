//! Checks and submits tasks.

use std::sync::Arc;

use serde_json::Value;

use super::arguments;
use super::connection_checks;
use super::spec_args::SpecArgs;
use crate::cli::async_runtime::block_on;
use crate::cli::connections_args::ConnectionsArgs;
use crate::cli::context::Context;
use crate::cli::exit::Failure;
use crate::cli::source_args::SourceArgs;
use crate::cli::store::{OpenStore, StoreArgs, engine_failure};
use crate::cli::waiter_lookup::warn_of_unusable_files;
use crate::connection::Connections;
use crate::runtime::engine::EngineError;
use crate::runtime::store::Submitted;
use crate::runtime::{NewTask, Registry, Task};

/// What tasks are checked against before they are submitted.
pub(super) struct Submission<'a> {
    registry: &'a Registry,
    connections: Connections,
}

impl<'a> Submission<'a> {
    pub(super) fn new(
        connections: &ConnectionsArgs,
        context: &'a Context,
    ) -> Result<Self, Failure> {
        Ok(Self { registry: &context.registry, connections: connections.open(context)? })
    }

    /// Checks that this program could run a task, and that the task is not certain to fail.
    ///
    /// # Errors
    /// Either does not hold.
    pub(super) fn check(&self, task: &NewTask) -> Result<(), Failure> {
        let usable = self.registry.check_task(task);
        usable.map_err(|error| engine_failure(EngineError::Unusable(error)))?;
        connection_checks::can_succeed(task, &self.connections).map_err(|error| {
            Failure::usage(error)
                .help("`maitred connections list` shows what is defined, and where")
        })
    }

    /// Submits tasks that have been checked, to a store that is made if there is none: all or none.
    ///
    /// # Errors
    /// The inner error is the engine's.
    pub(super) fn submit(
        self,
        tasks: Vec<NewTask>,
        store: &StoreArgs,
        sources: &SourceArgs,
        context: &Context,
    ) -> anyhow::Result<(OpenStore, Result<Vec<Submitted>, EngineError>)> {
        connection_checks::warn(&tasks, &self.connections);
        let opened = store.open(context)?;
        let catalog = Arc::new(sources.catalog(context)?);
        let engine = opened.submitting_engine(
            Arc::clone(&catalog),
            sources.data.models(context),
            self.connections,
        );
        let submitted = block_on(engine.start_all(tasks))?;
        warn_of_unusable_files(&catalog.bad_files_met());
        Ok((opened, submitted))
    }
}

/// Submits one task for `maitred run`.
pub(crate) fn submit_one(
    task: &SpecArgs,
    operator: &str,
    store: &StoreArgs,
    connections: &ConnectionsArgs,
    sources: &SourceArgs,
    context: &Context,
) -> anyhow::Result<(OpenStore, Submitted)> {
    store.path(context)?;
    let submission = Submission::new(connections, context)?;
    let task = task.new_task(operator, context.clock.now())?;
    submission.check(&task)?;
    let (opened, submitted) = submission.submit(vec![task], store, sources, context)?;
    let submitted = submitted.map_err(engine_failure)?;
    let submitted = submitted.into_iter().next();
    Ok((opened, submitted.ok_or_else(|| anyhow::anyhow!("the task was not submitted"))?))
}

/// Reads and checks new arguments for another try of a task.
///
/// # Errors
/// They cannot be read, or the task is certain to fail with them.
pub(super) fn changed_arguments(
    task: &Task,
    text: &str,
    connections: &ConnectionsArgs,
    context: &Context,
) -> Result<Value, Failure> {
    let submission = Submission::new(connections, context)?;
    let changed = NewTask { args: arguments::read(text)?, ..task.spec.clone() };
    submission.check(&changed)?;
    connection_checks::warn(std::slice::from_ref(&changed), &submission.connections);
    Ok(changed.args)
}
