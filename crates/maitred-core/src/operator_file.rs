//! An operator file as a person writes it: the work that a task starts, how it is found again, awaited and undone.
//!
//! `docs/operators.md` describes the format. The doc comments of the fields are the descriptions in the JSON Schema.

mod acceptor;
mod check;
mod config;
mod operator;
mod parameter;
mod step;

pub use acceptor::{BoundAcceptor, StepAcceptor, StepState, decide, error_document, reason};
pub use check::{COMMON_ARGUMENTS, MAX_FILE, TASK_VALUES, parse};
pub use config::OperatorFile;
pub use operator::OperatorConfig;
pub use parameter::{OperatorParameter, OperatorParameterType};
pub use step::{
    CallConfig, FindConfig, FindRead, Input, ReadConfig, RetryConfig, StepConfig, UndoConfig,
    UndoOn, ValueConfig, ValueType, WaitConfig,
};
