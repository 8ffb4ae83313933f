//! The error of a call that cannot be sent.

use std::fmt;

use maitred_core::client::{CallError, CallErrorKind};
use maitred_model::ModelError;

use super::endpoint::EndpointError;

/// A call that cannot be sent, and the reason.
pub(super) struct InvalidCall {
    code: &'static str,
    message: String,
}

impl InvalidCall {
    pub(super) fn new(code: &'static str, message: impl fmt::Display) -> Self {
        Self { code, message: message.to_string() }
    }

    /// The models of a service contradict themselves.
    pub(super) fn damaged_models(error: EndpointError) -> Self {
        Self::new("DamagedModels", error)
    }
}

impl From<ModelError> for InvalidCall {
    fn from(error: ModelError) -> Self {
        Self::new(error.code(), error)
    }
}

impl From<InvalidCall> for CallError {
    fn from(invalid: InvalidCall) -> Self {
        Self::new(CallErrorKind::Invalid, invalid.code, invalid.message)
    }
}
