//! Writes to the file, each inside a transaction.

use std::time::Duration;

use rusqlite::{Connection, OptionalExtension as _, params};
use uuid::Uuid;

use super::fault::{Fault, Work};
use super::file::UNKNOWN_WRITE;
use super::read;
use super::row::{self, Json, Millis};
use crate::operator::{Begun, Intent, Settled};
use crate::store::{Claimed, Fence, StoreError, Submitted};
use crate::task::{
    CancelRequest, Change, Checkpoint, HistoryEntry, HookProgress, NewTask, OnConflict,
    StoredIntent, Task, TaskId, TaskState, Transition,
};
use crate::transitions::{self, Conflict, Undoable};
use maitred_core::clock::Timestamp;

pub(super) fn submit(file: &Connection, spec: &NewTask, now: Timestamp) -> Work<Submitted> {
    let holder = match &spec.key {
        Some(key) if spec.on_conflict == OnConflict::Done => {
            let last = read::task_of_key(file, key)?;
            last.filter(Task::makes_another_needless).map(|last| last.id)
        }
        Some(key) => holder(file, key)?,
        None => None,
    };
    let Some(old) = holder else {
        return Ok(Submitted::Created(insert(file, spec, now)?));
    };
    match transitions::conflict(spec, old)? {
        Conflict::Attach => Ok(Submitted::Attached(old)),
        Conflict::Replace => {
            request_cancel(file, old, transitions::REPLACE, now)?;
            Ok(Submitted::Replaced { new: insert(file, spec, now)?, old })
        }
    }
}

fn insert(file: &Connection, spec: &NewTask, now: Timestamp) -> Work<TaskId> {
    let (task, entry) = Task::submitted(TaskId(0), spec.clone(), new_token(), now);
    let id = row::insert(file, &task)?;
    row::record(file, id, &entry)?;
    Ok(id)
}

/// The task that has this key.
fn holder(file: &Connection, key: &str) -> Work<Option<TaskId>> {
    let mut statement = file.prepare_cached(
        "SELECT id FROM tasks INDEXED BY tasks_open_key
         WHERE key = ?1 AND key IS NOT NULL AND ended IS NULL AND cancel IS NOT 'replaced'",
    )?;
    Ok(statement.query_row([key], |row| row.get(0)).optional()?)
}

/// Begins the epoch of a triggerer, which is told from all others by its number.
pub(super) fn begin_epoch(file: &Connection, epoch: i64) -> Work<i64> {
    let sql = "INSERT OR REPLACE INTO meta VALUES ('reign', ?1), ('writes', 0)";
    file.execute(sql, [epoch])?;
    Ok(epoch)
}

/// Counts a transaction of the triggerer, and checks that the last one is in the file, if its number is known.
pub(super) fn count_write(file: &Connection, last: i64) -> Work<i64> {
    let sql = "UPDATE meta SET value = value + 1 WHERE name = 'writes' RETURNING value";
    let count: i64 = file.prepare_cached(sql)?.query_row([], |row| row.get(0))?;
    if last != UNKNOWN_WRITE && last + 1 != count {
        return Err(Fault::Replaced);
    }
    Ok(count)
}

pub(super) fn acquire(file: &Connection, now: Timestamp) -> Work<Fence> {
    file.execute("UPDATE meta SET value = value + 1 WHERE name = 'fence'", [])?;
    for task in row::tasks(file, "WHERE state IN ('running', 'blocked')", [])? {
        take_up_again(file, task, now)?;
    }
    begin_pauses_by(file, now)?;
    drop_definitions(file)?;
    Ok(Fence(read::fence(file)?))
}

pub(super) fn acquire_task(file: &Connection, id: TaskId, now: Timestamp) -> Work<Fence> {
    let mut task = row::get(file, id)?;
    if matches!(task.state, TaskState::Running | TaskState::Blocked) {
        take_up_again(file, task, now)?;
    } else {
        task.begin_pause_by(now);
        row::save(file, &task)?;
    }
    Ok(Fence(read::fence(file)?))
}

/// Puts a task back to where it was when its triggerer ended, or it was blocked.
fn take_up_again(file: &Connection, mut task: Task, now: Timestamp) -> Work<()> {
    let has_deferral = row::find_deferral(file, task.id)?.is_some();
    let calls = calls(file, &task)?;
    let entry = task.take_up_again(has_deferral, &calls, now);
    store(file, &task, &entry)
}

/// [`Task::begin_pause_by`] of every task.
fn begin_pauses_by(file: &Connection, now: Timestamp) -> Work<()> {
    file.execute(
        "UPDATE tasks SET due = ?1 + due - pause_from, pause_from = ?1
         WHERE state IN ('queued', 'up_for_retry') AND ?1 < pause_from AND pause_from < due",
        [Millis(now)],
    )?;
    Ok(())
}

/// The wall clock was set back by so much: what is left of the pauses of every task, or of one, stays.
pub(super) fn clock_set_back(file: &Connection, only: Option<TaskId>, by: Duration) -> Work<()> {
    let by = i64::try_from(by.as_millis()).unwrap_or(i64::MAX);
    file.execute(
        "UPDATE tasks SET due = max(due - ?1, 0), pause_from = max(pause_from - ?1, 0)
         WHERE state IN ('queued', 'up_for_retry') AND pause_from < due AND id = ifnull(?2, id)",
        params![by, only],
    )?;
    Ok(())
}

pub(super) fn claim(file: &Connection, now: Timestamp, ids: &[TaskId]) -> Work<Claimed> {
    let mut tasks = Vec::with_capacity(ids.len());
    for id in ids {
        let Some(mut task) = row::find(file, *id)?.filter(|task| task.is_due(now)) else {
            continue;
        };
        let entry = task.claim(now);
        row::update(file, &task, &entry)?;
        tasks.push(task);
    }
    Ok(Claimed { tasks, next_due: read::next_due(file, now)? })
}

/// Makes a change; `false`: it was left out.
pub(super) fn change(file: &Connection, change: &Change, now: Timestamp) -> Work<bool> {
    let Some(mut task) = row::find(file, change.id)? else { return Ok(false) };
    let deferral = if matches!(change.transition, Transition::Resume(_)) {
        row::find_deferral(file, task.id)?
    } else {
        None
    };
    let resumption = || deferral.map(|it| (it.method, it.kwargs)).unwrap_or_default();
    let calls = calls(file, &task)?;
    let Some(entry) = task.change(change, resumption, &calls, new_token, now) else {
        return Ok(false);
    };
    store(file, &task, &entry)?;
    if let (Transition::Defer(deferral), TaskState::Deferred) = (&change.transition, task.state) {
        row::insert_deferral(file, task.id, task.step, deferral)?;
    }
    Ok(true)
}

/// The main calls of a task's step, which only who cancels it has to know.
fn calls(file: &Connection, task: &Task) -> Work<Vec<StoredIntent>> {
    match task.cancel {
        Some(_) => row::intents(file, task.id, Some(task.step)),
        None => Ok(Vec::new()),
    }
}

/// The idempotency token of a step.
fn new_token() -> String {
    Uuid::now_v7().to_string()
}

/// Stores a task after a transition, and removes what it has no more use for.
fn store(file: &Connection, task: &Task, entry: &HistoryEntry) -> Work<()> {
    row::update(file, task, entry)?;
    if !matches!(task.state, TaskState::Deferred | TaskState::Blocked) {
        file.prepare_cached("DELETE FROM deferrals WHERE task = ?1")?.execute([task.id])?;
    }
    if !task.keeps_calls() {
        file.prepare_cached("DELETE FROM intents WHERE task = ?1")?.execute([task.id])?;
    }
    Ok(())
}

pub(super) fn hook_run(
    file: &Connection,
    id: TaskId,
    ended: Timestamp,
    progress: &HookProgress,
) -> Work<()> {
    let sql = "UPDATE tasks SET hook_pending = ?3, hook = ?4 WHERE id = ?1 AND ended = ?2";
    let values = params![id, Millis(ended), progress.next.is_some(), Json(progress)];
    file.prepare_cached(sql)?.execute(values)?;
    Ok(())
}

pub(super) fn checkpoint(file: &Connection, checkpoints: &[Checkpoint]) -> Work<()> {
    let mut statement = file.prepare_cached(
        "UPDATE deferrals SET state = ?3, due = ?4, pause_from = ?5 WHERE task = ?1 AND step = ?2
         AND EXISTS (SELECT 1 FROM tasks WHERE id = ?1 AND state = 'deferred')",
    )?;
    for checkpoint in checkpoints {
        let Checkpoint { id, step, state, due, pause_from } = checkpoint;
        statement.execute(params![id, step, state, Millis(*due), Millis(*pause_from)])?;
    }
    Ok(())
}

pub(super) fn begin(file: &Connection, id: TaskId, step: u32, intent: &Intent) -> Work<Begun> {
    let task = row::get(file, id)?;
    transitions::check_running(&task, step)?;
    let calls = row::intents(file, id, Some(step))?;
    if let Some(known) = calls.into_iter().find(|call| call.intent.ordinal == intent.ordinal) {
        let result = match known.settled {
            Some(Settled::Done(result)) => Some(result),
            Some(Settled::NotMade) | None => None,
        };
        return Ok(transitions::known_call(id, intent, known.intent.name, result)?);
    }
    file.prepare_cached(
        "INSERT INTO intents (task, step, ordinal, name, details) VALUES (?1, ?2, ?3, ?4, ?5)",
    )?
    .execute(params![id, step, intent.ordinal, intent.name, Json(&intent.details)])?;
    Ok(Begun::Go)
}

pub(super) fn settle(
    file: &Connection,
    id: TaskId,
    step: u32,
    ordinal: u32,
    settled: &Settled,
) -> Work<()> {
    let changed = match settled {
        Settled::Done(result) => file
            .prepare_cached(
                "UPDATE intents SET result = coalesce(result, ?4)
                 WHERE task = ?1 AND step = ?2 AND ordinal = ?3",
            )?
            .execute(params![id, step, ordinal, Json(result)])?,
        Settled::NotMade => {
            file.prepare_cached(
                "DELETE FROM intents
                 WHERE task = ?1 AND step = ?2 AND ordinal = ?3 AND result IS NULL",
            )?
            .execute(params![id, step, ordinal])?;
            return Ok(());
        }
    };
    if changed == 0 {
        let task = row::get(file, id)?;
        return Err(Fault::Store(StoreError::WrongState { id, state: task.state }));
    }
    Ok(())
}

pub(super) fn request_cancel(
    file: &Connection,
    id: TaskId,
    request: CancelRequest,
    now: Timestamp,
) -> Work<TaskState> {
    let mut task = row::get(file, id)?;
    let undoable = task.state == TaskState::Blocked
        && row::find_deferral(file, id)?.is_some_and(|deferral| deferral.on_cancel.is_some());
    let calls = row::intents(file, id, Some(task.step))?;
    match task.request_cancel(request, Undoable(undoable), &calls, now)? {
        Some(entry) => store(file, &task, &entry)?,
        None => row::save(file, &task)?,
    }
    Ok(task.state)
}

pub(super) fn settle_by_user(
    file: &Connection,
    id: TaskId,
    settled: &Settled,
    now: Timestamp,
) -> Work<()> {
    let mut task = row::get(file, id)?;
    let calls = row::intents(file, id, Some(task.step))?;
    let call = task.in_question(&calls, settled)?;
    check_key(file, &task)?;
    if let Some(intent) = call {
        // One whose recorded result could not be read is settled anew.
        let sql = "UPDATE intents SET result = NULL WHERE task = ?1 AND step = ?2 AND ordinal = ?3";
        file.prepare_cached(sql)?.execute(params![id, task.step, intent.ordinal])?;
        settle(file, id, task.step, intent.ordinal, settled)?;
    }
    let entry = task.settled_by_user(call, settled, now);
    row::update(file, &task, &entry)
}

pub(super) fn retry(
    file: &Connection,
    id: TaskId,
    changed: Option<&NewTask>,
    now: Timestamp,
) -> Work<()> {
    let mut task = row::get(file, id)?;
    task.can_be_retried()?;
    check_key(file, &task)?;
    let entry = task.retry(changed, new_token(), now);
    if changed.is_some() {
        row::save_spec(file, &task)?;
    }
    row::update(file, &task, &entry)
}

/// Checks that an ended task may have its key again.
fn check_key(file: &Connection, task: &Task) -> Work<()> {
    let Some(key) = &task.spec.key else { return Ok(()) };
    match holder(file, key)? {
        None => Ok(()),
        Some(holder) => Err(Fault::Store(StoreError::Conflict { key: key.clone(), id: holder })),
    }
}

pub(super) fn prune(file: &Connection, before: Timestamp) -> Work<usize> {
    let sql = "DELETE FROM tasks WHERE ended < ?1 AND state <> 'in_doubt'";
    Ok(file.execute(sql, [Millis(before)])?)
}

/// Gives the room that nothing needs back to the system, bit by bit: others may write in between.
pub(super) fn shrink(connection: &Connection) -> Work<()> {
    const PAGES_AT_ONCE: u32 = 1000;
    let free = || connection.pragma_query_value(None, "freelist_count", |row| row.get::<_, i64>(0));
    let mut left = free()?;
    while left > 0 {
        let sql = format!("PRAGMA incremental_vacuum({PAGES_AT_ONCE})");
        let mut statement = connection.prepare(&sql)?;
        let mut rows = statement.query([])?;
        while rows.next()?.is_some() {}
        let before = std::mem::replace(&mut left, free()?);
        if left >= before {
            break;
        }
    }
    fold_log(connection)
}

/// Folds the log of writes into the file and empties it, as far as nobody reads from it.
pub(super) fn fold_log(connection: &Connection) -> Work<()> {
    connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))?;
    Ok(())
}

pub(super) fn put_definition(file: &Connection, hash: &str, text: &str) -> Work<()> {
    file.prepare_cached("INSERT OR IGNORE INTO definitions (hash, text) VALUES (?1, ?2)")?
        .execute([hash, text])?;
    Ok(())
}

/// Removes the definitions that no deferral and no task needs.
fn drop_definitions(file: &Connection) -> Work<()> {
    file.execute(
        "DELETE FROM definitions WHERE hash NOT IN (
             SELECT state ->> '$.definition' FROM deferrals
             WHERE json_valid(state) AND state ->> '$.definition' IS NOT NULL
             UNION SELECT waiters.value FROM tasks, json_each(tasks.spec, '$.waiters') waiters
             WHERE tasks.spec LIKE '%\"waiters\"%'
             UNION SELECT spec ->> '$.definition' FROM tasks WHERE spec LIKE '%\"definition\"%')",
        [],
    )?;
    Ok(())
}
