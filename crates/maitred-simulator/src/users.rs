//! The users: what each does, in a process of its own.

use std::sync::Arc;
use std::time::Duration;

use maitred_core::clock::Clock as _;
use maitred_runtime::operator::Settled;
use maitred_runtime::task::TaskState;
use maitred_runtime::{EmbeddedEngine, Engine as _, Task};
use serde_json::json;

use crate::machine::{Machine, Running};
use crate::plan::{self, Act};
use crate::process::Process;

impl Machine {
    /// The engine of a process of a user.
    fn engine(&self, process: &Arc<Process>) -> EmbeddedEngine {
        let clock = Arc::new(self.world.clock.clone());
        EmbeddedEngine::new(Arc::new(self.store(process)), Arc::clone(&self.registry), clock)
            .with_clients(self.clients(process))
            .with_catalog(Arc::clone(&self.catalog))
            .with_blocking(self.blocking(process))
    }

    /// Does what a user does, in a process of its own.
    pub(crate) async fn perform(self, number: usize, act: Act) {
        let process = Arc::new(Process::new(format!("user {number}")));
        tokio::select! {
            biased;
            () = process.killed() => self.world.say(process.name(), "is dead"),
            () = self.perform_in(&process, act) => {}
        }
    }

    async fn perform_in(&self, process: &Arc<Process>, act: Act) {
        let engine = self.engine(process);
        let said = match act {
            Act::Submit(task, due) => {
                let task = plan::due_after(&task, due, self.world.clock.now());
                let started = engine.start(task).await;
                format!("submits: {}", shown(&started))
            }
            Act::Cancel(which, undo) => {
                let Some(task) = self.task(which, |state| !state.is_final()) else { return };
                let undo_text = if undo { ", with undo" } else { "" };
                let cancelled = engine.cancel(task.id, undo).await;
                format!("cancels task {}{undo_text}: {}", task.id, shown(&cancelled))
            }
            Act::Retry(which) => {
                let Some(task) = self.task(which, TaskState::is_final) else { return };
                format!("retries task {}: {}", task.id, shown(&engine.retry(task.id, None).await))
            }
            Act::Settle(which) => {
                let in_doubt = |state| state == TaskState::InDoubt;
                let Some(task) = self.task(which, in_doubt) else { return };
                let Some(settled) = self.truth(&task) else { return };
                let done = engine.settle(task.id, settled.clone()).await;
                format!("settles task {} as {settled:?}: {}", task.id, shown(&done))
            }
            Act::Prune => format!("prunes: {}", shown(&engine.prune(self.world.clock.now()).await)),
            Act::SetWall(by) => {
                self.world.lock().judge.clock_set = true;
                self.world.clock.set_wall(by);
                format!("sets the clock by {by} ms")
            }
            Act::Stop => {
                let running = self.current();
                running.into_iter().for_each(|running| running.stop.notify_one());
                "stops the triggerer".to_owned()
            }
            Act::TakeOver => {
                self.taken.notify_one();
                "starts another triggerer".to_owned()
            }
            Act::Freeze(pause) => {
                self.freeze(pause).await;
                format!("lets the triggerer go on after {} ms", pause.as_millis())
            }
        };
        self.world.say(process.name(), &said);
    }

    async fn freeze(&self, pause: Duration) {
        let Some(Running { process, .. }) = self.current() else { return };
        process.freeze(true);
        self.world.say(process.name(), "stands still");
        self.until(self.world.clock.elapsed() + pause).await;
        process.freeze(false);
        self.world.lock().judge.interrupted(self.world.clock.now());
    }

    /// One of the tasks in such a state.
    fn task(&self, which: usize, such: impl Fn(TaskState) -> bool) -> Option<Task> {
        let mut tasks = self.tasks();
        tasks.retain(|task| such(task.state));
        let count = tasks.len().max(1);
        tasks.into_iter().nth(which % count)
    }

    /// What has become of the call in question, as the service knows it.
    fn truth(&self, task: &Task) -> Option<Settled> {
        let calls = self.inner.intents(task.id, task.step).ok()?;
        let open = calls.into_iter().find(|call| call.settled.is_none())?.intent;
        let state = self.world.lock();
        let call = (task.token.clone(), u64::from(open.ordinal));
        let made = state.service.jobs.iter().position(|job| job.call == call);
        Some(made.map_or(Settled::NotMade, |job| Settled::Done(json!(job))))
    }

    /// A user ends what goes on.
    pub(crate) async fn cancel_all(&self) {
        let process = Arc::new(Process::new("user"));
        let engine = self.engine(&process);
        for task in self.tasks().into_iter().filter(|task| !task.state.is_final()) {
            let cancelled = engine.cancel(task.id, false).await;
            let what = format!("cancels task {}: {}", task.id, shown(&cancelled));
            self.world.say(process.name(), &what);
        }
    }
}

fn shown<T: std::fmt::Debug, E: std::fmt::Display>(done: &Result<T, E>) -> String {
    match done {
        Ok(value) => format!("{value:?}"),
        Err(error) => error.to_string(),
    }
}
