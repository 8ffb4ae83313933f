//! What all workers share.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use tokio::sync::watch;

use crate::journal::Journal;
use crate::log::LogBuffer;
use crate::operator::AnyOperator;
use crate::registry::{Registry, Unusable};
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

    pub(super) fn operator(&self, task: &Task) -> Result<Box<dyn AnyOperator>, Unusable> {
        self.registry.operator(&task.spec.operator, task.spec.version, &task.spec.args)
    }

    /// True if this step of a task is to make its trigger, and no more.
    pub(crate) fn starts_from_trigger(&self, task: &Task) -> bool {
        if task.resumption.is_some() {
            return false;
        }
        let deferral = || self.operator(task).ok()?.start_from_trigger().ok()?;
        let deferral = std::panic::catch_unwind(AssertUnwindSafe(deferral));
        deferral.is_ok_and(|deferral| deferral.is_some())
    }
}
