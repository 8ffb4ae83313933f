//! The judge: what must be true of every run, told in tasks, tokens, and the records of the service.

use std::collections::BTreeMap;
use std::time::Duration;

use maitred_core::clock::Timestamp;
use maitred_runtime::TaskId;
use maitred_runtime::operator::Settled;
use maitred_runtime::store::Fence;
use maitred_runtime::task::{CancelRequest, Change, StoredIntent, Task, TaskState, Transition};
use maitred_runtime::trigger::CancelReason;
use serde_json::Value;

use crate::fault::{Door, Fault};
use crate::service::Service;

/// How late the end of a task's time may be taken in by a triggerer that nothing has disturbed: a look-up, and the
/// `on_cancel` of a trigger and of an operator, have 30 s each.
const SLACK: Duration = Duration::from_secs(100);

/// Who has changed a task.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum By {
    /// Whoever submits it.
    Submission,
    /// The triggerer that claims it, at this time of its clock.
    Claim(Timestamp),
    /// The triggerer.
    Triggerer,
    /// A user.
    User,
}

/// What the judge knows of a task.
#[derive(Debug, Default)]
struct Known {
    last: Option<Task>,
    tries_asked: u32,
    cancelled: bool,
    undo: bool,
    /// An undo was accepted while there was a call for it.
    owed: bool,
    not_made: bool,
}

/// What was seen, and what was wrong.
#[derive(Debug, Default)]
pub struct Judge {
    tasks: BTreeMap<TaskId, Known>,
    tokens: BTreeMap<String, (TaskId, u32)>,
    fence: Option<Fence>,
    disturbed: Timestamp,
    /// The wall clock was set: no lateness is judged.
    pub clock_set: bool,
    /// The violations, in the order in which they were found.
    pub violations: Vec<String>,
}

impl Judge {
    fn violation(&mut self, text: String) {
        self.violations.push(text);
    }

    /// Checks one thing.
    fn must(&mut self, holds: bool, text: impl FnOnce() -> String) {
        if !holds {
            self.violation(text());
        }
    }

    /// Something has gone wrong that may make a triggerer late.
    pub fn disturbed(&mut self, door: Door, fault: Fault, now: Timestamp) {
        let of_user = door == Door::User && fault != Fault::KillBefore;
        if !of_user && !matches!(fault, Fault::Stale | Fault::Refused | Fault::Throttled) {
            self.disturbed = self.disturbed.max(now);
        }
    }

    /// A process has begun, was stopped, or has stood still.
    pub fn interrupted(&mut self, now: Timestamp) {
        self.disturbed = self.disturbed.max(now);
    }

    /// A triggerer has become the one of the store.
    pub fn acquired(&mut self, fence: Fence) {
        self.fence = Some(fence);
    }

    /// A triggerer has written.
    pub fn wrote(&mut self, fence: Fence, what: &str) {
        let current = self.fence;
        self.must(current == Some(fence), || {
            format!("only the last triggerer writes: {what} of {fence:?} after {current:?}")
        });
    }

    /// A request has had its effect.
    pub fn requested(&mut self, service: &Service, method: &str, endpoint: &str, body: &Value) {
        match (method, endpoint) {
            ("POST", "jobs") => {
                let token = body["token"].as_str().unwrap_or_default();
                let ordinal = body["ordinal"].as_u64().unwrap_or_default();
                let task = TaskId(body["task"].as_i64().unwrap_or_default());
                let by_user = self.tasks.get(&task).is_some_and(|known| known.not_made);
                let made = service.made(token, ordinal);
                self.must(made == 1 || by_user, || {
                    format!(
                        "a main call is made once: call {ordinal} of {task} was made {made} times"
                    )
                });
            }
            ("DELETE", endpoint) => {
                let number = endpoint.trim_start_matches("jobs/").parse().unwrap_or(usize::MAX);
                let Some(job) = service.jobs.get(number) else { return };
                let (task, stops) = (TaskId(job.task), service.stops[&number]);
                let asked = self.tasks.get(&task).is_some_and(|known| known.undo);
                self.must(asked, || format!("only what is asked for is undone: {task}"));
                self.must(stops == 1, || {
                    format!("undone once: job {number} of {task}, {stops} times")
                });
            }
            _ => {}
        }
    }

    /// A triggerer has made a change of this task, whose step had these main calls.
    pub fn changed(&mut self, change: &Change, task: &Task, calls: &[StoredIntent], to: TaskState) {
        let open = calls.iter().any(|call| call.settled.is_none());
        let main = |call: &StoredIntent| call.settled.is_none() && call.intent.name != "undo";
        let cancelled = to == TaskState::Cancelled && calls.iter().any(main);
        self.must(!cancelled, || format!("not cancelled while a call is open: {}", task.id));
        match &change.transition {
            Transition::Retry(_) => {
                self.must(!open, || format!("no other try while a call is open: {}", task.id))
            }
            Transition::End(TaskState::InDoubt, _) => self.must(open, || {
                format!("in doubt only about an open call: {} ({})", task.id, change.reason)
            }),
            Transition::End(TaskState::Failed, _) => {
                self.must(!open, || format!("no failure while a call is open: {}", task.id));
                let of_store =
                    change.reason.contains("store") || change.reason.contains("nobody knows");
                self.must(!of_store, || {
                    format!("trouble of the store is no outcome: {}: {}", task.id, change.reason)
                });
            }
            Transition::Defer(_)
            | Transition::Resume(_)
            | Transition::Requeue(_)
            | Transition::Block
            | Transition::End(..) => {}
        }
    }

    /// A user's request to cancel was accepted.
    pub fn cancel_asked(&mut self, task: &Task, request: CancelRequest, has_undo: bool) {
        let known = self.tasks.entry(task.id).or_default();
        known.cancelled = true;
        known.undo |= request.undo;
        known.owed |= request.undo && has_undo && task.state == TaskState::Deferred;
    }

    /// A task has given its key to another.
    pub fn replaced(&mut self, id: TaskId) {
        self.tasks.entry(id).or_default().cancelled = true;
    }

    /// A user's retry, or a user's word about a call, was accepted.
    pub fn asked_for_another_try(&mut self, id: TaskId, settled: Option<&Settled>) {
        let known = self.tasks.entry(id).or_default();
        known.tries_asked += 1;
        known.not_made |= settled == Some(&Settled::NotMade);
        (known.cancelled, known.undo, known.owed) = (false, false, false);
    }

    /// A task as it is now.
    pub fn observe(&mut self, task: &Task, by: By, now: Timestamp) {
        let mut wrong = Vec::new();
        if by == By::Submission {
            wrong.extend(self.same_key(task));
        }
        let known = self.tasks.entry(task.id).or_default();
        if let Some(last) = &known.last {
            wrong.extend(chain(last, task, by));
        }
        let most = task.spec.retries + 1 + known.tries_asked;
        if task.try_number > most {
            wrong.push(format!("at most {most} tries: {}", task.try_number));
        }
        if task.state == TaskState::Cancelled && !known.cancelled {
            wrong.push("cancelled only if asked".to_owned());
        }
        let changed = known.last.as_ref().is_none_or(|last| last.state != task.state);
        if changed && task.state.is_final() {
            wrong.extend(ended(known, task, self.disturbed, self.clock_set, now));
        }
        known.last = Some(task.clone());
        let at = self.tokens.entry(task.token.clone()).or_insert((task.id, task.step));
        if *at != (task.id, task.step) {
            wrong.push(format!("a token belongs to one step: {} and {}", at.1, task.step));
        }
        for text in wrong {
            self.violation(format!("{}: {text}", task.id));
        }
    }

    /// Another task of the same key that has not ended, nor given it up.
    fn same_key(&self, task: &Task) -> Option<String> {
        let key = task.spec.key.as_ref()?;
        let holds = |other: &&Task| {
            let gone = other.cancel.is_some_and(|cancel| cancel.reason == CancelReason::Replaced);
            other.id != task.id
                && other.spec.key.as_ref() == Some(key)
                && !other.state.is_final()
                && !gone
        };
        let others = self.tasks.values().filter_map(|known| known.last.as_ref());
        let other = others.filter(|_| !task.state.is_final()).find(holds)?;
        Some(format!("one task of a key has not ended: {key}, of {}", other.id))
    }

    /// The end of a run: all tasks have to be over, and all failures told.
    pub fn finish(&mut self, tasks: &[Task], service: &Service) {
        for task in tasks {
            let over = task.state.is_final();
            self.must(over, || {
                format!("every task ends once nothing goes wrong: {} is {}", task.id, task.state)
            });
            self.must(!task.hook_pending, || format!("every failure is told: {}", task.id));
            let is_bad = matches!(task.state, TaskState::Failed | TaskState::InDoubt);
            if is_bad && task.spec.on_failure.is_some() {
                let told = service.told.contains_key(&(task.id.0, u64::from(task.try_number)));
                let given_up = task.hook.error.is_some();
                self.must(told || given_up, || format!("every failure is told: {}", task.id));
            }
            if task.state == TaskState::Success && task.spec.operator != "maitred.wait" {
                let calls = task.spec.args["calls"].as_u64();
                let wanted = calls.unwrap_or(1 + u64::from(task.spec.args["second"] == true));
                let made = service.jobs.iter().filter(|job| job.task == task.id.0).count() as u64;
                self.must(made >= wanted, || {
                    format!(
                        "a success has done its work: {} made {made} of {wanted} calls",
                        task.id
                    )
                });
            }
        }
    }
}

/// What must be true from one state of a task to the next.
fn chain(last: &Task, task: &Task, by: By) -> Vec<String> {
    let mut wrong = Vec::new();
    if task.step < last.step || task.try_number < last.try_number {
        wrong.push("steps and tries only grow".to_owned());
    }
    if (task.step == last.step) != (task.token == last.token) {
        wrong.push("a step has one token, and every step another".to_owned());
    }
    if last.state.is_final() && task.state != last.state && by != By::User {
        wrong.push(format!("an end stays: {} became {}", last.state, task.state));
    }
    if last.cancel.is_some_and(|cancel| cancel.undo)
        && !task.state.is_final()
        && task.cancel.is_none_or(|cancel| !cancel.undo)
        && by != By::User
    {
        wrong.push("a request to undo is not taken back".to_owned());
    }
    let first_claim = task.try_number > last.try_number;
    match by {
        By::Claim(now) if first_claim => {
            let deadline = task.spec.execution_timeout.map(|timeout| now.plus(timeout));
            if task.deadline != deadline {
                wrong.push("a deadline is the first claim of its try and the time-out".to_owned());
            }
        }
        By::Claim(_) | By::Triggerer if task.try_number == last.try_number => {
            let cleared = task.deadline.is_none() && task.state == TaskState::UpForRetry;
            if task.deadline != last.deadline && !cleared {
                wrong.push("a deadline stays as long as its try".to_owned());
            }
        }
        By::Claim(_) | By::Triggerer | By::User | By::Submission => {}
    }
    wrong
}

/// What must be true of an end.
fn ended(
    known: &Known,
    task: &Task,
    disturbed: Timestamp,
    clock_set: bool,
    now: Timestamp,
) -> Vec<String> {
    let mut wrong = Vec::new();
    let text = task.message.clone().unwrap_or_default();
    if known.owed && !text.contains("undo") {
        wrong.push(format!("an accepted request to undo is answered: {} ({text})", task.state));
    }
    if known.owed && task.state != TaskState::Cancelled {
        wrong.push(format!("a task that is to be undone is cancelled: {}", task.state));
    }
    // One that waits for a worker that others hold is ended once it has one.
    let waited = known.last.as_ref().is_some_and(Task::waits_for_a_worker);
    if let Some(deadline) = task.deadline
        && !waited
        && disturbed < deadline
        && !clock_set
        && now.since(deadline) > SLACK
    {
        let late = now.since(deadline).as_secs();
        wrong.push(format!("a task ends at its time-out: {late} s late, {}", task.state));
    }
    wrong
}
