//! A string without its quotes: `Status == done` compares with a member `done`, which no reply has.

use serde_json::Value;

use crate::expression::{Comparator, Expression, Node};
use crate::matcher::Matcher;
use crate::waiter::Waiter;

/// Advice on the first condition of the caller's that compares with a member which `document` does not have.
pub(super) fn advice(waiter: &Waiter, document: &Value) -> Option<String> {
    let members = document.as_object()?;
    let mut conditions = waiter.acceptors().iter().filter_map(|acceptor| {
        if let Matcher::Truth(expression) = &acceptor.matcher { Some(expression) } else { None }
    });
    conditions.find_map(|expression| {
        let absent = |name: &str| !members.contains_key(name);
        let name = compared_name(expression.node(), &absent)?;
        Some(format!(
            "in `{}`, {name} names a member that the reply does not have; {}",
            expression.as_str(),
            quoted(name)
        ))
    })
}

/// Advice on a condition that compares with a name for which `unknown` holds, because the model has no such
/// member.
pub(crate) fn advice_on(condition: &str, unknown: impl Fn(&str) -> bool) -> Option<String> {
    let expression = Expression::compile(condition).ok()?;
    let name = compared_name(expression.node(), &unknown)?;
    if ["true", "false", "null"].contains(&name) {
        return Some(quoted(name));
    }
    Some(format!("{name} without quotes or in double quotes names a member; {}", quoted(name)))
}

fn quoted(name: &str) -> String {
    match name {
        "true" | "false" | "null" => format!("write the value {name} in backquotes: `{name}`"),
        _ => format!("write text in single quotes: '{name}'"),
    }
}

/// The first bare name that satisfies `absent` and is compared with something other than a literal.
fn compared_name<'a>(node: &'a Node, absent: &dyn Fn(&str) -> bool) -> Option<&'a str> {
    if let Node::Comparison(Comparator::Equal | Comparator::NotEqual, left, right) = node {
        let literal = |node: &Node| matches!(node, Node::Literal(_));
        let both = [right, left].into_iter().filter(|_| !literal(left) && !literal(right));
        return both.filter_map(|side| bare_name(side)).find(|name| absent(name));
    }
    if let Node::And(left, right) | Node::Or(left, right) = node {
        return compared_name(left, absent).or_else(|| compared_name(right, absent));
    }
    if let Node::Not(inner) = node { compared_name(inner, absent) } else { None }
}

fn bare_name(node: &Node) -> Option<&str> {
    if let Node::Field(name) = node { Some(name) } else { None }
}
