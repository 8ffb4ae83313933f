//! What happens to the file of a store under those who use it.

use std::path::{Path, PathBuf};
use std::sync::mpsc;

use maitred::operator::Intent;
use maitred::runtime::store::Fence;
use maitred::runtime::task::Transition;
use maitred::runtime::{NewTask, SqliteStore, Store as _, StoreError, Task, TaskState};
use serde_json::json;
use tempfile::TempDir;

use super::store::{NOW, change, commit, get, later, running, spec, submit};

/// A store with a task that runs.
struct Scene {
    folder: TempDir,
    path: PathBuf,
    store: SqliteStore,
    fence: Fence,
    task: Task,
}

impl Scene {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("tasks.sqlite");
        let store = SqliteStore::open(&path).unwrap();
        let (fence, task) = running(&store, spec());
        Self { folder, path, store, fence, task }
    }

    fn begin(&self, ordinal: u32) -> Result<(), StoreError> {
        let intent = Intent::new(ordinal, "pause", json!({}));
        self.store.begin(self.fence, self.task.id, self.task.step, &intent).map(|_| ())
    }

    fn beside(&self, suffix: &str) -> PathBuf {
        PathBuf::from(format!("{}{suffix}", self.path.display()))
    }

    /// A copy of what is in the store now.
    fn copy(&self) -> PathBuf {
        let copy = self.folder.path().join("copy.sqlite");
        let _ = std::fs::remove_file(&copy);
        let file = rusqlite::Connection::open(&self.path).unwrap();
        file.execute("VACUUM INTO ?1", [copy.to_str().unwrap()]).unwrap();
        copy
    }

    /// Nothing is begun, taken or stored any more.
    fn assert_replaced(&self) {
        let (store, fence) = (&self.store, self.fence);
        let replaced = |error: StoreError| {
            let named = self.path.display().to_string();
            assert!(matches!(&error, StoreError::Replaced(path) if *path == named), "{error}");
        };
        replaced(self.begin(5).unwrap_err());
        replaced(store.claim(fence, NOW, &[self.task.id]).unwrap_err());
        replaced(store.due(fence, NOW, 5).unwrap_err());
        let end = change(&self.task, Transition::Requeue(NOW));
        replaced(store.commit(fence, &[end], NOW).unwrap_err());
    }
}

#[cfg(unix)]
#[test]
fn nothing_more_is_done_once_a_file_of_the_store_is_gone() {
    for suffix in ["", "-wal", "-shm", ".lock"] {
        let scene = Scene::new();
        scene.begin(0).unwrap();
        std::fs::remove_file(scene.beside(suffix)).unwrap();
        assert!(matches!(scene.store.change_counter(), Err(StoreError::Replaced(_))), "{suffix}");
        scene.assert_replaced();
    }
}

#[cfg(unix)]
#[test]
fn nothing_more_is_done_once_another_file_is_in_its_place() {
    let scene = Scene::new();
    std::fs::rename(scene.copy(), &scene.path).unwrap();
    assert!(matches!(scene.store.change_counter(), Err(StoreError::Replaced(_))));
    scene.assert_replaced();
    // Who submits and watches is told, too.
    let submitted = scene.store.submit(&[spec()], NOW);
    assert!(matches!(submitted, Err(StoreError::Replaced(_))), "{submitted:?}");
    let shown = scene.store.task(scene.task.id);
    assert!(matches!(shown, Err(StoreError::Replaced(_))), "{shown:?}");
}

#[test]
fn nothing_more_is_done_once_an_older_state_was_restored() {
    // Of another store, and of this triggerer's own time.
    let other = Scene::new();
    let other = other.copy();
    for of_other in [true, false] {
        let scene = Scene::new();
        let copy = if of_other && other.exists() { other.clone() } else { scene.copy() };
        scene.begin(0).unwrap();
        let copy = rusqlite::Connection::open(copy).unwrap();
        let mut file = rusqlite::Connection::open(&scene.path).unwrap();
        let restore = rusqlite::backup::Backup::new(&copy, &mut file).unwrap();
        restore.run_to_completion(1000, std::time::Duration::ZERO, None).unwrap();
        drop(restore);
        let error = scene.begin(1).unwrap_err();
        assert!(matches!(error, StoreError::Replaced(_)), "{error}");
    }
}

#[test]
fn a_copy_over_the_open_file_is_noticed() {
    let scene = Scene::new();
    let copy = std::fs::read(scene.copy()).unwrap();
    scene.begin(0).unwrap();
    std::fs::write(&scene.path, copy).unwrap();
    // Nothing is done at once; that no other process is at it takes a few looks.
    let error = scene.begin(1).unwrap_err();
    assert!(matches!(error, StoreError::Unavailable(_)), "{error}");
    let looks = (0..100).map(|_| scene.store.change_counter());
    let ended: Vec<_> = looks.filter_map(Result::err).collect();
    assert!(matches!(ended[0], StoreError::Replaced(_)), "{ended:?}");
}

#[test]
fn others_may_fold_the_log_into_the_file() {
    let scene = Scene::new();
    for ordinal in 0..5 {
        scene.begin(ordinal).unwrap();
        submit(&SqliteStore::open(&scene.path).unwrap(), spec());
        let other = rusqlite::Connection::open(&scene.path).unwrap();
        other.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(())).unwrap();
        scene.store.change_counter().unwrap();
    }
}

fn size(path: &Path) -> u64 {
    std::fs::metadata(path).unwrap().len()
}

#[test]
fn pruning_gives_room_back() {
    let scene = Scene::new();
    let large = NewTask::new("test.operator", json!({"text": "x".repeat(10_000)}));
    let before = size(&scene.path);
    for submitted in scene.store.submit(&vec![large; 300], NOW).unwrap() {
        let claimed = scene.store.claim(scene.fence, NOW, &[submitted.id()]).unwrap();
        let end = Transition::End(TaskState::Success, None);
        assert!(commit(&scene.store, scene.fence, &claimed.tasks[0], end, NOW));
    }
    // Beside the triggerer, as the command does it.
    let other = SqliteStore::open(&scene.path).unwrap();
    assert_eq!(other.prune(later(1)).unwrap(), 300);
    assert!(size(&scene.path) < before + 500_000, "{} after {before}", size(&scene.path));
    assert!(size(&scene.beside("-wal")) < 500_000);
    scene.begin(0).unwrap();
    assert_eq!(get(&scene.store, scene.task.id).state, TaskState::Running);
}

#[test]
fn the_log_of_writes_is_bounded() {
    let scene = Scene::new();
    let large = NewTask::new("test.operator", json!({"text": "x".repeat(10_000)}));
    // A reader keeps the log from being folded in.
    let reader = rusqlite::Connection::open(&scene.path).unwrap();
    reader.execute_batch("BEGIN; SELECT count(*) FROM tasks").unwrap();
    for _ in 0..20 {
        scene.store.submit(&vec![large.clone(); 100], NOW).unwrap();
    }
    assert!(size(&scene.beside("-wal")) > 16 << 20);
    reader.execute_batch("COMMIT").unwrap();
    scene.begin(0).unwrap();
    assert_eq!(size(&scene.beside("-wal")), 0);
}

#[test]
fn a_transaction_that_waits_for_another_process_is_told_of() {
    let scene = Scene::new();
    let (told, telling) = mpsc::channel();
    let told = std::sync::Mutex::new(told);
    let store = SqliteStore::open(&scene.path).unwrap();
    let store = store.with_wait_told(move |path| {
        told.lock().unwrap().send(path.to_owned()).unwrap();
    });
    let other = rusqlite::Connection::open(&scene.path).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    std::thread::scope(|scope| {
        let submits = scope.spawn(|| store.submit(&[spec()], NOW).unwrap());
        assert_eq!(telling.recv().unwrap(), scene.path);
        other.execute_batch("COMMIT").unwrap();
        submits.join().unwrap();
    });
    assert!(telling.try_recv().is_err());
}
