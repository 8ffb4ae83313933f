//! The observation that a reply of a case makes.

use serde_json::{Value, json};

use crate::case::{Reply, ReplyError};
use maitred_core::client::{CallError, CallErrorKind, Observation, Output};
use maitred_core::document::Document;

/// The service whose replies are outputs, even with an error status.
pub(super) const HTTP: &str = "http";

/// The observation of a poll of `service` that receives `reply`.
#[must_use]
pub fn observation(reply: &Reply, service: &str) -> Observation {
    if let Some(transport) = reply.transport {
        let kind = CallErrorKind::Transport;
        return Observation::Error(CallError::new(kind, transport.code(), transport.message()));
    }
    if let Some(error) = &reply.error {
        return Observation::Error(service_error(error));
    }
    let document = reply.output.clone().unwrap_or_default();
    let place = if service == HTTP { "/StatusCode" } else { "/ResponseMetadata/HTTPStatusCode" };
    let status = document.pointer(place).and_then(Value::as_u64);
    let status = status.and_then(|status| u16::try_from(status).ok()).unwrap_or(200);
    let failed = service == HTTP && status >= 400;
    let error = failed.then(|| {
        let message = format!("the endpoint answered {status}");
        CallError::new(CallErrorKind::Service, status.to_string(), message).with_status(status)
    });
    Observation::Output(Output { document: Document::from(document), status: Some(status), error })
}

/// A service error, with the document that a client creates from it.
fn service_error(error: &ReplyError) -> CallError {
    let status = error.status.unwrap_or(400);
    let document = json!({
        "Error": {"Code": error.code, "Message": error.message},
        "ResponseMetadata": {"HTTPStatusCode": status},
    });
    CallError::new(CallErrorKind::Service, &error.code, &error.message)
        .with_status(status)
        .with_document(Document::from(document))
}
