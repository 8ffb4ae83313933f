//! Triggers that wait for a time.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::json;

use super::{Step, Trigger, TriggerContext, TriggerError, TriggerEvent};
use maitred_core::clock::Timestamp;

/// Fires at a point in time; at once if that has passed. Its event is `{"status": "success", "moment"}`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct DateTimeTrigger {
    /// Milliseconds since 1970-01-01T00:00:00Z.
    pub moment: Timestamp,
}

impl DateTimeTrigger {
    /// Fires at `moment`.
    #[must_use]
    pub fn new(moment: Timestamp) -> Self {
        Self { moment }
    }
}

impl Trigger for DateTimeTrigger {
    const NAME: &'static str = "maitred.date_time";
    type State = ();

    async fn start(&self, _ctx: &TriggerContext) -> Result<(), TriggerError> {
        Ok(())
    }

    fn first_due(&self, (): &(), _now: Timestamp) -> Timestamp {
        self.moment
    }

    async fn step(&self, ctx: &TriggerContext, (): &mut ()) -> Result<Step, TriggerError> {
        Ok(fire_at(self.moment, ctx.now()))
    }
}

/// Fires once a time has passed since the deferral. Its event is `{"status": "success", "moment"}`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct TimeDeltaTrigger {
    /// Seconds to wait.
    pub delta: f64,
}

impl TimeDeltaTrigger {
    /// Fires once `delta` seconds have passed.
    #[must_use]
    pub fn new(delta: f64) -> Self {
        Self { delta }
    }
}

impl Trigger for TimeDeltaTrigger {
    const NAME: &'static str = "maitred.time_delta";
    /// When it fires.
    type State = Timestamp;

    async fn start(&self, ctx: &TriggerContext) -> Result<Timestamp, TriggerError> {
        let delta = Duration::try_from_secs_f64(self.delta).map_err(|_| {
            TriggerError::new(format!(
                "{} is not a number of seconds that can be waited",
                self.delta
            ))
        })?;
        Ok(ctx.now().plus(delta))
    }

    fn first_due(&self, moment: &Timestamp, _now: Timestamp) -> Timestamp {
        *moment
    }

    async fn step(
        &self,
        ctx: &TriggerContext,
        moment: &mut Timestamp,
    ) -> Result<Step, TriggerError> {
        Ok(fire_at(*moment, ctx.now()))
    }
}

fn fire_at(moment: Timestamp, now: Timestamp) -> Step {
    let left = moment.since(now);
    if left.is_zero() {
        let payload = json!({"status": "success", "moment": moment});
        Step::Fire(TriggerEvent::new(payload))
    } else {
        Step::Again { after: left }
    }
}
