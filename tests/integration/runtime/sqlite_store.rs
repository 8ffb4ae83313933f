//! What the file promises.

use std::error::Error as _;
use std::path::{Path, PathBuf};

use maitred::operator::{Begun, Intent, Settled};
use maitred::runtime::store::Share;
use maitred::runtime::task::{LogLine, Transition};
use maitred::runtime::{SqliteStore, Store as _, StoreError, TaskId, TaskState};
use maitred::trigger::Level;
use serde_json::json;
use tempfile::TempDir;

use super::store::{
    NOW, change, claim_one, commit, deferral, deferred, get, later, running, spec, submit,
};

fn place() -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("state").join("maitred.sqlite");
    (folder, path)
}

fn open(path: &Path) -> SqliteStore {
    SqliteStore::open(path).unwrap()
}

/// The words of an error and of what is behind it.
fn words(error: &StoreError) -> String {
    let mut words = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        words.push_str(&format!(": {cause}"));
        source = cause.source();
    }
    words
}

#[test]
fn everything_survives_the_process() {
    let (_folder, path) = place();
    let store = open(&path);
    let (_, waiting) = deferred(&store, spec());
    let (fence, ran) = running(&store, spec());
    let intent = Intent::new(0, "pause", json!({"id": 1}));
    assert_eq!(store.begin(fence, ran.id, ran.step, &intent).unwrap(), Begun::Go);
    let line = LogLine::new(ran.id, NOW, Level::Info, "pausing");
    store.checkpoint(fence, &[], std::slice::from_ref(&line)).unwrap();
    store.put_definition("abc", "{}").unwrap();
    drop(store);

    let store = open(&path);
    assert_eq!(store.deferral(waiting.id).unwrap(), Some(deferral()));
    assert_eq!(get(&store, waiting.id), waiting);
    assert_eq!(store.intents(ran.id, ran.step).unwrap()[0].intent, intent);
    assert_eq!(store.logs(ran.id, 0).unwrap(), [line]);
    let fence = store.acquire(NOW).unwrap();
    assert_eq!(claim_one(&store, fence, NOW).token, ran.token);
    assert_eq!(store.definition("abc").unwrap().as_deref(), Some("{}"));
}

#[test]
fn what_was_committed_is_there_without_a_close() {
    let (_folder, path) = place();
    let store = open(&path);
    let id = submit(&store, spec());
    // The file as a killed process leaves it: a log of writes that nobody has folded in.
    let copy = path.with_file_name("copy.sqlite");
    for suffix in ["", "-wal"] {
        let with = |path: &Path| format!("{}{suffix}", path.display());
        std::fs::copy(with(&path), with(&copy)).unwrap();
    }
    assert_eq!(get(&open(&copy), id).state, TaskState::Queued);
}

#[test]
fn one_triggerer_a_file() {
    let (_folder, path) = place();
    let (first, second) = (open(&path), open(&path));
    first.acquire(NOW).unwrap();
    let error = second.acquire(NOW).unwrap_err();
    assert!(
        matches!(&error, StoreError::Locked(place) if *place == path.display().to_string()),
        "{error}"
    );
    // It may do everything else meanwhile.
    let id = submit(&second, spec());
    assert_eq!(get(&first, id).state, TaskState::Queued);
    drop(first);
    second.acquire(NOW).unwrap();
}

#[test]
fn who_runs_one_task_shares_the_file_with_others_that_do() {
    let (_folder, path) = place();
    let [first, second, third] = [open(&path), open(&path), open(&path)];
    let ids = [submit(&first, spec()), submit(&second, spec())];
    let fences = [
        first.acquire_task(ids[0], Share::New, NOW).unwrap(),
        second.acquire_task(ids[1], Share::New, NOW).unwrap(),
    ];
    let claimed = |store: &SqliteStore, fence, id| store.claim(fence, NOW, &[id]).unwrap().tasks;
    assert_eq!(claimed(&first, fences[0], ids[0])[0].id, ids[0]);
    assert_eq!(claimed(&second, fences[1], ids[1])[0].id, ids[1]);
    // One of them may be running the task that this one asks for.
    for locked in [third.acquire_task(ids[0], Share::Existing, NOW), third.acquire(NOW)]
        .map(Result::unwrap_err)
    {
        assert!(matches!(locked, StoreError::Locked(_)), "{locked}");
    }
    drop((first, second));
    let fence = third.acquire_task(ids[0], Share::Existing, NOW).unwrap();
    assert_eq!(get(&third, ids[0]).state, TaskState::Queued);
    assert_eq!(get(&third, ids[1]).state, TaskState::Running);
    // Who becomes the triggerer then makes it a stranger.
    third.acquire(NOW).unwrap();
    assert!(matches!(third.claim(fence, NOW, &[ids[0]]), Err(StoreError::Fenced)));
}

#[test]
fn a_triggerer_notices_other_processes() {
    let (_folder, path) = place();
    let (triggerer, other) = (open(&path), open(&path));
    let before = triggerer.change_counter().unwrap();
    submit(&other, spec());
    assert_ne!(triggerer.change_counter().unwrap(), before);
}

#[test]
fn a_submission_sees_a_key_that_another_process_took() {
    let (_folder, path) = place();
    let stores = [open(&path), open(&path)];
    let keyed = spec().with_key("nightly");
    submit(&stores[0], keyed.clone());
    let error = stores[1].submit(&[keyed], NOW).unwrap_err();
    assert!(matches!(error, StoreError::Conflict { .. }), "{error}");
}

#[test]
fn processes_submit_at_the_same_time() {
    let (_folder, path) = place();
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                // The first of them makes the file; all of them may try.
                let store = open(&path);
                for _ in 0..5 {
                    store.submit(&vec![spec(); 10], NOW).unwrap();
                }
            });
        }
    });
    let counts = open(&path).counts().unwrap();
    assert_eq!(counts, [(TaskState::Queued, 200)]);
}

#[cfg(unix)]
#[test]
fn only_the_owner_can_read_it() {
    use std::os::unix::fs::PermissionsExt as _;
    let (_folder, path) = place();
    let store = open(&path);
    store.acquire(NOW).unwrap();
    for suffix in ["", "-wal", "-shm", ".lock"] {
        let file = format!("{}{suffix}", path.display());
        let mode = std::fs::metadata(&file).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{file}");
    }
}

#[test]
fn a_newer_file_is_refused_and_left_alone() {
    let (_folder, path) = place();
    drop(open(&path));
    let file = rusqlite::Connection::open(&path).unwrap();
    file.pragma_update(None, "user_version", 99).unwrap();
    drop(file);
    let before = std::fs::read(&path).unwrap();
    let error = SqliteStore::open(&path).unwrap_err();
    assert!(matches!(error, StoreError::Newer(_)), "{error}");
    assert_eq!(std::fs::read(&path).unwrap(), before);
}

#[test]
fn what_is_no_store_is_refused_and_left_alone() {
    let (_folder, path) = place();
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    let refused = |content: &str| {
        let words = words(&SqliteStore::open(&path).unwrap_err());
        assert!(words.contains(&format!("{} {content}", path.display())), "{words}");
    };
    std::fs::write(&path, "not a database, but long enough to have a header".repeat(100)).unwrap();
    refused("is not a SQLite file");
    std::fs::remove_file(&path).unwrap();
    rusqlite::Connection::open(&path).unwrap().execute_batch("CREATE TABLE users (id)").unwrap();
    refused("is a SQLite file of another program");
    std::fs::remove_file(&path).unwrap();
    std::fs::create_dir(&path).unwrap();
    refused("cannot be opened");
}

#[test]
fn a_damaged_file_is_an_error() {
    let (_folder, path) = place();
    let store = open(&path);
    store.submit(&vec![spec(); 200], NOW).unwrap();
    drop(store);
    let mut bytes = std::fs::read(&path).unwrap();
    let size = bytes.len();
    bytes[4096..size].fill(0xA5);
    std::fs::write(&path, bytes).unwrap();
    let error = SqliteStore::open(&path).and_then(|store| store.counts()).unwrap_err();
    assert!(words(&error).contains(&format!("{} is damaged", path.display())), "{}", words(&error));
}

#[test]
fn a_folder_that_cannot_be_made_is_named() {
    let (folder, _) = place();
    let file = folder.path().join("file");
    std::fs::write(&file, "").unwrap();
    let words = words(&SqliteStore::open(file.join("maitred.sqlite")).unwrap_err());
    assert!(words.contains(&file.display().to_string()), "{words}");
}

/// A task in every state, and all that can belong to one.
fn fill(store: &SqliteStore) {
    let end = |state, result| Transition::End(state, result);
    let done = Some(json!({"paused": "analytics"}));
    let ends = [
        (TaskState::Success, done),
        (TaskState::Failed, None),
        (TaskState::Skipped, None),
        (TaskState::Cancelled, None),
        (TaskState::InDoubt, None),
    ];
    let keyed = spec().with_key("nightly");
    let (mut fence, _) = deferred(store, keyed);
    store.put_definition("abc", r#"{"operation":"DescribeClusters"}"#).unwrap();
    for (state, result) in ends {
        submit(store, spec());
        let task = claim_one(store, fence, NOW);
        assert!(commit(store, fence, &task, end(state, result), NOW));
    }
    for transition in [Transition::Retry(later(3600)), Transition::Block] {
        let (newer, task) = running(store, spec());
        fence = newer;
        assert_eq!(store.commit(fence, &[change(&task, transition)], NOW).unwrap(), [true]);
    }
    submit(store, spec());
    let task = claim_one(store, fence, NOW);
    let intent = Intent::new(0, "pause", json!({"id": 1}));
    store.begin(fence, task.id, task.step, &intent).unwrap();
    store.settle(fence, task.id, task.step, 0, &Settled::Done(json!({"ok": true}))).unwrap();
    let line = LogLine::new(task.id, NOW, Level::Info, "pausing");
    store.checkpoint(fence, &[], &[line]).unwrap();
    submit(store, spec());
}

fn stores() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests").join("stores")
}

/// Makes the store of this version, to be kept once the version is released:
/// `cargo test --test integration -- --ignored make_the_store_of_this_version`.
#[test]
#[ignore = "writes into the repository"]
fn make_the_store_of_this_version() {
    let (_folder, path) = place();
    let store = open(&path);
    fill(&store);
    drop(store);
    let file = rusqlite::Connection::open(&path).unwrap();
    let version: i64 = file.pragma_query_value(None, "user_version", |row| row.get(0)).unwrap();
    drop(file);
    std::fs::create_dir_all(stores()).unwrap();
    std::fs::copy(path, stores().join(format!("v{version}.sqlite"))).unwrap();
}

#[test]
fn stores_of_every_version_can_be_used() {
    let mut tried = 0;
    for entry in std::fs::read_dir(stores()).unwrap() {
        let (_folder, path) = place();
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, std::fs::read(entry.unwrap().path()).unwrap()).unwrap();
        let store = open(&path);
        let states: Vec<_> = store.counts().unwrap().into_iter().map(|(state, _)| state).collect();
        assert_eq!(states, TaskState::ALL);
        let waiting = store.task_of_key("nightly").unwrap().unwrap();
        let mut waits_for = deferral();
        waits_for.pause_from = None;
        assert_eq!(store.deferral(waiting.id).unwrap(), Some(waits_for));
        assert!(store.definition("abc").unwrap().is_some());
        let ran = store.counts().unwrap().iter().map(|(_, count)| *count).sum::<u64>();
        let ran = get(&store, TaskId(i64::try_from(ran).unwrap() - 1));
        assert_eq!(ran.state, TaskState::Running);
        assert_eq!(store.history(ran.id).unwrap().len(), 2);
        assert_eq!(store.logs(ran.id, 0).unwrap()[0].message, "pausing");
        let known = store.intents(ran.id, ran.step).unwrap();
        assert_eq!(known[0].settled, Some(Settled::Done(json!({"ok": true}))));
        let fence = store.acquire(NOW).unwrap();
        let ends = Transition::End(TaskState::Success, None);
        assert!(commit(&store, fence, &waiting, ends, NOW));
        tried += 1;
    }
    assert!(tried > 0);
}
