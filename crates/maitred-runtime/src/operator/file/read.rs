//! The calls of a step that only read.

use maitred_core::client::{Call, CallMode, Observation};
use maitred_core::operator_file::{
    BoundAcceptor, Input, ReadConfig, StepAcceptor, StepState, decide, reason,
};
use maitred_core::placeholder::Scope as _;
use serde_json::Value;

use super::operator::FileOperator;
use super::scope::StepScope;
use super::{progress::Progress, values};
use crate::operator::{OperatorContext, OperatorError};
use crate::trigger::send;

/// What the calls of a step that only read have come to.
#[derive(Debug, PartialEq)]
pub(super) enum Looked {
    /// The step goes on.
    GoOn,
    /// It has nothing left to do.
    Done,
    /// What it asks for is under way.
    UnderWay,
    /// Not now, for this reason.
    Later(String),
    /// The task ends as skipped, for this reason.
    Skip(String),
}

/// The acceptors of a reply, with their placeholders bound.
pub(super) fn bound(
    acceptors: &[StepAcceptor],
    scope: &StepScope<'_>,
) -> Result<Vec<BoundAcceptor>, OperatorError> {
    let bound = acceptors.iter().map(|acceptor| acceptor.bind(scope));
    bound.collect::<Result<_, _>>().map_err(OperatorError::fatal)
}

/// A call with its placeholders bound.
pub(super) fn call(
    service: &str,
    operation: &str,
    input: &Input,
    scope: &StepScope<'_>,
) -> Result<Call, OperatorError> {
    let input = scope
        .members(input)
        .map_err(|error| OperatorError::fatal(format!("the input of {operation}: {error}")))?;
    Ok(Call::new(service, operation, input))
}

/// The document of an output, in which values are read.
pub(super) fn document(seen: &Observation) -> &Value {
    seen.document().map_or(&Value::Null, |document| document.value())
}

impl FileOperator {
    /// Sends a call that only reads.
    pub(super) async fn look(
        &self,
        ctx: &OperatorContext,
        call: Call,
        all_pages: bool,
    ) -> Result<Observation, OperatorError> {
        let settings = self.arguments.common.client(&call.service);
        let mode = if all_pages { CallMode::AllPages } else { CallMode::Repeatable };
        Ok(send(&ctx.services.clients, &settings, call.with_mode(mode)).await?)
    }

    /// Makes the calls of `before` or `after`, up to the first whose reply decides.
    pub(super) async fn reads(
        &self,
        ctx: &OperatorContext,
        progress: &mut Progress,
        reads: &[ReadConfig],
    ) -> Result<Looked, OperatorError> {
        for read in reads {
            let scope = self.scope(ctx, progress);
            let service = read.service.as_deref().unwrap_or(&self.definition.service);
            let call = call(service, &read.operation, &read.input, &scope)?;
            let seen = self.look(ctx, call, read.all_pages).await?;
            let acceptors = bound(&read.acceptors, &scope)?;
            let decided = decide(&acceptors, &seen);
            if decided.is_none()
                && let Some(error) = seen.error()
            {
                return Err(error.clone().into());
            }
            if seen.error().is_none() {
                let read = values::read(&read.values, document(&seen), &scope)?;
                progress.values.extend(read);
            }
            let Some(acceptor) = decided else { continue };
            let reason = reason(acceptor, &seen);
            return Ok(match acceptor.acceptor.state {
                StepState::Success => Looked::Done,
                StepState::Wait | StepState::Find => Looked::UnderWay,
                StepState::Retry => Looked::Later(reason),
                StepState::Skip => Looked::Skip(reason),
                StepState::Failure => return Err(OperatorError::new(reason)),
            });
        }
        Ok(Looked::GoOn)
    }
}
