//! The options that describe a task.

use std::time::Duration;

use serde_json::json;

use super::arguments;
use crate::cli::duration;
use crate::cli::exit::Failure;
use crate::cli::point_in_time::{self, PointInTime};
use crate::clock::Timestamp;
use crate::runtime::task::{FailureHook, WebhookUrl};
use crate::runtime::{NewTask, OnConflict};

/// A task, except for its operator.
#[derive(Debug, Clone, clap::Args)]
pub(crate) struct SpecArgs {
    /// The operator's arguments: a JSON object, @FILE, or - for standard input
    #[arg(long, value_name = "JSON")]
    args: Option<String>,
    /// A name for the task; at most one unfinished task has it
    #[arg(long)]
    key: Option<String>,
    /// What to do if an unfinished task has the key: reject this task, attach to the other one, or replace it;
    /// with done, also attach if the last task of the key has succeeded or is in doubt
    #[arg(long, value_name = "WHAT", value_parser = on_conflict, default_value = "reject")]
    on_conflict: OnConflict,
    /// When to run it, by default at once: a time such as 2026-12-01T03:00:00Z, or a duration from now such as
    /// 90m
    #[arg(long, value_name = "TIME", value_parser = point_in_time::parse)]
    due: Option<PointInTime>,
    /// How many times to retry after the first try
    #[arg(long, value_name = "N", value_parser = retries, allow_negative_numbers = true, default_value = "0")]
    retries: u32,
    /// Time between two tries
    #[arg(long, value_name = "TIME", value_parser = duration::parse, default_value = "5m")]
    retry_delay: Duration,
    /// The maximum duration of one try, including deferrals
    #[arg(long, value_name = "TIME", value_parser = duration::parse)]
    execution_timeout: Option<Duration>,
    /// A command to run when the task fails, with the task as JSON on standard input; it may run twice if the
    /// triggerer dies
    #[arg(long, value_name = "COMMAND", conflicts_with = "on_failure_webhook")]
    on_failure_command: Option<String>,
    /// A URL to POST the task to as JSON when it fails, maybe twice if the triggerer dies. For a URL with a
    /// secret in it give a reference to the URL, {"$secret": "env:NAME"}
    #[arg(long, value_name = "URL")]
    on_failure_webhook: Option<String>,
}

fn on_conflict(text: &str) -> Result<OnConflict, String> {
    match text {
        "reject" => Ok(OnConflict::Reject),
        "attach" => Ok(OnConflict::Attach),
        "replace" => Ok(OnConflict::Replace),
        "done" => Ok(OnConflict::Done),
        _ => Err("one of reject, attach, replace, done".to_owned()),
    }
}

fn retries(text: &str) -> Result<u32, String> {
    text.parse().map_err(|_| "give a number of further tries, e.g. 3; 0 is none".to_owned())
}

impl SpecArgs {
    /// A task of `operator` that is submitted at `now`.
    pub(super) fn new_task(&self, operator: &str, now: Timestamp) -> Result<NewTask, Failure> {
        let args = match self.args.as_deref() {
            None => json!({}),
            Some(text) => arguments::read(text)?,
        };
        let command = self
            .on_failure_command
            .as_ref()
            .map(|line| FailureHook::Command(["sh", "-c", line].map(str::to_owned).to_vec()));
        let webhook = self.on_failure_webhook.as_deref().map(webhook).transpose()?;
        let mut task = NewTask::new(operator, args)
            .with_on_conflict(self.on_conflict)
            .with_retries(self.retries)
            .with_retry_delay(self.retry_delay)
            .with_execution_timeout(self.execution_timeout)
            .with_on_failure(command.or(webhook.map(FailureHook::Webhook)))
            .with_due(self.due.map(|due| due.after(now)));
        task.key.clone_from(&self.key);
        Ok(task)
    }
}

/// A URL, or a reference to a secret that is one.
fn webhook(text: &str) -> Result<WebhookUrl, Failure> {
    if !text.trim_start().starts_with('{') {
        return Ok(WebhookUrl::Literal(text.to_owned()));
    }
    serde_json::from_str(text)
        .map_err(|error| Failure::usage(format!("--on-failure-webhook: {error}")))
}
