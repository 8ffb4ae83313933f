//! What is asked of the file.

use rusqlite::types::Value as SqlValue;
use rusqlite::{Connection, OptionalExtension as _, Row, params, params_from_iter};

use super::fault::{Fault, Work};
use super::row::{self, deferral_columns, task_columns};
use crate::operator::Intent;
use crate::operator::Settled;
use crate::store::{Fence, StoreError, TaskFilter};
use crate::task::{DeferredTask, HistoryEntry, LogLine, StoredIntent, Task, TaskId, TaskState};
use crate::transitions;
use maitred_core::clock::Timestamp;

/// Checks that the caller may still run tasks, and that the content is the one that it has acquired: an older or
/// another one that was restored into the file has another epoch.
pub(super) fn check(file: &Connection, fence: Fence, epoch: i64) -> Work<()> {
    let current = u64::try_from(self::fence(file)?).ok();
    if current > Some(fence.0) {
        return Err(Fault::Store(StoreError::Fenced));
    }
    if current == Some(fence.0) && self::epoch(file)? == Some(epoch) {
        return Ok(());
    }
    Err(Fault::Replaced)
}

/// What tells the epoch of the last triggerer from all others.
pub(super) fn epoch(file: &Connection) -> Work<Option<i64>> {
    let mut statement = file.prepare_cached("SELECT value FROM meta WHERE name = 'reign'")?;
    Ok(statement.query_row([], |row| row.get(0)).optional()?)
}

/// How many transactions the last triggerer has made.
pub(super) fn writes(file: &Connection) -> Work<Option<i64>> {
    let mut statement = file.prepare_cached("SELECT value FROM meta WHERE name = 'writes'")?;
    Ok(statement.query_row([], |row| row.get(0)).optional()?)
}

/// The number of the last triggerer.
pub(super) fn fence(file: &Connection) -> Work<i64> {
    let mut statement = file.prepare_cached("SELECT value FROM meta WHERE name = 'fence'")?;
    Ok(statement.query_row([], |row| row.get(0))?)
}

pub(super) fn due(file: &Connection, now: Timestamp, limit: usize) -> Work<Vec<Task>> {
    let sql = concat!(
        "SELECT ",
        task_columns!(),
        " FROM tasks INDEXED BY tasks_due
          WHERE state IN ('queued', 'up_for_retry') AND due <= ?1 ORDER BY due, id LIMIT ?2"
    );
    let on_time = row::all(file, sql, params![row::millis(now), count(limit)])?;
    let sql = concat!(
        "SELECT ",
        task_columns!(),
        " FROM tasks INDEXED BY tasks_due_at_once
          WHERE state IN ('queued', 'up_for_retry') AND due <= pause_from AND due > ?1
          ORDER BY due, id LIMIT ?2"
    );
    let early = row::all(file, sql, params![row::millis(now), count(limit)])?;
    Ok(transitions::take_turns(on_time, early, limit))
}

pub(super) fn next_due(file: &Connection, now: Timestamp) -> Work<Option<Timestamp>> {
    let early: bool = file
        .prepare_cached(
            "SELECT EXISTS (SELECT 1 FROM tasks INDEXED BY tasks_due_at_once
             WHERE state IN ('queued', 'up_for_retry') AND due <= pause_from AND due > ?1)",
        )?
        .query_row([row::millis(now)], |row| row.get(0))?;
    let due: Option<i64> = file
        .prepare_cached(
            "SELECT due FROM tasks INDEXED BY tasks_due
             WHERE state IN ('queued', 'up_for_retry') ORDER BY due LIMIT 1",
        )?
        .query_row([], |row| row.get(0))
        .optional()?;
    Ok(due.map(|due| if early { now.min(row::time(due)) } else { row::time(due) }))
}

pub(super) fn deferred(file: &Connection, after: TaskId, limit: usize) -> Work<Vec<DeferredTask>> {
    let sql = concat!(
        "SELECT t.id, t.step, t.deadline, ",
        deferral_columns!(),
        " FROM deferrals d CROSS JOIN tasks t ON t.id = d.task
          WHERE d.task > ?1 AND t.state = 'deferred' ORDER BY d.task LIMIT ?2"
    );
    collect(file, sql, params![after, count(limit)], row::deferred)
}

pub(super) fn intents(file: &Connection, id: TaskId, step: Option<u32>) -> Work<Vec<StoredIntent>> {
    let sql = "SELECT ordinal, name, details, result FROM intents
               WHERE task = ?1 AND step = coalesce(?2, step) ORDER BY step, ordinal";
    collect(file, sql, params![id, step], |row| {
        let details = serde_json::from_str(&row.get::<_, String>(2)?)?;
        let intent = Intent { ordinal: row.get(0)?, name: row.get(1)?, details };
        let result: Option<String> = row.get(3)?;
        let result = result.map(|text| serde_json::from_str(&text)).transpose()?;
        Ok(StoredIntent { intent, settled: result.map(Settled::Done) })
    })
}

pub(super) fn cancel_requests(file: &Connection) -> Work<Vec<Task>> {
    let sql = concat!(
        "SELECT ",
        task_columns!(),
        " FROM tasks INDEXED BY tasks_cancel
          WHERE cancel IS NOT NULL AND state IN ('running', 'deferred') ORDER BY id"
    );
    row::all(file, sql, [])
}

pub(super) fn pending_hooks(file: &Connection) -> Work<Vec<TaskId>> {
    let sql = "SELECT id FROM tasks INDEXED BY tasks_hook WHERE hook_pending = 1 ORDER BY id";
    collect(file, sql, [], |row| Ok(row.get(0)?))
}

pub(super) fn task_of_key(file: &Connection, key: &str) -> Work<Option<Task>> {
    let sql = concat!(
        "SELECT ",
        task_columns!(),
        " FROM tasks WHERE key = ?1
          ORDER BY ended IS NULL AND cancel IS NOT 'replaced' DESC, id DESC LIMIT 1"
    );
    Ok(row::all(file, sql, [key])?.pop())
}

pub(super) fn tasks(file: &Connection, filter: &TaskFilter) -> Work<Vec<Task>> {
    let mut sql = concat!("SELECT ", task_columns!(), " FROM tasks WHERE true").to_owned();
    let mut values: Vec<SqlValue> = Vec::new();
    if !filter.states.is_empty() {
        let marks = vec!["?"; filter.states.len()].join(", ");
        sql.push_str(&format!(" AND state IN ({marks})"));
        values.extend(filter.states.iter().map(|state| state.as_str().to_owned().into()));
    }
    if let Some(operator) = &filter.operator {
        sql.push_str(" AND operator = ?");
        values.push(operator.clone().into());
    }
    if let Some(key) = &filter.key {
        sql.push_str(" AND key = ?");
        values.push(key.clone().into());
    }
    if let Some(since) = filter.created_since {
        sql.push_str(" AND created >= ?");
        values.push(row::millis(since).into());
    }
    if let Some(before) = filter.before {
        sql.push_str(" AND id < ?");
        values.push(before.into());
    }
    sql.push_str(" ORDER BY id DESC LIMIT ?");
    values.push(filter.limit.map_or(-1, count).into());
    row::all(file, &sql, params_from_iter(values))
}

pub(super) fn counts(file: &Connection) -> Work<Vec<(TaskState, u64)>> {
    let sql = "SELECT state, count(*) FROM tasks GROUP BY state";
    let mut counts = collect(file, sql, [], |row| {
        let state: TaskState = row.get::<_, String>(0)?.parse().map_err(Fault::Content)?;
        Ok((state, u64::try_from(row.get::<_, i64>(1)?).unwrap_or_default()))
    })?;
    counts.sort();
    Ok(counts)
}

pub(super) fn history(file: &Connection, id: TaskId) -> Work<Vec<HistoryEntry>> {
    let sql = "SELECT at, from_state, to_state, reason FROM transitions
               WHERE task = ?1 ORDER BY id";
    collect(file, sql, [id], row::history_entry)
}

pub(super) fn logs(file: &Connection, id: TaskId, skip: usize) -> Work<Vec<LogLine>> {
    let sql = "SELECT task, at, level, message FROM lines
               WHERE task = ?1 ORDER BY id LIMIT -1 OFFSET ?2";
    collect(file, sql, params![id, count(skip)], row::line)
}

pub(super) fn definition(file: &Connection, hash: &str) -> Work<Option<String>> {
    let mut statement = file.prepare_cached("SELECT text FROM definitions WHERE hash = ?1")?;
    Ok(statement.query_row([hash], |row| row.get(0)).optional()?)
}

/// A number of rows, as SQLite takes it.
pub(super) fn count(rows: usize) -> i64 {
    i64::try_from(rows).unwrap_or(i64::MAX)
}

pub(super) fn collect<T>(
    file: &Connection,
    sql: &str,
    values: impl rusqlite::Params,
    read: impl Fn(&Row<'_>) -> Work<T>,
) -> Work<Vec<T>> {
    let mut statement = file.prepare_cached(sql)?;
    let mut rows = statement.query(values)?;
    let mut found = Vec::new();
    while let Some(row) = rows.next()? {
        found.push(read(row)?);
    }
    Ok(found)
}
