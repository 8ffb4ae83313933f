//! Evaluation of a condition in which only one part has a known value.

#![expect(
    clippy::wildcard_enum_match_arm,
    reason = "a part that is not a condition is a value, whichever it is"
)]

use serde_json::Value;

use super::condition_parts::{is_placeholder, literal, not_null_arguments, operands};
use maitred_core::expression::{Comparator, Node};
use maitred_core::python;

/// The known part of the value of an expression.
#[derive(Debug, Clone, Default)]
pub(super) struct PartialValue {
    value: Option<Value>,
    /// Whether it is true by JMESPath's rules, if known.
    truth: Option<bool>,
}

impl PartialValue {
    fn value(value: Value) -> Self {
        let truth = match &value {
            Value::Null | Value::Bool(false) => false,
            Value::String(text) => !text.is_empty(),
            Value::Array(items) => !items.is_empty(),
            Value::Object(entries) => !entries.is_empty(),
            Value::Bool(true) | Value::Number(_) => true,
        };
        Self { value: Some(value), truth: Some(truth) }
    }

    fn boolean(known: Option<bool>) -> Self {
        Self { value: known.map(Value::Bool), truth: known }
    }

    pub(super) fn equals(&self, expected: &Value) -> Option<bool> {
        if is_placeholder(expected) {
            return None;
        }
        match (&self.value, expected) {
            (Some(value), _) => Some(python::equal(value, expected)),
            (None, Value::Bool(wanted)) => {
                self.truth.filter(|truth| truth != wanted).map(|_| false)
            }
            (None, _) => None,
        }
    }
}

/// Evaluates `node` where a part of it has a given value.
pub(super) fn partial_value(node: &Node, given: Option<(&Node, &Value)>) -> PartialValue {
    if let Some((_, value)) = given.filter(|(subject, _)| *subject == node) {
        return PartialValue::value(value.clone());
    }
    if let Some(value) = literal(node) {
        return if is_placeholder(&value) {
            PartialValue::default()
        } else {
            PartialValue::value(value)
        };
    }
    if let Some((name, first, second)) = operands(node) {
        return PartialValue::boolean(predicate(
            name,
            partial_value(first, given),
            partial_value(second, given),
        ));
    }
    if let Some(values) = not_null_arguments(node) {
        let seen = values.iter().map(|value| partial_value(value, given));
        let there = |seen: &PartialValue| seen.value.as_ref().is_none_or(|value| !value.is_null());
        return seen.into_iter().find(there).unwrap_or_else(|| PartialValue::value(Value::Null));
    }
    match node {
        Node::Not(operand) => {
            PartialValue::boolean(partial_value(operand, given).truth.map(|truth| !truth))
        }
        Node::And(first, second) => {
            joined(partial_value(first, given), partial_value(second, given), false)
        }
        Node::Or(first, second) => {
            joined(partial_value(first, given), partial_value(second, given), true)
        }
        Node::Comparison(comparator, first, second) => {
            let guarded = guarded_length(first);
            let (first, second) = (partial_value(first, given), partial_value(second, given));
            PartialValue::boolean(match (first.value, second.value) {
                (Some(first), Some(second)) => compared(*comparator, &first, &second),
                (None, Some(bound)) => {
                    guarded.and_then(|guarded| length_is(guarded, *comparator, &bound))
                }
                _ => None,
            })
        }
        _ => PartialValue::default(),
    }
}

/// `first && second`, or `first || second` if `first` being true decides.
fn joined(first: PartialValue, second: PartialValue, decisive: bool) -> PartialValue {
    match (first.truth, second.truth) {
        (Some(truth), _) if truth == decisive => first,
        (Some(_), _) => second,
        (None, Some(truth)) if truth == decisive => {
            PartialValue { value: None, truth: Some(truth) }
        }
        (None, _) => PartialValue::default(),
    }
}

fn compared(comparator: Comparator, first: &Value, second: &Value) -> Option<bool> {
    match comparator {
        Comparator::Equal => Some(first == second),
        Comparator::NotEqual => Some(first != second),
        Comparator::Less
        | Comparator::LessOrEqual
        | Comparator::Greater
        | Comparator::GreaterOrEqual => None,
    }
}

/// Whether the argument of `length` has a default for when it is absent; `None` for any other node.
fn guarded_length(node: &Node) -> Option<bool> {
    let Node::Call(function, arguments) = node else { return None };
    let guarded =
        |node: &Node| matches!(node, Node::Or(_, other) if matches!(**other, Node::Literal(_)));
    (function.name() == "length").then(|| arguments.first().is_some_and(guarded))
}

/// The result of comparing an unknown `length(…)`, which is never negative. Without a default it fails for an
/// absent argument, so it does not always hold.
fn length_is(guarded: bool, comparator: Comparator, bound: &Value) -> Option<bool> {
    let bound = bound.as_f64()?;
    let (always, never) = match comparator {
        Comparator::GreaterOrEqual => (bound <= 0.0, false),
        Comparator::Greater => (bound < 0.0, false),
        Comparator::Less => (false, bound <= 0.0),
        Comparator::LessOrEqual | Comparator::Equal => (false, bound < 0.0),
        Comparator::NotEqual => (bound < 0.0, false),
    };
    let always = always && guarded;
    if always || never { Some(always) } else { None }
}

/// The result of a predicate function.
fn predicate(function: &str, first: PartialValue, second: PartialValue) -> Option<bool> {
    match (function, first.value?, second.value?) {
        ("contains", Value::Array(items), value) => Some(items.contains(&value)),
        ("contains", Value::String(text), Value::String(part)) => Some(text.contains(&part)),
        ("starts_with", Value::String(text), Value::String(start)) => {
            Some(text.starts_with(&start))
        }
        ("ends_with", Value::String(text), Value::String(end)) => Some(text.ends_with(&end)),
        // The function fails on any other types.
        _ => None,
    }
}
