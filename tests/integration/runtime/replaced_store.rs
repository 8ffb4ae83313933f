//! A store file that is deleted, replaced, restored, or kept busy while it is used.

use std::path::{Path, PathBuf};
use std::sync::mpsc;

use maitred::operator::Intent;
use maitred::runtime::store::Fence;
use maitred::runtime::task::Transition;
use maitred::runtime::{NewTask, SqliteStore, Store as _, StoreError, Task, TaskState};
use serde_json::json;
use tempfile::TempDir;

use super::store::{NOW, change, claim_one, later, spec, submit};
use crate::cli::process::{Maitred, finished, read_until};
use crate::support::loopback::{Loopback, Reply};

/// A store whose triggerer has claimed a task, and a copy of the file from before that.
struct Running {
    _folder: TempDir,
    path: PathBuf,
    backup: PathBuf,
    store: SqliteStore,
    fence: Fence,
    task: Task,
}

/// What somebody does to the file.
type Way = fn(&Running);

fn running() -> Running {
    let folder = tempfile::tempdir().unwrap();
    let (path, backup) = (folder.path().join("store.sqlite"), folder.path().join("backup.sqlite"));
    let store = SqliteStore::open(&path).unwrap();
    submit(&store, spec());
    drop(store);
    std::fs::copy(&path, &backup).unwrap();
    let store = SqliteStore::open(&path).unwrap();
    let fence = store.acquire(NOW).unwrap();
    let task = claim_one(&store, fence, NOW);
    Running { _folder: folder, path, backup, store, fence, task }
}

fn beside(path: &Path, suffix: &str) -> PathBuf {
    PathBuf::from(format!("{}{suffix}", path.display()))
}

fn delete(running: &Running) {
    std::fs::remove_file(&running.path).unwrap();
}

fn delete_with_its_log(running: &Running) {
    for suffix in ["", "-wal", "-shm"] {
        std::fs::remove_file(beside(&running.path, suffix)).unwrap();
    }
}

fn delete_the_log(running: &Running) {
    std::fs::remove_file(beside(&running.path, "-wal")).unwrap();
}

fn move_another_in_its_place(running: &Running) {
    std::fs::rename(&running.backup, &running.path).unwrap();
}

fn make_a_new_one(running: &Running) {
    delete_with_its_log(running);
    submit(&SqliteStore::open(&running.path).unwrap(), spec());
}

fn restore_with_sqlite(running: &Running) {
    let from = rusqlite::Connection::open(&running.backup).unwrap();
    let mut to = rusqlite::Connection::open(&running.path).unwrap();
    let backup = rusqlite::backup::Backup::new(&from, &mut to).unwrap();
    backup.step(-1).unwrap();
}

/// What `cp backup.sqlite store.sqlite` does: the file stays, its content does not.
fn copy_over(running: &Running) {
    // What is in the log would hide it.
    fold_the_log(&running.path);
    std::fs::write(&running.path, std::fs::read(&running.backup).unwrap()).unwrap();
}

fn fold_the_log(path: &Path) {
    let connection = rusqlite::Connection::open(path).unwrap();
    connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(())).unwrap();
}

#[test]
fn a_store_that_is_gone_is_noticed_before_a_call_is_made() {
    let ways: [(&str, Way); 7] = [
        ("deleted", delete),
        ("deleted with its log", delete_with_its_log),
        ("its log deleted", delete_the_log),
        ("another one moved in its place", move_another_in_its_place),
        ("made anew", make_a_new_one),
        ("restored by SQLite", restore_with_sqlite),
        ("copied over", copy_over),
    ];
    for (how, replace) in ways {
        let running = running();
        let Running { store, fence, task, .. } = &running;
        replace(&running);
        let intent = Intent::new(0, "pause", json!({}));
        let begun = store.begin(*fence, task.id, task.step, &intent);
        assert!(matches!(begun, Err(StoreError::Replaced(_))), "{how}: {begun:?}");
        let end = change(task, Transition::End(TaskState::Success, None));
        let ended = store.commit(*fence, &[end], NOW);
        assert!(matches!(ended, Err(StoreError::Replaced(_))), "{how}: {ended:?}");
    }
}

#[test]
fn what_other_processes_do_to_the_file_is_not_a_replacement() {
    let Running { _folder, path, store, fence, task, .. } = running();
    for round in 0..3 {
        // Others submit, fold the log in, and prune, which writes the file itself.
        let other = SqliteStore::open(&path).unwrap();
        let ended = submit(&other, spec());
        fold_the_log(&path);
        store.change_counter().unwrap();
        store.request_cancel(ended, super::store::BY_USER, NOW).unwrap();
        assert_eq!(other.prune(later(9)).unwrap(), 1, "{round}");
        drop(other);
        fold_the_log(&path);
        let intent = Intent::new(round, "pause", json!({}));
        store.begin(fence, task.id, task.step, &intent).unwrap();
        fold_the_log(&path);
        store.change_counter().unwrap();
    }
}

#[test]
fn a_file_that_another_process_keeps_busy_is_waited_for_and_told() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("store.sqlite");
    drop(SqliteStore::open(&path).unwrap());
    let (told, hears) = mpsc::channel();
    let (locked, is_locked) = mpsc::channel();
    let other = path.clone();
    let holder = std::thread::spawn(move || {
        let connection = rusqlite::Connection::open(other).unwrap();
        connection.execute_batch("BEGIN IMMEDIATE").unwrap();
        locked.send(()).unwrap();
        // Held until somebody has said that it is.
        let _: PathBuf = hears.recv().unwrap();
        connection.execute_batch("ROLLBACK").unwrap();
    });
    is_locked.recv().unwrap();
    let store = SqliteStore::open(&path).unwrap();
    let told = std::sync::Mutex::new(told);
    let store = store.with_wait_told(move |path| {
        let _ = told.lock().unwrap().send(path.to_owned());
    });
    submit(&store, spec());
    holder.join().unwrap();
}

#[test]
fn pruning_gives_the_room_back_and_empties_the_log() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("store.sqlite");
    let store = SqliteStore::open(&path).unwrap();
    let size = |suffix: &str| std::fs::metadata(beside(&path, suffix)).map_or(0, |file| file.len());
    let empty = size("") + size("-wal");
    let large = NewTask::new("test.operator", json!({"text": "x".repeat(10_000)}));
    let ids = store.submit(&vec![large; 300], NOW).unwrap();
    let full = size("") + size("-wal");
    assert!(full > empty + 3_000_000, "{full} after {empty}");
    for id in ids {
        store.request_cancel(id.id(), super::store::BY_USER, NOW).unwrap();
    }
    assert_eq!(store.prune(later(9)).unwrap(), 300);
    assert!(size("") < 500_000, "{}", size(""));
    assert_eq!(size("-wal"), 0);
}

fn slow_job() -> Loopback {
    Loopback::start(|_| Reply::json(200, r#"{"state": "running"}"#))
}

fn sensor(api: &Loopback) -> String {
    let check = json!({"expression": "Body.state == 'done'"});
    json!({"endpoint": api.url("/job"), "response_check": check, "poke_interval": 0.05,
           "deferrable": true})
    .to_string()
}

#[tokio::test]
async fn a_triggerer_whose_store_is_replaced_ends_with_an_error() {
    let api = slow_job();
    let maitred = Maitred::new().variable("MAITRED_STORE", "tasks.sqlite");
    let submit = ["tasks", "submit", "http.sensor", "--args", &sensor(&api)];
    assert_eq!(maitred.run(&submit).await.code, Some(0));
    let mut triggerer = maitred.start(&["triggerer"]);
    read_until(&mut triggerer, |said| said.contains("running the tasks of")).await;
    while api.requests().is_empty() {
        tokio::task::yield_now().await;
    }
    let path = maitred.path("tasks.sqlite");
    std::fs::rename(&path, path.with_extension("moved")).unwrap();
    assert_eq!(maitred.run(&submit).await.code, Some(0), "a new file is made");
    let ended = finished(triggerer).await;
    assert_eq!(ended.code, Some(5), "{}", ended.stderr);
    assert!(ended.stderr.contains("was deleted, replaced or restored"), "{}", ended.stderr);
}

#[tokio::test]
async fn a_triggerer_tells_of_each_task_that_ends() {
    let api = Loopback::start(|request| match &*request.path {
        "/good" => Reply::json(200, r#"{"state": "done"}"#),
        _ => Reply::text(404, "no such\n::error::job"),
    });
    for quiet in [false, true] {
        let maitred = Maitred::new();
        for (path, key) in [("/good", "one"), ("/bad", "two")] {
            let args = json!({"endpoint": api.url(path)}).to_string();
            let submit = ["tasks", "submit", "http.request", "--args", &args, "--key", key];
            assert_eq!(maitred.run(&submit).await.code, Some(0));
        }
        let flags: &[&str] = if quiet { &["--quiet"] } else { &[] };
        let ran = maitred.run(&[&["triggerer", "--until-idle"], flags].concat()).await;
        assert_eq!(ran.code, Some(0), "{}", ran.stderr);
        for words in ["task 1 (one), http.request: success", "task 2 (two), http.request: failed: "]
        {
            assert_eq!(ran.stderr.contains(words), !quiet, "{words}: {}", ran.stderr);
        }
        assert!(ran.stderr.lines().all(|line| !line.starts_with("::")), "{}", ran.stderr);
        assert!(ran.stderr.contains("1 success, 1 failed"), "{}", ran.stderr);
    }
}
