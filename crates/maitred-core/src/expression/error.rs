//! Errors of compiling and of evaluating an expression.

use thiserror::Error;

/// An expression that does not compile.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{message}")]
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

/// An expression that cannot be evaluated on a document. The message is that of jmespath.py.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{0}")]
pub struct EvaluationError(String);

impl EvaluationError {
    pub(crate) fn new(message: impl Into<String>) -> Self {
        Self(message.into())
    }
}
