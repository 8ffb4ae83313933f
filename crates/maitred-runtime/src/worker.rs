//! What a worker does with one task: run the operator's step, and tell what is to become of the task.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{oneshot, watch};

use super::journal::{Journal, JournalError, StepId};
use super::log::LogBuffer;
use super::registry::{Registry, Unusable};
use super::running_commands::RunningCommands;
use super::task::{
    CancelRequest, Change, Resumption, StoredDeferral, Task, TaskId, TaskState, Transition,
};
use super::{redact, transitions};
use crate::operator::{
    AnyOperator, Begun, Crash, Deferral, Flow, Host, Intent, Method, OperatorContext,
    OperatorError, Reconciled, Resumed, Settled, TaskInfo,
};
use crate::trigger::{CancelReason, Level, Services, TriggerContext};
use maitred_core::clock::{BoxFuture, Moment, Timestamp};
use maitred_core::secrets::KnownSecrets;

mod changes;
mod end_deferral;
mod guard;

pub(super) use changes::too_large;
use changes::{done, execution_timeout, failed, in_doubt};
pub(super) use end_deferral::EndDeferral;
pub(super) use guard::panic_message;
use guard::{guarded, guarded_cancel};

/// How long a task waits whose main call could not be looked up just now.
const RECONCILE_AGAIN: Duration = Duration::from_secs(30);

/// How often one step may hand over to a trigger that cannot start, or find a main call again.
const MAX_ROUNDS: u32 = 5;

/// How long an operator's step may go on once the triggerer was asked to end.
const STOP_GRACE: Duration = Duration::from_secs(25);

/// How often it is looked whether a main call is over that the end waits for.
const LOOK_AGAIN: Duration = Duration::from_millis(100);

/// What all workers share.
#[derive(Debug, Clone)]
pub(super) struct Workplace {
    pub(super) journal: Arc<dyn Journal>,
    pub(super) registry: Arc<Registry>,
    pub(super) services: Arc<Services>,
    pub(super) log: Arc<LogBuffer>,
    /// The failure commands that run.
    pub(super) commands: Arc<RunningCommands>,
    /// When the triggerer was asked to end, if it was.
    pub(super) stop: watch::Receiver<Option<Moment>>,
}

/// What is known of the main calls of a step whose replies were not seen.
enum Looked {
    /// There are none, or they were not made.
    NothingMade,
    /// At least one was made, and its result is stored now.
    Made,
    /// It cannot be told.
    CannotGoOn(Change),
}

/// How a step came out.
enum Ran {
    Flow(Box<Flow<Method>>),
    Failed(OperatorError),
    TimedOut,
    Cancelled(CancelRequest),
    /// The triggerer ends, and this would take longer: it is put back, to be run again.
    PutBack,
}

impl Workplace {
    fn now(&self) -> Timestamp {
        self.services.clock.now()
    }

    /// The secrets that are known here.
    pub(super) fn known(&self) -> &KnownSecrets {
        self.services.clients.connections().known()
    }

    pub(super) fn trigger_context(&self, id: TaskId) -> TriggerContext {
        TriggerContext::new(Arc::clone(&self.services), self.log.of(id))
    }

    fn operator_context(&self, task: &Task) -> OperatorContext {
        let info = TaskInfo {
            id: task.id,
            key: task.spec.key.clone(),
            try_number: task.try_number,
            token: task.token.clone(),
        };
        let host = JournalHost { workplace: self.clone(), step: step_of(task) };
        OperatorContext::new(Arc::clone(&self.services), info, Arc::new(host))
    }

    fn operator(&self, task: &Task) -> Result<Box<dyn AnyOperator>, Unusable> {
        self.registry.operator(&task.spec.operator, task.spec.version, &task.spec.args)
    }

    /// Whether this step of a task is to make its trigger, and no more.
    pub(super) fn starts_from_trigger(&self, task: &Task) -> bool {
        if task.resumption.is_some() {
            return false;
        }
        let deferral = || self.operator(task).ok()?.start_from_trigger().ok()?;
        let deferral = std::panic::catch_unwind(AssertUnwindSafe(deferral));
        deferral.is_ok_and(|deferral| deferral.is_some())
    }

    /// Runs the step that a claimed task is in.
    pub(super) async fn run(
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

    /// Looks up every main call of this step whose reply was not seen, `because` of this.
    async fn reconcile(
        &self,
        task: &Task,
        operator: &dyn AnyOperator,
        because: &str,
    ) -> Result<Looked, JournalError> {
        let id = task.id;
        let intents = self.journal.intents(step_of(task)).await?;
        let ctx = self.operator_context(task);
        let mut looked = Looked::NothingMade;
        for open in intents.into_iter().filter(|stored| stored.settled.is_none()) {
            let intent = open.intent;
            self.log.push(id, Level::Info, format!("looking up whether {} was made", intent.name));
            let found = guarded(operator.reconcile(&ctx, &intent)).await;
            let settled = match found {
                Ok(Reconciled::Found(value)) => Settled::Done(value),
                Ok(Reconciled::NotStarted) => Settled::NotMade,
                Ok(Reconciled::InDoubt) => {
                    return Ok(Looked::CannotGoOn(in_doubt(task, &intent, because)));
                }
                Err(error) if error.is_missing() => {
                    let parked = Change::of(task, Transition::Block, error.to_string());
                    return Ok(Looked::CannotGoOn(parked));
                }
                Err(error) => {
                    let mut reason = format!("{} could not be looked up: {error}", intent.name);
                    if !because.is_empty() {
                        reason.push_str(&format!(" ({because})"));
                    }
                    if task.deadline.is_some_and(|deadline| deadline <= self.now()) {
                        return Ok(Looked::CannotGoOn(in_doubt(task, &intent, &reason)));
                    }
                    let due = self.now().plus(RECONCILE_AGAIN);
                    let requeue = Transition::Requeue(due);
                    return Ok(Looked::CannotGoOn(Change::of(task, requeue, reason)));
                }
            };
            let found = match &settled {
                Settled::Done(_) => {
                    looked = Looked::Made;
                    "was made"
                }
                Settled::NotMade => "was not made",
            };
            self.log.push(id, Level::Info, format!("{} {found}", intent.name));
            self.settle(step_of(task), intent.ordinal, settled).await?;
        }
        Ok(looked)
    }

    pub(super) async fn settle(
        &self,
        step: StepId,
        ordinal: u32,
        mut settled: Settled,
    ) -> Result<(), JournalError> {
        redact::settled(self.known(), &mut settled);
        self.journal.settle(step, ordinal, settled).await
    }

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
    async fn step(
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
    pub(super) fn after_failure(&self, task: &Task, error: &OperatorError) -> Change {
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

    async fn cancelled(
        &self,
        task: &Task,
        operator: &dyn AnyOperator,
        request: CancelRequest,
    ) -> Result<Change, JournalError> {
        let because = request.reason.to_string();
        if let Looked::CannotGoOn(change) = self.reconcile(task, operator, &because).await? {
            return Ok(change);
        }
        let calls = self.journal.intents(step_of(task)).await?;
        let reason = transitions::cancelled(request.reason, &calls);
        Ok(Change::of(task, Transition::End(TaskState::Cancelled, None), reason))
    }

    /// The end of a task that has made a call whose recorded result is of no use.
    fn unreadable(&self, task: &Task, error: &OperatorError) -> Change {
        self.log.push(task.id, Level::Error, error.to_string());
        let id = task.id;
        let reason = format!("{error}; give it with `maitred tasks settle {id} --made RESULT`");
        Change::of(task, Transition::End(TaskState::InDoubt, None), reason)
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

fn step_of(task: &Task) -> StepId {
    StepId { task: task.id, step: task.step }
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

    fn log(&self, level: Level, message: String) {
        self.workplace.log.push(self.step.task, level, message);
    }
}
