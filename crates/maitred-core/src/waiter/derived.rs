//! What is shown of a waiter that does not say so: the values that its acceptors look at.

use crate::config::{AcceptorConfig, Show, WaiterConfig};
use crate::expression::{Expression, Node};

/// No more values are shown.
const MOST: usize = 4;

/// No more nodes are looked at: an expression can have a way to a value for each combination of its parts.
const MOST_NODES: usize = 1000;

/// A step from a value to a part of it.
#[derive(Debug, Clone, PartialEq)]
enum Step {
    Member(String),
    /// Each element of a list.
    Each,
    /// Each value of an object.
    Values,
    Index(i64),
    /// How many there are at the end of these steps.
    Count(Vec<Self>),
}

/// The way to a value that an expression looks at.
type Path = Vec<Step>;

/// What a waiter shows: what its file says, or else what its acceptors look at; `None` if that is nothing
/// but the status or the error.
#[must_use]
pub fn show_of(config: &WaiterConfig) -> Option<Show> {
    config.show.clone().or_else(|| of_expressions(compared(&config.acceptors)))
}

/// The expressions of acceptors, each with whether its value is compared with a text.
pub(super) fn compared(acceptors: &[AcceptorConfig]) -> impl Iterator<Item = (&str, bool)> {
    acceptors
        .iter()
        .filter_map(|acceptor| Some((acceptor.argument.as_deref()?, acceptor.expected.is_string())))
}

/// The same of expressions, each with whether it is compared with a text.
pub(super) fn of_expressions<'a>(asked: impl IntoIterator<Item = (&'a str, bool)>) -> Option<Show> {
    let mut paths: Vec<(Path, bool)> = Vec::new();
    for (text, is_text) in asked {
        let Ok(expression) = Expression::compile(text) else { continue };
        let (mut reached, mut left) = (Vec::new(), MOST_NODES);
        reach(expression.node(), &Vec::new(), &mut reached, &mut left);
        let direct = reached.len() == 1 && is_text;
        for path in reached.into_iter().filter(|path| path.iter().any(is_named)) {
            if let Some((_, all)) = paths.iter_mut().find(|(known, _)| *known == path) {
                *all &= direct;
            } else if paths.len() < MOST {
                paths.push((path, direct));
            }
        }
    }
    shown(&paths).map(Show::One)
}

fn is_named(step: &Step) -> bool {
    matches!(step, Step::Member(_) | Step::Count(_))
}

/// One value as it is, a list of texts as one, several values by their names.
fn shown(paths: &[(Path, bool)]) -> Option<String> {
    match paths {
        [] => None,
        [(path, is_text)] if !matches!(path.last(), Some(Step::Count(_))) => {
            let text = text(path);
            let list = path.iter().any(|step| matches!(step, Step::Each | Step::Values));
            Some(if list && *is_text { format!("join(', ', {text})") } else { text })
        }
        paths => {
            let mut names: Vec<String> = Vec::new();
            for (path, _) in paths {
                let short = name(path, 1);
                let taken = names.contains(&short);
                names.push(if taken { name(path, usize::MAX) } else { short });
            }
            let members = names.iter().zip(paths);
            let members = members.map(|(name, (path, _))| format!("{name}: {}", text(path)));
            Some(format!("{{{}}}", members.collect::<Vec<_>>().join(", ")))
        }
    }
}

/// The last `words` members on the way, as the key of an object.
fn name(path: &[Step], words: usize) -> String {
    fn members<'a>(path: &'a [Step], found: &mut Vec<&'a str>) {
        for step in path {
            match step {
                Step::Member(name) => found.push(name),
                Step::Count(inner) => members(inner, found),
                Step::Each | Step::Values | Step::Index(_) => {}
            }
        }
    }
    let mut found = Vec::new();
    members(path, &mut found);
    let first = found.len().saturating_sub(words);
    identifier(&found[first..].join("."))
}

fn identifier(name: &str) -> String {
    let plain = name.chars().all(|letter| letter.is_ascii_alphanumeric() || letter == '_')
        && name.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_');
    if plain { name.to_owned() } else { serde_json::Value::from(name).to_string() }
}

fn text(path: &[Step]) -> String {
    let mut text = String::new();
    for step in path {
        let dot = if text.is_empty() { "" } else { "." };
        match step {
            Step::Member(name) => text.push_str(&format!("{dot}{}", identifier(name))),
            Step::Each => text.push_str("[]"),
            Step::Values => text.push_str(&format!("{dot}*")),
            Step::Index(index) => text.push_str(&format!("[{index}]")),
            Step::Count(inner) => {
                text.push_str(&format!("{dot}length({} || `[]`)", self::text(inner)));
            }
        }
    }
    text
}

/// Adds the ways from `from` to the values that `node` looks at.
fn reach(node: &Node, from: &Path, found: &mut Vec<Path>, left: &mut usize) {
    let Some(rest) = left.checked_sub(1) else { return };
    *left = rest;
    match node {
        Node::Current => found.push(from.clone()),
        Node::Literal(_) | Node::Reference(_) => {}
        Node::Field(name) => found.push(further(from, Step::Member(name.clone()))),
        Node::Index(index) => found.push(further(from, Step::Index(*index))),
        Node::Slice(..) => found.push(from.clone()),
        Node::Chain(first, second) => {
            behind(first, from, left, |way, left| reach(second, &way, found, left))
        }
        // The brackets around several values of each item come off again: `A[].[B, C][]`.
        Node::Projection(list, each) if takes_brackets_off(list) => {
            behind(list, from, left, |way, left| reach(each, &way, found, left));
        }
        Node::Projection(list, each) => behind(list, from, left, |way, left| {
            let way = if matches!(way.last(), Some(Step::Values)) { way } else { each_of(way) };
            reach(each, &way, found, left);
        }),
        Node::Condition(condition, value) => {
            reach(condition, from, found, left);
            if **value != Node::Current {
                reach(value, from, found, left);
            }
        }
        Node::Flatten(list) => behind(list, from, left, |way, _| {
            found.push(if takes_brackets_off(node) { way } else { each_of(way) });
        }),
        Node::ObjectValues(object) => {
            behind(object, from, left, |way, _| found.push(further(&way, Step::Values)));
        }
        Node::And(a, b) | Node::Or(a, b) | Node::Comparison(_, a, b) => {
            reach(a, from, found, left);
            reach(b, from, found, left);
        }
        Node::Not(inner) => reach(inner, from, found, left),
        Node::MultiList(nodes) => nodes.iter().for_each(|node| reach(node, from, found, left)),
        Node::MultiHash(entries) => {
            entries.iter().for_each(|(_, node)| reach(node, from, found, left))
        }
        Node::Call(function, arguments) if function.name() == "length" => {
            arguments.iter().for_each(|argument| count(argument, from, found, left));
        }
        Node::Call(_, arguments) => {
            arguments.iter().for_each(|node| reach(node, from, found, left))
        }
    }
}

fn takes_brackets_off(node: &Node) -> bool {
    let Node::Flatten(list) = node else { return false };
    matches!(&**list, Node::Projection(_, each) if matches!(**each, Node::MultiList(_)))
}

/// Adds how many there are of what `node` yields; where it chooses among them, what it chooses by.
fn count(node: &Node, from: &Path, found: &mut Vec<Path>, left: &mut usize) {
    let mut counted = Vec::new();
    reach(node, &Vec::new(), &mut counted, left);
    match counted.as_slice() {
        [one] if !chooses(node) => found.push(further(from, Step::Count(one.clone()))),
        _ => reach(node, from, found, left),
    }
}

fn chooses(node: &Node) -> bool {
    match node {
        Node::Condition(..) => true,
        Node::Chain(a, b) | Node::Projection(a, b) => chooses(a) || chooses(b),
        Node::Flatten(inner) | Node::ObjectValues(inner) => chooses(inner),
        Node::Current
        | Node::Literal(_)
        | Node::Field(_)
        | Node::Index(_)
        | Node::Slice(..)
        | Node::And(..)
        | Node::Or(..)
        | Node::Not(_)
        | Node::Comparison(..)
        | Node::MultiList(_)
        | Node::MultiHash(_)
        | Node::Call(..)
        | Node::Reference(_) => false,
    }
}

/// Goes on behind each value that `node` yields.
fn behind(node: &Node, from: &Path, left: &mut usize, mut go_on: impl FnMut(Path, &mut usize)) {
    let mut ways = Vec::new();
    reach(node, from, &mut ways, left);
    ways.into_iter().for_each(|way| go_on(way, left));
}

fn further(from: &Path, step: Step) -> Path {
    from.iter().cloned().chain([step]).collect()
}

/// Each element of the list at the end of `way`; the elements of elements are dissolved, too.
fn each_of(way: Path) -> Path {
    if matches!(way.last(), Some(Step::Each)) { way } else { further(&way, Step::Each) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn derived(expression: &str, is_text: bool) -> Option<String> {
        of_expressions([(expression, is_text)]).map(|show| show.expressions().join("; "))
    }

    #[test]
    fn an_expression_with_a_way_for_each_combination_is_bounded() {
        for text in [
            format!("a.{}", vec!["[@,@]"; 40].join(".")),
            format!("a|{}b{}", "([@,@]|".repeat(40), ")".repeat(40)),
            format!("{}a{}", "length(".repeat(40), ")".repeat(40)),
        ] {
            // What is derived has no end otherwise.
            let _ = derived(&text, true);
        }
    }

    #[test]
    fn what_acceptors_compare_is_shown() {
        for (expression, is_text, expected) in [
            ("Cluster.Status", true, "Cluster.Status"),
            ("Clusters[].Status", true, "join(', ', Clusters[].Status)"),
            ("Clusters[*].Status", true, "join(', ', Clusters[].Status)"),
            ("Clusters[0].Status", true, "Clusters[0].Status"),
            ("Clusters[].Public", false, "Clusters[].Public"),
            ("jobs.*.state", true, "join(', ', jobs.*.state)"),
            ("A[].B[].C", true, "join(', ', A[].B[].C)"),
            ("Status == 'READY'", false, "Status"),
            ("\"Job-State\"", true, "\"Job-State\""),
            ("length(Images[]) > `0`", false, "{Images: length(Images[] || `[]`)}"),
            ("length(KeyPairs[].Name) > `0`", false, "{Name: length(KeyPairs[].Name || `[]`)}"),
            (
                "length(services[?!(length(deployments) == `1` && running == desired)]) == `0`",
                false,
                "{deployments: services[].length(deployments || `[]`), running: \
                 services[].running, desired: services[].desired}",
            ),
            (
                "contains(Groups[].[length(Instances[?State=='InService']) >= Min][], `false`)",
                false,
                "{State: Groups[].Instances[].State, Min: Groups[].Min}",
            ),
        ] {
            assert_eq!(derived(expression, is_text).as_deref(), Some(expected), "{expression}");
            Expression::compile(expected).unwrap();
        }
    }

    #[test]
    fn what_looks_at_no_member_shows_nothing() {
        for expression in ["`true`", "@", "not an expression"] {
            assert_eq!(derived(expression, false), None, "{expression}");
        }
    }

    #[test]
    fn no_more_is_shown_than_can_be_read() {
        let shown = derived("a && b && c && d && e && f", false);
        assert_eq!(shown.as_deref(), Some("{a: a, b: b, c: c, d: d}"));
    }
}
