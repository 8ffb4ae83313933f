//! What needs a hand inside the store.

use std::error::Error as _;

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
