//! The mark on calls that are sent once.

use aws_smithy_runtime_api::client::interceptors::Intercept;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;

use maitred_net::delivery::Delivery;

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

/// How often the call with these components may be sent.
pub(super) fn delivery(components: &RuntimeComponents) -> Delivery {
    let is_marked = |name| name == SentOnce.name();
    match components.interceptors().any(|interceptor| is_marked(interceptor.name())) {
        true => Delivery::Once,
        false => Delivery::Repeated,
    }
}
