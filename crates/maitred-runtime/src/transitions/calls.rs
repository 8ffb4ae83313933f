//! The main calls of a step: which are known, and what a task ends as because of them.

use serde_json::Value;

use crate::operator::{Begun, Intent};
use crate::store::StoreError;
use crate::task::{StoredIntent, Task, TaskId, TaskState};
use crate::trigger::CancelReason;

/// What is said of a task that is in doubt about a call.
pub(crate) fn doubt(id: TaskId, intent: &Intent, because: &str) -> String {
    let because = if because.is_empty() { "its reply was not seen" } else { because };
    format!(
        "it cannot be told whether {} was made ({}), because: {because}; look, then `maitred tasks \
         settle {id} --made RESULT` or `maitred tasks settle {id} --not-made`",
        intent.name, intent.details
    )
}

/// What is said of a task that was cancelled after these main calls of its step.
pub(crate) fn cancelled(reason: CancelReason, made: &[StoredIntent]) -> String {
    if made.is_empty() {
        return reason.to_string();
    }
    let made: Vec<_> = made.iter().map(|call| call.intent.name.as_str()).collect();
    format!("{reason}; it had made {}", made.join(", "))
}

/// A main call of which nobody knows what became of it.
pub(super) fn unsettled(calls: &[StoredIntent]) -> Option<&Intent> {
    Some(&calls.iter().find(|call| call.settled.is_none())?.intent)
}

/// Checks that a task runs this step, or that the step's deferral is being cancelled.
pub(crate) fn check_running(task: &Task, step: u32) -> Result<(), StoreError> {
    let is_undone = task.state == TaskState::Deferred && task.cancel.is_some();
    if (task.state == TaskState::Running || is_undone) && task.step == step {
        return Ok(());
    }
    Err(StoreError::WrongState { id: task.id, state: task.state })
}

/// What is said about a call whose intent is stored already, under this name and with this result.
pub(crate) fn known_call(
    id: TaskId,
    intent: &Intent,
    name: String,
    result: Option<Value>,
) -> Result<Begun, StoreError> {
    match result {
        _ if name != intent.name => {
            Err(StoreError::OtherCall { id, stored: name, asked: intent.name.clone() })
        }
        None => Err(StoreError::Unsettled { id, call: name }),
        Some(result) => Ok(Begun::Recorded(result)),
    }
}
