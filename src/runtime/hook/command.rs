//! A program that gets the task on standard input.

use std::collections::HashSet;
use std::process::{ExitStatus, Stdio};
use std::sync::{Mutex, PoisonError};

use serde_json::Value;
use tokio::io::AsyncWriteExt as _;
use tokio::process::{Child, Command};

use super::{HOOK_TIMEOUT, HookError};
use crate::process_group;
use crate::runtime::worker::Workplace;

/// The commands that run now, each by the process that leads its group.
#[derive(Debug, Default)]
pub(in crate::runtime) struct Commands(Mutex<HashSet<u32>>);

impl Commands {
    /// Kills all of them, with the processes that they have started.
    pub(in crate::runtime) fn kill_all(&self) {
        let leaders = std::mem::take(&mut *self.lock());
        leaders.into_iter().for_each(process_group::kill);
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashSet<u32>> {
        // A number is inserted whole or not at all, so a poisoned set is still good.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A command that runs. Unless it ends by itself, it is killed when this is dropped.
struct Running<'a> {
    commands: &'a Commands,
    leader: Option<u32>,
}

impl<'a> Running<'a> {
    fn new(commands: &'a Commands, child: &Child) -> Self {
        let leader = child.id();
        commands.lock().extend(leader);
        Self { commands, leader }
    }

    /// It has ended. What it has left behind on purpose goes on.
    fn ended(mut self) {
        if let Some(leader) = self.leader.take() {
            self.commands.lock().remove(&leader);
        }
    }
}

impl Drop for Running<'_> {
    fn drop(&mut self) {
        let leader = self.leader.filter(|leader| self.commands.lock().remove(leader));
        leader.into_iter().for_each(process_group::kill);
    }
}

/// Runs a command, within the time that an attempt has. It is not repeated if it fails: nobody knows what it
/// has done by then.
pub(super) async fn run(
    workplace: &Workplace,
    words: &[String],
    payload: &Value,
) -> Result<(), HookError> {
    let lasting = |message: String| HookError::lasting(message);
    let (program, arguments) =
        words.split_first().ok_or_else(|| lasting("the command is empty".to_owned()))?;
    let mut command = Command::new(program);
    command.args(arguments).stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null());
    command.kill_on_drop(true);
    process_group::lead(&mut command);
    let spawned = command.spawn();
    let mut child =
        spawned.map_err(|error| lasting(format!("{program} cannot be started: {error}")))?;
    let running = Running::new(&workplace.commands, &child);
    let ended = tokio::select! {
        ended = finish(&mut child, payload) => {
            ended.map_err(|error| lasting(format!("{program}: {error}")))
        }
        () = workplace.services.clock.sleep(HOOK_TIMEOUT) => {
            let seconds = HOOK_TIMEOUT.as_secs();
            Err(lasting(format!("{program} took longer than {seconds} s and was killed")))
        }
    };
    match ended {
        Ok(status) => {
            running.ended();
            if status.success() {
                return Ok(());
            }
            Err(lasting(format!("{program} ended with {status}")))
        }
        Err(error) => {
            drop(running);
            Err(error)
        }
    }
}

/// Gives the program its input, and waits for its end.
async fn finish(child: &mut Child, payload: &Value) -> std::io::Result<ExitStatus> {
    if let Some(mut stdin) = child.stdin.take() {
        // A program that does not read has its reason.
        let _ = stdin.write_all(payload.to_string().as_bytes()).await;
    }
    child.wait().await
}
