//! What a worker does with one task: run the operator's step, and tell what is to become of the task.

use super::bounds::{Bounds, CancelReceiver, Interrupt};
use super::changes::{done, execution_timeout, failed};
use super::guard::{caught, guarded};
use super::reconcile::Looked;
use super::workplace::Workplace;
use crate::journal::JournalError;
use crate::operator::{
    AnyOperator, Crash, Deferral, Flow, Method, OperatorContext, OperatorError, Resumed,
};
use crate::registry::Unusable;
use crate::task::{Change, Resumption, StoredDeferral, Task, TaskState, Transition};
use crate::trigger::{CancelReason, Level};

/// How often one step may hand over to a trigger that cannot start, or find a main call again.
const MAX_ROUNDS: u32 = 5;

impl Workplace {
    /// Runs the step that a claimed task is in.
    pub(crate) async fn run(
        &self,
        task: Task,
        cancel: CancelReceiver,
    ) -> Result<Change, JournalError> {
        let ran = caught(self.run_operator(&task, cancel)).await;
        ran.unwrap_or_else(|panic| Ok(failed(&task, panic)))
    }

    async fn run_operator(
        &self,
        task: &Task,
        mut cancel: CancelReceiver,
    ) -> Result<Change, JournalError> {
        let operator = match self.operator(task).await {
            Ok(operator) => operator,
            Err(Unusable::Unknown(reason)) => {
                return Ok(Change::of(task, Transition::Block, reason));
            }
            Err(Unusable::Invalid(reason)) => return Ok(failed(task, reason)),
        };
        let mut failure: Option<OperatorError> = None;
        for _ in 0..MAX_ROUNDS {
            let because = failure.as_ref().map(ToString::to_string).unwrap_or_default();
            let bounds = self.bounds_of_look_up(task, &mut cancel);
            match (self.reconcile(task, &*operator, &because, bounds).await?, failure.take()) {
                (Looked::CannotGoOn(change), _) => return Ok(change),
                (Looked::Cancelled(request), _) => {
                    return self.cancelled(task, &*operator, request).await;
                }
                // What an operator or a user has given as a call's result is none.
                (_, Some(error)) if error.is_in_doubt() && !error.can_be_retried() => {
                    return Ok(self.unreadable(task, &error));
                }
                (Looked::NothingMade, Some(error)) => return Ok(self.after_failure(task, &error)),
                // A call that was made: the step runs again, and finds its result.
                (Looked::Made, _) | (Looked::NothingMade, None) => {}
            }
            let ctx = self.operator_context(task);
            let bounds = Bounds { cancel: Some(&mut cancel), until: task.deadline };
            let step = guarded(self.step(task, &*operator, &ctx));
            match self.within(bounds, Some(&ctx), step).await {
                Ok(Ok(change)) => return Ok(change),
                Ok(Err(error)) => failure = Some(error),
                Err(Interrupt::TimedOut) => {
                    self.tell_operator(&*operator, &ctx, CancelReason::Timeout).await;
                    failure = Some(execution_timeout(task));
                }
                Err(Interrupt::Cancelled(request)) => {
                    return self.cancelled(task, &*operator, request).await;
                }
                Err(Interrupt::Stopped) => return Ok(self.put_back(task)),
            }
        }
        Ok(failed(task, "the step came to no end".to_owned()))
    }

    /// One step of an operator, up to what it means for the task.
    async fn step(
        &self,
        task: &Task,
        operator: &dyn AnyOperator,
        ctx: &OperatorContext,
    ) -> Result<Change, OperatorError> {
        let mut flow = enter(task, operator, ctx).await?;
        for _ in 0..MAX_ROUNDS {
            let deferral = match flow {
                Flow::Done(result) => return Ok(done(task, result)),
                Flow::Skip(reason) => {
                    let end = Transition::End(TaskState::Skipped, None);
                    return Ok(Change::of(task, end, reason));
                }
                Flow::Defer(deferral) => deferral,
            };
            let crash = match caught(self.deferral(task, &deferral)).await {
                Ok(Ok(stored)) => {
                    let reason = format!("waits for {}", deferral.trigger.name);
                    return Ok(Change::of(task, Transition::Defer(Box::new(stored)), reason));
                }
                Ok(Err(Unusable::Unknown(reason))) => {
                    return Ok(Change::of(task, Transition::Block, reason));
                }
                Ok(Err(Unusable::Invalid(message))) => Crash::new(message),
                Err(panic) => Crash::new(panic),
            };
            self.log.push(task.id, Level::Warning, crash.message.clone());
            flow = operator.resume(ctx, &deferral.resume, Resumed::TriggerCrashed(crash)).await?;
        }
        let message = "every trigger that was deferred to failed to start";
        Ok(failed(task, message.to_owned()))
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

    /// Back to the queue, in the same step.
    pub(super) fn put_back(&self, task: &Task) -> Change {
        Change::of(task, Transition::Requeue(self.now()), "its triggerer was stopped")
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

async fn enter(
    task: &Task,
    operator: &dyn AnyOperator,
    ctx: &OperatorContext,
) -> Result<Flow<Method>, OperatorError> {
    match &task.resumption {
        Some(Resumption { method, kwargs, with }) => {
            let at = Method { method: method.clone(), kwargs: kwargs.clone() };
            operator.resume(ctx, &at, with.clone()).await
        }
        None => match operator.start_from_trigger()? {
            Some(deferral) => Ok(Flow::Defer(deferral)),
            None => operator.execute(ctx).await,
        },
    }
}
