//! Tasks for people.

use serde_json::Value;

use super::failure_hook;
use super::task_args::title;
use crate::cli::point_in_time::show as time;
use crate::cli::{duration, report};
use crate::clock::Timestamp;
use crate::diagnostic::cut;
use crate::runtime::Task;
use crate::runtime::engine::TaskDetails;
use crate::runtime::task::StoredDeferral;

/// How long the message of a task is in a list, and a value of its deferral, in characters.
const SHORT: usize = 100;

/// A task in one line.
pub(super) fn line(task: &Task, now: Timestamp) -> String {
    let message = short(task.message.as_deref().unwrap_or_default());
    let line = format!(
        "{:>6}  {:12}  {:32}  {}  {:>12}  {}  {message}",
        task.id,
        task.state.as_str(),
        task.spec.operator,
        time(Timestamp::from_millis(task.created.as_millis() / 1000 * 1000)),
        elapsed(task, now).unwrap_or_else(|| "-".to_owned()),
        task.spec.key.as_deref().unwrap_or("-"),
    );
    report::one_line(line.trim_end())
}

/// The time that a task took from its first start to its end, or has taken until now.
fn elapsed(task: &Task, now: Timestamp) -> Option<String> {
    task.started.map(|started| duration::show(task.ended.unwrap_or(now).since(started)))
}

/// Text in one line that is not too long.
fn short(text: &str) -> String {
    cut(&report::one_line(text), SHORT)
}

/// A task, its deferral and its history.
pub(super) fn details(details: &TaskDetails, now: Timestamp) -> String {
    let TaskDetails { task, deferral, history, .. } = details;
    let mut text = format!("{}: {}\n", report::one_line(&title(task)), task.state);
    if let Some(message) = &task.message {
        text.push_str(&format!("  {}\n", report::printable(message)));
    }
    let mut field = |name: &str, value: Option<String>| {
        if let Some(value) = value {
            let (name, value) = (report::one_line(name), report::one_line(&value));
            text.push_str(&format!("  {name:12} {value}\n"));
        }
    };
    field("args", Some(task.spec.args.to_string()));
    field("result", task.result.as_ref().map(Value::to_string));
    // `tasks retry` adds a try to those that the task has by itself.
    let tries = task.spec.retries.saturating_add(1).max(task.try_number);
    field("try", Some(format!("{} of {tries}", task.try_number)));
    field("created", Some(time(task.created)));
    field("started", task.started.map(time));
    field("ended", task.ended.map(time));
    field("took", elapsed(task, now).filter(|_| task.ended.is_some()));
    field("deadline", task.deadline.map(time));
    let waits = task.waits_for_a_worker();
    field("due", waits.then(|| time(task.due)));
    let undo = |undo: bool| if undo { ", with its work undone" } else { "" };
    field("to end", task.cancel.map(|cancel| format!("{}{}", cancel.reason, undo(cancel.undo))));
    field("hook", failure_hook::text(task));
    if let Some(deferral) = deferral {
        waits_for(deferral, field);
    }
    for entry in history {
        let reason = report::printable(&entry.reason).replace('\n', "\n  ");
        text.push_str(&format!("  {}  {}: {reason}\n", time(entry.at), entry.to));
    }
    text
}

/// What a deferred task waits for.
fn waits_for(deferral: &StoredDeferral, mut field: impl FnMut(&str, Option<String>)) {
    let kwargs = deferral.trigger.kwargs.as_object().cloned().unwrap_or_default();
    let trigger = &deferral.trigger.name;
    field("waits for", Some(format!("{trigger}, then goes on at {}", deferral.method)));
    let text = |name: &str| kwargs.get(name).and_then(Value::as_str);
    if let (Some(service), Some(waiter)) = (text("service"), text("waiter")) {
        field("waiter", Some(format!("{service}.{waiter}")));
    }
    // A definition is long, and made of the task's arguments.
    let omitted = ["service", "waiter", "definition"];
    for (name, value) in kwargs.iter().filter(|(name, _)| !omitted.contains(&name.as_str())) {
        if !is_empty(value) {
            field(name, Some(short(&report::plain(value))));
        }
    }
    if let Some(progress) = deferral.progress() {
        field("attempts", Some(progress.attempts.to_string()));
        let shown = progress.shown.filter(|shown| !is_empty(shown));
        field("shown", shown.map(|shown| short(&report::plain(&shown))));
        field(
            "last error",
            progress.last_error.map(|error| short(&report::plain(&serde_json::json!(error)))),
        );
    }
    field("next poll", Some(time(deferral.due)));
    field("times out", deferral.timeout_at.map(time));
    field("undo", deferral.on_cancel.as_ref().map(|undo| undo.description.clone()));
}

fn is_empty(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::String(text) => text.is_empty(),
        Value::Array(items) => items.is_empty(),
        Value::Object(members) => members.values().all(is_empty),
        Value::Bool(_) | Value::Number(_) => false,
    }
}
