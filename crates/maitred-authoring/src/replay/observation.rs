//! The observation that a reply of a case makes.

use crate::case::Reply;
use maitred_core::client::{CallError, CallErrorKind, Observation, Output};

/// The observation of a poll of `service` that receives `reply`.
#[must_use]
pub fn observation(reply: &Reply, service: &str) -> Observation {
    if let Some(transport) = reply.transport {
        let kind = CallErrorKind::Transport;
        return Observation::Error(CallError::new(kind, transport.code(), transport.message()));
    }
    if let Some(error) = &reply.error {
        let status = error.status.unwrap_or(400);
        return Observation::Error(CallError::from_saved(
            &error.code,
            &error.message,
            Some(status),
        ));
    }
    Observation::Output(Output::from_saved(service, reply.output.clone().unwrap_or_default()))
}
