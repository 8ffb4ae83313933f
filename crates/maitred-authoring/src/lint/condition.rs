//! The values of a member that an acceptor accepts.
//!
//! `Status == 'A' || Status == 'B'` and `contains(['A', 'B'], Status)` accept the same values as two acceptors
//! that expect `A` and `B`. So a condition is evaluated for each value, with everything else unknown.

use serde_json::Value;

use super::condition_parts::{
    collect_beside, collect_subjects, has_pattern, is_condition, literal, lone_value,
};
use super::partial_value::partial_value;
use super::path_steps::{element_steps, steps};
use maitred_core::config::{AcceptorConfig, MatcherKind};
use maitred_core::expression::{Comparator, Node};

/// The test that an acceptor makes of a value, or of each element of a list.
#[derive(Debug, Clone, Copy)]
pub(super) struct Test<'a> {
    matcher: MatcherKind,
    /// The list whose elements are tested; `None` for `path`.
    list: Option<&'a Node>,
    each: &'a Node,
    expected: &'a Value,
    /// Whether an empty list is accepted.
    accepts_empty: bool,
}

impl<'a> Test<'a> {
    /// The test of an acceptor with this argument.
    pub(super) fn new(acceptor: &'a AcceptorConfig, argument: &'a Node) -> Self {
        if let Some((matcher, list, each)) = counted(acceptor, argument) {
            let accepts_empty = matcher == MatcherKind::PathAll;
            return Self { matcher, list: Some(list), each, expected: &TRUE, accepts_empty };
        }
        let (list, each) = match (acceptor.matcher, argument) {
            (MatcherKind::PathAll | MatcherKind::PathAny, Node::Projection(list, each)) => {
                (Some(&**list), &**each)
            }
            (MatcherKind::PathAll | MatcherKind::PathAny, _) => (Some(argument), &Node::Current),
            _ => (None, argument),
        };
        let expected = &acceptor.expected;
        Self { matcher: acceptor.matcher, list, each, expected, accepts_empty: false }
    }

    /// The values of which each element of a list has to be one.
    pub(super) fn all_of(&self) -> Option<Vec<Value>> {
        let [subject] = self.subjects()[..] else { return None };
        self.only(subject).filter(|_| self.matcher == MatcherKind::PathAll)
    }

    /// The list whose elements are tested.
    pub(super) fn list(&self) -> Option<&'a Node> {
        self.list
    }

    /// Whether it tests a condition rather than a value.
    pub(super) fn is_condition(&self) -> bool {
        self.expected.is_boolean() && is_condition(self.each)
    }

    /// Whether it tests a plain value, not one computed from it.
    pub(super) fn is_plain(&self) -> bool {
        self.subjects() == [self.each]
    }

    /// The tested expressions: the parts that are neither conditions nor literals.
    pub(super) fn subjects(&self) -> Vec<&'a Node> {
        let mut subjects = Vec::new();
        collect_subjects(self.each, &mut subjects);
        subjects
    }

    /// Whether it accepts `value` for `subject`; `None` if that depends on something else.
    pub(super) fn takes(&self, subject: &Node, value: &Value) -> Option<bool> {
        partial_value(self.each, Some((subject, value))).equals(self.expected)
    }

    /// The result if it is the same for every reply.
    pub(super) fn constant(&self) -> Option<bool> {
        // An empty list is not accepted.
        if !self.is_condition() || self.list.is_some() {
            return None;
        }
        if let Some(constant) = partial_value(self.each, None).equals(self.expected) {
            return Some(constant);
        }
        let [subject] = self.subjects()[..] else { return None };
        if has_pattern(self.each) {
            return None;
        }
        let mut all = self.mentioned(subject);
        all.extend([Value::Null, unmentioned()]);
        let taken: Option<Vec<_>> = all.iter().map(|value| self.takes(subject, value)).collect();
        let taken = taken?;
        taken.iter().all(|one| *one == taken[0]).then_some(taken[0])
    }

    /// A literal in place of a condition, as `'B'` in `Status == 'A' || 'B'`.
    pub(super) fn lone_value(&self) -> Option<Value> {
        if self.is_condition() { lone_value(self.each) } else { None }
    }

    /// The literals that `subject` is compared with.
    pub(super) fn mentioned(&self, subject: &Node) -> Vec<Value> {
        let mut mentioned = Vec::new();
        collect_beside(self.each, subject, &mut mentioned);
        if !is_condition(self.each) {
            mentioned.push(self.expected.clone());
        }
        mentioned
    }

    /// All values of `subject` that it can accept; `None` if they cannot be listed.
    pub(super) fn only(&self, subject: &Node) -> Option<Vec<Value>> {
        let refuses = |value: &Value| self.takes(subject, value) == Some(false);
        let open = has_pattern(self.each) || !refuses(&Value::Null) || !refuses(&unmentioned());
        let mentioned = || self.mentioned(subject).into_iter().filter(|value| !refuses(value));
        (!open).then(|| mentioned().collect())
    }

    /// Whether it accepts everything that `later` accepts if `subject` is `value`.
    pub(super) fn covers(&self, later: &Test<'_>, subject: &Node, value: &Value) -> bool {
        let matchers = match (self.matcher, later.matcher) {
            (MatcherKind::Path, MatcherKind::Path)
            | (MatcherKind::PathAll, MatcherKind::PathAll)
            | (MatcherKind::PathAny, MatcherKind::PathAll | MatcherKind::PathAny) => true,
            (MatcherKind::PathAny, MatcherKind::Path) => {
                // A test of any element covers one of a single element.
                let own = self.list.and_then(|list| element_steps(list, self.each));
                return own.is_some()
                    && own == steps(subject)
                    && self.takes(self.each, value) == Some(true);
            }
            _ => false,
        };
        let empty = self.accepts_empty || !later.accepts_empty;
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

/// The test of an acceptor that counts elements: `length(a[?b]) > 0` is `pathAny` of `a[].b`, and
/// `length(a[?b]) == length(a)` is `pathAll`.
#[expect(clippy::wildcard_enum_match_arm, reason = "any other comparator counts nothing")]
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
#[expect(clippy::wildcard_enum_match_arm, reason = "any other node is the list itself")]
fn measured(node: &Node) -> Option<&Node> {
    let Node::Call(function, arguments) = node else { return None };
    match arguments.first().filter(|_| function.name() == "length")? {
        Node::Or(list, default) if literal(default).is_some() => Some(list),
        list => Some(list),
    }
}

/// A string that occurs in no condition.
fn unmentioned() -> Value {
    Value::String("\u{0}".to_owned())
}
