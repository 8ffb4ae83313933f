//! Sensors: operators that wait for what somebody else does, and start nothing.

use std::fmt;
use std::time::Duration;

use schemars::JsonSchema;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::{
    ConnectionUse, Deferral, ExecuteComplete, Flow, Operator, OperatorContext, OperatorError,
    Resumed, arguments_of,
};
use crate::trigger::WaiterTrigger;

/// The deferral times out this much later than the trigger ends by itself: for a trigger that hangs.
const GRACE: Duration = Duration::from_secs(60);

/// An operator that waits as a waiter says, and starts nothing. Every sensor is an [`Operator`]: its result is the
/// trigger's event, and a wait that does not succeed fails the task.
pub trait Sensor:
    Serialize + DeserializeOwned + JsonSchema + fmt::Debug + Send + Sync + 'static
{
    /// [`Operator::NAME`].
    const OPERATOR: &'static str;
    /// [`Operator::SUMMARY`].
    const DESCRIPTION: &'static str;

    /// The wait.
    fn trigger(&self) -> WaiterTrigger;

    /// The arguments that every sensor has.
    fn sensing(&self) -> Sensing;

    /// [`Operator::connections`].
    fn connections(&self) -> Vec<ConnectionUse>;

    /// Checks the arguments of this sensor alone, before the task is accepted.
    ///
    /// # Errors
    /// The message says what is wrong, and what to give instead.
    fn check_arguments(&self) -> Result<(), OperatorError>;
}

/// The arguments that every sensor has.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub struct Sensing {
    /// Seconds between two polls.
    pub poke_interval: f64,
    /// Seconds that it may take.
    pub timeout: f64,
    /// Defers the wait to the triggerer.
    pub deferrable: bool,
    /// Skips the task, in place of failing it, if what it waits for does not come in time. Any other failure, such
    /// as access denied or a bad connection, still fails it: no longer wait would have helped.
    pub soft_fail: bool,
}

impl Default for Sensing {
    fn default() -> Self {
        Self { poke_interval: a_minute(), timeout: a_week(), deferrable: false, soft_fail: false }
    }
}

/// The usual `poke_interval`: 60 seconds.
#[must_use]
pub fn a_minute() -> f64 {
    60.0
}

/// The usual `timeout`: 604800 seconds, a week.
#[must_use]
pub fn a_week() -> f64 {
    604_800.0
}

impl Sensing {
    fn check(self) -> Result<(), OperatorError> {
        if !(self.poke_interval > 0.0 && self.poke_interval.is_finite()) {
            return Err(OperatorError::fatal("poke_interval is a number of seconds above 0"));
        }
        if self.timeout > 0.0 && Duration::try_from_secs_f64(self.timeout).is_ok() {
            return Ok(());
        }
        Err(OperatorError::fatal("timeout is a number of seconds above 0"))
    }

    /// The wait at this pace.
    fn paced(self, mut trigger: WaiterTrigger) -> WaiterTrigger {
        trigger.overrides.delay = Some(self.poke_interval);
        trigger.overrides.timeout = Some(self.timeout);
        trigger
    }

    /// The end of a sensor.
    fn end(self, with: Resumed) -> Result<Flow<ExecuteComplete>, OperatorError> {
        let late = is_late(&with);
        match with.success() {
            Ok(event) => Ok(Flow::Done(event.payload)),
            Err(error) if self.soft_fail && late => Ok(Flow::Skip(error.to_string())),
            Err(error) => Err(error),
        }
    }
}

/// True if the time or the attempts were used up.
fn is_late(with: &Resumed) -> bool {
    match with {
        Resumed::TimedOut => true,
        Resumed::Event(event) => matches!(event.status(), Some("timeout" | "exhausted")),
        Resumed::TriggerCrashed(_) => false,
    }
}

impl<T: Sensor> Operator for T {
    const NAME: &'static str = T::OPERATOR;
    const SUMMARY: &'static str = T::DESCRIPTION;
    type Resume = ExecuteComplete;

    fn arguments() -> Value {
        arguments_of::<T>()
    }

    fn check(&self) -> Result<(), OperatorError> {
        self.check_arguments()?;
        self.sensing().check()
    }

    fn connections(&self) -> Vec<ConnectionUse> {
        Sensor::connections(self)
    }

    /// A sensor starts nothing, so it needs no worker before its trigger.
    fn start_from_trigger(&self) -> Result<Option<Deferral<ExecuteComplete>>, OperatorError> {
        let sensing = self.sensing();
        if !sensing.deferrable {
            return Ok(None);
        }
        let timeout = Duration::try_from_secs_f64(sensing.timeout)
            .map_err(|_| OperatorError::fatal(format!("{} s cannot be waited", sensing.timeout)))?;
        let trigger = sensing.paced(self.trigger());
        let deferral = Deferral::new(&trigger, ExecuteComplete::ExecuteComplete)?;
        Ok(Some(deferral.with_timeout(timeout.saturating_add(GRACE))))
    }

    async fn execute(&self, ctx: &OperatorContext) -> Result<Flow<ExecuteComplete>, OperatorError> {
        let sensing = self.sensing();
        sensing.end(ctx.run_trigger(&sensing.paced(self.trigger())).await)
    }

    async fn resume(
        &self,
        _ctx: &OperatorContext,
        _resume: ExecuteComplete,
        with: Resumed,
    ) -> Result<Flow<ExecuteComplete>, OperatorError> {
        self.sensing().end(with)
    }
}
