//! The plan of a run: what users do, and when.

use std::time::Duration;

use fastrand::Rng;
use maitred_core::clock::Timestamp;
use maitred_runtime::task::FailureHook;
use maitred_runtime::{NewTask, OnConflict};
use serde_json::json;

use crate::workload::{FILE_OPERATOR, Jobs, waiter_args};

/// What somebody does.
#[derive(Debug, Clone)]
pub enum Act {
    /// A user submits a task.
    Submit(Box<NewTask>, Option<Duration>),
    /// A user cancels one of the tasks so far.
    Cancel(usize, bool),
    /// A user tries one again.
    Retry(usize),
    /// A user looks what became of a call, and says so.
    Settle(usize),
    /// A user removes tasks that have ended.
    Prune,
    /// Somebody sets the wall clock by so many milliseconds.
    SetWall(i64),
    /// The triggerer is asked to end, and another begins.
    Stop,
    /// Another triggerer takes the store while the last one is alive.
    TakeOver,
    /// The triggerer stands still for so long.
    Freeze(Duration),
}

/// An act and its time.
#[derive(Debug, Clone)]
pub struct Planned {
    /// The time since the beginning.
    pub at: Duration,
    /// The act.
    pub act: Act,
}

/// The acts of a seed, in the order of their times. What is of another kind than at first is drawn from `kinds`, so that the
/// runs of the others stay what they were.
pub fn acts(random: &mut Rng, kinds: &mut Rng) -> Vec<Planned> {
    let count = random.usize(4..16);
    // Some runs leave the clock, or the triggerer, alone.
    let (clock, process) = (random.u8(..3) == 0, random.bool());
    let mut acts: Vec<_> =
        (0..count).map(|number| planned(random, number, clock, process)).collect();
    // A second request that comes right after the first.
    if random.u8(..3) == 0 {
        let (task, at) = (random.usize(..4), Duration::from_millis(random.u64(2_000..40_000)));
        acts.push(Planned { at, act: Act::Cancel(task, false) });
        let again = at + Duration::from_millis(random.u64(..1_500));
        acts.push(Planned { at: again, act: Act::Cancel(task, true) });
    }
    for planned in &mut acts {
        if let Act::Submit(task, _) = &mut planned.act
            && task.operator == "sim.jobs"
            && kinds.u8(..3) == 0
        {
            task.operator = FILE_OPERATOR.to_owned();
            task.args = json!({"takes": task.args["takes"], "second": kinds.bool()});
        }
    }
    acts.sort_by_key(|planned| planned.at);
    acts
}

fn planned(random: &mut Rng, number: usize, clock: bool, process: bool) -> Planned {
    let at = Duration::from_millis(random.u64(..60_000));
    let which = random.usize(..8);
    let act = match random.u8(..20) {
        _ if number < 2 => submission(random),
        0..=8 => submission(random),
        9..=11 => Act::Cancel(which, random.bool()),
        12 => Act::Retry(which),
        13 | 14 => Act::Settle(which),
        15 => Act::Prune,
        16 if clock => Act::SetWall(random.i64(-600_000..3_600_000)),
        17 if process => Act::Stop,
        18 if process => Act::TakeOver,
        19 if process => Act::Freeze(Duration::from_millis(random.u64(500..60_000))),
        _ => submission(random),
    };
    Planned { at, act }
}

fn submission(random: &mut Rng) -> Act {
    let timeout = (random.u8(..3) > 0).then(|| Duration::from_secs(random.u64(5..40)));
    let endless = timeout.is_some() && random.u8(..6) == 0;
    let takes = if endless { 1_000_000_000 } else { random.u64(..20_000) };
    let is_wait = random.u8(..8) == 0;
    let mut task = if is_wait {
        NewTask::new("maitred.wait", waiter_args(random.usize(..3)))
    } else {
        let jobs = Jobs {
            calls: random.u32(1..4),
            takes,
            defers: random.u8(..4) > 0,
            again: random.u32(..2),
            undo: random.bool(),
            timeout: (random.u8(..4) == 0).then(|| random.u64(2..20)),
        };
        NewTask::new("sim.jobs", json!(jobs))
    };
    // A wait for a job that may never be made needs an end.
    let timeout = if is_wait { Some(timeout.unwrap_or(Duration::from_secs(30))) } else { timeout };
    task = task
        .with_retries(random.u32(..3))
        .with_retry_delay(Duration::from_millis(random.u64(..5_000)))
        .with_execution_timeout(timeout);
    if random.u8(..4) == 0 {
        let on_conflict = [
            OnConflict::Reject,
            OnConflict::Attach,
            OnConflict::Replace,
            OnConflict::Replace,
            OnConflict::Done,
        ];
        task = task.with_key("nightly").with_on_conflict(on_conflict[random.usize(..5)]);
    }
    if random.bool() {
        task = task.with_on_failure(FailureHook::Webhook("http://sim/told".to_owned().into()));
    }
    let due = (random.u8(..8) == 0).then(|| Duration::from_millis(random.u64(..20_000)));
    Act::Submit(Box::new(task), due)
}

/// The task as it is submitted at `now`.
#[must_use]
pub fn due_after(task: &NewTask, due: Option<Duration>, now: Timestamp) -> NewTask {
    task.clone().with_due(due.map(|due| now.plus(due)))
}
