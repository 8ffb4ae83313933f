//! What a poll returned.

use std::fmt;
use std::sync::Arc;

use serde_json::Value;

/// The document of one reply, as JSON whose members are in the order of the service.
///
/// A client's parser builds it straight from the body, acceptors read it as it is, and cloning is cheap.
/// `Debug` does not show it: a reply may hold secrets.
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
