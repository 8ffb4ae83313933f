//! `maitred run`: one task, beside whatever else is in the store.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use maitred::clock::Timestamp;
use maitred::operator::{Intent, Settled};
use maitred::runtime::task::{CancelRequest, Change, FailureHook, Transition};
use maitred::runtime::{NewTask, SqliteStore, Store as _, Task, TaskId, TaskState};
use maitred::trigger::CancelReason;
use serde_json::{Value, json};
use tempfile::TempDir;

use super::process::{Maitred, finished};
use crate::support::loopback::{Loopback, Reply};

const NOW: Timestamp = Timestamp::from_millis(1_000_000);

/// A store of somebody else's, with a task in each state in which a triggerer would have something to do.
struct Others {
    folder: TempDir,
    ids: Vec<TaskId>,
}

impl Others {
    fn new(api: &Loopback) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let store = SqliteStore::open(folder.path().join("tasks.sqlite")).unwrap();
        let fence = store.acquire(NOW).unwrap();
        let mark = folder.path().join("hook");
        let hook = format!("touch '{}'", mark.display());
        let spec = NewTask::new("http.request", json!({"endpoint": api.url("/others")}))
            .with_on_failure(FailureHook::Command(["sh", "-c", &hook].map(str::to_owned).to_vec()));
        let ids: Vec<_> = (0..5)
            .map(|_| store.submit(std::slice::from_ref(&spec), NOW).unwrap()[0].id())
            .collect();
        let [_queued, failed, left, cancelled, blocked] = ids[..] else { unreachable!() };
        for task in store.claim(fence, NOW, &[failed, left, cancelled, blocked]).unwrap().tasks {
            let transition = match task.id {
                id if id == failed => Transition::End(TaskState::Failed, None),
                id if id == blocked => Transition::Block,
                _ => continue,
            };
            let reason = "as another triggerer has left it";
            let change = Change::of(&task, transition, reason);
            assert_eq!(store.commit(fence, &[change], NOW).unwrap(), [true]);
        }
        let intent = Intent::new(0, "POST request", json!({}));
        store.begin(fence, left, 0, &intent).unwrap();
        store.settle(fence, left, 0, 0, &Settled::Done(json!({"id": 1}))).unwrap();
        let request = CancelRequest::new(CancelReason::User, false);
        store.request_cancel(cancelled, request, NOW).unwrap();
        Self { folder, ids }
    }

    fn path(&self) -> String {
        self.folder.path().join("tasks.sqlite").display().to_string()
    }

    fn tasks(&self) -> Vec<Task> {
        let store = SqliteStore::open(self.path()).unwrap();
        self.ids.iter().map(|id| store.task(*id).unwrap().unwrap()).collect()
    }

    fn hook_was_run(&self) -> bool {
        self.folder.path().join("hook").exists()
    }
}

/// A sensor of the job at `path`.
fn sensor(api: &Loopback, path: &str) -> String {
    json!({
        "endpoint": api.url(path),
        "response_check": {"expression": "Body.state == 'done'"},
        "poke_interval": 0.05,
        "deferrable": true,
    })
    .to_string()
}

fn state(state: &str) -> Reply {
    Reply::json(200, &json!({ "state": state }).to_string())
}

#[tokio::test]
async fn a_run_touches_no_other_task() {
    let api = Loopback::start(|_| state("done"));
    let others = Others::new(&api);
    let before = others.tasks();
    let maitred = Maitred::new();
    let command =
        ["run", "http.sensor", "--args", &sensor(&api, "/own"), "--store", &others.path()];
    let ran = maitred.run(&command).await;
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    assert_eq!(others.tasks(), before);
    assert!(!others.hook_was_run());
    let paths: Vec<_> = api.requests().into_iter().map(|request| request.path).collect();
    assert!(paths.iter().all(|path| path == "/own"), "{paths:?}");

    // A triggerer finds all of them as they were left.
    let ran = maitred.run(&["triggerer", "--until-idle", "--store", &others.path()]).await;
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    assert!(others.hook_was_run());
    let states: Vec<_> = others.tasks().iter().map(|task| task.state).collect();
    let [done, failed, cancelled] = [TaskState::Success, TaskState::Failed, TaskState::Cancelled];
    assert_eq!(states, [done, failed, done, cancelled, done]);
}

#[tokio::test]
async fn runs_of_one_store_go_on_beside_each_other() {
    let second = Arc::new(AtomicBool::new(false));
    let api = Loopback::start({
        let second = Arc::clone(&second);
        move |request| match request.path.as_str() {
            "/second" => {
                second.store(true, Ordering::SeqCst);
                state("done")
            }
            _ if second.load(Ordering::SeqCst) => state("done"),
            _ => state("running"),
        }
    });
    let maitred = Maitred::new();
    let first = maitred.start(&["run", "http.sensor", "--args", &sensor(&api, "/first")]);
    while api.requests().is_empty() {
        tokio::task::yield_now().await;
    }
    // The first one ends only after the second.
    let ran = maitred.run(&["run", "http.sensor", "--args", &sensor(&api, "/second")]).await;
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    let ran = finished(first).await;
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
}

#[tokio::test]
async fn a_run_of_a_task_that_is_there_already_runs_it() {
    let api = Loopback::start(|_| state("done"));
    let (maitred, args) = (Maitred::new(), sensor(&api, "/job"));
    let task = ["http.sensor", "--args", &args, "--key", "nightly"];
    let ran = maitred.run(&[&["tasks", "submit"], &task[..]].concat()).await;
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    let ran = maitred.run(&[&["run"], &task[..], &["--on-conflict", "attach"]].concat()).await;
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    assert!(ran.stderr.contains("task 1 (nightly), http.sensor: success"), "{}", ran.stderr);
}

#[tokio::test]
async fn a_run_goes_on_where_the_triggerer_is_killed() {
    let killed = Arc::new(AtomicBool::new(false));
    let api = Loopback::start({
        let killed = Arc::clone(&killed);
        move |_| if killed.load(Ordering::SeqCst) { state("done") } else { state("running") }
    });
    let maitred = Maitred::new();
    let mut triggerer = maitred.start(&["triggerer"]);
    super::process::read_until(&mut triggerer, |said| said.contains("running the tasks")).await;
    let args = sensor(&api, "/a");
    let submitted = maitred.run(&["tasks", "submit", "http.sensor", "--args", &args]).await;
    assert_eq!(submitted.code, Some(0), "{}", submitted.stderr);
    // It has the store.
    while api.requests().is_empty() {
        tokio::task::yield_now().await;
    }
    let run = maitred.start(&["run", "http.sensor", "--args", &sensor(&api, "/own")]);
    while !api.requests().iter().any(|request| request.path == "/own") {
        tokio::task::yield_now().await;
    }
    triggerer.kill().await.unwrap();
    killed.store(true, Ordering::SeqCst);
    let ran = finished(run).await;
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    let listed = maitred.run(&["tasks", "show", "1", "--output", "json"]).await.json();
    let left: &Value = &listed["task"]["state"];
    assert_eq!(left, "deferred", "the triggerer's own task is not touched: {listed}");
}

#[tokio::test]
async fn a_poll_of_a_run_that_is_out_of_time_is_not_waited_for() {
    let api = Loopback::start(|_| Reply::Hang);
    let args = sensor(&api, "/hangs");
    let run = ["run", "http.sensor", "--args", &args, "--execution-timeout", "1s"];
    let ran = Maitred::new().run(&run).await;
    assert_eq!(ran.code, Some(3), "{}", ran.stderr);
    assert!(!ran.stderr.contains("ending: "), "the end takes less than a second: {}", ran.stderr);
}

#[cfg(unix)]
#[tokio::test]
async fn what_a_task_came_to_is_told_even_if_the_store_is_gone_by_then() {
    let api = Loopback::start(|_| Reply::text(404, "no such job"));
    let maitred = Maitred::new().variable("MAITRED_STORE", "tasks.sqlite");
    let gate = maitred.path("gate");
    assert!(std::process::Command::new("mkfifo").arg(&gate).status().unwrap().success());
    let args = json!({"endpoint": api.url("/job")}).to_string();
    let run = ["run", "http.request", "--args", &args, "--on-failure-command", "cat gate"];
    let mut running = maitred.start(&run);
    let ending = |said: &str| said.contains("ending: ");
    let said = super::process::read_until(&mut running, ending).await;
    std::fs::remove_file(maitred.path("tasks.sqlite")).unwrap();
    let ran = finished(running).await;
    assert!(matches!(ran.code, Some(1 | 4)), "{ran:?}");
    let told = format!("{said}{}{}", ran.stdout, ran.stderr);
    assert!(told.contains("404"), "{told}");
    assert!(ran.stderr.contains("was deleted, replaced or restored"), "{}", ran.stderr);
}
