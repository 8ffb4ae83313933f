//! From a reply to a document or an error: the one way for calls, polls, recordings and fuzzing.

use maitred_core::client::{CallError, CallErrorKind, Output, transport};
use maitred_core::document::Document;
use maitred_model::{OperationModel, Service};

use super::error::ServiceError;
use super::protocol::{self, ProtocolError, Reply};

/// A reply that is not an output.
pub(super) enum ReplyError {
    /// The service answered with an error.
    Service(Box<ServiceError>),
    /// The body cannot be read.
    Unreadable(ProtocolError),
}

impl ReplyError {
    pub(super) fn into_call_error(self, status: u16) -> CallError {
        match self {
            Self::Service(error) => error.into_call_error(),
            Self::Unreadable(error) => {
                CallError::new(CallErrorKind::Transport, transport::RESPONSE, error.0)
                    .with_status(status)
            }
        }
    }
}

/// Returns `true` if a reply with this status is an error, as in botocore's clients.
pub(super) fn is_error(status: u16) -> bool {
    status >= 300
}

/// Reads a reply to `operation`.
pub(super) fn read(
    service: &Service,
    operation: &OperationModel,
    reply: &Reply,
) -> Result<Output, ReplyError> {
    if is_error(reply.status) {
        let document = protocol::parse_error(service, operation, reply);
        return Err(ReplyError::Service(Box::new(ServiceError::new(document, reply))));
    }
    let document = protocol::parse_output(service.model(), operation, reply);
    let document = Document::from(document.map_err(ReplyError::Unreadable)?);
    Ok(Output::new(document, reply.status))
}
