//! Errors of drafting.

/// A waiter that cannot be drafted.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DraftError {
    /// No member of the output has the name of a state.
    #[error("no member of the output of {operation} is named like a state")]
    NoState {
        /// The operation.
        operation: String,
        /// The paths of its string members, possible states first.
        candidates: Vec<String>,
    },
    /// The operation returns events rather than a state.
    #[error("{operation} returns past events, not a current state")]
    History {
        /// The operation.
        operation: String,
    },
    /// Nothing in the output identifies a run.
    #[error("nothing in the output of {operation} identifies a run")]
    NoRun {
        /// The operation.
        operation: String,
    },
    /// There is no string at the path that was given.
    #[error("there is no string at `{path}` in the output of {operation}")]
    UnknownPath {
        /// The given path.
        path: String,
        /// The operation.
        operation: String,
        /// A similar path, if there is one.
        near: Option<String>,
        /// The paths of the string members, the shallow ones first.
        candidates: Vec<String>,
    },
    /// The success states cannot be derived from their names.
    #[error("the names of the values of `{path}` do not reveal which one is a success")]
    NoSuccess {
        /// The path.
        path: String,
        /// The values in the model; empty if it is not an enum.
        values: Vec<String>,
    },
    /// An option names a value that does not exist.
    #[error("`{value}` is not a value of `{path}`")]
    UnknownValue {
        /// The value.
        value: String,
        /// The path.
        path: String,
        /// The values in the model.
        values: Vec<String>,
    },
    /// The operation declares no error for a resource that does not exist.
    #[error("{operation} declares no error for a resource that does not exist")]
    NoNotFound {
        /// The operation.
        operation: String,
    },
}
