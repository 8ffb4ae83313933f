//! The life of a task: its submission, its claims, and the changes that a triggerer makes.

use serde_json::Value;

use super::calls::{cancelled, doubt, unsettled};
use crate::store::StoreError;
use crate::task::{
    Change, HistoryEntry, HookProgress, NewTask, OnConflict, Resumption, StoredIntent, Task,
    TaskId, TaskState, Transition,
};
use crate::trigger::CancelReason;
use maitred_core::clock::Timestamp;

/// What a submission does about the task that has its key.
pub(crate) enum Conflict {
    Attach,
    Replace,
}

/// What `spec` does about the task `holder` that has its key.
pub(crate) fn conflict(spec: &NewTask, holder: TaskId) -> Result<Conflict, StoreError> {
    match spec.on_conflict {
        OnConflict::Reject => {
            let key = spec.key.clone().unwrap_or_default();
            Err(StoreError::Conflict { key, id: holder })
        }
        OnConflict::Attach | OnConflict::Done => Ok(Conflict::Attach),
        OnConflict::Replace => Ok(Conflict::Replace),
    }
}

impl Task {
    /// The task of a submission; `token` is the idempotency token of its first step.
    pub(crate) fn submitted(
        id: TaskId,
        spec: NewTask,
        token: String,
        now: Timestamp,
    ) -> (Self, HistoryEntry) {
        let (due, pause_from) = match spec.due {
            Some(due) => (due, None),
            None => (now, Some(now)),
        };
        let task = Self {
            id,
            spec,
            state: TaskState::Queued,
            try_number: 0,
            step: 0,
            token,
            deadline: None,
            due,
            pause_from,
            resumption: None,
            result: None,
            message: None,
            failure: None,
            cancel: None,
            created: now,
            started: None,
            ended: None,
            hook_pending: false,
            hook: HookProgress::default(),
        };
        let reason = "submitted".to_owned();
        (task, HistoryEntry { at: now, from: None, to: TaskState::Queued, reason })
    }

    /// True if no other task may have this one's key. A task that another has replaced has given it up,
    /// although it may take a while to end.
    pub(crate) fn holds_key(&self) -> bool {
        !self.state.is_final() && !self.is_replaced()
    }

    /// True if a submission that says [`OnConflict::Done`] stands back for this task, the last one of its key:
    /// the work is done, under way, or may have been done.
    pub(crate) fn makes_another_needless(&self) -> bool {
        self.holds_key() || matches!(self.state, TaskState::Success | TaskState::InDoubt)
    }

    pub(super) fn is_replaced(&self) -> bool {
        self.cancel.is_some_and(|cancel| cancel.reason == CancelReason::Replaced)
    }

    /// True if a worker may take it once it is due.
    pub fn waits_for_a_worker(&self) -> bool {
        matches!(self.state, TaskState::Queued | TaskState::UpForRetry)
    }

    /// True if a worker may take it at `now`.
    pub(crate) fn is_due(&self, now: Timestamp) -> bool {
        self.waits_for_a_worker() && (self.due <= now || self.is_due_at_once())
    }

    /// True if it waits for nothing but a worker, whatever the clock says of whoever has put it there.
    fn is_due_at_once(&self) -> bool {
        self.pause_from.is_some_and(|from| self.due <= from)
    }

    /// True if it is due at `now` although its time is later: it was put there by another clock.
    pub(crate) fn is_due_early(&self, now: Timestamp) -> bool {
        self.is_due(now) && now < self.due
    }

    /// When it is due, as a clock sees it that shows `now`.
    pub(crate) fn due_by(&self, now: Timestamp) -> Timestamp {
        if self.is_due_early(now) { now } else { self.due }
    }

    /// A pause that seems to have begun after `now` begins now: the wall clock was set back since.
    pub(crate) fn begin_pause_by(&mut self, now: Timestamp) {
        let pause = self.pause_from.filter(|from| self.waits_for_a_worker() && *from < self.due);
        if let Some(from) = pause.filter(|from| now < *from) {
            self.pause_from = Some(now);
            self.due = now.plus(self.due.since(from));
        }
    }

    pub(super) fn pause_until(&mut self, due: Timestamp, now: Timestamp) {
        self.due = due;
        self.pause_from = Some(now);
    }

    /// Queued or up for retry → running.
    pub(crate) fn claim(&mut self, now: Timestamp) -> HistoryEntry {
        // Every later claim of the same try finds the task queued, by a resumption or a requeue.
        let first_of_try = self.state == TaskState::UpForRetry || self.try_number == 0;
        if first_of_try {
            self.try_number += 1;
            self.deadline = self.spec.execution_timeout.map(|timeout| now.plus(timeout));
        }
        self.started.get_or_insert(now);
        let reason = match &self.resumption {
            None => format!("try {}", self.try_number),
            Some(resumption) => format!("try {}, at {}", self.try_number, resumption.method),
        };
        self.pass(TaskState::Running, reason, now)
    }

    /// The state to which a transition takes this task; `None`: it is left out.
    fn target(&self, transition: &Transition) -> Option<TaskState> {
        let to = match (self.state, transition) {
            (TaskState::Running, Transition::Defer(_)) => return Some(TaskState::Deferred),
            (TaskState::Running | TaskState::Deferred, Transition::End(to, _)) => {
                return Some(*to).filter(|to| to.is_final());
            }
            (TaskState::Deferred, Transition::Resume(_))
            | (TaskState::Running, Transition::Requeue(_)) => TaskState::Queued,
            (TaskState::Running | TaskState::Deferred, Transition::Retry(_)) => {
                TaskState::UpForRetry
            }
            (TaskState::Running | TaskState::Deferred, Transition::Block) => TaskState::Blocked,
            _ => return None,
        };
        match (self.state, self.cancel) {
            (_, None) => Some(to),
            (TaskState::Deferred, Some(_)) => None,
            (_, Some(_)) => Some(TaskState::Cancelled),
        }
    }

    /// True if the undoing of this deferred task is asked for, and the change is not the answer: whoever made it has
    /// not seen the request.
    fn has_unanswered_undo(&self, change: &Change) -> bool {
        let is_asked = self.cancel.is_some_and(|asked| asked.undo);
        self.state == TaskState::Deferred && is_asked && !change.undo_answered
    }

    /// Makes a change, or leaves it out. A resumption enters at `entry`, the deferral's method and kwargs;
    /// `calls` are the main calls of this step, which only a task that is to be cancelled needs.
    /// `new_token` makes the token of a new step.
    pub(crate) fn change(
        &mut self,
        change: &Change,
        entry: impl FnOnce() -> (String, Value),
        calls: &[StoredIntent],
        new_token: impl FnOnce() -> String,
        now: Timestamp,
    ) -> Option<HistoryEntry> {
        if self.step != change.step {
            return None;
        }
        let to = self.target(&change.transition)?;
        if self.has_unanswered_undo(change) {
            return None;
        }
        if let (TaskState::Cancelled, Some(cancel)) = (to, self.cancel)
            && !matches!(change.transition, Transition::End(..))
        {
            return Some(self.end_cancelled(cancel.reason, calls, &change.reason, now));
        }
        match &change.transition {
            Transition::Defer(_) => self.resumption = None,
            Transition::Block => {}
            Transition::Resume(with) => {
                let (method, kwargs) = entry();
                self.next_step(new_token(), now, now);
                self.resumption = Some(Resumption { method, kwargs, with: (**with).clone() });
            }
            Transition::Retry(due) => {
                self.next_step(new_token(), *due, now);
                self.deadline = None;
            }
            Transition::Requeue(due) => self.pause_until(*due, now),
            Transition::End(_, result) => self.result.clone_from(result),
        }
        let entry = self.pass(to, change.reason.clone(), now);
        self.failure = change.failure.filter(|_| to == TaskState::Failed);
        Some(entry)
    }

    /// Puts a running or blocked task back to where a triggerer takes it up: one that has a deferral to
    /// its trigger, others to a worker. One that is to be cancelled ends, unless a call has to be looked up
    /// first.
    pub(crate) fn take_up_again(
        &mut self,
        has_deferral: bool,
        calls: &[StoredIntent],
        now: Timestamp,
    ) -> HistoryEntry {
        let was_running = self.state == TaskState::Running;
        if let (true, Some(cancel), None) = (was_running, self.cancel, unsettled(calls)) {
            return self.end_cancelled(cancel.reason, calls, "", now);
        }
        let reason = if was_running { "its triggerer is gone" } else { "a triggerer has begun" };
        let to = if has_deferral { TaskState::Deferred } else { TaskState::Queued };
        self.pause_until(now, now);
        self.pass(to, reason.to_owned(), now)
    }

    /// Ends a task that somebody has cancelled: as in doubt, if a call may have been made.
    pub(super) fn end_cancelled(
        &mut self,
        reason: CancelReason,
        calls: &[StoredIntent],
        because: &str,
        now: Timestamp,
    ) -> HistoryEntry {
        let Some(intent) = unsettled(calls) else {
            return self.pass(TaskState::Cancelled, cancelled(reason, calls), now);
        };
        let doubt = doubt(self.id, intent, because);
        self.pass(TaskState::InDoubt, format!("{reason}; {doubt}"), now)
    }

    /// True if the main calls of its step are still of use.
    pub(crate) fn keeps_calls(&self) -> bool {
        !self.state.is_final() || self.state == TaskState::InDoubt
    }

    pub(super) fn next_step(&mut self, token: String, due: Timestamp, now: Timestamp) {
        self.step += 1;
        self.token = token;
        self.resumption = None;
        self.pause_until(due, now);
    }

    pub(super) fn pass(&mut self, to: TaskState, reason: String, now: Timestamp) -> HistoryEntry {
        let from = Some(self.state);
        self.state = to;
        self.message = Some(reason.clone());
        self.failure = None;
        let has_failed = matches!(to, TaskState::Failed | TaskState::InDoubt);
        self.hook_pending = has_failed && self.spec.on_failure.is_some();
        self.hook = HookProgress::default();
        if to.is_final() {
            self.cancel = None;
            self.ended = Some(now);
        }
        // Once the doubt is settled, the step goes on from where it was entered.
        if to.is_final() && to != TaskState::InDoubt {
            self.resumption = None;
        }
        HistoryEntry { at: now, from, to, reason }
    }
}

/// The tasks that are due, at most `limit`: those whose time has come and those that are due early take turns,
/// so that none waits for a clock that another process has set.
pub(crate) fn take_turns<T>(on_time: Vec<T>, early: Vec<T>, limit: usize) -> Vec<T> {
    let (mut on_time, mut early) = (on_time.into_iter(), early.into_iter());
    let pairs = std::iter::from_fn(|| {
        let pair: Vec<T> = on_time.next().into_iter().chain(early.next()).collect();
        (!pair.is_empty()).then_some(pair)
    });
    pairs.flatten().take(limit).collect()
}
