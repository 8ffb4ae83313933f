//! Which values an acceptor takes, where its condition tells.
//!
//! `Status == 'A' || Status == 'B'` and `contains(['A', 'B'], Status)` take what two acceptors that
//! expect `A` and `B` of `Status` take. So a condition is asked for one value after the other, with
//! what cannot be known left open.

#![expect(
    clippy::wildcard_enum_match_arm,
    reason = "a part that is no condition is a value, whichever it is"
)]

use serde_json::Value;

use maitred_core::config::AcceptorConfig;
use maitred_core::config::MatcherKind;
use maitred_core::expression::Comparator;
use maitred_core::expression::Node;
use maitred_core::python;

/// What an acceptor asks of a value, or of each value of a list.
#[derive(Debug, Clone, Copy)]
pub(super) struct Test<'a> {
    matcher: MatcherKind,
    /// The list of which each element is asked; `None` for `path`.
    list: Option<&'a Node>,
    each: &'a Node,
    expected: &'a Value,
    /// Whether a list without elements is taken.
    of_empty: bool,
}

impl<'a> Test<'a> {
    /// Of an acceptor whose argument is `argument`.
    pub(super) fn new(acceptor: &'a AcceptorConfig, argument: &'a Node) -> Self {
        if let Some((matcher, list, each)) = counted(acceptor, argument) {
            let of_empty = matcher == MatcherKind::PathAll;
            return Self { matcher, list: Some(list), each, expected: &TRUE, of_empty };
        }
        let (list, each) = match (acceptor.matcher, argument) {
            (MatcherKind::PathAll | MatcherKind::PathAny, Node::Projection(list, each)) => {
                (Some(&**list), &**each)
            }
            (MatcherKind::PathAll | MatcherKind::PathAny, _) => (Some(argument), &Node::Current),
            _ => (None, argument),
        };
        let expected = &acceptor.expected;
        Self { matcher: acceptor.matcher, list, each, expected, of_empty: false }
    }

    /// Whether all elements of a list have to be one of these values.
    pub(super) fn all_of(&self) -> Option<Vec<Value>> {
        let [subject] = self.subjects()[..] else { return None };
        self.only(subject).filter(|_| self.matcher == MatcherKind::PathAll)
    }

    /// The list of which each element is asked.
    pub(super) fn list(&self) -> Option<&'a Node> {
        self.list
    }

    /// Whether a condition is asked, not whether a value is the expected one.
    pub(super) fn is_condition(&self) -> bool {
        self.expected.is_boolean() && is_condition(self.each)
    }

    /// Whether a value itself is looked at, and not something made of it.
    pub(super) fn is_plain(&self) -> bool {
        self.subjects() == [self.each]
    }

    /// What is asked about: the parts that are neither conditions nor values.
    pub(super) fn subjects(&self) -> Vec<&'a Node> {
        let mut subjects = Vec::new();
        collect_subjects(self.each, &mut subjects);
        subjects
    }

    /// Whether `value` in the place of `subject` is taken; `None` if that hangs on something else.
    pub(super) fn takes(&self, subject: &Node, value: &Value) -> Option<bool> {
        see(self.each, Some((subject, value))).equals(self.expected)
    }

    /// What the acceptor always says, whatever the reply; `None` if it hangs on the reply.
    pub(super) fn constant(&self) -> Option<bool> {
        // Of an empty list nothing is taken.
        if !self.is_condition() || self.list.is_some() {
            return None;
        }
        if let Some(constant) = see(self.each, None).equals(self.expected) {
            return Some(constant);
        }
        let [subject] = self.subjects()[..] else { return None };
        if has_pattern(self.each) {
            return None;
        }
        let mut all = self.mentioned(subject);
        all.extend([Value::Null, other()]);
        let taken: Option<Vec<_>> = all.iter().map(|value| self.takes(subject, value)).collect();
        let taken = taken?;
        taken.iter().all(|one| *one == taken[0]).then_some(taken[0])
    }

    /// A value that stands where a condition is to stand, as `'B'` in `Status == 'A' || 'B'`.
    pub(super) fn lone_value(&self) -> Option<Value> {
        if self.is_condition() { lone_value(self.each) } else { None }
    }

    /// The values that stand beside `subject`.
    pub(super) fn mentioned(&self, subject: &Node) -> Vec<Value> {
        let mut mentioned = Vec::new();
        collect_beside(self.each, subject, &mut mentioned);
        if !is_condition(self.each) {
            mentioned.push(self.expected.clone());
        }
        mentioned
    }

    /// The only values of `subject` with which the acceptor can match; `None` if they cannot be listed.
    pub(super) fn only(&self, subject: &Node) -> Option<Vec<Value>> {
        let refuses = |value: &Value| self.takes(subject, value) == Some(false);
        let open = has_pattern(self.each) || !refuses(&Value::Null) || !refuses(&other());
        let mentioned = || self.mentioned(subject).into_iter().filter(|value| !refuses(value));
        (!open).then(|| mentioned().collect())
    }

    /// Whether an acceptor with this test matches where one with `later` does with `value` in the
    /// place of `subject`.
    pub(super) fn covers(&self, later: &Test<'_>, subject: &Node, value: &Value) -> bool {
        let matchers = match (self.matcher, later.matcher) {
            (MatcherKind::Path, MatcherKind::Path)
            | (MatcherKind::PathAll, MatcherKind::PathAll)
            | (MatcherKind::PathAny, MatcherKind::PathAll | MatcherKind::PathAny) => true,
            (MatcherKind::PathAny, MatcherKind::Path) => {
                // What one element is, some element is.
                let own = self.list.and_then(|list| element_steps(list, self.each));
                return own.is_some()
                    && own == steps(subject)
                    && self.takes(self.each, value) == Some(true);
            }
            _ => false,
        };
        let empty = self.of_empty || !later.of_empty;
        matchers
            && empty
            && same_list(self.list, later.list)
            && self.takes(subject, value) == Some(true)
    }
}

/// Whether two lists have the same elements: `a[]` those of `a[*]`.
fn same_list(one: Option<&Node>, other: Option<&Node>) -> bool {
    let bare = |list: Option<&Node>| match list {
        Some(Node::Flatten(list)) => Some((**list).clone()),
        list => list.cloned(),
    };
    one == other || bare(one) == bare(other)
}

static TRUE: Value = Value::Bool(true);

/// What an acceptor asks that counts elements: `length(a[?b]) > 0` is `pathAny` of `a[].b`, and
/// `length(a[?b]) == length(a)` is `pathAll`.
fn counted<'a>(
    acceptor: &AcceptorConfig,
    argument: &'a Node,
) -> Option<(MatcherKind, &'a Node, &'a Node)> {
    let asked = acceptor.matcher == MatcherKind::Path && acceptor.expected == TRUE;
    let Node::Comparison(comparator, left, right) = argument else { return None };
    let Node::Projection(list, filter) = measured(left).filter(|_| asked)? else { return None };
    let Node::Condition(condition, then) = &**filter else { return None };
    if **then != Node::Current || !is_condition(condition) {
        return None;
    }
    let number = literal(right).and_then(|number| number.as_f64());
    let matcher = match comparator {
        Comparator::Greater if number == Some(0.0) => MatcherKind::PathAny,
        Comparator::GreaterOrEqual if number == Some(1.0) => MatcherKind::PathAny,
        Comparator::NotEqual if number == Some(0.0) => MatcherKind::PathAny,
        Comparator::Equal if measured(right) == Some(&**list) => MatcherKind::PathAll,
        _ => return None,
    };
    Some((matcher, list, condition))
}

/// The list of `length(list)` and of `length(list || `[]`)`.
fn measured(node: &Node) -> Option<&Node> {
    let Node::Call(function, arguments) = node else { return None };
    match arguments.first().filter(|_| function.name() == "length")? {
        Node::Or(list, default) if literal(default).is_some() => Some(list),
        list => Some(list),
    }
}

/// A string that no condition names.
fn other() -> Value {
    Value::String("\u{0}".to_owned())
}

/// Whether only the caller knows the value, or one in the list.
fn is_placeholder(value: &Value) -> bool {
    match value {
        Value::String(text) => text.contains("{{"),
        Value::Array(items) => items.iter().any(is_placeholder),
        _ => false,
    }
}

/// Whether `node` is `true` or `false`.
fn is_condition(node: &Node) -> bool {
    match node {
        Node::Comparison(..) | Node::Not(_) => true,
        Node::And(first, second) | Node::Or(first, second) => {
            is_condition(first) || is_condition(second)
        }
        Node::Call(..) => operands(node).is_some(),
        _ => false,
    }
}

fn lone_value(node: &Node) -> Option<Value> {
    match node {
        Node::Not(operand) => lone_value(operand),
        Node::And(first, second) | Node::Or(first, second) => [first, second]
            .into_iter()
            .find_map(|side| literal(side).filter(Value::is_string).or_else(|| lone_value(side))),
        _ => None,
    }
}

/// The arguments of a function that asks something of a string.
fn operands(node: &Node) -> Option<(&'static str, &Node, &Node)> {
    let Node::Call(function, arguments) = node else { return None };
    let name = function.name();
    let [first, second] = arguments.as_slice() else { return None };
    matches!(name, "contains" | "starts_with" | "ends_with").then_some((name, first, second))
}

/// The conditions that a condition is made of.
fn parts(node: &Node) -> Vec<&Node> {
    match node {
        Node::And(first, second) | Node::Or(first, second) => vec![first, second],
        Node::Not(operand) => vec![operand],
        _ => Vec::new(),
    }
}

/// What a function makes of a value that is there: the value.
fn kept(node: &Node) -> Option<&[Node]> {
    let Node::Call(function, arguments) = node else { return None };
    (function.name() == "not_null").then_some(arguments)
}

/// The two sides of a comparison, or the two arguments of a function that asks something.
fn sides(node: &Node) -> Option<(&Node, &Node)> {
    match node {
        Node::Comparison(_, first, second) => Some((first, second)),
        _ => operands(node).map(|(_, first, second)| (first, second)),
    }
}

fn collect_subjects<'a>(node: &'a Node, subjects: &mut Vec<&'a Node>) {
    let parts = parts(node);
    if let Some((first, second)) = sides(node) {
        collect_subjects(first, subjects);
        collect_subjects(second, subjects);
    } else if let Some(values) = kept(node) {
        values.iter().for_each(|value| collect_subjects(value, subjects));
    } else if !parts.is_empty() {
        parts.into_iter().for_each(|part| collect_subjects(part, subjects));
    } else if literal(node).is_none() && !subjects.contains(&node) {
        subjects.push(node);
    }
}

fn collect_beside(node: &Node, subject: &Node, values: &mut Vec<Value>) {
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

/// Whether the condition asks for a part of a string.
fn has_pattern(node: &Node) -> bool {
    if let Some((name, first, _)) = operands(node) {
        return name != "contains" || !literal(first).is_some_and(|list| list.is_array());
    }
    parts(node).into_iter().any(has_pattern)
}

/// The value of a node that is nothing but a value.
pub(super) fn literal(node: &Node) -> Option<Value> {
    match node {
        Node::Literal(value) => Some(value.clone()),
        Node::MultiList(nodes) => nodes.iter().map(literal).collect(),
        _ => None,
    }
}

/// What is known of the value of a part.
#[derive(Debug, Clone, Default)]
struct Seen {
    value: Option<Value>,
    /// Whether it counts as true.
    truth: Option<bool>,
}

impl Seen {
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

    fn equals(&self, expected: &Value) -> Option<bool> {
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

/// What is known of `node` with a value in the place of a part.
fn see(node: &Node, given: Option<(&Node, &Value)>) -> Seen {
    if let Some((_, value)) = given.filter(|(subject, _)| *subject == node) {
        return Seen::value(value.clone());
    }
    if let Some(value) = literal(node) {
        return if is_placeholder(&value) { Seen::default() } else { Seen::value(value) };
    }
    if let Some((name, first, second)) = operands(node) {
        return Seen::boolean(asks(name, see(first, given), see(second, given)));
    }
    if let Some(values) = kept(node) {
        let seen = values.iter().map(|value| see(value, given));
        let there = |seen: &Seen| seen.value.as_ref().is_none_or(|value| !value.is_null());
        return seen.into_iter().find(there).unwrap_or_else(|| Seen::value(Value::Null));
    }
    match node {
        Node::Not(operand) => Seen::boolean(see(operand, given).truth.map(|truth| !truth)),
        Node::And(first, second) => joined(see(first, given), see(second, given), false),
        Node::Or(first, second) => joined(see(first, given), see(second, given), true),
        Node::Comparison(comparator, first, second) => {
            let guarded = guarded_length(first);
            let (first, second) = (see(first, given), see(second, given));
            Seen::boolean(match (first.value, second.value) {
                (Some(first), Some(second)) => compared(*comparator, &first, &second),
                (None, Some(bound)) => {
                    guarded.and_then(|guarded| length_is(guarded, *comparator, &bound))
                }
                _ => None,
            })
        }
        _ => Seen::default(),
    }
}

/// `first && second`, or `first || second` if `first` being true decides.
fn joined(first: Seen, second: Seen, decisive: bool) -> Seen {
    match (first.truth, second.truth) {
        (Some(truth), _) if truth == decisive => first,
        (Some(_), _) => second,
        (None, Some(truth)) if truth == decisive => Seen { value: None, truth: Some(truth) },
        (None, _) => Seen::default(),
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

/// Whether something stands in for what is measured where that is absent; `None` for all but `length`.
fn guarded_length(node: &Node) -> Option<bool> {
    let Node::Call(function, arguments) = node else { return None };
    let guarded =
        |node: &Node| matches!(node, Node::Or(_, other) if matches!(**other, Node::Literal(_)));
    (function.name() == "length").then(|| arguments.first().is_some_and(guarded))
}

/// What can be said of `length(…)` without knowing it: it is never negative. Where there is nothing to
/// measure it fails, and so does not always hold, unless that is guarded against.
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

/// What a function says of two strings, or of a list and a value.
fn asks(function: &str, first: Seen, second: Seen) -> Option<bool> {
    match (function, first.value?, second.value?) {
        ("contains", Value::Array(items), value) => Some(items.contains(&value)),
        ("contains", Value::String(text), Value::String(part)) => Some(text.contains(&part)),
        ("starts_with", Value::String(text), Value::String(start)) => {
            Some(text.starts_with(&start))
        }
        ("ends_with", Value::String(text), Value::String(end)) => Some(text.ends_with(&end)),
        // Of anything else the function fails, whatever stands around it.
        _ => None,
    }
}

/// A step of a path, without which element of a list is taken.
#[derive(Debug, PartialEq, Eq)]
enum Step<'a> {
    Member(&'a str),
    Element,
}

/// The steps of a path; `None` if it is more than members and elements.
fn steps(node: &Node) -> Option<Vec<Step<'_>>> {
    let mut steps = Vec::new();
    walk(node, &mut steps).then_some(steps)
}

/// The steps of `each` on the elements of `list`.
fn element_steps<'a>(list: &'a Node, each: &'a Node) -> Option<Vec<Step<'a>>> {
    let mut steps = Vec::new();
    projected(list, each, &mut steps).then_some(steps)
}

fn projected<'a>(list: &'a Node, each: &'a Node, steps: &mut Vec<Step<'a>>) -> bool {
    let known = walk(list, steps);
    // `a[]` has the step already.
    if !matches!(list, Node::Flatten(_)) {
        steps.push(Step::Element);
    }
    known && walk(each, steps)
}

fn walk<'a>(node: &'a Node, steps: &mut Vec<Step<'a>>) -> bool {
    match node {
        Node::Current => {}
        Node::Field(name) => steps.push(Step::Member(name)),
        Node::Index(_) => steps.push(Step::Element),
        Node::Chain(first, second) => return walk(first, steps) && walk(second, steps),
        Node::Flatten(list) => {
            let known = walk(list, steps);
            steps.push(Step::Element);
            return known;
        }
        Node::Projection(list, each) => return projected(list, each, steps),
        _ => return false,
    }
    true
}
