//! The parts of a condition.

#![expect(
    clippy::wildcard_enum_match_arm,
    reason = "a part that is not a condition is a value, whichever it is"
)]

use serde_json::Value;

use maitred_core::expression::Node;

/// Whether the value, or one in the list, has a placeholder.
pub(super) fn is_placeholder(value: &Value) -> bool {
    match value {
        Value::String(text) => text.contains("{{"),
        Value::Array(items) => items.iter().any(is_placeholder),
        _ => false,
    }
}

/// Whether `node` yields a boolean.
pub(super) fn is_condition(node: &Node) -> bool {
    match node {
        Node::Comparison(..) | Node::Not(_) => true,
        Node::And(first, second) | Node::Or(first, second) => {
            is_condition(first) || is_condition(second)
        }
        Node::Call(..) => operands(node).is_some(),
        _ => false,
    }
}

pub(super) fn lone_value(node: &Node) -> Option<Value> {
    match node {
        Node::Not(operand) => lone_value(operand),
        Node::And(first, second) | Node::Or(first, second) => [first, second]
            .into_iter()
            .find_map(|side| literal(side).filter(Value::is_string).or_else(|| lone_value(side))),
        _ => None,
    }
}

/// The name and arguments of a predicate function, such as `contains`.
pub(super) fn operands(node: &Node) -> Option<(&'static str, &Node, &Node)> {
    let Node::Call(function, arguments) = node else { return None };
    let name = function.name();
    let [first, second] = arguments.as_slice() else { return None };
    matches!(name, "contains" | "starts_with" | "ends_with").then_some((name, first, second))
}

/// The operands of a logical operator.
pub(super) fn parts(node: &Node) -> Vec<&Node> {
    match node {
        Node::And(first, second) | Node::Or(first, second) => vec![first, second],
        Node::Not(operand) => vec![operand],
        _ => Vec::new(),
    }
}

/// The arguments of `not_null`, which yields one of them unchanged.
pub(super) fn not_null_arguments(node: &Node) -> Option<&[Node]> {
    let Node::Call(function, arguments) = node else { return None };
    (function.name() == "not_null").then_some(arguments)
}

/// The two sides of a comparison, or the two arguments of a predicate function.
pub(super) fn sides(node: &Node) -> Option<(&Node, &Node)> {
    match node {
        Node::Comparison(_, first, second) => Some((first, second)),
        _ => operands(node).map(|(_, first, second)| (first, second)),
    }
}

pub(super) fn collect_subjects<'a>(node: &'a Node, subjects: &mut Vec<&'a Node>) {
    let parts = parts(node);
    if let Some((first, second)) = sides(node) {
        collect_subjects(first, subjects);
        collect_subjects(second, subjects);
    } else if let Some(values) = not_null_arguments(node) {
        values.iter().for_each(|value| collect_subjects(value, subjects));
    } else if !parts.is_empty() {
        parts.into_iter().for_each(|part| collect_subjects(part, subjects));
    } else if literal(node).is_none() && !subjects.contains(&node) {
        subjects.push(node);
    }
}

pub(super) fn collect_beside(node: &Node, subject: &Node, values: &mut Vec<Value>) {
    parts(node).into_iter().for_each(|part| collect_beside(part, subject, values));
    let Some((first, second)) = sides(node) else { return };
    for (side, value) in [(first, second), (second, first)] {
        let mut about = Vec::new();
        collect_subjects(side, &mut about);
        let among = !matches!(node, Node::Comparison(..));
        match literal(value).filter(|_| about.contains(&subject)) {
            Some(Value::Array(items)) if among => values.extend(items),
            Some(value) => values.push(value),
            None => {}
        }
    }
}

/// Whether the condition matches a part of a string.
pub(super) fn has_pattern(node: &Node) -> bool {
    if let Some((name, first, _)) = operands(node) {
        return name != "contains" || !literal(first).is_some_and(|list| list.is_array());
    }
    parts(node).into_iter().any(has_pattern)
}

/// The value of a literal, or of a list of literals.
pub(super) fn literal(node: &Node) -> Option<Value> {
    match node {
        Node::Literal(value) => Some(value.clone()),
        Node::MultiList(nodes) => nodes.iter().map(literal).collect(),
        _ => None,
    }
}
