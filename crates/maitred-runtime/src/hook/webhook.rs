//! A URL that gets the task in a POST.

use serde_json::{Map, Value, json};
use url::Url;

use super::error::{HOOK_TIMEOUT, HookError};
use crate::connection::ClientSettings;
use crate::task::WebhookUrl;
use crate::worker::Workplace;
use maitred_core::client::{Call, CallError, HTTP_SERVICE, Observation, Output};
use maitred_core::engine::is_transient;

/// The largest number of redirects that are followed.
const MAX_REDIRECTS: u32 = 5;

/// Posts the task, within the time that an attempt has.
pub(super) async fn post(
    workplace: &Workplace,
    url: &WebhookUrl,
    mut payload: Value,
) -> Result<(), HookError> {
    let url = match url {
        WebhookUrl::Literal(url) => url.clone(),
        WebhookUrl::Secret(reference) => {
            let secret = workplace.services.clients.connections().secret(reference).await;
            secret.map_err(|error| HookError::passing(error.to_string()))?.expose().to_owned()
        }
    };
    workplace.known().redact_value(&mut payload);
    tokio::select! {
        biased;
        told = follow(workplace, url, payload) => told,
        () = workplace.services.clock.sleep(HOOK_TIMEOUT) => {
            Err(HookError::passing(format!("no answer within {} s", HOOK_TIMEOUT.as_secs())))
        }
    }
}

/// Posts to `url`, and to where the server of that URL wants to have the POST.
async fn follow(workplace: &Workplace, mut url: String, payload: Value) -> Result<(), HookError> {
    let client = workplace.services.clients.open("http", &ClientSettings::default()).await;
    let client = client.map_err(|error| HookError::passing(error.to_string()))?;
    for _ in 0..=MAX_REDIRECTS {
        let input = [
            ("url".to_owned(), Value::from(url.as_str())),
            ("json".to_owned(), payload.clone()),
            // What follows a redirect may be a GET, which tells nobody anything.
            ("followRedirects".to_owned(), json!(false)),
        ];
        let call = Call::new(HTTP_SERVICE, "POST", Map::from_iter(input));
        match client.call(&call).await {
            Observation::Error(error) => return Err(failed(&error)),
            Observation::Output(Output { error: Some(error), .. }) => return Err(failed(&error)),
            Observation::Output(output) => match output.status.unwrap_or_default() {
                200..=299 => return Ok(()),
                status @ (307 | 308) => url = moved(&url, status, &output)?,
                status @ 300..=399 => {
                    let message = format!(
                        "it answered {status}, a redirect that leaves the POST behind: give the URL \
                         that takes it"
                    );
                    return Err(HookError::lasting(message));
                }
                status => return Err(HookError::passing(format!("it answered {status}"))),
            },
        }
    }
    Err(HookError::lasting(format!("it redirects more than {MAX_REDIRECTS} times")))
}

fn failed(error: &CallError) -> HookError {
    // 425: too early, <https://www.rfc-editor.org/rfc/rfc8470>.
    let passes = is_transient(error, &[]) || error.status() == Some(425);
    let retry_after = error.retry_after();
    HookError { passes, retry_after, ..HookError::lasting(error.to_string()) }
}

/// The URL at which the server wants the POST instead. The task is for this server alone.
fn moved(from: &str, status: u16, output: &Output) -> Result<String, HookError> {
    let location = output.document.value()["Headers"]["location"].as_str();
    let from = Url::parse(from).ok();
    let to = from.as_ref().zip(location).and_then(|(from, location)| from.join(location).ok());
    match (from, to) {
        (Some(from), Some(to)) if from.origin() == to.origin() => Ok(to.into()),
        _ => {
            let message = format!(
                "it answered {status}, a redirect to another server, which does not get the task: \
                 give that server's URL"
            );
            Err(HookError::lasting(message))
        }
    }
}
