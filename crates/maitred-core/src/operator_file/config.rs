//! The file.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::operator::OperatorConfig;

/// The operators of one service.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct OperatorFile {
    /// The JSON Schema of this file, for editors.
    #[serde(rename = "$schema", default, skip_serializing_if = "Option::is_none")]
    pub schema: Option<String>,
    /// The version of the format: always 1.
    pub version: u32,
    /// The service whose operations are called, e.g. `glue` or `http`.
    pub service: String,
    /// The operators by name, which is that of the main operation in snake case.
    pub operators: BTreeMap<String, OperatorConfig>,
}
