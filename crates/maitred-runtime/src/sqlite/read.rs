//! Reads of the file.

use rusqlite::types::Value as SqlValue;
use rusqlite::{Connection, OptionalExtension as _, params, params_from_iter};

use super::fault::{Fault, Work};
use super::row::{self, Millis, Word};
use crate::store::{Fence, StoreError, TaskFilter};
use crate::task::{Task, TaskId, TaskState};
use crate::transitions;
use maitred_core::clock::Timestamp;

/// Checks that the caller may still run tasks, and that the content is the one that it has acquired: an older or
/// another one that was restored into the file has another epoch.
pub(super) fn check(file: &Connection, fence: Fence, epoch: i64) -> Work<()> {
    let current = self::fence(file)?;
    if current > fence.0 {
        return Err(Fault::Store(StoreError::Fenced));
    }
    if current == fence.0 && self::epoch(file)? == Some(epoch) {
        return Ok(());
    }
    Err(Fault::Replaced)
}

/// The epoch of the last triggerer, a number that no other has.
pub(super) fn epoch(file: &Connection) -> Work<Option<i64>> {
    number(file, "reign")
}

/// The number of transactions that the last triggerer has made.
pub(super) fn writes(file: &Connection) -> Work<Option<i64>> {
    number(file, "writes")
}

/// The number of the last triggerer.
pub(super) fn fence(file: &Connection) -> Work<u64> {
    let fence = number(file, "fence")?.and_then(|fence| u64::try_from(fence).ok());
    fence.ok_or_else(|| Fault::Content("there is no fence".to_owned()))
}

fn number(file: &Connection, name: &str) -> Work<Option<i64>> {
    let mut statement = file.prepare_cached("SELECT value FROM meta WHERE name = ?1")?;
    Ok(statement.query_row([name], |row| row.get(0)).optional()?)
}

pub(super) fn due(file: &Connection, now: Timestamp, limit: usize) -> Work<Vec<Task>> {
    let due = |query| row::tasks(file, query, params![Millis(now), count(limit)]);
    let on_time = due("INDEXED BY tasks_due
         WHERE state IN ('queued', 'up_for_retry') AND due <= ?1 ORDER BY due, id LIMIT ?2")?;
    let early = due("INDEXED BY tasks_due_at_once
         WHERE state IN ('queued', 'up_for_retry') AND due <= pause_from AND due > ?1
         ORDER BY due, id LIMIT ?2")?;
    Ok(transitions::take_turns(on_time, early, limit))
}

pub(super) fn next_due(file: &Connection, now: Timestamp) -> Work<Option<Timestamp>> {
    let early: bool = file
        .prepare_cached(
            "SELECT EXISTS (SELECT 1 FROM tasks INDEXED BY tasks_due_at_once
             WHERE state IN ('queued', 'up_for_retry') AND due <= pause_from AND due > ?1)",
        )?
        .query_row([Millis(now)], |row| row.get(0))?;
    let due: Option<Millis> = file
        .prepare_cached(
            "SELECT due FROM tasks INDEXED BY tasks_due
             WHERE state IN ('queued', 'up_for_retry') ORDER BY due LIMIT 1",
        )?
        .query_row([], |row| row.get(0))
        .optional()?;
    Ok(due.map(|Millis(due)| if early { now.min(due) } else { due }))
}

pub(super) fn cancel_requests(file: &Connection) -> Work<Vec<Task>> {
    let query = "INDEXED BY tasks_cancel
                 WHERE cancel IS NOT NULL AND state IN ('running', 'deferred') ORDER BY id";
    row::tasks(file, query, [])
}

pub(super) fn pending_hooks(file: &Connection) -> Work<Vec<TaskId>> {
    let sql = "SELECT id FROM tasks INDEXED BY tasks_hook WHERE hook_pending = 1 ORDER BY id";
    row::all(file, sql, [], |row| row.get(0))
}

pub(super) fn task_of_key(file: &Connection, key: &str) -> Work<Option<Task>> {
    let query = "WHERE key = ?1
                 ORDER BY ended IS NULL AND cancel IS NOT 'replaced' DESC, id DESC LIMIT 1";
    Ok(row::tasks(file, query, [key])?.pop())
}

pub(super) fn tasks(file: &Connection, filter: &TaskFilter) -> Work<Vec<Task>> {
    let states = filter.states.iter().map(|state| SqlValue::from(state.as_str().to_owned()));
    let mut values: Vec<SqlValue> = states.collect();
    let mut query = "WHERE true".to_owned();
    if !values.is_empty() {
        query.push_str(&format!(" AND state IN ({})", vec!["?"; values.len()].join(", ")));
    }
    let mut and = |condition: &str, value: Option<SqlValue>| {
        if let Some(value) = value {
            query.push_str(&format!(" AND {condition} ?"));
            values.push(value);
        }
    };
    and("operator =", filter.operator.clone().map(Into::into));
    and("key =", filter.key.clone().map(Into::into));
    and("created >=", filter.created_since.map(|since| row::millis(since).into()));
    and("id <", filter.before.map(|before| before.0.into()));
    query.push_str(" ORDER BY id DESC LIMIT ?");
    values.push(filter.limit.map_or(-1, count).into());
    row::tasks(file, &query, params_from_iter(values))
}

pub(super) fn counts(file: &Connection) -> Work<Vec<(TaskState, u64)>> {
    let sql = "SELECT state, count(*) FROM tasks GROUP BY state";
    let mut counts = row::all(file, sql, [], |row| {
        let Word(state) = row.get(0)?;
        Ok((state, u64::try_from(row.get::<_, i64>(1)?).unwrap_or_default()))
    })?;
    counts.sort();
    Ok(counts)
}

pub(super) fn definition(file: &Connection, hash: &str) -> Work<Option<String>> {
    let mut statement = file.prepare_cached("SELECT text FROM definitions WHERE hash = ?1")?;
    Ok(statement.query_row([hash], |row| row.get(0)).optional()?)
}

/// A number of rows, as SQLite takes it.
pub(super) fn count(rows: usize) -> i64 {
    i64::try_from(rows).unwrap_or(i64::MAX)
}
