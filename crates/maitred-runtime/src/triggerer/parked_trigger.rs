//! A trigger between two steps.

use maitred_core::client::PreparedCall;

use super::poll_slots::Server;
use crate::trigger::{SerializedTrigger, Step, TriggerContext, TriggerError, TriggerType};

/// A trigger as text: it takes a quarter of the memory of the value that is made of it for a step, and
/// nearly all triggers rest nearly always.
pub(super) struct ParkedTrigger {
    server: Server,
    kind: TriggerType,
    kwargs: Box<str>,
    state: Box<str>,
    prepared: PreparedCall,
}

impl ParkedTrigger {
    pub(super) fn new(kind: TriggerType, trigger: &SerializedTrigger, state: String) -> Self {
        let kwargs = trigger.kwargs.to_string().into();
        let (server, prepared) = (Server::of(trigger), PreparedCall::default());
        Self { server, kind, kwargs, state: state.into(), prepared }
    }

    /// The server that its steps ask.
    pub(super) fn server(&self) -> Server {
        self.server
    }

    /// The state, as it is stored.
    pub(super) fn state(&self) -> &str {
        &self.state
    }

    /// Makes a step; the state is the one after it, if it did not fail.
    pub(super) async fn step(&mut self, ctx: &TriggerContext) -> Result<Step, TriggerError> {
        let kwargs = serde_json::from_str(&self.kwargs).map_err(|error| {
            TriggerError::new(format!("the trigger's arguments cannot be read: {error}"))
        })?;
        let mut trigger = self.kind.load(kwargs)?;
        trigger.restore(&self.state)?;
        ctx.keep_prepared(std::mem::take(&mut self.prepared));
        let step = trigger.step(ctx).await?;
        self.prepared = ctx.take_prepared();
        self.state = trigger.state()?.into();
        Ok(step)
    }
}
