//! A mark on calls that are sent once: their requests get connections of their own.

use aws_smithy_runtime_api::client::interceptors::Intercept;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;

/// Marks the calls of a client of the SDK as sent once. It travels as an interceptor, because a connector
/// sees the interceptors of the call that it is made for. Retries are the client's own, and have to be
/// disabled there.
#[derive(Debug)]
pub struct SentOnce;

impl Intercept for SentOnce {
    fn name(&self) -> &'static str {
        "maitred::SentOnce"
    }
}

/// Whether the call that a connector is made for is sent once.
pub(super) fn is_sent_once(components: &RuntimeComponents) -> bool {
    components.interceptors().any(|interceptor| interceptor.name() == SentOnce.name())
}
