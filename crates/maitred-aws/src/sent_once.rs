//! The mark on calls that are sent once.

use aws_smithy_runtime_api::client::interceptors::Intercept;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;

/// Marks the calls of an SDK client as sent once: each request gets a connection of its own. It is an
/// interceptor because a connector sees the interceptors of the call that it is made for. It does not
/// disable the client's retries.
#[derive(Debug)]
pub struct SentOnce;

impl Intercept for SentOnce {
    fn name(&self) -> &'static str {
        "maitred::SentOnce"
    }
}

/// Whether the call with these components is sent once.
pub(super) fn is_sent_once(components: &RuntimeComponents) -> bool {
    components.interceptors().any(|interceptor| interceptor.name() == SentOnce.name())
}
