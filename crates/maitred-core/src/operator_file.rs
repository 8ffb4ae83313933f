//! An operator file as a person writes it: the work that a task starts, how it is found again, awaited and undone.
//!
//! `docs/operators.md` describes the format. The doc comments of the fields are the descriptions in the JSON Schema.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::config::MatcherKind;

mod acceptor;
mod check;
mod parameter;
mod step;
mod written;

pub use acceptor::{BoundAcceptor, decide, error_document, reason};
pub use check::{COMMON_ARGUMENTS, MAX_FILE, TASK_VALUES, parse};
pub use parameter::{OperatorParameter, OperatorParameterType};
pub use step::{
    CallConfig, FindConfig, FindRead, ReadConfig, RetryConfig, StepConfig, UndoConfig, UndoOn,
    ValueConfig, ValueType, WaitConfig,
};
use written::WrittenOperator;

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

/// One operator: a step, or several one after the other.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(try_from = "WrittenOperator", into = "WrittenOperator")]
#[non_exhaustive]
pub struct OperatorConfig {
    /// A description of what the operator does, in a sentence or two.
    pub description: String,
    /// The arguments, by name. `{{NAME}}` stands for one.
    pub parameters: BTreeMap<String, OperatorParameter>,
    /// The steps, in order. A file has the keys of an only step beside the others.
    pub steps: Vec<StepConfig>,
    /// The result of the task: JSON with placeholders. Default: all values that calls and waits have given, by name.
    pub result: Option<Value>,
}

impl OperatorConfig {
    /// The index of the step with the main call: the last one that calls. The caller may give any member of its input.
    #[must_use]
    pub fn main_step(&self) -> Option<usize> {
        self.steps.iter().rposition(|step| step.call.is_some())
    }

    /// The index of the step whose wait the caller may pace: the last one that waits.
    #[must_use]
    pub fn last_wait(&self) -> Option<usize> {
        self.steps.iter().rposition(|step| step.wait.is_some())
    }
}

/// One rule: if `matcher` finds `expected`, the reply has the meaning `state`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct StepAcceptor {
    /// The meaning of a match.
    pub state: StepState,
    /// The part of the reply to look at.
    pub matcher: MatcherKind,
    /// The JMESPath expression that `path`, `pathAll` and `pathAny` evaluate on the output. With matcher `error`, an
    /// expression on `{"Error": {"Code", "Message"}}` that has to be true as well.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub argument: Option<String>,
    /// The value to match; as in waiters.
    pub expected: Value,
    /// A JMESPath expression on the reply, or on `{"Error": {"Code", "Message"}}`, that yields the reason for people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
}

/// The meaning of a reply of a step. Callers match it exhaustively: a new variant is a breaking change.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub enum StepState {
    /// The step has nothing left to do.
    Success,
    /// What is asked for is under way: the step waits for it, without undo.
    Wait,
    /// Not now: it is tried again later.
    Retry,
    /// The task ends as skipped.
    Skip,
    /// The task fails.
    Failure,
    /// It exists already: the values are those of `find`, and the step waits for it, without undo.
    Find,
}

/// An input with placeholders.
pub type Input = Map<String, Value>;
