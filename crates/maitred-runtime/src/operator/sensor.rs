//! What sensors have in common: they wait for what somebody else does, and start nothing.

use std::time::Duration;

use super::{Deferral, ExecuteComplete, Flow, OperatorError, Resumed};
use crate::trigger::Trigger;

/// How much later than the trigger's own end the deferral times out: that is for a trigger that hangs.
const GRACE: Duration = Duration::from_secs(60);

/// The deferral of a sensor that may take `timeout` seconds.
pub fn sensing(
    trigger: &impl Trigger,
    timeout: f64,
) -> Result<Deferral<ExecuteComplete>, OperatorError> {
    let timeout = Duration::try_from_secs_f64(timeout)
        .map_err(|_| OperatorError::fatal(format!("{timeout} s cannot be waited")))?;
    Ok(Deferral::new(trigger, ExecuteComplete::ExecuteComplete)?
        .with_timeout(timeout.saturating_add(GRACE)))
}

/// The end of a sensor: its event, or a failure. `soft_fail` skips the task if what it waits for did not
/// come in time. Every other failure, such as access denied or a bad connection, still fails the task: no
/// longer wait would have helped.
pub fn sensed(with: Resumed, soft_fail: bool) -> Result<Flow<ExecuteComplete>, OperatorError> {
    let late = is_late(&with);
    match with.success() {
        Ok(event) => Ok(Flow::Done(event.payload)),
        Err(error) if soft_fail && late => Ok(Flow::Skip(error.to_string())),
        Err(error) => Err(error),
    }
}

/// Whether the time or the attempts were used up.
fn is_late(with: &Resumed) -> bool {
    match with {
        Resumed::TimedOut => true,
        Resumed::Event(event) => matches!(event.status(), Some("timeout" | "exhausted")),
        Resumed::TriggerCrashed(_) => false,
    }
}

/// Checks the time-out of a sensor.
pub fn check_timeout(timeout: f64) -> Result<(), OperatorError> {
    if timeout > 0.0 && Duration::try_from_secs_f64(timeout).is_ok() {
        return Ok(());
    }
    Err(OperatorError::fatal("timeout is a number of seconds above 0"))
}
