//! Why settings cannot be used.

use std::fmt;

/// Settings that cannot be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AwsSettingsError {
    message: String,
    help: Option<String>,
}

impl AwsSettingsError {
    pub(super) fn new(message: impl Into<String>) -> Self {
        Self { message: message.into(), help: None }
    }

    pub(super) fn with_help(self, help: String) -> Self {
        Self { help: Some(help), ..self }
    }

    /// How to fix it.
    #[must_use]
    pub fn help(&self) -> Option<&str> {
        self.help.as_deref()
    }
}

impl fmt::Display for AwsSettingsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for AwsSettingsError {}
