//! A trigger that sends one HTTP request.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::{
    Level, SerializedTrigger, Step, Trigger, TriggerContext, TriggerError, TriggerEvent,
    literal_secret, send, serialized, values,
};
use crate::connection::ClientSettings;
use maitred_core::client::{Call, CallError, CallErrorKind, HTTP_SERVICE, Observation};
use maitred_core::engine::{MAX_RETRY_AFTER, is_transient};

/// The longest pause between two tries, unless the server asks for a longer one.
const MAX_RETRY_DELAY: f64 = 60.0;

/// Sends one request, and fires with its reply:
/// `{"status": "success" or "error", "message", "response": {"status_code", "headers", "content"}}`, where
/// `content` is the body, parsed if it is JSON. Without a reply there is no `response`. An error of the
/// network, 408, 429 and 5xx have `"unreachable": true` too.
///
/// A step runs at least once, so after a crash the request may be sent again: what must not be sent twice
/// goes through [`OperatorContext::main_call`](crate::operator::OperatorContext::main_call) instead.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct HttpTrigger {
    /// The method, e.g. `GET`.
    pub method: String,
    /// The request, as the input of service `http`. References to secrets in it are resolved when it is sent.
    pub input: Map<String, Value>,
    /// The connection, and what goes with it.
    #[serde(default)]
    pub client: ClientSettings,
    /// The statuses that are a success. Default: all below 400.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub statuses: Vec<u16>,
    /// JMESPath expressions over `{"StatusCode", "Headers", "Body"}`. Their values are the event's member
    /// `values`, and the `content` is left out: an event has to be small.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub values: BTreeMap<String, String>,
    /// How often it is sent at most, while no reply comes or the server is overloaded (408, 429, 5xx).
    /// Default: 3.
    #[serde(default = "default_retry_limit")]
    pub retry_limit: u32,
    /// Seconds between the first two tries; doubled every time, up to a minute, and never less than the
    /// server's `Retry-After`. Default: 1.
    #[serde(default = "default_retry_delay")]
    pub retry_delay: f64,
}

fn default_retry_limit() -> u32 {
    3
}

fn default_retry_delay() -> f64 {
    1.0
}

impl HttpTrigger {
    /// A request through the default connection.
    pub fn new(method: impl Into<String>, input: Map<String, Value>) -> Self {
        Self {
            method: method.into(),
            input,
            client: ClientSettings::default(),
            statuses: Vec::new(),
            values: BTreeMap::new(),
            retry_limit: default_retry_limit(),
            retry_delay: default_retry_delay(),
        }
    }

    /// The request as a call.
    pub(crate) fn call(&self) -> Call {
        Call::new(HTTP_SERVICE, self.method.as_str(), self.input.clone())
    }

    /// The reason why a reply is not a success.
    fn failure(&self, seen: &Observation) -> Option<CallError> {
        let output = match seen {
            Observation::Error(error) => return Some(error.clone()),
            Observation::Output(output) => output,
        };
        if self.statuses.is_empty() {
            return output.error.clone();
        }
        let status = output.status.unwrap_or_default();
        if self.statuses.contains(&status) {
            return None;
        }
        Some(output.error.clone().unwrap_or_else(|| {
            let message = format!("the status is none of {:?}", self.statuses);
            CallError::new(CallErrorKind::Service, status.to_string(), message).with_status(status)
        }))
    }

    /// The event of an observation.
    pub(crate) fn event(&self, seen: &Observation) -> TriggerEvent {
        let mut payload = match self.failure(seen) {
            None => json!({"status": "success", "message": ""}),
            Some(error) => {
                let unreachable = is_transient(&error, &[]);
                let mut payload = json!({"status": "error", "message": error.to_string()});
                if unreachable {
                    payload["unreachable"] = true.into();
                }
                payload
            }
        };
        if let Observation::Output(output) = seen {
            let document = output.document.value();
            let member = |name: &str| document.get(name).cloned().unwrap_or_default();
            payload["response"] =
                json!({"status_code": member("StatusCode"), "headers": member("Headers")});
            if self.values.is_empty() {
                payload["response"]["content"] = member("Body");
            } else if payload["status"] == "success" {
                match values::read(&self.values, document) {
                    Ok(values) => payload["values"] = Value::Object(values),
                    Err(message) => {
                        payload["status"] = "error".into();
                        payload["message"] = message.into();
                    }
                }
            }
        }
        TriggerEvent::new(payload)
    }

    /// The pause after the `sent`th try.
    fn pause(&self, sent: u32, error: &CallError) -> Duration {
        let doubled = self.retry_delay * 2.0_f64.powi(sent.min(16) as i32 - 1);
        let own = Duration::try_from_secs_f64(doubled.min(MAX_RETRY_DELAY)).unwrap_or_default();
        own.max(error.retry_after().unwrap_or_default().min(MAX_RETRY_AFTER))
    }
}

impl Trigger for HttpTrigger {
    const NAME: &'static str = "maitred.http";
    /// How often the request has been sent.
    type State = u32;

    async fn start(&self, _ctx: &TriggerContext) -> Result<u32, TriggerError> {
        Ok(0)
    }

    async fn step(&self, ctx: &TriggerContext, sent: &mut u32) -> Result<Step, TriggerError> {
        let seen = send(ctx.clients(), &self.client, self.call()).await?;
        *sent = sent.saturating_add(1);
        if let Some(error) = self.failure(&seen)
            && *sent < self.retry_limit
            && is_transient(&error, &[])
        {
            let after = self.pause(*sent, &error);
            let message = format!("{error}; again in {:.1} s", after.as_secs_f64());
            ctx.log(Level::Warning, message);
            return Ok(Step::Again { after });
        }
        Ok(Step::Fire(self.event(&seen)))
    }

    fn serialize_trigger(&self) -> Result<SerializedTrigger, TriggerError> {
        match literal_secret(&self.input, "url") {
            Some(message) => Err(TriggerError::new(message)),
            None => serialized(self),
        }
    }
}
