//! Main calls whose replies were not seen, and the end of a task that has made some.

use std::time::Duration;

use super::bounds::{Bounds, CancelReceiver, Interrupt, LAST_GRACE};
use super::changes::in_doubt;
use super::guard::guarded;
use super::workplace::Workplace;
use crate::journal::{JournalError, StepId};
use crate::operator::{AnyOperator, Intent, OperatorError, Reconciled, Settled};
use crate::task::{CancelRequest, Change, Task, TaskState, Transition};
use crate::trigger::Level;
use crate::{redact, transitions};

/// How long a task waits whose main call could not be looked up just now.
const RECONCILE_AGAIN: Duration = Duration::from_secs(30);

/// What is known of the main calls of a step whose replies were not seen.
pub(super) enum Looked {
    /// There are none, or they were not made.
    NothingMade,
    /// At least one was made, and its result is stored now.
    Made,
    /// It cannot be told.
    CannotGoOn(Change),
    /// Somebody has cancelled the task before it was known.
    Cancelled(CancelRequest),
}

impl Workplace {
    /// The bounds of a look-up: the task's time, or if that is over, a last grace.
    pub(super) fn bounds_of_look_up<'a>(
        &self,
        task: &Task,
        cancel: &'a mut CancelReceiver,
    ) -> Bounds<'a> {
        let last = self.now().plus(LAST_GRACE);
        let until =
            task.deadline.map(|deadline| if deadline <= self.now() { last } else { deadline });
        Bounds { cancel: Some(cancel), until }
    }

    /// Looks up every main call of this step whose reply was not seen, `because` of this.
    pub(super) async fn reconcile(
        &self,
        task: &Task,
        operator: &dyn AnyOperator,
        because: &str,
        mut bounds: Bounds<'_>,
    ) -> Result<Looked, JournalError> {
        let id = task.id;
        let intents = self.journal.intents(StepId::of(task)).await?;
        let ctx = self.operator_context(task);
        let mut looked = Looked::NothingMade;
        for open in intents.into_iter().filter(|stored| stored.settled.is_none()) {
            let intent = open.intent;
            self.log.push(id, Level::Info, format!("looking up whether {} was made", intent.name));
            let bounds = Bounds { cancel: bounds.cancel.as_deref_mut(), until: bounds.until };
            let look_up = guarded(operator.reconcile(&ctx, &intent));
            let found = match self.within(bounds, Some(&ctx), look_up).await {
                Ok(found) => found,
                Err(Interrupt::Cancelled(request)) => return Ok(Looked::Cancelled(request)),
                Err(Interrupt::Stopped) => return Ok(Looked::CannotGoOn(self.put_back(task))),
                Err(Interrupt::TimedOut) => {
                    let reason = not_looked_up(&intent, "there was no answer in time", because);
                    return Ok(Looked::CannotGoOn(in_doubt(task, &intent, &reason)));
                }
            };
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
                    let reason = not_looked_up(&intent, &error.to_string(), because);
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
            self.settle(StepId::of(task), intent.ordinal, settled).await?;
        }
        Ok(looked)
    }

    pub(crate) async fn settle(
        &self,
        step: StepId,
        ordinal: u32,
        mut settled: Settled,
    ) -> Result<(), JournalError> {
        redact::settled(self.known(), &mut settled);
        self.journal.settle(step, ordinal, settled).await
    }

    /// The end of a task that somebody has cancelled, once its operator has heard of it.
    pub(super) async fn cancelled(
        &self,
        task: &Task,
        operator: &dyn AnyOperator,
        request: CancelRequest,
    ) -> Result<Change, JournalError> {
        let ctx = self.operator_context(task);
        self.tell_operator(operator, &ctx, request.reason).await;
        let because = request.reason.to_string();
        if let Looked::CannotGoOn(change) =
            self.reconcile(task, operator, &because, self.last_bounds()).await?
        {
            return Ok(change);
        }
        let calls = self.journal.intents(StepId::of(task)).await?;
        let reason = transitions::cancelled(request.reason, &calls);
        Ok(Change::of(task, Transition::End(TaskState::Cancelled, None), reason))
    }

    /// The end of a task that has made a call whose recorded result is of no use.
    pub(super) fn unreadable(&self, task: &Task, error: &OperatorError) -> Change {
        self.log.push(task.id, Level::Error, error.to_string());
        let id = task.id;
        let reason = format!("{error}; give it with `maitred tasks settle {id} --made RESULT`");
        Change::of(task, Transition::End(TaskState::InDoubt, None), reason)
    }
}

/// Why a call could not be looked up, and `because` of what it had to be.
fn not_looked_up(intent: &Intent, why: &str, because: &str) -> String {
    let because = if because.is_empty() { String::new() } else { format!(" ({because})") };
    format!("{} could not be looked up: {why}{because}", intent.name)
}
