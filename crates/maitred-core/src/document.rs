//! The document of a reply.

use std::fmt;
use std::sync::Arc;

use serde_json::Value;

/// The document of a reply: JSON with the members in the order of the service.
///
/// Cloning is cheap. `Debug` does not print the content, as a reply may contain secrets.
#[derive(Clone, PartialEq)]
pub struct Document(Arc<Value>);

impl Document {
    /// The document as JSON.
    #[must_use]
    pub fn value(&self) -> &Value {
        &self.0
    }
}

impl From<Value> for Document {
    fn from(value: Value) -> Self {
        Self(Arc::new(value))
    }
}

impl fmt::Debug for Document {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Document").finish_non_exhaustive()
    }
}
