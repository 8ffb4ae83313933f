//! The bounds of code that somebody else has written: operators and triggers may hang.

use std::time::Duration;

use tokio::sync::oneshot;

use super::guard::caught;
use super::workplace::Workplace;
use crate::operator::{AnyOperator, OperatorContext};
use crate::task::{CancelRequest, TaskId};
use crate::trigger::{CancelReason, Level};
use maitred_core::clock::{BoxFuture, Timestamp};

/// How long code of operators and triggers may go on once the triggerer was asked to end.
pub(crate) const STOP_GRACE: Duration = Duration::from_secs(25);

/// How often it is looked whether a main call is over that the end waits for.
const LOOK_AGAIN: Duration = Duration::from_millis(100);

/// The time of what is left to do once a task is cancelled or out of time: a look-up, or `on_cancel`.
pub(super) const LAST_GRACE: Duration = Duration::from_secs(30);

/// Why code was dropped before its end.
#[derive(Debug, Clone, Copy)]
pub(super) enum Interrupt {
    Cancelled(CancelRequest),
    TimedOut,
    /// The triggerer ends.
    Stopped,
}

/// The way in which a worker hears of a request to cancel its task.
pub(super) type CancelReceiver = oneshot::Receiver<CancelRequest>;

/// What ends code before its own end, apart from the end of the triggerer.
#[derive(Debug)]
pub(super) struct Bounds<'a> {
    pub(super) cancel: Option<&'a mut CancelReceiver>,
    pub(super) until: Option<Timestamp>,
}

impl Workplace {
    /// Runs `work`, an operator's code in this context, within its bounds.
    pub(super) async fn within<T>(
        &self,
        bounds: Bounds<'_>,
        ctx: Option<&OperatorContext>,
        work: impl Future<Output = T> + Send,
    ) -> Result<T, Interrupt> {
        let Bounds { cancel, until } = bounds;
        if until.is_some_and(|until| until <= self.now()) {
            return Err(Interrupt::TimedOut);
        }
        let out_of_time: BoxFuture<'_, ()> = match until {
            Some(until) => self.services.clock.sleep_until(until),
            None => Box::pin(std::future::pending()),
        };
        tokio::select! {
            biased;
            request = requested(cancel) => Err(Interrupt::Cancelled(request)),
            done = work => Ok(done),
            () = out_of_time => Err(Interrupt::TimedOut),
            () = self.out_of_grace(ctx) => Err(Interrupt::Stopped),
        }
    }

    /// The bounds of what is left to do for a task that is cancelled or out of time.
    pub(super) fn last_bounds(&self) -> Bounds<'static> {
        Bounds { cancel: None, until: Some(self.now().plus(LAST_GRACE)) }
    }

    /// Tells an operator that its task is cancelled or out of time.
    pub(super) async fn tell_operator(
        &self,
        operator: &dyn AnyOperator,
        ctx: &OperatorContext,
        reason: CancelReason,
    ) {
        self.tell(ctx.task.id, Some(ctx), operator.on_cancel(ctx, reason)).await;
    }

    /// Runs an `on_cancel`; one that hangs or panics ends nothing but itself.
    pub(super) async fn tell(
        &self,
        id: TaskId,
        ctx: Option<&OperatorContext>,
        on_cancel: impl Future<Output = ()> + Send,
    ) {
        let message = match self.within(self.last_bounds(), ctx, caught(on_cancel)).await {
            Ok(Ok(())) => return,
            Ok(Err(panic)) => panic,
            Err(Interrupt::Stopped) => "on_cancel was dropped: the triggerer ends".to_owned(),
            Err(Interrupt::TimedOut | Interrupt::Cancelled(_)) => {
                format!("on_cancel took longer than {} s and was dropped", LAST_GRACE.as_secs())
            }
        };
        self.log.push(id, Level::Error, message);
    }

    /// Returns once the triggerer was asked to end so long ago that code is dropped; never while it makes a
    /// main call.
    async fn out_of_grace(&self, ctx: Option<&OperatorContext>) {
        let clock = &self.services.clock;
        let mut stop = self.stop.clone();
        // Who asks is gone only when the triggerer is.
        let Some(asked) = stop.wait_for(Option::is_some).await.ok().and_then(|asked| *asked) else {
            return std::future::pending().await;
        };
        clock.sleep(asked.left_of(STOP_GRACE, &**clock)).await;
        while ctx.is_some_and(OperatorContext::makes_main_call) {
            clock.sleep(LOOK_AGAIN).await;
        }
    }
}

/// Returns once somebody asks for the end of the task.
async fn requested(cancel: Option<&mut CancelReceiver>) -> CancelRequest {
    if let Some(cancel) = cancel
        && let Ok(request) = cancel.await
    {
        return request;
    }
    std::future::pending().await
}
