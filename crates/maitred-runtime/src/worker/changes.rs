//! The changes of a task's state after its step.

use serde_json::Value;

use crate::operator::{FailureKind, Intent, OperatorError};
use crate::task::{Change, MAX_RESULT_BYTES, Task, TaskState, Transition};
use crate::transitions;

pub(super) fn failed(task: &Task, reason: String) -> Change {
    Change::of(task, Transition::End(TaskState::Failed, None), reason)
}

pub(super) fn in_doubt(task: &Task, intent: &Intent, because: &str) -> Change {
    let reason = transitions::doubt(task.id, intent, because);
    Change::of(task, Transition::End(TaskState::InDoubt, None), reason)
}

pub(super) fn done(task: &Task, result: Value) -> Change {
    if let Some(reason) = too_large("result", &result) {
        return failed(task, reason);
    }
    Change::of(task, Transition::End(TaskState::Success, Some(result)), "done")
}

/// The reason why a value cannot be stored, if it is too large for that.
pub(crate) fn too_large(what: &str, value: &Value) -> Option<String> {
    let size = value.to_string().len();
    (size > MAX_RESULT_BYTES)
        .then(|| format!("the {what} has {size} bytes, more than {MAX_RESULT_BYTES}"))
}

pub(super) fn execution_timeout(task: &Task) -> OperatorError {
    let timeout = task.spec.execution_timeout.unwrap_or_default();
    OperatorError::new(format!("the execution time-out of {} s passed", timeout.as_secs_f64()))
        .with_kind(FailureKind::GaveUp)
}
