//! One operator.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::parameter::OperatorParameter;
use super::step::{CallConfig, OneOrMany, ReadConfig, StepConfig, WaitConfig};

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

/// The keys of an only step, or `steps`, beside the others.
#[derive(Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "schema", schemars(rename = "OperatorConfig"))]
#[serde(deny_unknown_fields)]
struct WrittenOperator {
    /// A description of what the operator does, in a sentence or two.
    description: String,
    /// The arguments, by name. `{{NAME}}` stands for one.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    parameters: BTreeMap<String, OperatorParameter>,
    /// Calls that only read, to see whether there is something to do.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    before: Vec<ReadConfig>,
    /// The main call, which is sent once.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    call: Option<CallConfig>,
    /// The wait for the work that the call has started.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    wait: Option<WaitConfig>,
    /// Calls that only read what the wait does not show.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    after: Vec<ReadConfig>,
    /// The calls that undo what the step has started: one, or a list.
    #[serde(default, skip_serializing_if = "OneOrMany::is_none")]
    undo: OneOrMany,
    /// Several steps, one after the other, in the place of the only one.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    steps: Vec<StepConfig>,
    /// The result of the task: JSON with placeholders. Default: all values that calls and waits have given, by name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    result: Option<Value>,
}

impl TryFrom<WrittenOperator> for OperatorConfig {
    type Error = &'static str;

    fn try_from(written: WrittenOperator) -> Result<Self, Self::Error> {
        let WrittenOperator { description, parameters, result, mut steps, .. } = written;
        let WrittenOperator { before, call, wait, after, undo, .. } = written;
        let only = StepConfig { when: None, before, call, wait, after, undo: undo.into() };
        match (steps.is_empty(), only == StepConfig::default()) {
            (true, true) => return Err("an operator has a `call`, a `wait` or `steps`"),
            (true, false) => steps.push(only),
            (false, true) => {}
            (false, false) => return Err("an operator has either `steps` or the keys of one step"),
        }
        Ok(Self { description, parameters, steps, result })
    }
}

impl From<OperatorConfig> for WrittenOperator {
    fn from(operator: OperatorConfig) -> Self {
        let OperatorConfig { description, parameters, mut steps, result } = operator;
        let is_only = steps.len() == 1 && steps[0].when.is_none();
        let only = if is_only { steps.pop().unwrap_or_default() } else { StepConfig::default() };
        let StepConfig { before, call, wait, after, undo, .. } = only;
        let undo = undo.into();
        Self { description, parameters, before, call, wait, after, undo, steps, result }
    }
}

#[cfg(feature = "schema")]
impl schemars::JsonSchema for OperatorConfig {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        WrittenOperator::schema_name()
    }

    fn json_schema(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
        WrittenOperator::json_schema(generator)
    }
}
