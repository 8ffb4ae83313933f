//! A program that gets the task on standard input.

use std::process::{ExitStatus, Stdio};

use serde_json::Value;
use tokio::io::AsyncWriteExt as _;
use tokio::process::{Child, Command};

use super::error::{HOOK_TIMEOUT, HookError};
use crate::running_commands::RunningCommand;
use crate::worker::Workplace;
use maitred_core::process_group;

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
    let running = RunningCommand::new(&workplace.commands, &child);
    let ended = tokio::select! {
        biased;
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
