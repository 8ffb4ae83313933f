//! Comparisons, by Python's rules.

use std::cmp::Ordering;

use serde_json::Value;

use super::error::EvaluationError;
use super::node::Comparator;
use crate::python;

/// The result of a comparison; `None` where values of these types have no order.
pub(super) fn compare(
    comparator: Comparator,
    left: &Value,
    right: &Value,
) -> Result<Option<bool>, EvaluationError> {
    let ordering = match (comparator, left, right) {
        (Comparator::Equal, ..) => return equal(left, right).map(Some),
        (Comparator::NotEqual, ..) => return equal(left, right).map(|equal| Some(!equal)),
        (_, Value::String(left), Value::String(right)) => Some(left.cmp(right)),
        (_, Value::Number(_), Value::Number(_)) if python::equal(left, right) => {
            // Numbers beyond 64 bits may still differ.
            equal(left, right)?;
            Some(Ordering::Equal)
        }
        (_, Value::Number(left), Value::Number(right)) => python::compare_numbers(left, right),
        (_, Value::String(_), Value::Number(_)) | (_, Value::Number(_), Value::String(_)) => {
            let message = python::unordered(comparator.as_str(), left, right);
            return Err(EvaluationError::new(message));
        }
        _ => return Ok(None),
    };
    Ok(Some(ordering.is_some_and(|ordering| holds(comparator, ordering))))
}

fn holds(comparator: Comparator, ordering: Ordering) -> bool {
    match comparator {
        Comparator::Equal => ordering.is_eq(),
        Comparator::NotEqual => ordering.is_ne(),
        Comparator::Less => ordering.is_lt(),
        Comparator::LessOrEqual => ordering.is_le(),
        Comparator::Greater => ordering.is_gt(),
        Comparator::GreaterOrEqual => ordering.is_ge(),
    }
}

/// Python's equality, except that a number never equals a boolean. Inside lists and objects it can.
fn equal(left: &Value, right: &Value) -> Result<bool, EvaluationError> {
    match (left, right) {
        (Value::Bool(_), Value::Number(_)) | (Value::Number(_), Value::Bool(_)) => Ok(false),
        _ => python::try_equal(left, right).map_err(EvaluationError::new),
    }
}
