//! Operators of any type, as the registry makes them.

use maitred_core::clock::BoxFuture;
use serde_json::Value;

use super::context::OperatorContext;
use super::flow::Method;
use super::{
    ConnectionUse, Deferral, Flow, Intent, Operator, OperatorError, Reconciled, Resumed, arguments,
};
use crate::trigger::CancelReason;

/// Makes operators of one type out of stored arguments.
#[derive(Clone, Copy)]
pub(crate) struct OperatorType {
    pub(crate) version: u32,
    pub(crate) summary: &'static str,
    pub(crate) arguments: fn() -> Value,
    load: fn(&Value) -> Result<Box<dyn AnyOperator>, OperatorError>,
}

impl OperatorType {
    pub(crate) fn of<T: Operator>() -> Self {
        Self { version: T::VERSION, summary: T::SUMMARY, arguments: T::arguments, load: load::<T> }
    }

    /// The operator of these arguments.
    pub(crate) fn load(&self, args: &Value) -> Result<Box<dyn AnyOperator>, OperatorError> {
        (self.load)(args)
    }
}

fn load<T: Operator>(args: &Value) -> Result<Box<dyn AnyOperator>, OperatorError> {
    let operator: T = arguments::read(args, &T::arguments()).map_err(|problem| {
        OperatorError::fatal(format!(
            "the arguments of {name} cannot be used: {problem} (`maitred tasks operators {name}` shows them)",
            name = T::NAME
        ))
    })?;
    Ok(Box::new(operator))
}

/// A step of an operator of any type.
type Step<'a> = BoxFuture<'a, Result<Flow<Method>, OperatorError>>;

/// An operator of any type.
pub(crate) trait AnyOperator: Send + Sync {
    fn check(&self) -> Result<(), OperatorError>;
    fn connections(&self) -> Vec<ConnectionUse>;
    fn start_from_trigger(&self) -> Result<Option<Deferral<Method>>, OperatorError>;
    fn execute<'a>(&'a self, ctx: &'a OperatorContext) -> Step<'a>;
    fn resume<'a>(&'a self, ctx: &'a OperatorContext, at: &'a Method, with: Resumed) -> Step<'a>;
    fn reconcile<'a>(
        &'a self,
        ctx: &'a OperatorContext,
        intent: &'a Intent,
    ) -> BoxFuture<'a, Result<Reconciled, OperatorError>>;
    fn on_cancel<'a>(&'a self, ctx: &'a OperatorContext, reason: CancelReason)
    -> BoxFuture<'a, ()>;
}

impl<T: Operator> AnyOperator for T {
    fn check(&self) -> Result<(), OperatorError> {
        Operator::check(self)
    }

    fn connections(&self) -> Vec<ConnectionUse> {
        Operator::connections(self)
    }

    fn start_from_trigger(&self) -> Result<Option<Deferral<Method>>, OperatorError> {
        Operator::start_from_trigger(self)?.map(Deferral::erased).transpose()
    }

    fn execute<'a>(&'a self, ctx: &'a OperatorContext) -> Step<'a> {
        Box::pin(async { Operator::execute(self, ctx).await?.erased() })
    }

    fn resume<'a>(&'a self, ctx: &'a OperatorContext, at: &'a Method, with: Resumed) -> Step<'a> {
        Box::pin(async { Operator::resume(self, ctx, at.read()?, with).await?.erased() })
    }

    fn reconcile<'a>(
        &'a self,
        ctx: &'a OperatorContext,
        intent: &'a Intent,
    ) -> BoxFuture<'a, Result<Reconciled, OperatorError>> {
        Box::pin(Operator::reconcile(self, ctx, intent))
    }

    fn on_cancel<'a>(
        &'a self,
        ctx: &'a OperatorContext,
        reason: CancelReason,
    ) -> BoxFuture<'a, ()> {
        Box::pin(Operator::on_cancel(self, ctx, reason))
    }
}
