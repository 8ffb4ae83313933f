//! The progress of a task's failure hook.

use serde_json::{Value, json};

use crate::cli::point_in_time::show as time;
use crate::runtime::Task;
use crate::runtime::task::HookProgress;

/// In a line, for people; `None` if there was no failure.
pub(crate) fn text(task: &Task) -> Option<String> {
    let HookProgress { attempts, next, error, .. } = &task.hook;
    let times = if *attempts == 1 { "once".to_owned() } else { format!("{attempts} times") };
    match (error, next) {
        _ if *attempts == 0 => task.hook_pending.then(|| "still to be run".to_owned()),
        (None, _) if *attempts == 1 => Some("was run".to_owned()),
        (None, _) => Some(format!("was run, at attempt {attempts}")),
        (Some(error), Some(next)) => {
            Some(format!("failed {times}, again at {}: {error}", time(*next)))
        }
        (Some(error), None) => Some(format!("failed {times}, and is not tried again: {error}")),
    }
}

/// For programs.
pub(super) fn json(task: &Task) -> Value {
    let HookProgress { attempts, next, error, .. } = &task.hook;
    let state = match (task.hook_pending, error) {
        (true, _) => "pending",
        (false, _) if *attempts == 0 => return Value::Null,
        (false, None) => "run",
        (false, Some(_)) => "failed",
    };
    json!({"state": state, "attempts": attempts, "next": next.map(time), "error": error})
}
