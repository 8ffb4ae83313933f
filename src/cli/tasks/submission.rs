//! Submits tasks.

use std::sync::Arc;

use serde_json::{Map, Value};

use crate::cli::async_runtime::block_on;
use crate::cli::connections_args::ConnectionsArgs;
use crate::cli::context::Context;
use crate::cli::report;
use crate::cli::source_args::SourceArgs;
use crate::cli::store::{OpenEngine, StoreArgs, admission, engine_failure};
use crate::cli::tasks::SpecArgs;
use crate::cli::waiter_lookup::warn_of_unusable_files;
use crate::runtime::engine::Warning;
use crate::runtime::store::Submitted;
use crate::runtime::{Engine as _, EngineError, NewTask};

/// Submits tasks to a store that is made if there is none: all or none.
///
/// # Errors
/// The inner error is the engine's.
pub(super) fn submit(
    tasks: Vec<NewTask>,
    store: &StoreArgs,
    connections: &ConnectionsArgs,
    sources: &SourceArgs,
    context: &Context,
) -> anyhow::Result<Result<(OpenEngine, Vec<Submitted>), EngineError>> {
    let catalog = Arc::new(sources.catalog(context)?);
    let admission = admission(Arc::clone(&catalog), sources, connections, context)?;
    // A store is made only for tasks that can be accepted.
    if !store.path(context)?.exists()
        && let Err(refused) = admission.check(&tasks)
    {
        return Ok(Err(refused));
    }
    let opened = store.open(admission, context)?;
    let accepted = block_on(opened.engine.start_all(tasks))?;
    warn_of_unusable_files(&catalog.bad_files_met());
    Ok(accepted.map(|accepted| {
        warn(&accepted.warnings);
        (opened, accepted.tasks)
    }))
}

/// Submits one task for `maitred run`, with the arguments that are `given` as flags.
pub(crate) fn submit_one(
    task: &SpecArgs,
    given: Map<String, Value>,
    operator: &str,
    store: &StoreArgs,
    connections: &ConnectionsArgs,
    sources: &SourceArgs,
    context: &Context,
) -> anyhow::Result<(OpenEngine, Submitted)> {
    // An untrusted store is an error even if the task is not valid.
    store.path(context)?;
    let mut task = task.new_task(operator, context.clock.now())?;
    if let Some(args) = task.args.as_object_mut() {
        args.extend(given);
    }
    let submitted = submit(vec![task], store, connections, sources, context)?;
    let (opened, submitted) = submitted.map_err(engine_failure)?;
    let submitted = submitted.into_iter().next();
    Ok((opened, submitted.ok_or_else(|| anyhow::anyhow!("the task was not submitted"))?))
}

/// Notes what may keep tasks from running.
pub(super) fn warn(warnings: &[Warning]) {
    for warning in warnings {
        report::note(&format!("warning: {warning}"));
    }
}
