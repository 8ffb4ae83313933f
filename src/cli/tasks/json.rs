//! Tasks for programs.

use serde_json::{Value, json};

use super::failure_hook;
use crate::cli::point_in_time::show as time;
use crate::clock::Timestamp;
use crate::runtime::Task;
use crate::runtime::engine::TaskDetails;

/// A task.
pub(super) fn json(task: &Task) -> Value {
    let mut value = json!({
        "id": task.id,
        "key": task.spec.key,
        "operator": task.spec.operator,
        "state": task.state,
        "message": task.message,
        "failure": task.failure,
        "result": task.result,
        "try": task.try_number,
        "retries": task.spec.retries,
        "args": task.spec.args,
        "created": time(task.created),
        "started": task.started.map(time),
        "ended": task.ended.map(time),
        "elapsed": task.started.zip(task.ended).map(|(started, ended)| seconds(started, ended)),
        "deadline": task.deadline.map(time),
    });
    if task.waits_for_a_worker() {
        value["due"] = time(task.due).into();
    }
    if task.spec.on_failure.is_some() {
        value["hook"] = failure_hook::json(task);
    }
    if let Some(cancel) = task.cancel {
        value["cancel"] = json!({"reason": cancel.reason, "undo": cancel.undo});
    }
    value
}

/// Seconds between two times.
fn seconds(from: Timestamp, to: Timestamp) -> f64 {
    to.since(from).as_secs_f64()
}

/// A task, its deferral and its history.
pub(super) fn details(details: &TaskDetails) -> Value {
    let mut value = json(&details.task);
    if let Some(deferral) = &details.deferral {
        value["deferral"] = json!({
            "trigger": deferral.trigger,
            "state": serde_json::from_str::<Value>(&deferral.state).unwrap_or_default(),
            "next_step": time(deferral.due),
            "times_out": deferral.timeout_at.map(time),
            "method": deferral.method,
            "undo": deferral.on_cancel.as_ref().map(|undo| &undo.description),
        });
    }
    let entries = details.history.iter().map(|entry| {
        json!({
            "at": time(entry.at),
            "from": entry.from,
            "to": entry.to,
            "reason": entry.reason,
        })
    });
    value["history"] = entries.collect();
    value
}
