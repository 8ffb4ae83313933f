//! The triggerer in this process, with operators and triggers that misbehave.
//!
//! Time is tokio's and stands still until nothing else is left to do, except where there is a network.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use maitred::clock::Timestamp;
use maitred::runtime::store::Submitted;
use maitred::runtime::task::MAX_RESULT_BYTES;
use maitred::runtime::{
    Engine as _, NewTask, OnConflict, Registry, Task, TaskId, TaskState, TriggererOptions,
};
use maitred::trigger::TaskEnd;
use serde_json::{Value, json};

use probe::{Act, OldTrigger, Probe, Wait};
use scene::Scene;

mod clock_set;
mod clocks;
mod flaky;
mod hooks;
mod probe;
mod scene;
mod trouble;
mod waiter;

fn seconds(from: Timestamp, to: Timestamp) -> f64 {
    to.since(from).as_secs_f64()
}

/// When the task came into a state, in seconds since it was submitted.
fn times(scene: &Scene, id: TaskId, state: TaskState) -> Vec<f64> {
    let created = scene.task(id).created;
    let history = scene.store.history(id).unwrap();
    let of_state = history.iter().filter(|entry| entry.to == state);
    of_state.map(|entry| seconds(created, entry.at)).collect()
}

/// What happens at a time may be seen a little later.
fn assert_times(found: &[f64], expected: &[f64]) {
    let near = |(found, expected): (&f64, &f64)| *found >= *expected && *found < expected + 0.25;
    let all = found.len() == expected.len() && found.iter().zip(expected).all(near);
    assert!(all, "{found:?}, expected {expected:?}");
}

fn states(scene: &Scene, id: TaskId) -> Vec<TaskState> {
    scene.store.history(id).unwrap().iter().map(|entry| entry.to).collect()
}

#[tokio::test(start_paused = true)]
async fn a_panic_ends_its_task_only() {
    let scene = Scene::new();
    let operator = scene.submit(Probe::new(Act::Panic));
    let trigger = scene.submit(Probe::new(Act::Defer(Wait::Panic)));
    let good = scene.submit(Probe::new(Act::Defer(Wait::Fire(json!({"status": "success"})))));
    scene.run().await;
    let operator = scene.task(operator);
    assert_eq!(operator.state, TaskState::Failed);
    assert_eq!(operator.message.as_deref(), Some("panicked: out of order"));
    // The operator is told, and may know what to do about it.
    let with = json!({"trigger_crashed": {"message": "panicked: the trigger broke"}});
    assert_eq!(scene.task(trigger).result, Some(with));
    let with = json!({"event": {"status": "success"}});
    assert_eq!(scene.task(good).result, Some(with));
}

#[tokio::test(start_paused = true)]
async fn a_trigger_of_an_unknown_version_waits_for_a_program_that_knows_it() {
    let scene = Scene::new();
    let id = scene.submit(Probe::new(Act::Defer(Wait::After(10.0))));
    scene.run_until(|| scene.task(id).state == TaskState::Deferred).await;
    let old = Registry::default().with_operator::<Probe>().with_trigger::<OldTrigger>();
    scene.run_with(old, TriggererOptions::until_idle()).await;
    let blocked = scene.task(id);
    assert_eq!(blocked.state, TaskState::Blocked);
    let message = "trigger `test.wait` is stored in version 2, this program knows version 1";
    assert_eq!(blocked.message.as_deref(), Some(message));
    scene.run().await;
    assert_eq!(scene.task(id).state, TaskState::Success);
    // One whose operator nobody knows is parked as well.
    let id = scene.submit_task(NewTask::new("test.unknown", json!({})));
    scene.run().await;
    assert_eq!(scene.task(id).state, TaskState::Blocked);
}

#[tokio::test(start_paused = true)]
async fn a_trigger_may_end_its_task() {
    let scene = Scene::new();
    let end = |end| Probe::new(Act::Defer(Wait::End(end)));
    let success = scene.submit(end(TaskEnd::Success(json!(7))));
    let skip = scene.submit(end(TaskEnd::Skip("nothing there".to_owned())));
    let mut failure = Probe::new(Act::Defer(Wait::End(TaskEnd::Failure("gone".to_owned()))));
    failure.task.retries = 1;
    failure.task.retry_delay = Duration::from_secs(20);
    let failure = scene.submit(failure);
    scene.run().await;
    assert_eq!(scene.task(success).result, Some(json!(7)));
    assert_eq!(states(&scene, success).last(), Some(&TaskState::Success));
    assert_eq!(scene.task(skip).state, TaskState::Skipped);
    let failure = scene.task(failure);
    assert_eq!((failure.state, failure.try_number), (TaskState::Failed, 2));
    assert_times(&times(&scene, failure.id, TaskState::Running), &[0.0, 20.0]);
}

#[tokio::test(start_paused = true)]
async fn a_task_may_start_from_its_trigger() {
    let scene = Scene::new();
    let mut probe = Probe::new(Act::Panic);
    probe.args.from_trigger = Some(Wait::Fire(json!({"status": "success"})));
    let id = scene.submit(probe);
    scene.run().await;
    assert_eq!(scene.task(id).result, Some(json!({"event": {"status": "success"}})));
}

#[tokio::test(start_paused = true)]
async fn tasks_that_start_from_their_trigger_need_no_worker() {
    let scene = Scene::new();
    let working: Vec<_> = (0..2).map(|_| scene.submit(Probe::new(Act::Sleep(20.0)))).collect();
    let triggers: Vec<_> = (0..40)
        .map(|_| {
            let mut probe = Probe::new(Act::Panic);
            probe.args.from_trigger = Some(Wait::End(TaskEnd::Success(json!("met"))));
            scene.submit(probe)
        })
        .collect();
    let options = TriggererOptions::until_idle().with_workers(1);
    scene.run_with(probe::registry(), options).await;
    for id in triggers {
        assert_times(&times(&scene, id, TaskState::Success), &[0.0]);
    }
    // One after the other: there is one worker.
    assert_times(&times(&scene, working[0], TaskState::Success), &[20.0]);
    assert_times(&times(&scene, working[1], TaskState::Success), &[40.0]);
}

#[tokio::test(start_paused = true)]
async fn a_deferral_times_out_in_time() {
    let scene = Scene::new();
    let mut probe = Probe::new(Act::Defer(Wait::After(3600.0)));
    probe.args.timeout = Some(33.3);
    let id = scene.submit(probe);
    scene.run().await;
    assert_eq!(scene.task(id).result, Some(json!("timed_out")));
    let queued = times(&scene, id, TaskState::Queued);
    assert_times(&queued, &[0.0, 33.3]);
}

#[tokio::test(start_paused = true)]
async fn the_execution_time_out_counts_deferrals() {
    let scene = Scene::new();
    let mut probe = Probe::new(Act::Defer(Wait::After(4.0)));
    probe.args.again = true;
    probe.task.execution_timeout = Some(Duration::from_secs(10));
    probe.task.retries = 1;
    probe.task.retry_delay = Duration::from_secs(5);
    let id = scene.submit(probe);
    let mut working = Probe::new(Act::Sleep(3600.0));
    working.task.execution_timeout = Some(Duration::from_secs(10));
    let working = scene.submit(working);
    scene.run().await;
    for (id, tries) in [(id, 2), (working, 1)] {
        let task = scene.task(id);
        assert_eq!((task.state, task.try_number), (TaskState::Failed, tries), "{task:?}");
        assert!(task.message.unwrap().contains("execution time-out of 10 s"));
    }
    assert_times(&times(&scene, id, TaskState::UpForRetry), &[10.0]);
    assert_times(&times(&scene, id, TaskState::Failed), &[25.0]);
    assert_times(&times(&scene, working, TaskState::Failed), &[10.0]);
}

#[tokio::test(start_paused = true)]
async fn a_step_that_comes_back_too_late_does_not_touch_the_next_deferral() {
    let scene = Scene::new();
    // Its first step takes 10 s, its deferral 2 s; what comes then is due at 22 s.
    let mut probe = Probe::new(Act::Defer(Wait::Slow(10.0)));
    probe.args.timeout = Some(2.0);
    probe.args.then = Some(Wait::After(20.0));
    let id = scene.submit(probe);
    scene.run().await;
    assert_eq!(scene.task(id).result, Some(json!({"event": {"status": "success"}})));
    assert_times(&times(&scene, id, TaskState::Success), &[22.0]);
}

#[tokio::test(start_paused = true)]
async fn a_task_is_cancelled_in_every_state() {
    let scene = Scene::new();
    let mut later = NewTask::new("test.probe", json!({"execute": "panic"}));
    later.due = Some(scene.now().plus(Duration::from_secs(3600)));
    let queued = scene.submit_task(later);
    let running = scene.submit(Probe::new(Act::Sleep(3600.0)));
    let deferred = scene.submit(Probe::new(Act::Defer(Wait::After(3600.0))));
    let in_step = scene.submit(Probe::new(Act::Defer(Wait::Slow(3600.0))));
    let mut retried = Probe::new(Act::Fail("not yet".to_owned()));
    retried.task.retries = 1;
    let retried = scene.submit(retried);
    let blocked = scene.submit_task(NewTask::new("test.unknown", json!({})));
    let all = [
        (queued, TaskState::Queued),
        (running, TaskState::Running),
        (deferred, TaskState::Deferred),
        (in_step, TaskState::Deferred),
        (retried, TaskState::UpForRetry),
        (blocked, TaskState::Blocked),
    ];
    let there = || all.iter().all(|(id, state)| scene.task(*id).state == *state);
    let cancel = async {
        scene.until(there).await;
        for (id, _) in all {
            scene.engine().cancel(id, false).await.unwrap();
        }
    };
    tokio::join!(cancel, scene.run());
    for (id, _) in all {
        let task = scene.task(id);
        assert_eq!(task.state, TaskState::Cancelled, "{task:?}");
        assert_eq!(task.message.as_deref(), Some("cancelled by a user"));
        assert!(seconds(task.created, task.ended.unwrap()) < 5.0, "{task:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_taken_key_rejects_attaches_or_is_replaced() {
    let scene = Scene::new();
    let task = |on_conflict| {
        let mut probe = Probe::new(Act::Defer(Wait::After(60.0)));
        probe.task.key = Some("nightly".to_owned());
        probe.task.on_conflict = on_conflict;
        probe.into_task()
    };
    let first = scene.submit_task(task(OnConflict::Reject));
    scene.run_until(|| scene.task(first).state == TaskState::Deferred).await;
    let engine = scene.engine();
    let refused = engine.start(task(OnConflict::Reject)).await.unwrap_err();
    assert!(refused.to_string().contains("has the key `nightly`"), "{refused}");
    let attached = engine.start(task(OnConflict::Attach)).await.unwrap();
    assert_eq!(attached, Submitted::Attached(first));
    let replaced = engine.start(task(OnConflict::Replace)).await.unwrap();
    let Submitted::Replaced { new, old } = replaced else { panic!("{replaced:?}") };
    assert_eq!(old, first);
    scene.run().await;
    assert_eq!(scene.task(old).state, TaskState::Cancelled);
    assert_eq!(scene.task(new).state, TaskState::Success);
}

#[tokio::test(start_paused = true)]
async fn retries_wait_for_their_delay() {
    let scene = Scene::new();
    let mut probe = Probe::new(Act::Fail("not yet".to_owned()));
    probe.task.retries = 2;
    probe.task.retry_delay = Duration::from_secs(90);
    let retried = scene.submit(probe);
    let mut probe = Probe::new(Act::Fatal("never".to_owned()));
    probe.task.retries = 2;
    let fatal = scene.submit(probe);
    scene.run().await;
    assert_times(&times(&scene, retried, TaskState::Running), &[0.0, 90.0, 180.0]);
    assert_eq!(scene.task(retried).try_number, 3);
    assert_eq!(scene.task(fatal).try_number, 1);
    assert_eq!(scene.task(fatal).state, TaskState::Failed);
}

#[tokio::test(start_paused = true)]
async fn what_is_too_large_is_not_stored() {
    let scene = Scene::new();
    let large = Value::from("x".repeat(MAX_RESULT_BYTES));
    let result = scene.submit(Probe::new(Act::Result(large.clone())));
    let end = TaskEnd::Success(large.clone());
    let end = scene.submit(Probe::new(Act::Defer(Wait::End(end))));
    let event = scene.submit(Probe::new(Act::Defer(Wait::Fire(large))));
    scene.run().await;
    for id in [result, end] {
        let task = scene.task(id);
        assert_eq!((task.state, task.result), (TaskState::Failed, None));
        assert!(task.message.unwrap().contains("more than 262144"));
    }
    let with = scene.task(event).result.unwrap();
    assert!(with["trigger_crashed"]["message"].as_str().unwrap().contains("more than 262144"));
}

#[tokio::test(start_paused = true)]
async fn a_graceful_stop_finishes_what_is_in_hand_and_begins_nothing() {
    let scene = Scene::new();
    let working = scene.submit(Probe::new(Act::Sleep(20.0)));
    let in_step = scene.submit(Probe::new(Act::Defer(Wait::Slow(20.0))));
    let waiting = scene.submit(Probe::new(Act::Defer(Wait::After(1.0))));
    let there = || {
        scene.task(waiting).state == TaskState::Success
            && scene.task(in_step).state == TaskState::Deferred
            && scene.task(working).state == TaskState::Running
    };
    scene.run_until(there).await;
    assert_eq!(scene.task(working).state, TaskState::Success);
    // Its event is stored, and nobody was begun to be resumed with it.
    assert_eq!(scene.task(in_step).state, TaskState::Queued);
    assert!(scene.task(in_step).resumption.is_some());
    scene.run().await;
    assert_eq!(scene.task(in_step).state, TaskState::Success);
}

#[tokio::test(start_paused = true)]
async fn a_step_that_a_stop_cannot_wait_for_is_put_back_but_no_main_call() {
    let scene = Scene::new();
    let long = scene.submit(Probe::new(Act::Sleep(3600.0)));
    let calls = scene.submit(Probe::new(Act::Call(1800.0)));
    let both = [long, calls];
    let begun = scene.now();
    scene.run_until(|| both.iter().all(|id| scene.task(*id).state == TaskState::Running)).await;
    // The stop has waited for the call, and for no more.
    assert_times(&[seconds(begun, scene.now())], &[1800.0]);
    for id in both {
        let task = scene.task(id);
        assert_eq!((task.state, task.step, task.try_number), (TaskState::Queued, 0, 1));
        assert_eq!(task.message.as_deref(), Some("its triggerer was stopped"));
    }
    assert_times(&times(&scene, long, TaskState::Queued)[1..], &[25.0]);
    scene.run().await;
    for (id, took) in [(long, 1800.0 + 3600.0), (calls, 1800.0 + 1800.0)] {
        let task = scene.task(id);
        assert_eq!((task.state, task.try_number), (TaskState::Success, 1));
        assert_times(&[seconds(begun, task.ended.unwrap())], &[took]);
    }
}

#[tokio::test]
async fn what_a_stop_waits_for_can_be_cancelled() {
    let scene = Scene::new();
    let working = scene.submit(Probe::new(Act::Sleep(3600.0)));
    let stopping = AtomicBool::new(false);
    let cancel = async {
        scene.until(|| stopping.load(Ordering::SeqCst)).await;
        scene.engine().cancel(working, false).await.unwrap();
    };
    let is_running = || {
        let running = scene.task(working).state == TaskState::Running;
        stopping.fetch_or(running, Ordering::SeqCst);
        running
    };
    tokio::join!(cancel, scene.run_until(is_running));
    assert_eq!(scene.task(working).state, TaskState::Cancelled);
}

#[tokio::test(start_paused = true)]
async fn more_triggers_than_there_is_room_for_all_come_to_their_turn() {
    let scene = Scene::new();
    let waits: Vec<_> =
        (0..7).map(|_| scene.submit(Probe::new(Act::Defer(Wait::Slow(10.0))))).collect();
    let mut probe = Probe::new(Act::Defer(Wait::After(10.0)));
    probe.args.timeout = Some(5.0);
    let outside = scene.submit(probe);
    let options = TriggererOptions::until_idle().with_capacity(2);
    scene.run_with(probe::registry(), options).await;
    let ended: Vec<Task> = waits.into_iter().map(|id| scene.task(id)).collect();
    assert!(ended.iter().all(|task| task.state == TaskState::Success), "{ended:#?}");
    let last = ended.iter().map(|task| seconds(task.created, task.ended.unwrap()));
    let last = last.fold(0.0, f64::max);
    assert!((40.0..42.0).contains(&last), "{last}");
    // There was no room for it, but its time passed.
    assert_eq!(scene.task(outside).result, Some(json!("timed_out")));
    assert_times(&times(&scene, outside, TaskState::Success), &[5.0]);
}
