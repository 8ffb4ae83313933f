//! Saved replies as a client would have observed them.

use serde_json::{Value, json};

use super::{CallError, CallErrorKind, HTTP_SERVICE, Output};
use crate::document::Document;

impl Output {
    /// The output that the client of `service` makes of a reply with this document. Its status is the one in
    /// the document (default 200).
    #[must_use]
    pub fn from_saved(service: &str, document: Value) -> Self {
        let is_http = service == HTTP_SERVICE;
        let pointer = if is_http { "/StatusCode" } else { "/ResponseMetadata/HTTPStatusCode" };
        let status = document.pointer(pointer).and_then(Value::as_u64);
        let status = status.and_then(|status| u16::try_from(status).ok()).unwrap_or(200);
        let error = (is_http && status >= 400).then(|| {
            let message = format!("the endpoint answered {status}");
            CallError::new(CallErrorKind::Service, status.to_string(), message).with_status(status)
        });
        Self { document: Document::from(document), status: Some(status), error }
    }
}

impl CallError {
    /// The error that the client of an AWS service makes of an error reply.
    #[must_use]
    pub fn from_saved(code: &str, message: &str, status: Option<u16>) -> Self {
        let error = Self::new(CallErrorKind::Service, code, message);
        let error = status.into_iter().fold(error, Self::with_status);
        error.with_document(Document::from(json!({
            "Error": { "Code": code, "Message": message },
            "ResponseMetadata": { "HTTPStatusCode": status },
        })))
    }
}
