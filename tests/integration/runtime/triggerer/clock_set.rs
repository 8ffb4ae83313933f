//! The wall clock is set, forward and back, under a triggerer; a machine that was suspended is the former.

use std::time::Duration;

use maitred::clock::Clock as _;
use maitred::runtime::{TaskId, TaskState};
use serde_json::json;

use super::probe::{Act, Probe, Wait};
use super::scene::Scene;

/// By how much the clock is set.
const BY: Duration = Duration::from_secs(120);

/// What is done to the wall clock.
#[derive(Debug, Clone, Copy)]
enum Set {
    Forward,
    Back,
}

impl Set {
    const BOTH: [Self; 2] = [Self::Forward, Self::Back];

    fn the_clock(self, scene: &Scene) {
        match self {
            Self::Forward => scene.clocks().set_forward(BY),
            Self::Back => scene.clocks().set_back(BY),
        }
    }
}

/// Runs a triggerer, and beside it this.
async fn beside(scene: &Scene, act: impl Future<Output = ()> + Send) {
    let over = std::sync::atomic::AtomicBool::new(false);
    let act = async {
        act.await;
        over.store(true, std::sync::atomic::Ordering::SeqCst);
    };
    let run = scene.run_until(|| over.load(std::sync::atomic::Ordering::SeqCst));
    tokio::join!(run, act);
}

/// How many seconds pass on the monotonic clock until a task is in this state.
async fn until(scene: &Scene, id: TaskId, state: TaskState) -> f64 {
    let begun = scene.clocks().monotonic();
    scene.until(|| scene.task(id).state == state).await;
    (scene.clocks().monotonic() - begun).as_secs_f64()
}

async fn passes(scene: &Scene, seconds: u64) {
    let end = scene.clocks().monotonic() + Duration::from_secs(seconds);
    scene.until(|| scene.clocks().monotonic() >= end).await;
}

fn assert_near(found: f64, expected: f64) {
    assert!((expected..expected + 1.5).contains(&found), "{found} s, expected {expected} s");
}

fn deferred(wait: Wait) -> super::probe::ProbeTask {
    Probe::new(Act::Defer(wait))
}

#[tokio::test(start_paused = true)]
async fn a_new_task_is_run_at_once() {
    for set in Set::BOTH {
        let scene = Scene::new();
        beside(&scene, async {
            passes(&scene, 5).await;
            set.the_clock(&scene);
            let id = scene.submit(deferred(Wait::Fire(json!({"status": "success"}))));
            assert_near(until(&scene, id, TaskState::Success).await, 0.0);
        })
        .await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_task_of_a_process_whose_clock_differs_is_run_at_once() {
    let scene = Scene::new();
    beside(&scene, async {
        for now in [scene.now().plus(BY), scene.now().minus(BY)] {
            let task = Probe::new(Act::Result(json!(1))).into_task();
            let id = scene.store.submit(&[task], now).unwrap()[0].id();
            assert_near(until(&scene, id, TaskState::Success).await, 0.0);
        }
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_resumed_task_is_run_at_once() {
    for set in Set::BOTH {
        let scene = Scene::new();
        let id = scene.submit(deferred(Wait::Slow(10.0)));
        beside(&scene, async {
            passes(&scene, 5).await;
            set.the_clock(&scene);
            let taken = until(&scene, id, TaskState::Success).await;
            // A sleep is over early when the clock is set forward.
            assert_near(taken, if matches!(set, Set::Forward) { 0.0 } else { 5.0 });
        })
        .await;
    }
}

#[tokio::test(start_paused = true)]
async fn time_outs_are_over_when_the_wall_clock_has_passed_them() {
    let scene = Scene::new();
    let mut of_deferral = deferred(Wait::After(100_000.0));
    of_deferral.args.timeout = Some(60.0);
    let mut of_try = deferred(Wait::After(100_000.0));
    of_try.task.execution_timeout = Some(BY / 2);
    let mut of_step = Probe::new(Act::Sleep(100_000.0));
    of_step.task.execution_timeout = Some(BY / 2);
    let of_deferral = scene.submit(of_deferral);
    let tries = [scene.submit(of_try), scene.submit(of_step)];
    beside(&scene, async {
        passes(&scene, 5).await;
        Set::Forward.the_clock(&scene);
        assert_near(until(&scene, of_deferral, TaskState::Success).await, 0.0);
        for id in tries {
            assert_near(until(&scene, id, TaskState::Failed).await, 0.0);
        }
    })
    .await;
    assert_eq!(scene.task(of_deferral).result, Some(json!("timed_out")));
}

#[tokio::test(start_paused = true)]
async fn time_outs_wait_for_a_wall_clock_that_was_set_back() {
    let scene = Scene::new();
    let mut of_deferral = deferred(Wait::Slow(200.0));
    of_deferral.args.timeout = Some(60.0);
    let mut of_step = Probe::new(Act::Sleep(100_000.0));
    of_step.task.execution_timeout = Some(BY / 2);
    let of_deferral = scene.submit(of_deferral);
    let of_step = scene.submit(of_step);
    beside(&scene, async {
        passes(&scene, 5).await;
        Set::Back.the_clock(&scene);
        assert_near(until(&scene, of_deferral, TaskState::Success).await, 175.0);
        assert_near(until(&scene, of_step, TaskState::Failed).await, 0.0);
    })
    .await;
    let deadline = scene.task(of_step).deadline.unwrap();
    assert!(scene.task(of_step).ended.unwrap() >= deadline);
}

#[tokio::test(start_paused = true)]
async fn a_pause_between_two_steps_ends_in_time() {
    for (set, left) in [(Set::Forward, 0.0), (Set::Back, 15.0)] {
        let scene = Scene::new();
        let id = scene.submit(deferred(Wait::Twice(20.0)));
        beside(&scene, async {
            passes(&scene, 5).await;
            set.the_clock(&scene);
            assert_near(until(&scene, id, TaskState::Success).await, left);
        })
        .await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_pause_is_not_longer_for_the_next_triggerer() {
    let scene = Scene::new();
    let id = scene.submit(deferred(Wait::Twice(20.0)));
    beside(&scene, passes(&scene, 5)).await;
    assert_eq!(scene.task(id).state, TaskState::Deferred);
    Set::Back.the_clock(&scene);
    beside(&scene, async {
        assert_near(until(&scene, id, TaskState::Success).await, 20.0);
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn the_next_try_comes_after_its_delay() {
    for (set, left) in [(Set::Forward, 0.0), (Set::Back, 15.0)] {
        let scene = Scene::new();
        let mut probe = Probe::new(Act::Fail("not yet".to_owned()));
        probe.task.retries = 1;
        probe.task.retry_delay = Duration::from_secs(20);
        let id = scene.submit(probe);
        beside(&scene, async {
            passes(&scene, 5).await;
            set.the_clock(&scene);
            assert_near(until(&scene, id, TaskState::Failed).await, left);
        })
        .await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_time_that_was_asked_for_is_one_of_the_wall_clock() {
    for (set, left) in [(Set::Forward, 0.0), (Set::Back, 175.0)] {
        let scene = Scene::new();
        let asked_for = scene.now().plus(BY / 2);
        let task = Probe::new(Act::Result(json!(1))).into_task();
        let id = scene.submit_task(task.with_due(asked_for));
        beside(&scene, async {
            passes(&scene, 5).await;
            set.the_clock(&scene);
            assert_near(until(&scene, id, TaskState::Success).await, left);
        })
        .await;
    }
}
