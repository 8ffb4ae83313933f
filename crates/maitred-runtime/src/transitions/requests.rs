//! What users ask of a task: to cancel it, to try it again, and to say whether a call was made.

use super::calls::unsettled;
use crate::operator::{Intent, Settled};
use crate::store::StoreError;
use crate::task::{CancelRequest, HistoryEntry, NewTask, StoredIntent, Task, TaskState};
use crate::trigger::CancelReason;
use maitred_core::clock::Timestamp;

/// The request by which a new task takes the key of another.
pub(crate) const REPLACE: CancelRequest =
    CancelRequest { reason: CancelReason::Replaced, undo: false };

/// What a request to cancel found out about the deferral of its task.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Undoable(pub(crate) bool);

impl Task {
    /// Asks for the end of this task, or ends it. `None`: the request is kept for the triggerer.
    pub(crate) fn request_cancel(
        &mut self,
        request: CancelRequest,
        undoable: Undoable,
        calls: &[StoredIntent],
        now: Timestamp,
    ) -> Result<Option<HistoryEntry>, StoreError> {
        let before = self.cancel.unwrap_or(request);
        let undo = before.undo || request.undo;
        // Once its key is another task's, a second request must not claim it back.
        let reason = if self.is_replaced() { before.reason } else { request.reason };
        match self.state {
            TaskState::Queued | TaskState::UpForRetry => {
                let because = self.message.clone().unwrap_or_default();
                Ok(Some(self.end_cancelled(reason, calls, &because, now)))
            }
            TaskState::Blocked if undo && undoable == Undoable(true) => {
                self.cancel = Some(CancelRequest { reason, undo });
                Ok(Some(self.pass(TaskState::Deferred, reason.to_string(), now)))
            }
            TaskState::Blocked => {
                let because = self.message.clone().unwrap_or_default();
                Ok(Some(self.end_cancelled(reason, calls, &because, now)))
            }
            TaskState::Running | TaskState::Deferred => {
                self.cancel = Some(CancelRequest { reason, undo });
                Ok(None)
            }
            state @ (TaskState::Success
            | TaskState::Failed
            | TaskState::Skipped
            | TaskState::Cancelled
            | TaskState::InDoubt) => Err(StoreError::WrongState { id: self.id, state }),
        }
    }

    /// Checks that a user may have this task tried once more.
    pub(crate) fn can_be_retried(&self) -> Result<(), StoreError> {
        match self.state {
            TaskState::Failed | TaskState::Skipped | TaskState::Cancelled => Ok(()),
            TaskState::InDoubt
            | TaskState::Success
            | TaskState::Queued
            | TaskState::Running
            | TaskState::Deferred
            | TaskState::UpForRetry
            | TaskState::Blocked => Err(StoreError::WrongState { id: self.id, state: self.state }),
        }
    }

    /// Checks that a user may tell what became of the call for which this task is in doubt, and says
    /// which of the calls of its step that is: the first of which nobody knows, else the last, whose
    /// recorded result could not be read. None is recorded in stores of the first version.
    pub(crate) fn in_question<'a>(
        &self,
        calls: &'a [StoredIntent],
        settled: &Settled,
    ) -> Result<Option<&'a Intent>, StoreError> {
        if self.state != TaskState::InDoubt {
            return Err(StoreError::WrongState { id: self.id, state: self.state });
        }
        let last = || Some(&calls.last()?.intent);
        match (unsettled(calls).or_else(last), settled) {
            (Some(intent), _) => Ok(Some(intent)),
            (None, Settled::NotMade) => Ok(None),
            (None, Settled::Done(_)) => Err(StoreError::NoCall(self.id)),
        }
    }

    /// In doubt → up for retry, due now, in the same step, which is entered as before.
    pub(crate) fn settled_by_user(
        &mut self,
        call: Option<&Intent>,
        settled: &Settled,
        now: Timestamp,
    ) -> HistoryEntry {
        let name = call.map_or("its call", |intent| intent.name.as_str());
        let reason = match settled {
            Settled::Done(_) => format!("a user says that {name} was made"),
            Settled::NotMade => format!("a user says that {name} was not made"),
        };
        self.pause_until(now, now);
        self.deadline = None;
        self.ended = None;
        self.pass(TaskState::UpForRetry, reason, now)
    }

    /// An end → up for retry, due now, with another submission if one is given.
    pub(crate) fn retry(
        &mut self,
        changed: Option<&NewTask>,
        token: String,
        now: Timestamp,
    ) -> HistoryEntry {
        if let Some(changed) = changed {
            let (operator, key) = (self.spec.operator.clone(), self.spec.key.clone());
            self.spec = NewTask { operator, key, ..changed.clone() };
        }
        self.next_step(token, now, now);
        self.deadline = None;
        self.result = None;
        self.ended = None;
        let with = if changed.is_some() { ", with other arguments" } else { "" };
        self.pass(TaskState::UpForRetry, format!("retry asked for{with}"), now)
    }
}
