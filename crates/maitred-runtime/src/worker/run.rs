//! What a worker does with one task: run the operator's step, and tell what is to become of the task.

use tokio::sync::oneshot;

use super::changes::{done, execution_timeout, failed};
use super::guard::{guarded, guarded_cancel};
use super::reconcile::Looked;
use super::step::Ran;
use super::workplace::Workplace;
use crate::journal::JournalError;
use crate::operator::{
    AnyOperator, Crash, Deferral, Flow, Method, OperatorContext, OperatorError, Resumed,
};
use crate::registry::Unusable;
use crate::task::{CancelRequest, Change, StoredDeferral, Task, TaskState, Transition};
use crate::trigger::{CancelReason, Level};

/// How often one step may hand over to a trigger that cannot start, or find a main call again.
const MAX_ROUNDS: u32 = 5;

impl Workplace {
    /// Runs the step that a claimed task is in.
    pub(crate) async fn run(
        &self,
        task: Task,
        mut cancel: oneshot::Receiver<CancelRequest>,
    ) -> Result<Change, JournalError> {
        let operator = match self.operator(&task) {
            Ok(operator) => operator,
            Err(Unusable::Unknown(reason)) => {
                return Ok(Change::of(&task, Transition::Block, reason));
            }
            Err(Unusable::Invalid(reason)) => return Ok(failed(&task, reason)),
        };
        let mut failure: Option<OperatorError> = None;
        for _ in 0..MAX_ROUNDS {
            let because = failure.as_ref().map(ToString::to_string).unwrap_or_default();
            match (self.reconcile(&task, &*operator, &because).await?, failure.take()) {
                (Looked::CannotGoOn(change), _) => return Ok(change),
                // What an operator or a user has given as a call's result is none.
                (_, Some(error)) if error.is_in_doubt() && !error.can_be_retried() => {
                    return Ok(self.unreadable(&task, &error));
                }
                (Looked::NothingMade, Some(error)) => return Ok(self.after_failure(&task, &error)),
                // A call that was made: the step runs again, and finds its result.
                (Looked::Made, _) | (Looked::NothingMade, None) => {}
            }
            let ctx = self.operator_context(&task);
            match self.step(&task, &*operator, &ctx, &mut cancel).await {
                Ran::Flow(flow) => return self.flow(&task, &*operator, &ctx, *flow).await,
                Ran::Failed(error) => failure = Some(error),
                Ran::TimedOut => {
                    guarded_cancel(&*operator, &ctx, CancelReason::Timeout).await;
                    failure = Some(execution_timeout(&task));
                }
                Ran::Cancelled(request) => {
                    guarded_cancel(&*operator, &ctx, request.reason).await;
                    return self.cancelled(&task, &*operator, request).await;
                }
                Ran::PutBack => {
                    let put_back = Transition::Requeue(self.now());
                    return Ok(Change::of(&task, put_back, "its triggerer was stopped"));
                }
            }
        }
        Ok(failed(&task, "the step came to no end".to_owned()))
    }

    /// What a step's answer means for the task.
    async fn flow(
        &self,
        task: &Task,
        operator: &dyn AnyOperator,
        ctx: &OperatorContext,
        mut flow: Flow<Method>,
    ) -> Result<Change, JournalError> {
        for _ in 0..MAX_ROUNDS {
            let deferral = match flow {
                Flow::Done(result) => return Ok(done(task, result)),
                Flow::Skip(reason) => {
                    let end = Transition::End(TaskState::Skipped, None);
                    return Ok(Change::of(task, end, reason));
                }
                Flow::Defer(deferral) => deferral,
            };
            let crash = match self.deferral(task, &deferral).await {
                Ok(stored) => {
                    let reason = format!("waits for {}", deferral.trigger.name);
                    return Ok(Change::of(task, Transition::Defer(Box::new(stored)), reason));
                }
                Err(Unusable::Unknown(reason)) => {
                    return Ok(Change::of(task, Transition::Block, reason));
                }
                Err(Unusable::Invalid(message)) => Crash::new(message),
            };
            self.log.push(task.id, Level::Warning, crash.message.clone());
            let with = Resumed::TriggerCrashed(crash);
            let resumed = operator.resume(ctx, &deferral.resume, with);
            match guarded(resumed).await {
                Ok(next) => flow = next,
                Err(error) => return Ok(self.after_failure(task, &error)),
            }
        }
        Ok(failed(task, "every trigger that was deferred to failed to start".to_owned()))
    }

    /// Starts the trigger of a deferral.
    async fn deferral(
        &self,
        task: &Task,
        deferral: &Deferral<Method>,
    ) -> Result<StoredDeferral, Unusable> {
        let mut trigger = self.registry.trigger(&deferral.trigger)?;
        let invalid = |error: &dyn std::fmt::Display| Unusable::Invalid(error.to_string());
        let ctx = self.trigger_context(task.id).with_submitted(&task.spec.waiters);
        let due = match trigger.start(&ctx).await {
            Ok(due) => due,
            Err(error) if error.is_missing() => return Err(Unusable::Unknown(error.to_string())),
            Err(error) if error.is_of_store() => match self.journal.give_up(error).await {},
            Err(error) => return Err(invalid(&error)),
        };
        let now = self.now();
        Ok(StoredDeferral {
            trigger: deferral.trigger.clone(),
            state: trigger.state().map_err(|error| invalid(&error))?,
            due,
            pause_from: Some(now.min(due)),
            timeout_at: deferral.timeout.map(|timeout| now.plus(timeout)),
            method: deferral.resume.method.clone(),
            kwargs: deferral.resume.kwargs.clone(),
            on_cancel: deferral.undo.clone(),
        })
    }

    /// Another try if there is one left, else the end; a task that lacks something here is parked.
    pub(crate) fn after_failure(&self, task: &Task, error: &OperatorError) -> Change {
        if error.is_missing() {
            return Change::of(task, Transition::Block, error.to_string());
        }
        self.log.push(task.id, Level::Error, error.to_string());
        if error.can_be_retried() && task.try_number <= task.spec.retries {
            let due = self.now().plus(task.spec.retry_delay);
            return Change::of(task, Transition::Retry(due), error.to_string());
        }
        failed(task, error.to_string()).with_failure(error.kind())
    }
}
