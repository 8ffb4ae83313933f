//! Telling somebody that a task has failed.

use std::process::Stdio;
use std::time::Duration;

use serde_json::{Map, Value, json};
use tokio::io::AsyncWriteExt as _;
use tokio::process::Command;

use super::store::StoreError;
use super::task::{FailureHook, Task, TaskId, WebhookUrl};
use super::worker::{Workplace, on_store};
use crate::client::Call;
use crate::connection::ClientSettings;
use crate::trigger::Level;

/// How long a hook may take.
const HOOK_TIMEOUT: Duration = Duration::from_secs(30);

/// Runs the failure hook of a task that has failed, if that is still to be done. What goes wrong is a line in
/// the task's log: the task has failed either way.
pub(super) async fn tell(workplace: Workplace, id: TaskId) -> Result<(), StoreError> {
    let task = on_store(&workplace.store, move |store| store.task(id)).await?;
    // It may have been removed, or be tried again.
    let Some(task) = task.filter(|task| task.hook_pending) else { return Ok(()) };
    let Some(hook) = &task.spec.on_failure else { return Ok(()) };
    let told = tokio::select! {
        told = run(&workplace, hook, &task) => told,
        () = workplace.services.clock.sleep(HOOK_TIMEOUT) => {
            Err(format!("it took longer than {} s", HOOK_TIMEOUT.as_secs()))
        }
    };
    match told {
        Ok(()) => workplace.log.push(id, Level::Info, "the failure hook was run".to_owned()),
        Err(error) => {
            workplace.log.push(id, Level::Error, format!("the failure hook failed: {error}"));
        }
    }
    let fence = workplace.fence;
    let ended = task.ended.unwrap_or_default();
    on_store(&workplace.store, move |store| store.hook_run(fence, id, ended)).await
}

async fn run(workplace: &Workplace, hook: &FailureHook, task: &Task) -> Result<(), String> {
    let payload = json!({
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
    });
    match hook {
        FailureHook::Command(words) => command(words, &payload).await,
        FailureHook::Webhook(url) => webhook(workplace, url, payload).await,
    }
}

async fn command(words: &[String], payload: &Value) -> Result<(), String> {
    let (program, arguments) = words.split_first().ok_or("the command is empty")?;
    let mut child = Command::new(program)
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .kill_on_drop(true)
        .spawn()
        .map_err(|error| format!("{program} cannot be started: {error}"))?;
    if let Some(mut stdin) = child.stdin.take() {
        // A program that does not read has its reason.
        let _ = stdin.write_all(payload.to_string().as_bytes()).await;
    }
    let status = child.wait().await.map_err(|error| error.to_string())?;
    if status.success() { Ok(()) } else { Err(format!("{program} ended with {status}")) }
}

async fn webhook(
    workplace: &Workplace,
    url: &WebhookUrl,
    mut payload: Value,
) -> Result<(), String> {
    let url = match url {
        WebhookUrl::Literal(url) => url.clone(),
        WebhookUrl::Secret(reference) => {
            let connections = workplace.services.clients.connections();
            let secret = connections.secret(reference).await.map_err(|error| error.to_string())?;
            secret.expose().to_owned()
        }
    };
    workplace.known().redact_value(&mut payload);
    let input =
        Map::from_iter([("url".to_owned(), Value::from(url)), ("json".to_owned(), payload)]);
    let call = Call { service: "http".to_owned(), operation: "POST".to_owned(), input };
    let client = workplace.services.clients.open("http", &ClientSettings::default()).await;
    let client = client.map_err(|error| error.to_string())?;
    let reply = client.client().call(&call).await;
    reply.error().map_or(Ok(()), |error| Err(error.to_string()))
}
