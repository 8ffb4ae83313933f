//! Expressions that are known to be present.

use maitred_core::expression::{Comparator, Node};

/// Adds the expressions that are present if `node` is true.
pub(super) fn remember_present(node: &Node, present: &mut Vec<Node>) {
    if let Node::And(first, second) = node {
        remember_present(first, present);
        return remember_present(second, present);
    }
    present.push(known_present(node).unwrap_or(node).clone());
}

/// The side of a comparison that is present if the comparison is true.
fn known_present(node: &Node) -> Option<&Node> {
    let Node::Comparison(comparator, left, right) = node else { return None };
    let (side, value) = match (&**left, &**right) {
        (Node::Literal(value), side) | (side, Node::Literal(value)) => (side, value),
        _ => return None,
    };
    let present = match comparator {
        Comparator::Equal => !value.is_null(),
        Comparator::NotEqual => value.is_null(),
        Comparator::Less
        | Comparator::LessOrEqual
        | Comparator::Greater
        | Comparator::GreaterOrEqual => true,
    };
    present.then_some(side)
}
