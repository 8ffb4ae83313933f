//! The end of a deferral from outside: by a user, or because the time is up.

use super::changes::execution_timeout;
use super::workplace::Workplace;
use crate::journal::JournalError;
use crate::operator::Resumed;
use crate::task::{CancelRequest, Change, StoredDeferral, Task, TaskState, Transition};
use crate::trigger::CancelReason;

/// The reason for the end of a deferral from outside.
#[derive(Debug, Clone, Copy)]
pub(crate) enum EndDeferral {
    /// Its own time-out.
    TimedOut,
    /// The task's execution time-out.
    OutOfTime,
    /// A user.
    Cancelled(CancelRequest),
}

impl EndDeferral {
    fn reason(self) -> CancelReason {
        match self {
            Self::TimedOut | Self::OutOfTime => CancelReason::Timeout,
            Self::Cancelled(request) => request.reason,
        }
    }
}

impl Workplace {
    /// Ends the deferral of a task that is cancelled or out of time: tells the trigger and the
    /// operator, and sends the call that undoes the work if that was asked for.
    pub(crate) async fn end_deferral(
        &self,
        task: Task,
        why: EndDeferral,
    ) -> Result<Change, JournalError> {
        let deferral = self.journal.deferral(task.id).await?;
        let reason = why.reason();
        if let Some(deferral) = &deferral {
            self.tell_trigger(&task, deferral, reason).await;
        }
        if !matches!(why, EndDeferral::TimedOut)
            && let Ok(operator) = self.operator(&task).await
        {
            let ctx = self.operator_context(&task);
            self.tell_operator(&*operator, &ctx, reason).await;
        }
        Ok(match why {
            EndDeferral::TimedOut => {
                let resume = Transition::Resume(Box::new(Resumed::TimedOut));
                Change::of(&task, resume, "the deferral timed out")
            }
            EndDeferral::OutOfTime => self.after_failure(&task, &execution_timeout(&task)),
            EndDeferral::Cancelled(request) => {
                let undone = match deferral.and_then(|deferral| deferral.on_cancel) {
                    Some(undo) if request.undo => Some(self.undo(&task, undo).await?),
                    None if request.undo => Some("there was nothing to undo".to_owned()),
                    Some(_) | None => None,
                };
                let reason = match undone {
                    Some(undone) => format!("{reason}; {undone}"),
                    None => reason.to_string(),
                };
                let end = Transition::End(TaskState::Cancelled, None);
                let mut change = Change::of(&task, end, reason);
                change.undo_answered = request.undo;
                change
            }
        })
    }

    async fn tell_trigger(&self, task: &Task, deferral: &StoredDeferral, reason: CancelReason) {
        let Ok(mut trigger) = self.registry.trigger(&deferral.trigger) else { return };
        if trigger.restore(&deferral.state).is_ok() {
            let ctx = self.trigger_context(task.id);
            self.tell(task.id, None, trigger.on_cancel(&ctx, reason)).await;
        }
    }
}
