//! The operator of a file with the arguments of a task.

use std::sync::Arc;

use maitred_core::client::Call;
use maitred_core::placeholder::Scope as _;
use serde_json::{Map, Value};

use super::arguments::Arguments;
use super::definition::OperatorDefinition;
use super::progress::Progress;
use super::scope::StepScope;
use crate::operator::{OperatorContext, OperatorError, TaskInfo};
use crate::task::TaskId;

/// An operator of a file with the arguments of a task.
#[derive(Debug)]
pub(crate) struct FileOperator {
    pub(super) definition: Arc<OperatorDefinition>,
    pub(super) arguments: Arguments,
}

impl FileOperator {
    /// The operator of a definition with these arguments.
    ///
    /// # Errors
    /// The arguments cannot be used.
    pub(crate) fn new(
        definition: Arc<OperatorDefinition>,
        args: &Value,
    ) -> Result<Self, OperatorError> {
        let arguments = Arguments::read(&definition.config, args).map_err(|problem| {
            let id = definition.id();
            OperatorError::fatal(format!(
                "the arguments of {id} cannot be used: {problem} (`maitred tasks operators {id}` shows them)"
            ))
        })?;
        Ok(Self { definition, arguments })
    }

    /// The main calls with what is known of their inputs before the task runs: members that need a value of a reply are left
    /// out.
    pub(crate) fn known_calls(&self) -> Vec<Call> {
        let values = Map::new();
        let (key, token) = (Some("key".to_owned()), uuid::Uuid::nil().to_string());
        let task = TaskInfo { id: TaskId(1), key, try_number: 1, token: token.clone() };
        let arguments = &self.arguments;
        let scope =
            StepScope { arguments, values: &values, input: None, task: &task, token: &token };
        let config = &self.definition.config;
        let mut calls = Vec::new();
        for (index, step) in config.steps.iter().enumerate() {
            let Some(call) = &step.call else { continue };
            let known = |(name, value): (&String, &Value)| {
                Some((name.clone(), scope.bind(value).ok().flatten()?))
            };
            let mut input: Map<_, _> = call.input.iter().filter_map(known).collect();
            if config.main_step() == Some(index) {
                input.extend(arguments.members.clone());
            }
            let service = call.service.as_deref().unwrap_or(&self.definition.service);
            calls.push(Call::new(service, call.operation.as_str(), input));
        }
        calls
    }

    pub(super) fn scope<'a>(
        &'a self,
        ctx: &'a OperatorContext,
        progress: &'a Progress,
    ) -> StepScope<'a> {
        let token = if progress.token.is_empty() { &ctx.task.token } else { &progress.token };
        StepScope {
            arguments: &self.arguments,
            values: &progress.values,
            input: Some(&progress.input),
            task: &ctx.task,
            token,
        }
    }
}
