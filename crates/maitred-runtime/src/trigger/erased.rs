//! Triggers of any type, as the registry creates them.

use maitred_core::clock::{BoxFuture, Timestamp};
use serde_json::Value;

use super::context::TriggerContext;
use super::{CancelReason, Step, Trigger, TriggerError};

const NOT_STARTED: &str = "the trigger has not been started";

/// Creates triggers of one type from stored ones.
#[derive(Clone, Copy)]
pub(crate) struct TriggerType {
    pub(crate) version: u32,
    load: fn(Value) -> Result<Box<dyn AnyTrigger>, TriggerError>,
}

impl TriggerType {
    pub(crate) fn of<T: Trigger>() -> Self {
        Self { version: T::VERSION, load: load::<T> }
    }

    /// The trigger with these arguments.
    pub(crate) fn load(&self, kwargs: Value) -> Result<Box<dyn AnyTrigger>, TriggerError> {
        (self.load)(kwargs)
    }
}

fn load<T: Trigger>(kwargs: Value) -> Result<Box<dyn AnyTrigger>, TriggerError> {
    let trigger: T = serde_json::from_value(kwargs).map_err(|error| {
        TriggerError::new(format!("the arguments of {} cannot be read: {error}", T::NAME))
    })?;
    Ok(Box::new(Loaded::<T> { trigger, state: None }))
}

/// A trigger of any type together with its state.
pub(crate) trait AnyTrigger: Send {
    /// Creates the state before the first step, and returns when that is due.
    fn start<'a>(
        &'a mut self,
        ctx: &'a TriggerContext,
    ) -> BoxFuture<'a, Result<Timestamp, TriggerError>>;
    /// Restores a stored state.
    fn restore(&mut self, state: &str) -> Result<(), TriggerError>;
    /// The state in its stored form.
    fn state(&self) -> Result<String, TriggerError>;
    fn step<'a>(&'a mut self, ctx: &'a TriggerContext)
    -> BoxFuture<'a, Result<Step, TriggerError>>;
    fn on_cancel<'a>(&'a self, ctx: &'a TriggerContext, reason: CancelReason) -> BoxFuture<'a, ()>;
}

struct Loaded<T: Trigger> {
    trigger: T,
    state: Option<T::State>,
}

impl<T: Trigger> AnyTrigger for Loaded<T> {
    fn start<'a>(
        &'a mut self,
        ctx: &'a TriggerContext,
    ) -> BoxFuture<'a, Result<Timestamp, TriggerError>> {
        Box::pin(async {
            let state = self.trigger.start(ctx).await?;
            let due = self.trigger.first_due(&state, ctx.now());
            self.state = Some(state);
            Ok(due)
        })
    }

    fn restore(&mut self, state: &str) -> Result<(), TriggerError> {
        let state = serde_json::from_str(state).map_err(|error| {
            TriggerError::new(format!("the state of {} cannot be read: {error}", T::NAME))
        })?;
        self.state = Some(state);
        Ok(())
    }

    fn state(&self) -> Result<String, TriggerError> {
        let state = self.state.as_ref().ok_or_else(|| TriggerError::new(NOT_STARTED))?;
        serde_json::to_string(state).map_err(|error| {
            TriggerError::new(format!("the state of {} cannot be stored: {error}", T::NAME))
        })
    }

    fn step<'a>(
        &'a mut self,
        ctx: &'a TriggerContext,
    ) -> BoxFuture<'a, Result<Step, TriggerError>> {
        Box::pin(async {
            let state = self.state.as_mut().ok_or_else(|| TriggerError::new(NOT_STARTED))?;
            self.trigger.step(ctx, state).await
        })
    }

    fn on_cancel<'a>(&'a self, ctx: &'a TriggerContext, reason: CancelReason) -> BoxFuture<'a, ()> {
        Box::pin(async move {
            if let Some(state) = &self.state {
                self.trigger.on_cancel(ctx, state, reason).await;
            }
        })
    }
}
