//! The values that the placeholders of a step stand for.

use maitred_core::placeholder::{Scope, substitute};
use serde_json::{Map, Value};

use super::arguments::Arguments;
use crate::operator::TaskInfo;

/// The values at one place of a step.
pub(super) struct StepScope<'a> {
    pub(super) arguments: &'a Arguments,
    /// The values that earlier replies have given.
    pub(super) values: &'a Map<String, Value>,
    /// The input of the step's call.
    pub(super) input: Option<&'a Map<String, Value>>,
    pub(super) task: &'a TaskInfo,
    /// The token of the step's call.
    pub(super) token: &'a str,
}

impl StepScope<'_> {
    fn task_value(&self, name: &str) -> Option<Value> {
        match name {
            "token" => Some(self.token.into()),
            "id" => Some(self.task.id.0.into()),
            "key" => self.task.key.as_deref().map(Value::from),
            "try" => Some(self.task.try_number.into()),
            _ => None,
        }
    }

    fn input_member(&self, path: &str) -> Option<Value> {
        let mut names = path.split('.');
        let first = self.input?.get(names.next()?);
        names.fold(first, |value, name| value?.get(name)).cloned()
    }
}

impl Scope for StepScope<'_> {
    /// The file was checked: a name that has no value here is one of an optional parameter, or of a step that was left
    /// out.
    fn value_of(&self, name: &str) -> Result<Option<Value>, String> {
        if let Some(name) = name.strip_prefix("task.") {
            return Ok(self.task_value(name));
        }
        if let Some(path) = name.strip_prefix("input.") {
            return Ok(self.input_member(path));
        }
        if let Some(value) = self.values.get(name) {
            return Ok(Some(value.clone()).filter(|value| !value.is_null()));
        }
        if let Some(text) = self.arguments.open_defaults.get(name) {
            // A default is bound where nothing but the task and the other parameters is known.
            let others = |name: &str| match name.strip_prefix("task.") {
                Some(name) => self.task_value(name),
                None => self.arguments.parameters.get(name).cloned(),
            };
            let required = |name: &str| {
                others(name).ok_or_else(|| format!("`{{{{{name}}}}}` has no value in a default"))
            };
            return substitute(text, &required).map(Some);
        }
        Ok(self.arguments.parameters.get(name).cloned())
    }
}
