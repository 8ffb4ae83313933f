//! A store that cannot be used for a while, or for good.

use std::sync::Arc;

use maitred::runtime::{NewTask, Scope, StoreError, TaskState, TriggererOptions};
use serde_json::json;

use super::flaky::{Fails, FlakyStore};
use super::probe::{Act, Probe, Wait};
use super::scene::Scene;
use super::states;

#[tokio::test(start_paused = true)]
async fn what_is_stored_stays_so_where_the_read_after_it_fails() {
    for has_scope in [false, true] {
        let scene = Scene::of(Arc::new(FlakyStore::new(Fails::ReadsAfterWrites)));
        let id = scene.submit(Probe::new(Act::Defer(Wait::Fire(json!({"status": "success"})))));
        let scope = if has_scope { Scope::New(id) } else { Scope::All };
        let options = TriggererOptions::until_idle().with_scope(scope);
        scene.run_observed(options).await.unwrap();
        let history = scene.store.history(id).unwrap();
        assert_eq!(history.last().unwrap().to, TaskState::Success, "{history:?}");
        let begun = states(&scene, id).into_iter().filter(|state| *state == TaskState::Running);
        assert_eq!(begun.count(), 2, "its two steps, once each: {history:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_store_that_breaks_under_a_wait_ends_the_triggerer_and_not_the_task() {
    let folder = tempfile::tempdir().unwrap();
    let waiter = json!({"version": 2, "service": "http", "waiters": {"job": {
        "operation": "GET", "delay": 1, "maxAttempts": 3, "input": {"url": "http://127.0.0.1:9/"},
        "acceptors": [{"state": "success", "matcher": "status", "expected": 200}],
    }}});
    let file = folder.path().join("http.json");
    std::fs::write(file, waiter.to_string()).unwrap();
    let mut scene = Scene::of(Arc::new(FlakyStore::new(Fails::Definitions)));
    scene.find_waiters(folder.path().to_owned());
    let args = json!({"service": "http", "waiter": "job"});
    let id = scene.submit_task(NewTask::new("maitred.wait", args));
    let options = TriggererOptions::until_idle();
    let ended = scene.run_observed(options).await;
    assert!(matches!(ended, Err(StoreError::Broken(_))), "{ended:?}");
    assert_eq!(scene.task(id).state, TaskState::Running);
}
