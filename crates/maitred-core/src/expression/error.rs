//! Errors of compiling and of evaluating an expression.

use std::fmt;

/// An expression that does not compile.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExpressionError {
    pub(super) offset: usize,
    pub(super) message: String,
}

impl ExpressionError {
    /// The position in the text, in bytes.
    #[must_use]
    pub fn offset(&self) -> usize {
        self.offset
    }

    /// The message.
    #[must_use]
    pub fn message(&self) -> &str {
        &self.message
    }
}

impl fmt::Display for ExpressionError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for ExpressionError {}

/// An expression that cannot be evaluated on a document. The message is that of jmespath.py.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EvaluationError {
    message: String,
}

impl EvaluationError {
    pub(crate) fn new(message: impl Into<String>) -> Self {
        Self { message: message.into() }
    }
}

impl fmt::Display for EvaluationError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for EvaluationError {}
