//! Whether the waiters of new tasks are there, before the tasks are accepted.

use std::collections::HashSet;

use serde_json::Value;

use super::registry::{Unusable, invalid};
use crate::catalog::Catalog;
use crate::operator::AnyOperator;
use crate::trigger::Trigger as _;
use crate::trigger::WaiterTrigger;

/// The waits that were found to be good, without the values of their input: many tasks that are submitted
/// together differ in nothing else.
#[derive(Debug, Default)]
pub(super) struct KnownWaiters(HashSet<String>);

impl KnownWaiters {
    /// Checks the waiter of the trigger that an operator begins with, if it begins with one of that kind.
    pub(super) fn check(
        &mut self,
        operator: &dyn AnyOperator,
        catalog: &Catalog,
    ) -> Result<(), Unusable> {
        let trigger = operator.start_from_trigger().map_err(invalid)?.map(|first| first.trigger);
        let Some(trigger) = trigger.filter(|trigger| trigger.name == WaiterTrigger::NAME) else {
            return Ok(());
        };
        let mut shape = trigger.kwargs.clone();
        let input = shape.get_mut("input").and_then(Value::as_object_mut);
        input.into_iter().flat_map(|input| input.values_mut()).for_each(|value| drop(value.take()));
        let shape = shape.to_string();
        if self.0.contains(&shape) {
            return Ok(());
        }
        let trigger: WaiterTrigger = serde_json::from_value(trigger.kwargs)
            .map_err(|error| Unusable::Invalid(error.to_string()))?;
        trigger.check(catalog).map_err(|error| Unusable::Invalid(error.to_string()))?;
        self.0.insert(shape);
        Ok(())
    }
}
