//! The default of `show`: the values that the acceptors look at.

use crate::config::{AcceptorConfig, Show, WaiterConfig};
use crate::expression::{Expression, Node};

/// The most values that are shown.
const MAX_VALUES: usize = 4;

/// The most nodes that are visited: an expression can have a path for each combination of its parts.
const MAX_NODES: usize = 1000;

/// The path to a value that an expression looks at.
#[derive(Debug, Clone, Default)]
struct Path {
    /// The path as an expression.
    text: String,
    /// The names of the members in it.
    members: Vec<String>,
    end: End,
    /// Whether it leads to several values.
    is_of_several: bool,
}

/// The last step of a path.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
enum End {
    /// A member, or an element at an index.
    #[default]
    Part,
    /// Each element of a list.
    Each,
    /// Each value of an object.
    Values,
    /// The number of values at the end of another path.
    Count,
}

impl Path {
    fn then(&self, step: &str, end: End) -> Self {
        let mut path = self.clone();
        if !path.text.is_empty() && !step.starts_with('[') {
            path.text.push('.');
        }
        path.text.push_str(step);
        path.is_of_several |= matches!(end, End::Each | End::Values);
        path.end = end;
        path
    }

    fn member(&self, name: &str) -> Self {
        let mut path = self.then(&identifier(name), End::Part);
        path.members.push(name.to_owned());
        path
    }

    /// The path to each element of the list at its end; nested lists count as flattened.
    fn each(self) -> Self {
        if self.end == End::Each { self } else { self.then("[]", End::Each) }
    }

    fn count(&self, counted: &Self) -> Self {
        let mut path = self.then(&format!("length({} || `[]`)", counted.text), End::Count);
        path.members.extend_from_slice(&counted.members);
        path
    }

    /// The last `most` members, as the key of an object.
    fn name(&self, most: usize) -> String {
        identifier(&self.members[self.members.len().saturating_sub(most)..].join("."))
    }
}

/// The `show` of a waiter: its file's, or else the values that its acceptors look at. `None` if those
/// look only at the status or the error.
#[must_use]
pub fn show_of(config: &WaiterConfig) -> Option<Show> {
    config.show.clone().or_else(|| of_expressions(compared(&config.acceptors)))
}

/// The expressions of acceptors, each with whether its value is compared with a string.
pub(super) fn compared<'a>(
    acceptors: impl IntoIterator<Item = &'a AcceptorConfig>,
) -> impl Iterator<Item = (&'a str, bool)> {
    acceptors
        .into_iter()
        .filter_map(|acceptor| Some((acceptor.argument.as_deref()?, acceptor.expected.is_string())))
}

/// The default `show` for these expressions, each given with whether its value is compared with a string.
pub(super) fn of_expressions<'a>(asked: impl IntoIterator<Item = (&'a str, bool)>) -> Option<Show> {
    let mut shown: Vec<(Path, bool)> = Vec::new();
    for (text, is_text) in asked {
        let Ok(expression) = Expression::compile(text) else { continue };
        let reached = paths(expression.node(), &Path::default(), &mut { MAX_NODES });
        let direct = reached.len() == 1 && is_text;
        for path in reached.into_iter().filter(|path| !path.members.is_empty()) {
            if let Some((_, all)) = shown.iter_mut().find(|(known, _)| known.text == path.text) {
                *all &= direct;
            } else if shown.len() < MAX_VALUES {
                shown.push((path, direct));
            }
        }
    }
    expression_of(&shown).map(Show::One)
}

/// The expression to show: a single value as it is, a list of strings joined, several values by name.
fn expression_of(paths: &[(Path, bool)]) -> Option<String> {
    match paths {
        [] => None,
        [(path, true)] if path.end != End::Count && path.is_of_several => {
            Some(format!("join(', ', {})", path.text))
        }
        [(path, _)] if path.end != End::Count => Some(path.text.clone()),
        paths => {
            let mut names: Vec<String> = Vec::new();
            for (path, _) in paths {
                let short = path.name(1);
                let taken = names.contains(&short);
                names.push(if taken { path.name(usize::MAX) } else { short });
            }
            let members = names.iter().zip(paths);
            let members = members.map(|(name, (path, _))| format!("{name}: {}", path.text));
            Some(format!("{{{}}}", members.collect::<Vec<_>>().join(", ")))
        }
    }
}

fn identifier(name: &str) -> String {
    let plain = name.chars().all(|letter| letter.is_ascii_alphanumeric() || letter == '_')
        && name.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_');
    if plain { name.to_owned() } else { serde_json::Value::from(name).to_string() }
}

/// The paths from `from` to the values that `node` looks at. `left` is how many more nodes may be visited.
fn paths(node: &Node, from: &Path, left: &mut usize) -> Vec<Path> {
    let Some(rest) = left.checked_sub(1) else { return Vec::new() };
    *left = rest;
    match node {
        Node::Current | Node::Slice(..) => vec![from.clone()],
        Node::Literal(_) | Node::Reference(_) => Vec::new(),
        Node::Field(name) => vec![from.member(name)],
        Node::Index(index) => vec![from.then(&format!("[{index}]"), End::Part)],
        Node::Chain(first, second) => {
            let first = paths(first, from, left).into_iter();
            first.flat_map(|path| paths(second, &path, left)).collect()
        }
        Node::Projection(list, each) => {
            let is_flat = is_flattened_multi_list(list);
            let lists = paths(list, from, left).into_iter();
            let stays = |path: &Path| is_flat || path.end == End::Values;
            let elements = lists.map(|path| if stays(&path) { path } else { path.each() });
            elements.flat_map(|path| paths(each, &path, left)).collect()
        }
        Node::Condition(condition, value) if **value == Node::Current => {
            paths(condition, from, left)
        }
        Node::Flatten(list) => {
            let is_flat = is_flattened_multi_list(node);
            let lists = paths(list, from, left).into_iter();
            lists.map(|path| if is_flat { path } else { path.each() }).collect()
        }
        Node::ObjectValues(object) => {
            let objects = paths(object, from, left).into_iter();
            objects.map(|path| path.then("*", End::Values)).collect()
        }
        Node::Condition(a, b) | Node::And(a, b) | Node::Or(a, b) | Node::Comparison(_, a, b) => {
            [a, b].into_iter().flat_map(|side| paths(side, from, left)).collect()
        }
        Node::Not(inner) => paths(inner, from, left),
        Node::MultiHash(entries) => {
            entries.iter().flat_map(|(_, node)| paths(node, from, left)).collect()
        }
        Node::Call(function, arguments) if function.name() == "length" => {
            arguments.iter().flat_map(|argument| counts(argument, from, left)).collect()
        }
        Node::MultiList(nodes) | Node::Call(_, nodes) => {
            nodes.iter().flat_map(|node| paths(node, from, left)).collect()
        }
    }
}

/// Returns whether the brackets around several values of each item are flattened again: `A[].[B, C][]`.
fn is_flattened_multi_list(node: &Node) -> bool {
    let Node::Flatten(list) = node else { return false };
    matches!(&**list, Node::Projection(_, each) if matches!(**each, Node::MultiList(_)))
}

/// The number of values that `node` yields, or if it filters them, the values that it filters by.
fn counts(node: &Node, from: &Path, left: &mut usize) -> Vec<Path> {
    match paths(node, &Path::default(), left).as_slice() {
        [counted] if !filters(node) => vec![from.count(counted)],
        _ => paths(node, from, left),
    }
}

fn filters(node: &Node) -> bool {
    if let Node::Chain(a, b) | Node::Projection(a, b) = node {
        return filters(a) || filters(b);
    }
    matches!(node, Node::Condition(..))
        || matches!(node, Node::Flatten(inner) | Node::ObjectValues(inner) if filters(inner))
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
        for expression in ["`true`", "@", "length(@) > `0`", "not an expression"] {
            assert_eq!(derived(expression, false), None, "{expression}");
        }
    }

    #[test]
    fn no_more_is_shown_than_can_be_read() {
        let shown = derived("a && b && c && d && e && f", false);
        assert_eq!(shown.as_deref(), Some("{a: a, b: b, c: c, d: d}"));
    }
}
