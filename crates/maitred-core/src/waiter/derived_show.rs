//! The default of `show`: the values that the acceptors look at.

use crate::config::{AcceptorConfig, Show, WaiterConfig};
use crate::expression::{Expression, Node};

/// The most values that are shown.
const MAX_VALUES: usize = 4;

/// The most nodes that are visited: an expression can have a path for each combination of its parts.
const MAX_NODES: usize = 1000;

/// A step from a value to a part of it.
#[derive(Debug, Clone, PartialEq)]
enum Step {
    Member(String),
    /// Each element of a list.
    Each,
    /// Each value of an object.
    Values,
    Index(i64),
    /// The number of values at the end of these steps.
    Count(Vec<Self>),
}

/// The path to a value that an expression looks at.
type Path = Vec<Step>;

/// What a waiter shows: its file's `show`, or else the values that its acceptors look at. `None` if those
/// look only at the status or the error.
#[must_use]
pub fn show_of(config: &WaiterConfig) -> Option<Show> {
    config.show.clone().or_else(|| of_expressions(compared(&config.acceptors)))
}

/// The expressions of acceptors, each with whether its value is compared with a string.
pub(super) fn compared(acceptors: &[AcceptorConfig]) -> impl Iterator<Item = (&str, bool)> {
    acceptors
        .iter()
        .filter_map(|acceptor| Some((acceptor.argument.as_deref()?, acceptor.expected.is_string())))
}

/// The default `show` for these expressions, each given with whether its value is compared with a string.
pub(super) fn of_expressions<'a>(asked: impl IntoIterator<Item = (&'a str, bool)>) -> Option<Show> {
    let mut paths: Vec<(Path, bool)> = Vec::new();
    for (text, is_text) in asked {
        let Ok(expression) = Expression::compile(text) else { continue };
        let (mut reached, mut left) = (Vec::new(), MAX_NODES);
        collect_paths(expression.node(), &Vec::new(), &mut reached, &mut left);
        let direct = reached.len() == 1 && is_text;
        for path in reached.into_iter().filter(|path| path.iter().any(is_named)) {
            if let Some((_, all)) = paths.iter_mut().find(|(known, _)| *known == path) {
                *all &= direct;
            } else if paths.len() < MAX_VALUES {
                paths.push((path, direct));
            }
        }
    }
    shown(&paths).map(Show::One)
}

fn is_named(step: &Step) -> bool {
    matches!(step, Step::Member(_) | Step::Count(_))
}

/// The expression to show: a single value as it is, a list of strings joined, several values by name.
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

/// The last `words` members of the path, as the key of an object.
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

/// Adds the paths from `from` to the values that `node` looks at.
fn collect_paths(node: &Node, from: &Path, found: &mut Vec<Path>, left: &mut usize) {
    let Some(rest) = left.checked_sub(1) else { return };
    *left = rest;
    match node {
        Node::Current => found.push(from.clone()),
        Node::Literal(_) | Node::Reference(_) => {}
        Node::Field(name) => found.push(extended(from, Step::Member(name.clone()))),
        Node::Index(index) => found.push(extended(from, Step::Index(*index))),
        Node::Slice(..) => found.push(from.clone()),
        Node::Chain(first, second) => {
            for_each_path(first, from, left, |path, left| collect_paths(second, &path, found, left))
        }
        // The brackets around several values of each item are flattened again: `A[].[B, C][]`.
        Node::Projection(list, each) if is_flattened_multi_list(list) => {
            for_each_path(list, from, left, |path, left| collect_paths(each, &path, found, left));
        }
        Node::Projection(list, each) => for_each_path(list, from, left, |path, left| {
            let path = if matches!(path.last(), Some(Step::Values)) { path } else { each_of(path) };
            collect_paths(each, &path, found, left);
        }),
        Node::Condition(condition, value) => {
            collect_paths(condition, from, found, left);
            if **value != Node::Current {
                collect_paths(value, from, found, left);
            }
        }
        Node::Flatten(list) => for_each_path(list, from, left, |path, _| {
            found.push(if is_flattened_multi_list(node) { path } else { each_of(path) });
        }),
        Node::ObjectValues(object) => {
            for_each_path(object, from, left, |path, _| found.push(extended(&path, Step::Values)));
        }
        Node::And(a, b) | Node::Or(a, b) | Node::Comparison(_, a, b) => {
            collect_paths(a, from, found, left);
            collect_paths(b, from, found, left);
        }
        Node::Not(inner) => collect_paths(inner, from, found, left),
        Node::MultiList(nodes) => {
            nodes.iter().for_each(|node| collect_paths(node, from, found, left))
        }
        Node::MultiHash(entries) => {
            entries.iter().for_each(|(_, node)| collect_paths(node, from, found, left))
        }
        Node::Call(function, arguments) if function.name() == "length" => {
            arguments.iter().for_each(|argument| count(argument, from, found, left));
        }
        Node::Call(_, arguments) => {
            arguments.iter().for_each(|node| collect_paths(node, from, found, left))
        }
    }
}

fn is_flattened_multi_list(node: &Node) -> bool {
    let Node::Flatten(list) = node else { return false };
    matches!(&**list, Node::Projection(_, each) if matches!(**each, Node::MultiList(_)))
}

/// Adds the number of values that `node` yields, or if it filters them, the values that it filters by.
fn count(node: &Node, from: &Path, found: &mut Vec<Path>, left: &mut usize) {
    let mut counted = Vec::new();
    collect_paths(node, &Vec::new(), &mut counted, left);
    match counted.as_slice() {
        [one] if !filters(node) => found.push(extended(from, Step::Count(one.clone()))),
        _ => collect_paths(node, from, found, left),
    }
}

fn filters(node: &Node) -> bool {
    match node {
        Node::Condition(..) => true,
        Node::Chain(a, b) | Node::Projection(a, b) => filters(a) || filters(b),
        Node::Flatten(inner) | Node::ObjectValues(inner) => filters(inner),
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

/// Calls `go_on` with the path to each value that `node` yields.
fn for_each_path(
    node: &Node,
    from: &Path,
    left: &mut usize,
    mut go_on: impl FnMut(Path, &mut usize),
) {
    let mut paths = Vec::new();
    collect_paths(node, from, &mut paths, left);
    paths.into_iter().for_each(|path| go_on(path, left));
}

fn extended(from: &Path, step: Step) -> Path {
    from.iter().cloned().chain([step]).collect()
}

/// The path to each element of the list at the end of `path`; nested lists count as flattened.
fn each_of(path: Path) -> Path {
    if matches!(path.last(), Some(Step::Each)) { path } else { extended(&path, Step::Each) }
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
