//! One step of an operator, within its bounds.

use std::time::Duration;

use tokio::sync::oneshot;

use super::guard::guarded;
use super::workplace::Workplace;
use crate::operator::{AnyOperator, Flow, Method, OperatorContext, OperatorError};
use crate::task::{CancelRequest, Resumption, Task};
use maitred_core::clock::BoxFuture;

/// How long an operator's step may go on once the triggerer was asked to end.
const STOP_GRACE: Duration = Duration::from_secs(25);

/// How often it is looked whether a main call is over that the end waits for.
const LOOK_AGAIN: Duration = Duration::from_millis(100);

/// How a step came out.
pub(super) enum Ran {
    Flow(Box<Flow<Method>>),
    Failed(OperatorError),
    TimedOut,
    Cancelled(CancelRequest),
    /// The triggerer ends, and this would take longer: it is put back, to be run again.
    PutBack,
}

impl Workplace {
    /// Returns once the triggerer was asked to end so long ago that this step is put back; never while it
    /// makes a main call.
    async fn out_of_grace(&self, ctx: &OperatorContext) {
        let clock = &self.services.clock;
        let mut stop = self.stop.clone();
        // Who asks is gone only when the triggerer is.
        let Some(asked) = stop.wait_for(Option::is_some).await.ok().and_then(|asked| *asked) else {
            return std::future::pending().await;
        };
        clock.sleep(asked.left_of(STOP_GRACE, &**clock)).await;
        while ctx.makes_main_call() {
            clock.sleep(LOOK_AGAIN).await;
        }
    }

    /// The operator's step, within the task's time, unless somebody cancels it or the triggerer ends.
    pub(super) async fn step(
        &self,
        task: &Task,
        operator: &dyn AnyOperator,
        ctx: &OperatorContext,
        cancel: &mut oneshot::Receiver<CancelRequest>,
    ) -> Ran {
        if task.deadline.is_some_and(|deadline| deadline <= self.now()) {
            return Ran::TimedOut;
        }
        let out_of_time: BoxFuture<'_, ()> = match task.deadline {
            Some(deadline) => self.services.clock.sleep_until(deadline),
            None => Box::pin(std::future::pending()),
        };
        tokio::select! {
            biased;
            Ok(request) = cancel => Ran::Cancelled(request),
            ran = guarded(enter(task, operator, ctx)) => match ran {
                Ok(flow) => Ran::Flow(Box::new(flow)),
                Err(error) => Ran::Failed(error),
            },
            () = out_of_time => Ran::TimedOut,
            () = self.out_of_grace(ctx) => Ran::PutBack,
        }
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
