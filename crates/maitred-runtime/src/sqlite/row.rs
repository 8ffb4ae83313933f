//! Tasks and what belongs to them, as rows.

use rusqlite::{Connection, OptionalExtension as _, Row, params};
use serde::Serialize;
use serde_json::Value;

use super::fault::{Fault, Work};
use crate::operator::FailureKind;
use crate::store::StoreError;
use crate::task::{
    CancelRequest, DeferredTask, HistoryEntry, HookProgress, LogLine, StoredDeferral, Task, TaskId,
    TaskState,
};
use crate::trigger::CancelReason;
use crate::trigger::Level;
use crate::trigger::SerializedTrigger;
use maitred_core::clock::Timestamp;

/// What [`task`] reads, in its order.
macro_rules! task_columns {
    () => {
        "id, spec, state, try_number, step, token, deadline, due, resumption, result, message, \
         cancel, undo, created, started, ended, hook_pending, failure, hook, pause_from"
    };
}
pub(super) use task_columns;

/// What [`deferral`] reads, in its order.
macro_rules! deferral_columns {
    () => {
        "d.trigger_name, d.trigger_version, d.trigger_kwargs, d.state, d.due, d.timeout_at, \
         d.method, d.kwargs, d.on_cancel, d.pause_from"
    };
}
pub(super) use deferral_columns;

/// A time as it is stored. What is beyond the largest of SQLite's numbers is far enough away.
pub(super) fn millis(time: Timestamp) -> i64 {
    i64::try_from(time.as_millis()).unwrap_or(i64::MAX)
}

pub(super) fn time(millis: i64) -> Timestamp {
    Timestamp::from_millis(u64::try_from(millis).unwrap_or(0))
}

fn json(value: &impl Serialize) -> Work<String> {
    Ok(serde_json::to_string(value)?)
}

fn optional_json<T: Serialize>(value: Option<&T>) -> Work<Option<String>> {
    value.map(json).transpose()
}

fn parsed<T: serde::de::DeserializeOwned>(text: Option<String>) -> Work<Option<T>> {
    Ok(text.map(|text| serde_json::from_str(&text)).transpose()?)
}

fn state(text: &str) -> Work<TaskState> {
    text.parse().map_err(Fault::Content)
}

fn reason_text(reason: CancelReason) -> &'static str {
    match reason {
        CancelReason::User => "user",
        CancelReason::Timeout => "timeout",
        CancelReason::Replaced => "replaced",
    }
}

fn cancel_reason(text: &str) -> Work<CancelReason> {
    Ok(serde_json::from_value(Value::from(text))?)
}

/// The word for a kind of failure.
fn failure_text(kind: FailureKind) -> Work<Option<String>> {
    Ok(serde_json::to_value(kind)?.as_str().map(str::to_owned))
}

fn failure(text: Option<String>) -> Work<Option<FailureKind>> {
    Ok(text.map(|text| serde_json::from_value(Value::from(text))).transpose()?)
}

/// A task from a row of `task_columns!`.
pub(super) fn task(row: &Row<'_>) -> Work<Task> {
    let cancel = match row.get::<_, Option<String>>(11)? {
        Some(reason) => {
            let undo = row.get::<_, Option<bool>>(12)?.unwrap_or(false);
            Some(CancelRequest { reason: cancel_reason(&reason)?, undo })
        }
        None => None,
    };
    let optional = |column: usize| -> Work<Option<Timestamp>> {
        Ok(row.get::<_, Option<i64>>(column)?.map(time))
    };
    Ok(Task {
        id: row.get(0)?,
        spec: serde_json::from_str(row.get_ref(1)?.as_str().map_err(rusqlite::Error::from)?)?,
        state: state(row.get_ref(2)?.as_str().map_err(rusqlite::Error::from)?)?,
        try_number: row.get(3)?,
        step: row.get(4)?,
        token: row.get(5)?,
        deadline: optional(6)?,
        due: time(row.get(7)?),
        pause_from: optional(19)?,
        resumption: parsed(row.get(8)?)?,
        result: parsed(row.get(9)?)?,
        message: row.get(10)?,
        cancel,
        created: time(row.get(13)?),
        started: optional(14)?,
        ended: optional(15)?,
        hook_pending: row.get(16)?,
        failure: failure(row.get(17)?)?,
        hook: parsed(row.get(18)?)?.unwrap_or_default(),
    })
}

/// The task of this number.
pub(super) fn find(connection: &Connection, id: TaskId) -> Work<Option<Task>> {
    let sql = concat!("SELECT ", task_columns!(), " FROM tasks WHERE id = ?1");
    let mut statement = connection.prepare_cached(sql)?;
    let mut rows = statement.query([id])?;
    rows.next()?.map(task).transpose()
}

pub(super) fn get(connection: &Connection, id: TaskId) -> Work<Task> {
    find(connection, id)?.ok_or(Fault::Store(StoreError::NotFound(id)))
}

/// Every task of a query of `task_columns!`.
pub(super) fn all(
    connection: &Connection,
    sql: &str,
    values: impl rusqlite::Params,
) -> Work<Vec<Task>> {
    let mut statement = connection.prepare_cached(sql)?;
    let mut rows = statement.query(values)?;
    let mut tasks = Vec::new();
    while let Some(row) = rows.next()? {
        tasks.push(task(row)?);
    }
    Ok(tasks)
}

/// Stores a new task; its number is given by the file.
pub(super) fn insert(connection: &Connection, task: &Task) -> Work<TaskId> {
    let mut statement = connection.prepare_cached(
        "INSERT INTO tasks (operator, key, spec, state, try_number, step, token, due, created,
             pause_from)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
    )?;
    statement.execute(params![
        task.spec.operator,
        task.spec.key,
        json(&task.spec)?,
        task.state.as_str(),
        task.try_number,
        task.step,
        task.token,
        millis(task.due),
        millis(task.created),
        task.pause_from.map(millis),
    ])?;
    Ok(connection.last_insert_rowid())
}

/// Stores what has changed of a task, and the transition that changed it.
pub(super) fn update(connection: &Connection, task: &Task, entry: &HistoryEntry) -> Work<()> {
    save(connection, task)?;
    record(connection, task.id, entry)
}

/// Stores the submission of a task. Its operator and its key never change.
pub(super) fn save_spec(connection: &Connection, task: &Task) -> Work<()> {
    let mut statement = connection.prepare_cached("UPDATE tasks SET spec = ?2 WHERE id = ?1")?;
    statement.execute(params![task.id, json(&task.spec)?])?;
    Ok(())
}

/// Stores what has changed of a task that stays in its state.
pub(super) fn save(connection: &Connection, task: &Task) -> Work<()> {
    let mut statement = connection.prepare_cached(
        "UPDATE tasks SET state = ?2, try_number = ?3, step = ?4, token = ?5, deadline = ?6,
             due = ?7, resumption = ?8, result = ?9, message = ?10, cancel = ?11, undo = ?12,
             started = ?13, ended = ?14, hook_pending = ?15, failure = ?16,
             hook = ?17, pause_from = ?18
         WHERE id = ?1",
    )?;
    statement.execute(params![
        task.id,
        task.state.as_str(),
        task.try_number,
        task.step,
        task.token,
        task.deadline.map(millis),
        millis(task.due),
        optional_json(task.resumption.as_ref())?,
        optional_json(task.result.as_ref())?,
        task.message,
        task.cancel.map(|cancel| reason_text(cancel.reason)),
        task.cancel.map(|cancel| cancel.undo),
        task.started.map(millis),
        task.ended.map(millis),
        task.hook_pending,
        task.failure.map(failure_text).transpose()?,
        optional_json((task.hook != HookProgress::default()).then_some(&task.hook))?,
        task.pause_from.map(millis),
    ])?;
    Ok(())
}

pub(super) fn record(connection: &Connection, id: TaskId, entry: &HistoryEntry) -> Work<()> {
    let mut statement = connection.prepare_cached(
        "INSERT INTO transitions (task, at, from_state, to_state, reason)
         VALUES (?1, ?2, ?3, ?4, ?5)",
    )?;
    statement.execute(params![
        id,
        millis(entry.at),
        entry.from.map(TaskState::as_str),
        entry.to.as_str(),
        entry.reason
    ])?;
    Ok(())
}

pub(super) fn history_entry(row: &Row<'_>) -> Work<HistoryEntry> {
    let from: Option<String> = row.get(1)?;
    Ok(HistoryEntry {
        at: time(row.get(0)?),
        from: from.as_deref().map(state).transpose()?,
        to: state(&row.get::<_, String>(2)?)?,
        reason: row.get(3)?,
    })
}

/// The deferral of a row whose column `first` begins `deferral_columns!`.
pub(super) fn deferral(row: &Row<'_>, first: usize) -> Work<StoredDeferral> {
    let value = |column: usize| -> Work<Value> {
        Ok(serde_json::from_str(
            row.get_ref(first + column)?.as_str().map_err(rusqlite::Error::from)?,
        )?)
    };
    Ok(StoredDeferral {
        trigger: SerializedTrigger {
            name: row.get(first)?,
            version: row.get(first + 1)?,
            kwargs: value(2)?,
        },
        state: row.get(first + 3)?,
        due: time(row.get(first + 4)?),
        pause_from: row.get::<_, Option<i64>>(first + 9)?.map(time),
        timeout_at: row.get::<_, Option<i64>>(first + 5)?.map(time),
        method: row.get(first + 6)?,
        kwargs: value(7)?,
        on_cancel: parsed(row.get(first + 8)?)?,
    })
}

/// The deferred task of a row of `id, step, deadline` and `deferral_columns!`.
pub(super) fn deferred(row: &Row<'_>) -> Work<DeferredTask> {
    Ok(DeferredTask {
        id: row.get(0)?,
        step: row.get(1)?,
        deadline: row.get::<_, Option<i64>>(2)?.map(time),
        deferral: deferral(row, 3)?,
    })
}

pub(super) fn find_deferral(connection: &Connection, id: TaskId) -> Work<Option<StoredDeferral>> {
    let sql = concat!("SELECT ", deferral_columns!(), " FROM deferrals d WHERE d.task = ?1");
    let mut statement = connection.prepare_cached(sql)?;
    let mut rows = statement.query([id])?;
    rows.next()?.map(|row| deferral(row, 0)).transpose()
}

/// Where the operator of a deferred task goes on.
pub(super) fn entry(connection: &Connection, id: TaskId) -> Work<Option<(String, Value)>> {
    let mut statement =
        connection.prepare_cached("SELECT method, kwargs FROM deferrals WHERE task = ?1")?;
    let read = |row: &Row<'_>| Ok((row.get(0)?, row.get::<_, String>(1)?));
    let found: Option<(String, String)> = statement.query_row([id], read).optional()?;
    let Some((method, kwargs)) = found else { return Ok(None) };
    Ok(Some((method, serde_json::from_str(&kwargs)?)))
}

pub(super) fn insert_deferral(
    connection: &Connection,
    id: TaskId,
    step: u32,
    deferral: &StoredDeferral,
) -> Work<()> {
    let mut statement = connection.prepare_cached(
        "INSERT INTO deferrals (task, step, trigger_name, trigger_version, trigger_kwargs, state,
             due, timeout_at, method, kwargs, on_cancel, pause_from)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)",
    )?;
    statement.execute(params![
        id,
        step,
        deferral.trigger.name,
        deferral.trigger.version,
        json(&deferral.trigger.kwargs)?,
        deferral.state,
        millis(deferral.due),
        deferral.timeout_at.map(millis),
        deferral.method,
        json(&deferral.kwargs)?,
        optional_json(deferral.on_cancel.as_ref())?,
        deferral.pause_from.map(millis),
    ])?;
    Ok(())
}

pub(super) fn insert_line(connection: &Connection, line: &LogLine) -> Work<()> {
    // Of a task that somebody has removed meanwhile, there is nothing left to tell.
    let mut statement = connection.prepare_cached(
        "INSERT INTO lines (task, at, level, message)
         SELECT ?1, ?2, ?3, ?4 WHERE EXISTS (SELECT 1 FROM tasks WHERE id = ?1)",
    )?;
    statement.execute(params![line.id, millis(line.at), line.level.as_str(), line.message])?;
    Ok(())
}

pub(super) fn line(row: &Row<'_>) -> Work<LogLine> {
    let level: String = row.get(2)?;
    let level: Level = serde_json::from_value(Value::from(level))?;
    Ok(LogLine { id: row.get(0)?, at: time(row.get(1)?), level, message: row.get(3)? })
}
