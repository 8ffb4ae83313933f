//! What a triggerer tells others: failure hooks, and calls that undo.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use maitred::operator::Intent;
use maitred::runtime::task::{Change, FailureHook, Transition};
use maitred::runtime::{Engine as _, TaskState};
use serde_json::Value;

use super::probe::{Act, Probe, Wait};
use super::scene::Scene;
use crate::support::loopback::{Loopback, Reply};

#[tokio::test]
async fn a_failure_is_told_to_a_command_and_to_a_webhook() {
    let folder = tempfile::tempdir().unwrap();
    let told = folder.path().join("told.json");
    let server = Loopback::start(|_| Reply::json(200, "{}"));
    let scene = Scene::new();
    let command = ["sh", "-c", &format!("cat > '{}'", told.display())].map(str::to_owned);
    let hooks =
        [FailureHook::Command(command.to_vec()), FailureHook::Webhook(server.url("/told").into())];
    for hook in hooks {
        let mut probe = Probe::new(Act::Fatal("no such thing".to_owned()));
        probe.task.on_failure = Some(hook);
        scene.submit(probe);
    }
    // A success is told to nobody, and a hook that cannot be run harms nobody.
    let mut probe = Probe::new(Act::Result(Value::Null));
    probe.task.on_failure = Some(FailureHook::Webhook(server.url("/never").into()));
    scene.submit(probe);
    let mut probe = Probe::new(Act::Fatal("no such thing".to_owned()));
    probe.task.on_failure = Some(FailureHook::Command(vec!["/no/such/program".to_owned()]));
    let broken = scene.submit(probe);
    scene.run().await;
    let requests = server.requests();
    assert_eq!(requests.len(), 1, "{requests:?}");
    assert_eq!((&*requests[0].method, &*requests[0].path), ("POST", "/told"));
    let texts = [requests[0].text(), std::fs::read_to_string(told).unwrap()];
    for text in texts {
        let told: Value = serde_json::from_str(&text).unwrap();
        assert_eq!(told["version"], 1);
        assert_eq!(told["task"]["state"], "failed");
        assert_eq!(told["task"]["message"], "no such thing");
        assert_eq!(told["task"]["operator"], "test.probe");
    }
    assert_eq!(scene.task(broken).state, TaskState::Failed);
    let log = scene.store.logs(broken, 0).unwrap();
    assert!(log.iter().any(|line| line.message.contains("the failure hook failed")), "{log:?}");
}

#[tokio::test]
async fn a_failure_that_nobody_was_told_of_is_told_by_the_next_triggerer() {
    let server = Loopback::start(|_| Reply::json(200, "{}"));
    let scene = Scene::new();
    let mut probe = Probe::new(Act::Result(Value::Null));
    probe.task.on_failure = Some(FailureHook::Webhook(server.url("/told").into()));
    let id = scene.submit(probe);
    // A triggerer that dies once the failure is stored.
    let fence = scene.store.acquire(scene.now()).unwrap();
    let claimed = scene.store.claim(fence, scene.now(), &[id]).unwrap();
    let transition = Transition::End(TaskState::Failed, None);
    let change = Change::of(&claimed.tasks[0], transition, "lost");
    assert_eq!(scene.store.commit(fence, &[change], scene.now()).unwrap(), [true]);
    scene.run().await;
    scene.run().await;
    assert_eq!(server.requests().len(), 1);
    assert!(!scene.task(id).hook_pending);
}

#[tokio::test]
async fn a_task_that_ends_in_doubt_because_somebody_cancels_it_is_told() {
    let server = Loopback::start(|_| Reply::json(200, "{}"));
    let scene = Scene::new();
    let mut probe = Probe::new(Act::Result(Value::Null));
    probe.task.on_failure = Some(FailureHook::Webhook(server.url("/told").into()));
    let id = scene.submit(probe);
    // It is alive for as long as this test's other task.
    let other = scene.submit(Probe::new(Act::Defer(Wait::After(3600.0))));
    let fence = scene.store.acquire(scene.now()).unwrap();
    let task = scene.store.claim(fence, scene.now(), &[id]).unwrap().tasks.remove(0);
    let intent = Intent::new(0, "make", Value::Null);
    scene.store.begin(fence, id, task.step, &intent).unwrap();
    let due = scene.now().plus(Duration::from_secs(3600));
    let transition = Transition::Requeue(due);
    let change = Change::of(&task, transition, "later");
    scene.store.commit(fence, &[change], scene.now()).unwrap();
    let cancel = async {
        scene.until(|| scene.task(other).state == TaskState::Deferred).await;
        let state = scene.engine().cancel(id, false).await.unwrap();
        assert_eq!(state, TaskState::InDoubt);
        scene.until(|| !scene.task(id).hook_pending).await;
        assert_eq!(server.requests().len(), 1);
        scene.engine().cancel(other, false).await.unwrap();
    };
    tokio::join!(cancel, scene.run());
    assert_eq!(server.requests().len(), 1);
}

#[tokio::test]
async fn undoing_sends_the_call_once_and_nothing_for_a_pure_wait() {
    let server = Loopback::start(|_| Reply::json(200, "{}"));
    let scene = Scene::new();
    let task = |undo: Option<String>| {
        let mut probe = Probe::new(Act::Defer(Wait::After(3600.0)));
        probe.args.undo = undo;
        scene.submit(probe)
    };
    let undone = task(Some(server.url("/undo")));
    let kept = task(Some(server.url("/kept")));
    let pure = task(None);
    let cancel = async {
        let all = [(undone, true), (kept, false), (pure, true)];
        let deferred = || all.iter().all(|(id, _)| scene.task(*id).state == TaskState::Deferred);
        scene.until(deferred).await;
        for (id, undo) in all {
            scene.engine().cancel(id, undo).await.unwrap();
        }
    };
    tokio::join!(cancel, scene.run());
    let requests = server.requests();
    assert_eq!(requests.len(), 1, "{requests:?}");
    assert_eq!((&*requests[0].method, &*requests[0].path), ("DELETE", "/undo"));
    for (id, message) in [
        (undone, "cancelled by a user; undone: tell the server"),
        (kept, "cancelled by a user"),
        (pure, "cancelled by a user; there was nothing to undo"),
    ] {
        let task = scene.task(id);
        assert_eq!(task.state, TaskState::Cancelled);
        assert_eq!(task.message.as_deref(), Some(message));
    }
}

#[tokio::test]
async fn a_task_that_fails_again_while_its_hook_runs_is_told_of_again() {
    let folder = tempfile::tempdir().unwrap();
    let (told, gate) = (folder.path().join("told"), folder.path().join("gate"));
    assert!(std::process::Command::new("mkfifo").arg(&gate).status().unwrap().success());
    // Opening a pipe waits for the other end: no hook ends before it is let go on.
    let script = format!("cat >> '{}'; cat '{}'", told.display(), gate.display());
    let let_go_on = || {
        let gate = gate.clone();
        tokio::task::spawn_blocking(move || std::fs::write(gate, "go on").unwrap())
    };
    let scene = Scene::new();
    let mut probe = Probe::new(Act::Fatal("no such thing".to_owned()));
    let command = ["sh", "-c", &script].map(str::to_owned);
    probe.task.on_failure = Some(FailureHook::Command(command.to_vec()));
    let id = scene.submit(probe);
    let tries = || {
        let told = std::fs::read_to_string(&told).unwrap_or_default();
        let told = serde_json::Deserializer::from_str(&told).into_iter::<Value>();
        told.map_while(Result::ok).map(|told| told["task"]["try"].clone()).collect::<Vec<_>>()
    };
    let fail_again = async {
        scene.until(|| tries() == [1]).await;
        scene.store.retry(id, None, scene.now()).unwrap();
        let has_failed_again = || {
            let task = scene.task(id);
            (task.state, task.try_number) == (TaskState::Failed, 2)
        };
        scene.until(has_failed_again).await;
        let_go_on().await.unwrap();
        scene.until(|| tries() == [1, 2]).await;
        let_go_on().await.unwrap();
    };
    tokio::join!(fail_again, scene.run());
    assert_eq!(tries(), [1, 2]);
    assert!(!scene.task(id).hook_pending);
}

#[tokio::test]
async fn many_tasks_cancelled_together_are_undone_once_each() {
    const TASKS: usize = 200;
    let server = Loopback::start(|_| Reply::json(200, "{}"));
    let scene = Scene::new();
    let submit = |number| {
        let mut probe = Probe::new(Act::Defer(Wait::After(3600.0)));
        probe.args.undo = Some(server.url(&format!("/{number}")));
        scene.submit(probe)
    };
    let tasks: Vec<_> = (0..TASKS).map(submit).collect();
    let all = |state| tasks.iter().all(|id| scene.task(*id).state == state);
    let cancel = async {
        scene.until(|| all(TaskState::Deferred)).await;
        for id in &tasks {
            scene.engine().cancel(*id, true).await.unwrap();
        }
    };
    tokio::join!(cancel, scene.run());
    assert!(all(TaskState::Cancelled));
    let mut paths: Vec<_> = server.requests().into_iter().map(|request| request.path).collect();
    assert_eq!(paths.len(), TASKS);
    paths.sort_unstable();
    paths.dedup();
    assert_eq!(paths.len(), TASKS);
}

#[tokio::test]
async fn hooks_that_have_not_begun_at_the_end_are_left_to_the_next_triggerer() {
    const TASKS: usize = 40;
    const AT_ONCE: usize = 16;
    let folder = tempfile::tempdir().unwrap();
    let (told, gate) = (folder.path().join("told"), folder.path().join("gate"));
    assert!(std::process::Command::new("mkfifo").arg(&gate).status().unwrap().success());
    let script = format!("echo >> '{}'; cat '{}'", told.display(), gate.display());
    let begun = || std::fs::read_to_string(&told).unwrap_or_default().lines().count();
    let scene = Scene::new();
    for _ in 0..TASKS {
        let mut probe = Probe::new(Act::Fatal("no such thing".to_owned()));
        let command = ["sh", "-c", &script].map(str::to_owned);
        probe.task.on_failure = Some(FailureHook::Command(command.to_vec()));
        scene.submit(probe);
    }
    let is_ending = AtomicBool::new(false);
    let all_begun = || {
        let so = begun() == AT_ONCE;
        is_ending.store(so, Ordering::SeqCst);
        so
    };
    let let_go_on = async {
        // Not before: a hook that ends makes room for another one until then.
        scene.until(|| is_ending.load(Ordering::SeqCst)).await;
        // Whatever opens the pipe later goes on, too.
        let gate = gate.clone();
        tokio::task::spawn_blocking(move || {
            let open = std::fs::File::options().write(true).open(&gate).unwrap();
            std::fs::remove_file(&gate).unwrap();
            std::fs::write(&gate, "go on").unwrap();
            drop(open);
        })
        .await
        .unwrap();
    };
    tokio::join!(let_go_on, scene.run_until(all_begun));
    assert_eq!(begun(), AT_ONCE, "those that ran were given their time");
    scene.run().await;
    assert_eq!(begun(), TASKS, "each is told once");
}
