//! An operator of a file, by its name.

use std::sync::Arc;

use maitred_core::operator_file::OperatorConfig;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sha2::{Digest as _, Sha256};

use super::arguments;

/// An operator of a file. Its stored form goes with a task, so that neither an edit of the file nor an upgrade changes a task
/// that has begun.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct OperatorDefinition {
    /// The service of its file, e.g. `glue`.
    pub service: String,
    /// The name in its file, e.g. `start_job_run`.
    pub name: String,
    /// The operator.
    pub config: OperatorConfig,
}

/// The version of the arguments of operators of files.
pub(crate) const VERSION: u32 = 1;

impl OperatorDefinition {
    /// The operator `name` of `service`.
    pub fn new(
        service: impl Into<String>,
        name: impl Into<String>,
        config: OperatorConfig,
    ) -> Self {
        Self { service: service.into(), name: name.into(), config }
    }

    /// The name of the operator, e.g. `glue.start_job_run`.
    #[must_use]
    pub fn id(&self) -> String {
        format!("{}.{}", self.service, self.name)
    }

    /// The JSON Schema of its arguments.
    #[must_use]
    pub fn arguments(&self) -> Value {
        arguments::schema(&self.config)
    }

    /// The stored form, and the hash of it.
    ///
    /// # Errors
    /// It cannot be stored.
    pub(crate) fn stored_form(&self) -> serde_json::Result<(String, String)> {
        let text = serde_json::to_string(self)?;
        let hash = Sha256::digest(text.as_bytes());
        let hash = hash.iter().map(|byte| format!("{byte:02x}")).collect();
        Ok((hash, text))
    }

    /// The definition of a stored form.
    pub(crate) fn from_stored(text: &str) -> serde_json::Result<Arc<Self>> {
        serde_json::from_str(text).map(Arc::new)
    }
}
