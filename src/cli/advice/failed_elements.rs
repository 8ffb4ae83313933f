//! Names the elements of a reply that made a failure acceptor match.

#![expect(
    clippy::wildcard_enum_match_arm,
    reason = "a part of an expression or of a reply that is not looked into is any other"
)]

use serde_json::{Map, Value};

use crate::expression::{Expression, Node};
use crate::matcher::{Acceptor, Matcher};
use crate::python;

/// The maximum number of elements that are named.
const NAMED: usize = 3;

/// The maximum depth of the search for names in the input.
const DEPTH: usize = 8;

/// The ids of the elements of `document` that made `acceptor` match, e.g. `i-0b and i-0c`; `None` where they
/// cannot be identified. Names in `input` are preferred.
pub(super) fn named(
    acceptor: &Acceptor,
    document: &Value,
    input: &Map<String, Value>,
) -> Option<String> {
    let expression = acceptor.expression()?;
    let mut given = Vec::new();
    collect_strings(&Value::Object(input.clone()), 0, &mut given);
    let found = elements(acceptor, expression, document);
    let mut names: Vec<String> = Vec::new();
    for (element, kind) in &found {
        let Some(name) = name_of(element, kind, &given) else { continue };
        if !names.contains(&name) {
            names.push(name);
        }
    }
    match (names.as_slice(), given.as_slice()) {
        ([], [only]) if found.is_empty() => Some((*only).to_owned()),
        ([], _) => None,
        (names, _) => Some(listed(names)),
    }
}

/// `a`, `a and b`, `a, b, c and 4 more`.
fn listed(names: &[String]) -> String {
    let more = names.len().saturating_sub(NAMED);
    match names {
        [only] => only.clone(),
        _ if more > 0 => format!("{} and {more} more", names[..NAMED].join(", ")),
        [first @ .., last] => format!("{} and {last}", first.join(", ")),
        [] => String::new(),
    }
}

/// The elements of lists that match, each with the name of its list.
fn elements(
    acceptor: &Acceptor,
    expression: &Expression,
    document: &Value,
) -> Vec<(Value, String)> {
    let mut found = Vec::new();
    match &acceptor.matcher {
        Matcher::PathAll(_) | Matcher::PathAny(_) => {
            let is = |value: &Value| python::equal(value, &acceptor.expected);
            matching(expression, expression.node(), document, &is, &mut found);
        }
        Matcher::Path(_) | Matcher::Truth(_) => {
            conditions(expression, expression.node(), document, &mut found);
        }
        Matcher::Status | Matcher::Error => {}
    }
    found
}

/// The elements of the list of a projection whose value is taken.
fn matching(
    whole: &Expression,
    node: &Node,
    document: &Value,
    is_taken: &dyn Fn(&Value) -> bool,
    found: &mut Vec<(Value, String)>,
) {
    let Node::Projection(list, each) = node else { return };
    let each = whole.part(each);
    let Ok(Value::Array(items)) = whole.part(list).evaluate(document) else { return };
    let kind = list_name(list).unwrap_or_default();
    let taken = items.into_iter().filter(|item| {
        each.evaluate(item).is_ok_and(|value| match &value {
            // `Tasks[].Containers[].State`: some container of the task.
            Value::Array(values) => values.iter().any(is_taken),
            value => is_taken(value),
        })
    });
    found.extend(taken.map(|item| (item, kind.to_owned())));
}

/// The elements that filters in a condition select, and those that `contains` finds.
fn conditions(whole: &Expression, node: &Node, document: &Value, found: &mut Vec<(Value, String)>) {
    match node {
        Node::Projection(list, each) if matches!(**each, Node::Condition(..)) => {
            let is_there = |value: &Value| !value.is_null();
            matching(whole, node, document, &is_there, found);
            conditions(whole, list, document, found);
        }
        Node::Call(function, arguments) if function.name() == "contains" => {
            if let [list, Node::Literal(value)] = arguments.as_slice() {
                matching(whole, list, document, &|found| found == value, found);
            }
        }
        Node::Call(_, arguments) => {
            arguments.iter().for_each(|node| conditions(whole, node, document, found));
        }
        Node::And(first, second) | Node::Or(first, second) => {
            for side in [first, second] {
                if whole.part(side).is_true(document).unwrap_or_default() {
                    conditions(whole, side, document, found);
                }
            }
        }
        Node::Comparison(_, first, second) | Node::Chain(first, second) => {
            conditions(whole, first, document, found);
            conditions(whole, second, document, found);
        }
        _ => {}
    }
}

/// The member that holds a list: `Instances` of `Reservations[].Instances[]`.
fn list_name(node: &Node) -> Option<&str> {
    match node {
        Node::Field(name) => Some(name),
        Node::Chain(_, inner) | Node::Projection(_, inner) => list_name(inner),
        Node::Flatten(inner) | Node::Or(inner, _) => list_name(inner),
        _ => None,
    }
}

/// The name of an element: a member with a value of the caller's, or else one whose name marks an id, such as
/// `InstanceId` in one of `Instances`.
fn name_of(element: &Value, kind: &str, given: &[String]) -> Option<String> {
    let members = element.as_object()?;
    let texts = || members.iter().filter_map(|(key, value)| Some((key, value.as_str()?)));
    if let Some((_, name)) = texts().find(|(_, text)| given.iter().any(|given| given == text)) {
        return Some(name.to_owned());
    }
    let kind = kind.to_lowercase();
    let kind = kind.strip_suffix('s').unwrap_or(&kind);
    let id = |prefix: &str| {
        let names = ["identifier", "id", "name", "arn"].map(|suffix| format!("{prefix}{suffix}"));
        names.iter().find_map(|name| texts().find(|(key, _)| key.to_lowercase() == *name))
    };
    id(kind).or_else(|| id("")).map(|(_, text)| text.to_owned())
}

fn collect_strings(value: &Value, depth: usize, found: &mut Vec<String>) {
    match value {
        Value::String(text) => found.push(text.clone()),
        Value::Array(items) if depth < DEPTH => {
            items.iter().for_each(|item| collect_strings(item, depth + 1, found));
        }
        Value::Object(members) if depth < DEPTH => {
            members.values().for_each(|member| collect_strings(member, depth + 1, found));
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::config::State;

    fn acceptor(matcher: fn(Expression) -> Matcher, argument: &str, expected: Value) -> Acceptor {
        let matcher = matcher(Expression::compile(argument).unwrap());
        Acceptor::new(State::Failure, matcher, expected)
    }

    #[test]
    fn the_thing_that_failed_is_named() {
        let instance = |id: &str, state: &str| json!({"ImageId": "ami-1", "InstanceId": id, "State": {"Name": state}});
        let document = json!({"Reservations": [
            {"Instances": [instance("i-0a", "running"), instance("i-0b", "terminated")]},
            {"Instances": [instance("i-0c", "terminated")]},
        ]});
        let names = "Reservations[].Instances[].State.Name";
        let ended = "length(Reservations[].Instances[?State.Name == 'terminated'][]) > `0`";
        let found = "contains(Reservations[].Instances[].State.Name, 'terminated')";
        for (acceptor, expected) in [
            (acceptor(Matcher::PathAny, names, json!("terminated")), Some("i-0b and i-0c")),
            (acceptor(Matcher::PathAny, names, json!("running")), Some("i-0a")),
            (acceptor(Matcher::Path, found, json!(true)), Some("i-0b and i-0c")),
            (acceptor(Matcher::Truth, ended, json!(true)), None),
            (acceptor(Matcher::Path, "Reservations", json!(true)), None),
        ] {
            assert_eq!(named(&acceptor, &document, &Map::new()).as_deref(), expected);
        }
    }

    #[test]
    fn a_thing_is_named_as_the_caller_names_it() {
        let input = json!({"services": ["web"]});
        let input = input.as_object().unwrap();
        let document = json!({"services": [{"serviceArn": "arn:web", "serviceName": "web", "status": "DRAINING"}]});
        let filter = "services[?status == 'DRAINING']";
        let condition = acceptor(Matcher::Truth, filter, json!(true));
        assert_eq!(named(&condition, &document, input).as_deref(), Some("web"));
        let one = acceptor(Matcher::Path, "status", json!("DRAINING"));
        assert_eq!(named(&one, &json!({"status": "DRAINING"}), input).as_deref(), Some("web"));
        let arns = json!({"services": [{"serviceArn": "arn:web", "status": "DRAINING"}]});
        assert_eq!(named(&condition, &arns, &Map::new()).as_deref(), Some("arn:web"));
    }
}
