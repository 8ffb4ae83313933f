//! A trigger between two steps.

use super::poll_slots::Server;
use crate::trigger::SerializedTrigger;
use crate::trigger::Step;
use crate::trigger::TriggerContext;
use crate::trigger::TriggerError;
use crate::trigger::TriggerType;

/// A trigger as text: it takes a quarter of the memory of the value that is made of it for a step, and
/// nearly all triggers rest nearly always.
pub(super) struct ParkedTrigger {
    server: Server,
    kind: TriggerType,
    kwargs: Box<str>,
    state: Box<str>,
}

impl ParkedTrigger {
    pub(super) fn new(kind: TriggerType, trigger: &SerializedTrigger, state: String) -> Self {
        let kwargs = trigger.kwargs.to_string().into();
        Self { server: Server::of(trigger), kind, kwargs, state: state.into() }
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
        let step = trigger.step(ctx).await?;
        self.state = trigger.state()?.into();
        Ok(step)
    }
}
