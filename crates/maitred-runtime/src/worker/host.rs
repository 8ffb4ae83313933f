//! What an operator gets for one step of one task.

use std::sync::Arc;

use super::workplace::Workplace;
use crate::journal::StepId;
use crate::operator::{Begun, Host, Intent, OperatorContext, OperatorError, Settled, TaskInfo};
use crate::task::Task;
use crate::trigger::Level;
use maitred_core::clock::BoxFuture;
use serde_json::Value;

impl Workplace {
    pub(super) fn operator_context(&self, task: &Task) -> OperatorContext {
        let info = TaskInfo {
            id: task.id,
            key: task.spec.key.clone(),
            try_number: task.try_number,
            token: task.token.clone(),
        };
        let host = JournalHost { workplace: self.clone(), step: StepId::of(task) };
        OperatorContext::new(Arc::clone(&self.services), info, Arc::new(host))
    }
}

/// What the journal does for the operator of one task.
#[derive(Debug)]
struct JournalHost {
    workplace: Workplace,
    step: StepId,
}

impl Host for JournalHost {
    fn begin(&self, mut intent: Intent) -> BoxFuture<'_, Result<Begun, OperatorError>> {
        self.workplace.known().redact_value(&mut intent.details);
        Box::pin(async move {
            let begun = self.workplace.journal.begin(self.step, intent).await;
            begun.map_err(|error| OperatorError::new(error.to_string()))
        })
    }

    fn settle(&self, ordinal: u32, settled: Settled) -> BoxFuture<'_, Result<(), OperatorError>> {
        Box::pin(async move {
            let settled = self.workplace.settle(self.step, ordinal, settled).await;
            settled.map_err(|error| OperatorError::new(error.to_string()))
        })
    }

    fn recorded(&self, ordinal: u32) -> BoxFuture<'_, Result<Option<Value>, OperatorError>> {
        Box::pin(async move {
            let calls = self.workplace.journal.intents(self.step).await;
            let calls = calls.map_err(|error| OperatorError::new(error.to_string()))?;
            let settled = calls.into_iter().find(|call| call.intent.ordinal == ordinal);
            Ok(match settled.and_then(|call| call.settled) {
                Some(Settled::Done(value)) => Some(value),
                Some(Settled::NotMade) | None => None,
            })
        })
    }

    fn log(&self, level: Level, message: String) {
        self.workplace.log.push(self.step.task, level, message);
    }
}
