//! The operator of a file with the arguments of a task.

use std::sync::Arc;

use serde_json::Value;

use super::arguments::Arguments;
use super::definition::OperatorDefinition;
use super::progress::Progress;
use super::scope::StepScope;
use crate::operator::{OperatorContext, OperatorError};

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
