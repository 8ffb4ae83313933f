//! Why there is no endpoint.

use std::fmt;

/// The rule set's own message, or what is wrong with the rule set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct EndpointError(pub(crate) String);

impl fmt::Display for EndpointError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for EndpointError {}
