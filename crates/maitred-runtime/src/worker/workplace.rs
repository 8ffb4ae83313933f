//! What all workers share.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use tokio::sync::watch;

use crate::journal::Journal;
use crate::log::LogBuffer;
use crate::operator::AnyOperator;
use crate::operator::file::FileOperator;
use crate::registry::{Registry, Unusable, invalid};
use crate::running_commands::RunningCommands;
use crate::task::{Task, TaskId};
use crate::trigger::{Services, TriggerContext};
use maitred_core::clock::{Moment, Timestamp};
use maitred_core::secrets::KnownSecrets;

/// What all workers share.
#[derive(Debug, Clone)]
pub(crate) struct Workplace {
    pub(crate) journal: Arc<dyn Journal>,
    pub(crate) registry: Arc<Registry>,
    pub(crate) services: Arc<Services>,
    pub(crate) log: Arc<LogBuffer>,
    /// The failure commands that run.
    pub(crate) commands: Arc<RunningCommands>,
    /// When the triggerer was asked to end, if it was.
    pub(crate) stop: watch::Receiver<Option<Moment>>,
}

impl Workplace {
    pub(super) fn now(&self) -> Timestamp {
        self.services.clock.now()
    }

    /// The secrets that are known here.
    pub(crate) fn known(&self) -> &KnownSecrets {
        self.services.clients.connections().known()
    }

    pub(crate) fn trigger_context(&self, id: TaskId) -> TriggerContext {
        TriggerContext::new(Arc::clone(&self.services), self.log.of(id))
    }

    /// The operator of a task: for one of a file, as its definition was when the task was submitted.
    pub(super) async fn operator(&self, task: &Task) -> Result<Box<dyn AnyOperator>, Unusable> {
        let spec = &task.spec;
        let Some(hash) = &spec.definition else {
            return self.registry.operator(&spec.operator, spec.version, &spec.args);
        };
        let definition = match self.services.definitions.operator(hash).await {
            Ok(definition) => definition,
            Err(error) if error.is_of_store() => match self.journal.give_up(error).await {},
            Err(error) => return Err(Unusable::Unknown(error.to_string())),
        };
        Ok(Box::new(FileOperator::new(definition, &spec.args).map_err(invalid)?))
    }

    /// True if this step of a task is to make its trigger, and no more.
    pub(crate) fn starts_from_trigger(&self, task: &Task) -> bool {
        let spec = &task.spec;
        if task.resumption.is_some() || spec.definition.is_some() {
            return false;
        }
        let operator = || self.registry.operator(&spec.operator, spec.version, &spec.args);
        let deferral = || operator().ok()?.start_from_trigger().ok()?;
        let deferral = std::panic::catch_unwind(AssertUnwindSafe(deferral));
        deferral.is_ok_and(|deferral| deferral.is_some())
    }
}
