//! Failure hooks: they are tried again if they fail, a bounded number of times, also after a restart.

use std::time::Duration;

use serde_json::{Value, json};

use super::access::StoreAccess;
use super::redact;
use super::store::{Fence, StoreError};
use super::task::{FailureHook, HookProgress, Task, TaskId};
use super::worker::Workplace;
use crate::trigger::Level;
use maitred_core::clock::Timestamp;

mod command;
mod error;
mod webhook;

use error::HookError;

/// The largest number of attempts at a hook whose failure may pass: over about nine minutes.
const MAX_ATTEMPTS: u32 = 10;

/// The pause after the first attempt; it doubles with every further one.
const FIRST_PAUSE: Duration = Duration::from_secs(1);

/// The longest pause, also where a server asks for a longer one.
const MAX_PAUSE: Duration = Duration::from_secs(600);

/// The state of a task's hook after a look at it.
#[derive(Debug, Clone, Copy)]
pub(super) enum Told {
    /// There is nothing left to do.
    Over,
    /// An attempt has failed; the next is due then.
    Again(Timestamp),
    /// It is not due before then.
    NotYet(Timestamp),
}

/// Runs the failure hook of a task that has failed, if that is due, and stores what came of it.
pub(super) async fn tell(
    workplace: Workplace,
    store: StoreAccess,
    fence: Fence,
    id: TaskId,
) -> Result<Told, StoreError> {
    let task = store.run(move |store| store.task(id)).await?;
    // It may have been removed, or be tried again.
    let Some(task) = task.filter(|task| task.hook_pending) else { return Ok(Told::Over) };
    let Some(hook) = &task.spec.on_failure else { return Ok(Told::Over) };
    let now = workplace.services.clock.now();
    // A pause that seems to be longer than any is: the clock was set back.
    let pause = task.hook.next.map(|next| next.since(now)).filter(|pause| *pause <= MAX_PAUSE);
    if let Some(pause) = pause.filter(|pause| !pause.is_zero()) {
        return Ok(Told::NotYet(now.plus(pause)));
    }
    let payload = payload(&task);
    let told = match hook {
        FailureHook::Command(words) => command::run(&workplace, words, &payload).await,
        FailureHook::Webhook(url) => webhook::post(&workplace, url, payload).await,
    };
    let attempts = task.hook.attempts.saturating_add(1);
    let error = told.err();
    let pause = error.as_ref().and_then(|error| pause_after(attempts, error));
    let (level, message) = line(attempts, error.as_ref(), pause);
    let next = pause.map(|pause| workplace.services.clock.now().plus(pause));
    let line = workplace.log.line(id, level, message);
    let mut error = error.map(|error| error.to_string());
    error.iter_mut().for_each(|error| redact::text(workplace.known(), error));
    let progress = HookProgress { attempts, next, error };
    let ended = task.ended.unwrap_or_default();
    store.run(move |store| store.hook_run(fence, id, ended, &progress, &line)).await?;
    Ok(next.map_or(Told::Over, Told::Again))
}

fn payload(task: &Task) -> Value {
    json!({
        "version": 1,
        "task": {
            "id": task.id,
            "key": task.spec.key,
            "operator": task.spec.operator,
            "args": task.spec.args,
            "state": task.state,
            "message": task.message,
            "try": task.try_number,
        },
    })
}

/// The pause before the attempt after this one; `None`: there is none.
fn pause_after(attempts: u32, error: &HookError) -> Option<Duration> {
    let again = error.passes && attempts < MAX_ATTEMPTS;
    let own = FIRST_PAUSE * 2_u32.saturating_pow(attempts.saturating_sub(1));
    again.then(|| own.max(error.retry_after.unwrap_or_default()).min(MAX_PAUSE))
}

/// The line of the log about an attempt.
fn line(attempts: u32, error: Option<&HookError>, pause: Option<Duration>) -> (Level, String) {
    let Some(error) = error else {
        return (Level::Info, "the failure hook was run".to_owned());
    };
    let failed = format!("the failure hook failed: {error}");
    match pause {
        Some(pause) => (Level::Warning, format!("{failed}; again in {} s", pause.as_secs())),
        None if attempts > 1 => {
            (Level::Error, format!("{failed}; given up after {attempts} attempts"))
        }
        None => (Level::Error, failed),
    }
}
