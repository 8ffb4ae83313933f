//! The frame of the operators that make a main call: send it once, wait for what it has started, look for it
//! after a crash, and undo it.

use std::time::Duration;

use maitred_core::clock::Timestamp;
use maitred_runtime::connection::ClientSettings;
use maitred_runtime::operator::{
    Deferral, Flow, Intent, OperatorContext, OperatorError, Reconciled, Resumed, UndoCall,
};
use maitred_runtime::trigger::{Level, TimeDeltaTrigger, WaiterTrigger};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::arguments::check_cluster;
use super::hook::{Called, RedshiftHook};
use super::waiters::cluster_waiter;

/// The number of tries of a call that finds the cluster busy, and the pauses in between: 15 s,
/// growing to 2 min, for a little over an hour in all.
const BUSY_TRIES: u32 = 36;
const BUSY_DELAY: f64 = 15.0;
const BUSY_MAX_DELAY: f64 = 120.0;

/// The time that the service may take to show what it has accepted.
const SETTLE: Duration = Duration::from_secs(3);

/// The places where an operator goes on. Callers match it exhaustively: a new variant is a breaking change.
#[derive(Debug, Serialize, Deserialize)]
#[serde(tag = "method", content = "kwargs", rename_all = "snake_case")]
pub enum Resume {
    /// Once the wait for its work is over.
    ExecuteComplete,
    /// To make its main call again, which found the cluster busy.
    CallAgain {
        /// The number of times that this was the case.
        #[serde(default)]
        tries: u32,
    },
    /// To delete again what was created in vain.
    Cleanup(Cleanup),
}

/// A cleanup that has begun: what the task fails with in the end, and until when a busy cluster is tried.
#[derive(Debug, Serialize, Deserialize)]
pub struct Cleanup {
    pub(super) error: String,
    pub(super) until: Timestamp,
}

/// The arguments that all operators have which make a main call.
pub(super) struct Arguments<'a> {
    pub(super) cluster: &'a str,
    pub(super) wait_for_completion: bool,
    pub(super) deferrable: bool,
    pub(super) poll_interval: f64,
    pub(super) max_attempts: u64,
    /// The client that the operator and its triggers use.
    pub(super) client: ClientSettings,
}

/// Gives the arguments that all operators have; [`main_call_operator`] implements it.
pub(super) trait MainCallArguments {
    fn arguments(&self) -> Arguments<'_>;
}

impl Arguments<'_> {
    fn check(&self) -> Result<(), OperatorError> {
        check_cluster(self.cluster)?;
        if !(self.poll_interval > 0.0 && self.poll_interval.is_finite()) {
            return Err(OperatorError::fatal("poll_interval is a number of seconds above 0"));
        }
        if self.max_attempts == 0 {
            return Err(OperatorError::fatal("max_attempts is at least 1"));
        }
        Ok(())
    }
}

/// An operator that makes one main call.
pub(super) trait MainCall: MainCallArguments + Sync {
    /// The name of the call, e.g. `pause_cluster`.
    const CALL: &'static str;
    /// True if nothing is left to do once the cluster or snapshot is gone.
    const GONE_IS_DONE: bool = false;
    /// The shipped waiter that it waits with.
    const WAITER: &'static str;

    /// Checks its own arguments. Default: they are good.
    fn check_arguments(&self) -> Result<(), OperatorError> {
        Ok(())
    }

    /// The task's result. Default: the cluster's name.
    fn result(&self) -> Value {
        json!({ "cluster_identifier": self.arguments().cluster })
    }

    /// Sends the main call, once, or tells why it is not sent.
    fn send(
        &self,
        ctx: &OperatorContext,
        hook: &RedshiftHook,
    ) -> impl Future<Output = Result<Called, OperatorError>> + Send;

    /// Looks whether the service shows that a call was made whose reply was not seen.
    fn was_made(
        &self,
        hook: &RedshiftHook,
        intent: &Intent,
    ) -> impl Future<Output = Result<bool, OperatorError>> + Send;

    /// The wait, without its pace. Default: for the cluster.
    fn waiter(&self) -> WaiterTrigger {
        let Arguments { cluster, client, .. } = self.arguments();
        cluster_waiter(Self::WAITER, cluster, client)
    }

    /// The call that undoes what this task has started. Default: none.
    fn undo(&self) -> Option<UndoCall> {
        None
    }

    /// Called when the wait did not succeed. Default: the task fails.
    fn failed(
        &self,
        ctx: &OperatorContext,
        error: OperatorError,
    ) -> impl Future<Output = Result<Flow<Resume>, OperatorError>> + Send {
        let _ = ctx;
        async { Err(error) }
    }

    /// Goes on with a cleanup. Default: there is none, and the task fails.
    fn clean_up(
        &self,
        ctx: &OperatorContext,
        cleanup: Cleanup,
    ) -> impl Future<Output = Result<Flow<Resume>, OperatorError>> + Send {
        let _ = ctx;
        async { Err(OperatorError::fatal(cleanup.error)) }
    }
}

/// Checks the arguments of `operator`.
pub(super) fn check<T: MainCall>(operator: &T) -> Result<(), OperatorError> {
    operator.arguments().check()?;
    operator.check_arguments()
}

/// Makes the main call of `operator`, which has found the cluster busy this many times.
pub(super) async fn begin<T: MainCall>(
    operator: &T,
    ctx: &OperatorContext,
    tries: u32,
) -> Result<Flow<Resume>, OperatorError> {
    let hook = RedshiftHook::open(&ctx.services.clients, &operator.arguments().client).await?;
    // What an earlier step or try has called for may be done by now.
    let has_called_before = tries > 0 || ctx.task.try_number > 1;
    match operator.send(ctx, &hook).await? {
        Called::Accepted => wait(operator, ctx, operator.undo()).await,
        Called::UnderWay(reason) => {
            ctx.log(Level::Info, reason);
            wait(operator, ctx, None).await
        }
        Called::NotNeeded(reason) => {
            ctx.log(Level::Info, reason);
            Ok(Flow::Done(operator.result()))
        }
        Called::Busy(reason) => call_again(ctx, T::CALL, &reason, tries.saturating_add(1)),
        Called::NotFound(reason) if T::GONE_IS_DONE && has_called_before => {
            ctx.log(Level::Info, reason);
            Ok(Flow::Done(operator.result()))
        }
        Called::NotFound(reason) => Err(OperatorError::fatal(reason)),
    }
}

/// Waits, if that is asked for, in a trigger, or on the worker if the operator is not deferrable.
async fn wait<T: MainCall>(
    operator: &T,
    ctx: &OperatorContext,
    undo: Option<UndoCall>,
) -> Result<Flow<Resume>, OperatorError> {
    let Arguments { wait_for_completion, deferrable, poll_interval, max_attempts, .. } =
        operator.arguments();
    if !wait_for_completion {
        return Ok(Flow::Done(operator.result()));
    }
    let mut trigger = operator.waiter();
    trigger.overrides.delay = Some(poll_interval);
    trigger.overrides.max_attempts = Some(max_attempts);
    if !deferrable {
        return complete(operator, ctx, ctx.run_trigger(&trigger).await).await;
    }
    // The trigger ends by itself; this is the end of a trigger that hangs.
    let budget = poll_interval * max_attempts as f64 + 60.0;
    let timeout = Duration::try_from_secs_f64(budget).map_err(|_| {
        OperatorError::fatal(format!("{budget} is not a number of seconds that can be waited"))
    })?;
    let mut deferral = Deferral::new(&trigger, Resume::ExecuteComplete)?.with_timeout(timeout);
    deferral.undo = undo;
    Ok(Flow::Defer(deferral))
}

async fn complete<T: MainCall>(
    operator: &T,
    ctx: &OperatorContext,
    with: Resumed,
) -> Result<Flow<Resume>, OperatorError> {
    match with.success() {
        Ok(_) => Ok(Flow::Done(operator.result())),
        Err(error) => operator.failed(ctx, error).await,
    }
}

/// Goes on after a deferral.
pub(super) async fn resume<T: MainCall>(
    operator: &T,
    ctx: &OperatorContext,
    at: Resume,
    with: Resumed,
) -> Result<Flow<Resume>, OperatorError> {
    match at {
        Resume::ExecuteComplete => complete(operator, ctx, with).await,
        Resume::CallAgain { tries } => {
            with.event()?;
            begin(operator, ctx, tries.max(1)).await
        }
        Resume::Cleanup(cleanup) => operator.clean_up(ctx, cleanup).await,
    }
}

/// Finds out whether a main call was made whose reply was not seen.
pub(super) async fn reconcile<T: MainCall>(
    operator: &T,
    ctx: &OperatorContext,
    intent: &Intent,
) -> Result<Reconciled, OperatorError> {
    let hook = RedshiftHook::open(&ctx.services.clients, &operator.arguments().client).await?;
    let mut made = operator.was_made(&hook, intent).await?;
    if !made {
        // The service may not show yet what it has just accepted.
        ctx.services.clock.sleep(SETTLE).await;
        made = operator.was_made(&hook, intent).await?;
    }
    Ok(if made { Reconciled::Found(json!(Called::Accepted)) } else { Reconciled::NotStarted })
}

/// Lets a busy cluster come to rest, in a trigger and not on a worker, before the call is made again.
fn call_again(
    ctx: &OperatorContext,
    call: &str,
    reason: &str,
    tries: u32,
) -> Result<Flow<Resume>, OperatorError> {
    if tries > BUSY_TRIES {
        let message = format!("{call}: still refused after {tries} tries: {reason}");
        return Err(OperatorError::new(message));
    }
    let delta = (BUSY_DELAY * 1.5_f64.powi(tries.min(16) as i32 - 1)).min(BUSY_MAX_DELAY);
    ctx.log(Level::Info, format!("{call}: not now, again in {delta:.0} s: {reason}"));
    Ok(Flow::Defer(Deferral::new(&TimeDeltaTrigger::new(delta), Resume::CallAgain { tries })?))
}

/// Implements [`Operator`](maitred_runtime::operator::Operator) for a [`MainCall`] that has the arguments of a wait.
macro_rules! main_call_operator {
    ($operator:ty, $name:literal, $summary:literal) => {
        impl $crate::frame::MainCallArguments for $operator {
            fn arguments(&self) -> $crate::frame::Arguments<'_> {
                $crate::frame::Arguments {
                    cluster: &self.cluster_identifier,
                    wait_for_completion: self.wait_for_completion,
                    deferrable: self.deferrable,
                    poll_interval: self.poll_interval,
                    max_attempts: self.max_attempts,
                    client: self.client_settings(),
                }
            }
        }

        const _: () = {
            use maitred_runtime::operator::{
                ConnectionUse, Flow, Intent, Operator, OperatorContext, OperatorError, Reconciled,
                Resumed, arguments_of,
            };
            use $crate::frame::{self, Resume};

            impl Operator for $operator {
                const NAME: &'static str = $name;
                const SUMMARY: &'static str = $summary;
                type Resume = Resume;

                fn arguments() -> serde_json::Value {
                    arguments_of::<Self>()
                }

                fn connections(&self) -> Vec<ConnectionUse> {
                    self.used_connections()
                }

                fn check(&self) -> Result<(), OperatorError> {
                    frame::check(self)
                }

                async fn execute(
                    &self,
                    ctx: &OperatorContext,
                ) -> Result<Flow<Resume>, OperatorError> {
                    frame::begin(self, ctx, 0).await
                }

                async fn resume(
                    &self,
                    ctx: &OperatorContext,
                    at: Resume,
                    with: Resumed,
                ) -> Result<Flow<Resume>, OperatorError> {
                    frame::resume(self, ctx, at, with).await
                }

                async fn reconcile(
                    &self,
                    ctx: &OperatorContext,
                    intent: &Intent,
                ) -> Result<Reconciled, OperatorError> {
                    frame::reconcile(self, ctx, intent).await
                }
            }
        };
    };
}
pub(super) use main_call_operator;
