//! How a file is brought to a newer version, with one that does not exist yet.

use std::path::PathBuf;

use super::*;

const NEXT: &[M<'static>] =
    &[M::up(include_str!("../v1.sql")), M::up("ALTER TABLE tasks ADD COLUMN colour TEXT")];
const FAILING: &[M<'static>] =
    &[M::up(include_str!("../v1.sql")), M::up("DROP TABLE lines; DROP TABLE no_such_table")];

/// A file of version 1 with one definition.
fn old() -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("store.sqlite");
    let (write, _) = open_with(&path, &NEXT[..1]).unwrap();
    write.execute("INSERT INTO definitions VALUES ('abc', 'text')", []).unwrap();
    (folder, path)
}

fn definitions(file: &Connection) -> i64 {
    file.query_row("SELECT count(*) FROM definitions", [], |row| row.get(0)).unwrap()
}

fn backup(path: &Path) -> PathBuf {
    beside(path, ".v1.bak")
}

#[test]
fn a_file_is_copied_before_it_is_changed() {
    let (_folder, path) = old();
    let (file, _) = open_with(&path, NEXT).unwrap();
    assert_eq!((version(&file, &path).unwrap(), definitions(&file)), (2, 1));
    file.execute("UPDATE tasks SET colour = 'red'", []).unwrap();
    let copy = Connection::open(backup(&path)).unwrap();
    assert_eq!((version(&copy, &path).unwrap(), definitions(&copy)), (1, 1));
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        let mode = std::fs::metadata(backup(&path)).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }
}

#[test]
fn the_older_program_refuses_what_the_newer_one_has_changed() {
    let (_folder, path) = old();
    open_with(&path, NEXT).unwrap();
    let error = open_with(&path, &NEXT[..1]).unwrap_err();
    assert!(matches!(error, StoreError::Newer(_)), "{error}");
}

#[test]
fn a_step_that_fails_leaves_the_file_as_it_is() {
    let (_folder, path) = old();
    let error = open_with(&path, FAILING).unwrap_err();
    assert!(matches!(error, StoreError::Broken(_)), "{error}");
    let (file, _) = open_with(&path, &NEXT[..1]).unwrap();
    file.execute("INSERT INTO definitions VALUES ('def', 'text')", []).unwrap();
    assert!(file.prepare("SELECT * FROM lines").is_ok());
    // What is copied before the next attempt is the file as it is then.
    let (_file, _) = open_with(&path, NEXT).unwrap();
    assert_eq!(definitions(&Connection::open(backup(&path)).unwrap()), 2);
}

#[test]
fn a_file_is_not_changed_under_a_triggerer() {
    let (_folder, path) = old();
    let triggerer = lock(&path).unwrap();
    let error = open_with(&path, NEXT).unwrap_err();
    assert!(matches!(error, StoreError::Locked(_)), "{error}");
    assert!(!backup(&path).exists());
    drop(triggerer);
    open_with(&path, NEXT).unwrap();
}

#[test]
fn a_new_file_needs_no_copy() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("store.sqlite");
    open_with(&path, NEXT).unwrap();
    let names = std::fs::read_dir(folder.path()).unwrap();
    let names: Vec<_> = names.map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(names, ["store.sqlite"]);
}
