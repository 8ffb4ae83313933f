//! What needs a hand inside the store.

use std::error::Error as _;

use std::path::Path;

use super::fault::Fault;
use super::*;

#[test]
fn a_full_disk_is_an_error_and_loses_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let store = SqliteStore::open(folder.path().join("store.sqlite")).unwrap();
    lock(&store.write).execute_batch("PRAGMA max_page_count = 60").unwrap();
    let task = NewTask::new("test.operator", "x".repeat(1000).into());
    let mut kept = 0;
    let error = loop {
        match store.submit(&vec![task.clone(); 10], Timestamp::default()) {
            Ok(submitted) => kept += submitted.len(),
            Err(error) => break error,
        }
    };
    let source = error.source().unwrap().to_string();
    assert!(source.ends_with("store.sqlite cannot grow: the disk is full"), "{source}");
    let counts = [(TaskState::Queued, u64::try_from(kept).unwrap())];
    assert_eq!(store.counts().unwrap(), counts);
    // With room again it goes on.
    lock(&store.write).execute_batch("PRAGMA max_page_count = 1000").unwrap();
    store.submit(&[task], Timestamp::default()).unwrap();
}

#[test]
fn the_default_place_is_in_the_folder_for_state() {
    assert!(default_path().unwrap().ends_with("maitred/maitred.sqlite"));
}

#[test]
fn a_transaction_that_was_made_is_told_as_made_whatever_the_look_after_it_finds() {
    let root = tempfile::tempdir().unwrap();
    let (folder, moved) = (root.path().join("folder"), root.path().join("moved"));
    std::fs::create_dir(&folder).unwrap();
    let store = SqliteStore::open(folder.join("store.sqlite")).unwrap();
    let written = store.write(|file| {
        write::put_definition(file, "hash", "text")?;
        // Now the system cannot say anything of the file: its folder is none.
        std::fs::rename(&folder, &moved).unwrap();
        std::fs::write(&folder, "").unwrap();
        Ok(())
    });
    assert!(written.is_ok(), "{written:?}");
    let unseen = store.definition("hash");
    assert!(matches!(unseen, Err(StoreError::Unavailable(_))), "{unseen:?}");
    std::fs::remove_file(&folder).unwrap();
    std::fs::rename(&moved, &folder).unwrap();
    assert_eq!(store.definition("hash").unwrap().as_deref(), Some("text"));
}

#[test]
fn only_content_that_is_no_store_s_is_taken_for_a_replaced_file() {
    use rusqlite::ffi;
    let looked = |code| {
        let error = rusqlite::Error::SqliteFailure(ffi::Error::new(code), None);
        Fault::Sql(error).of_a_look().at(Path::new("store.sqlite"))
    };
    for code in [ffi::SQLITE_NOTADB, ffi::SQLITE_CORRUPT] {
        assert!(matches!(looked(code), StoreError::Replaced(_)), "{code}");
    }
    // The first is what too many open files come to.
    for code in [ffi::SQLITE_CANTOPEN, ffi::SQLITE_IOERR, ffi::SQLITE_BUSY, ffi::SQLITE_NOMEM] {
        assert!(matches!(looked(code), StoreError::Unavailable(_)), "{code}");
    }
}
