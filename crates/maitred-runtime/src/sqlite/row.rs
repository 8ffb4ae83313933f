//! Tasks and what belongs to them, as rows.

use std::sync::LazyLock;

use maitred_core::clock::Timestamp;
use rusqlite::types::{FromSql, FromSqlError, FromSqlResult, ToSql, ToSqlOutput, ValueRef};
use rusqlite::{Connection, Params, Row, params, params_from_iter};
use serde::Serialize;
use serde::de::value::StrDeserializer;
use serde::de::{DeserializeOwned, value};

use super::fault::{Fault, Work};
use crate::operator::{Intent, Settled};
use crate::store::StoreError;
use crate::task::{
    CancelRequest, DeferredTask, HistoryEntry, HookProgress, LogLine, StoredDeferral, StoredIntent,
    Task, TaskId,
};
use crate::trigger::SerializedTrigger;

/// The columns of a task that change, in the order in which [`task`] reads and [`write`] writes them.
const TASK: &str = "state, try_number, step, token, deadline, due, resumption, result, message, \
                    cancel, undo, started, ended, hook_pending, failure, hook, pause_from";

/// The columns of a deferral, in the order in which [`deferral`] reads and [`insert_deferral`] writes them.
const DEFERRAL: &str = "trigger_name, trigger_version, trigger_kwargs, state, due, timeout_at, \
                        method, kwargs, on_cancel, pause_from";

static INSERT_TASK: LazyLock<String> = LazyLock::new(|| {
    let marks = marks(TASK);
    format!("INSERT INTO tasks ({TASK}, operator, key, spec, created) VALUES ({marks}, ?, ?, ?, ?)")
});

static UPDATE_TASK: LazyLock<String> =
    LazyLock::new(|| format!("UPDATE tasks SET ({TASK}) = ({}) WHERE id = ?", marks(TASK)));

/// A mark for the value of each of these columns.
fn marks(columns: &str) -> String {
    vec!["?"; columns.split(',').count()].join(", ")
}

/// A time as it is stored. What is beyond the largest of SQLite's numbers is far enough away.
pub(super) fn millis(time: Timestamp) -> i64 {
    i64::try_from(time.as_millis()).unwrap_or(i64::MAX)
}

/// A time, stored as milliseconds.
pub(super) struct Millis(pub(super) Timestamp);

impl ToSql for Millis {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(millis(self.0).into())
    }
}

impl FromSql for Millis {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        let millis = u64::try_from(value.as_i64()?).unwrap_or(0);
        Ok(Self(Timestamp::from_millis(millis)))
    }
}

/// A value, stored as JSON.
pub(super) struct Json<T>(pub(super) T);

impl ToSql for TaskId {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        self.0.to_sql()
    }
}

impl FromSql for TaskId {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        i64::column_result(value).map(Self)
    }
}

impl<T: Serialize> ToSql for Json<T> {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        match serde_json::to_string(&self.0) {
            Ok(text) => Ok(text.into()),
            Err(error) => Err(rusqlite::Error::ToSqlConversionFailure(error.into())),
        }
    }
}

impl<T: DeserializeOwned> FromSql for Json<T> {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        let read = serde_json::from_str(value.as_str()?);
        read.map(Self).map_err(FromSqlError::other)
    }
}

/// A value whose JSON is a word, stored as that.
pub(super) struct Word<T>(pub(super) T);

impl<T: Serialize> ToSql for Word<T> {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        match serde_json::to_value(&self.0) {
            Ok(word) => Ok(ToSqlOutput::Owned(word.as_str().map(str::to_owned).into())),
            Err(error) => Err(rusqlite::Error::ToSqlConversionFailure(error.into())),
        }
    }
}

impl<T: DeserializeOwned> FromSql for Word<T> {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        let read = T::deserialize(StrDeserializer::<value::Error>::new(value.as_str()?));
        read.map(Self).map_err(FromSqlError::other)
    }
}

/// The columns of a row, one after the other.
struct Columns<'a> {
    row: &'a Row<'a>,
    next: usize,
}

impl<'a> Columns<'a> {
    fn of(row: &'a Row<'a>) -> Self {
        Self { row, next: 0 }
    }

    fn get<T: FromSql>(&mut self) -> rusqlite::Result<T> {
        self.next += 1;
        self.row.get(self.next - 1)
    }

    fn json<T: DeserializeOwned>(&mut self) -> rusqlite::Result<T> {
        Ok(self.get::<Json<T>>()?.0)
    }

    fn json_or_null<T: DeserializeOwned>(&mut self) -> rusqlite::Result<Option<T>> {
        Ok(self.get::<Option<Json<T>>>()?.map(|json| json.0))
    }

    fn word<T: DeserializeOwned>(&mut self) -> rusqlite::Result<T> {
        Ok(self.get::<Word<T>>()?.0)
    }

    fn word_or_null<T: DeserializeOwned>(&mut self) -> rusqlite::Result<Option<T>> {
        Ok(self.get::<Option<Word<T>>>()?.map(|word| word.0))
    }

    fn time(&mut self) -> rusqlite::Result<Timestamp> {
        Ok(self.get::<Millis>()?.0)
    }

    fn time_or_null(&mut self) -> rusqlite::Result<Option<Timestamp>> {
        Ok(self.get::<Option<Millis>>()?.map(|time| time.0))
    }
}

/// The rows of a query.
pub(super) fn all<T>(
    file: &Connection,
    sql: &str,
    values: impl Params,
    read: impl Fn(&Row<'_>) -> rusqlite::Result<T>,
) -> Work<Vec<T>> {
    let mut statement = file.prepare_cached(sql)?;
    let rows = statement.query_map(values, read)?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// The tasks of a query, which is given from its `WHERE` on.
pub(super) fn tasks(file: &Connection, query: &str, values: impl Params) -> Work<Vec<Task>> {
    all(file, &format!("SELECT id, spec, created, {TASK} FROM tasks {query}"), values, task)
}

fn task(row: &Row<'_>) -> rusqlite::Result<Task> {
    let mut row = Columns::of(row);
    Ok(Task {
        id: row.get()?,
        spec: row.json()?,
        created: row.time()?,
        state: row.word()?,
        try_number: row.get()?,
        step: row.get()?,
        token: row.get()?,
        deadline: row.time_or_null()?,
        due: row.time()?,
        resumption: row.json_or_null()?,
        result: row.json_or_null()?,
        message: row.get()?,
        cancel: {
            let (reason, undo): (_, Option<bool>) = (row.word_or_null()?, row.get()?);
            reason.map(|reason| CancelRequest { reason, undo: undo.unwrap_or(false) })
        },
        started: row.time_or_null()?,
        ended: row.time_or_null()?,
        hook_pending: row.get()?,
        failure: row.word_or_null()?,
        hook: row.json_or_null()?.unwrap_or_default(),
        pause_from: row.time_or_null()?,
    })
}

/// The task of this number.
pub(super) fn find(file: &Connection, id: TaskId) -> Work<Option<Task>> {
    Ok(tasks(file, "WHERE id = ?1", [id])?.pop())
}

pub(super) fn get(file: &Connection, id: TaskId) -> Work<Task> {
    find(file, id)?.ok_or(Fault::Store(StoreError::NotFound(id)))
}

/// Binds the columns of a task that change, and `others` after them.
fn write(file: &Connection, sql: &str, task: &Task, others: &[&dyn ToSql]) -> Work<()> {
    let hook = (task.hook != HookProgress::default()).then_some(Json(&task.hook));
    let changing = params![
        Word(task.state),
        task.try_number,
        task.step,
        task.token,
        task.deadline.map(Millis),
        Millis(task.due),
        task.resumption.as_ref().map(Json),
        task.result.as_ref().map(Json),
        task.message,
        task.cancel.map(|cancel| Word(cancel.reason)),
        task.cancel.map(|cancel| cancel.undo),
        task.started.map(Millis),
        task.ended.map(Millis),
        task.hook_pending,
        task.failure.map(Word),
        hook,
        task.pause_from.map(Millis),
    ];
    let values = params_from_iter(changing.iter().chain(others));
    file.prepare_cached(sql)?.execute(values)?;
    Ok(())
}

/// Stores a new task; its number is given by the file.
pub(super) fn insert(file: &Connection, task: &Task) -> Work<TaskId> {
    let spec = &task.spec;
    let others = params![spec.operator, spec.key, Json(spec), Millis(task.created)];
    write(file, &INSERT_TASK, task, others)?;
    Ok(TaskId(file.last_insert_rowid()))
}

/// Stores what has changed of a task that stays in its state.
pub(super) fn save(file: &Connection, task: &Task) -> Work<()> {
    write(file, &UPDATE_TASK, task, params![task.id])
}

/// Stores what has changed of a task, and the transition that changed it.
pub(super) fn update(file: &Connection, task: &Task, entry: &HistoryEntry) -> Work<()> {
    save(file, task)?;
    record(file, task.id, entry)
}

/// Stores the submission of a task. Its operator and its key never change.
pub(super) fn save_spec(file: &Connection, task: &Task) -> Work<()> {
    let mut statement = file.prepare_cached("UPDATE tasks SET spec = ?2 WHERE id = ?1")?;
    statement.execute(params![task.id, Json(&task.spec)])?;
    Ok(())
}

pub(super) fn record(file: &Connection, id: TaskId, entry: &HistoryEntry) -> Work<()> {
    let mut statement = file.prepare_cached(
        "INSERT INTO transitions (task, at, from_state, to_state, reason)
         VALUES (?1, ?2, ?3, ?4, ?5)",
    )?;
    let HistoryEntry { at, from, to, reason } = entry;
    statement.execute(params![id, Millis(*at), from.map(Word), Word(to), reason])?;
    Ok(())
}

pub(super) fn history(file: &Connection, id: TaskId) -> Work<Vec<HistoryEntry>> {
    let sql = "SELECT at, from_state, to_state, reason FROM transitions
               WHERE task = ?1 ORDER BY id";
    all(file, sql, [id], |row| {
        let mut row = Columns::of(row);
        Ok(HistoryEntry {
            at: row.time()?,
            from: row.word_or_null()?,
            to: row.word()?,
            reason: row.get()?,
        })
    })
}

fn deferral(row: &mut Columns<'_>) -> rusqlite::Result<StoredDeferral> {
    Ok(StoredDeferral {
        trigger: SerializedTrigger { name: row.get()?, version: row.get()?, kwargs: row.json()? },
        state: row.get()?,
        due: row.time()?,
        timeout_at: row.time_or_null()?,
        method: row.get()?,
        kwargs: row.json()?,
        on_cancel: row.json_or_null()?,
        pause_from: row.time_or_null()?,
    })
}

pub(super) fn find_deferral(file: &Connection, id: TaskId) -> Work<Option<StoredDeferral>> {
    let sql = format!("SELECT {DEFERRAL} FROM deferrals WHERE task = ?1");
    Ok(all(file, &sql, [id], |row| deferral(&mut Columns::of(row)))?.pop())
}

pub(super) fn deferred(file: &Connection, after: TaskId, limit: i64) -> Work<Vec<DeferredTask>> {
    let sql = format!(
        "SELECT task, step, (SELECT deadline FROM tasks WHERE id = task), {DEFERRAL}
         FROM deferrals
         WHERE task > ?1 AND (SELECT tasks.state FROM tasks WHERE id = task) = 'deferred'
         ORDER BY task LIMIT ?2"
    );
    all(file, &sql, params![after, limit], |row| {
        let mut row = Columns::of(row);
        Ok(DeferredTask {
            id: row.get()?,
            step: row.get()?,
            deadline: row.time_or_null()?,
            deferral: deferral(&mut row)?,
        })
    })
}

pub(super) fn insert_deferral(
    file: &Connection,
    id: TaskId,
    step: u32,
    deferral: &StoredDeferral,
) -> Work<()> {
    let marks = marks(DEFERRAL);
    let sql = format!("INSERT INTO deferrals ({DEFERRAL}, task, step) VALUES ({marks}, ?, ?)");
    file.prepare_cached(&sql)?.execute(params![
        deferral.trigger.name,
        deferral.trigger.version,
        Json(&deferral.trigger.kwargs),
        deferral.state,
        Millis(deferral.due),
        deferral.timeout_at.map(Millis),
        deferral.method,
        Json(&deferral.kwargs),
        deferral.on_cancel.as_ref().map(Json),
        deferral.pause_from.map(Millis),
        id,
        step,
    ])?;
    Ok(())
}

/// The main calls of a step, or of all, in order.
pub(super) fn intents(file: &Connection, id: TaskId, step: Option<u32>) -> Work<Vec<StoredIntent>> {
    let sql = "SELECT ordinal, name, details, result FROM intents
               WHERE task = ?1 AND step = coalesce(?2, step) ORDER BY step, ordinal";
    all(file, sql, params![id, step], |row| {
        let mut row = Columns::of(row);
        let intent = Intent { ordinal: row.get()?, name: row.get()?, details: row.json()? };
        Ok(StoredIntent { intent, settled: row.json_or_null()?.map(Settled::Done) })
    })
}

pub(super) fn insert_line(file: &Connection, line: &LogLine) -> Work<()> {
    // Of a task that somebody has removed meanwhile, there is nothing left to tell.
    let mut statement = file.prepare_cached(
        "INSERT INTO lines (task, at, level, message)
         SELECT ?1, ?2, ?3, ?4 WHERE EXISTS (SELECT 1 FROM tasks WHERE id = ?1)",
    )?;
    statement.execute(params![line.id, Millis(line.at), Word(line.level), line.message])?;
    Ok(())
}

pub(super) fn logs(file: &Connection, id: TaskId, skip: i64) -> Work<Vec<LogLine>> {
    let sql = "SELECT task, at, level, message FROM lines
               WHERE task = ?1 ORDER BY id LIMIT -1 OFFSET ?2";
    all(file, sql, params![id, skip], |row| {
        let mut row = Columns::of(row);
        Ok(LogLine { id: row.get()?, at: row.time()?, level: row.word()?, message: row.get()? })
    })
}
