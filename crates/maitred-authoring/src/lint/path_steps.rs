//! The members and elements along a path.

#![expect(clippy::wildcard_enum_match_arm, reason = "any other node is not a path")]

use maitred_core::expression::Node;

/// A step of a path. All elements of a list are one step.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum PathStep<'a> {
    Member(&'a str),
    Element,
}

/// The steps of a path; `None` if it has anything but members and elements.
pub(super) fn steps(node: &Node) -> Option<Vec<PathStep<'_>>> {
    let mut steps = Vec::new();
    collect_steps(node, &mut steps).then_some(steps)
}

/// The steps of `each` on the elements of `list`.
pub(super) fn element_steps<'a>(list: &'a Node, each: &'a Node) -> Option<Vec<PathStep<'a>>> {
    let mut steps = Vec::new();
    collect_projection(list, each, &mut steps).then_some(steps)
}

fn collect_projection<'a>(list: &'a Node, each: &'a Node, steps: &mut Vec<PathStep<'a>>) -> bool {
    let known = collect_steps(list, steps);
    // `a[]` has the step already.
    if !matches!(list, Node::Flatten(_)) {
        steps.push(PathStep::Element);
    }
    known && collect_steps(each, steps)
}

fn collect_steps<'a>(node: &'a Node, steps: &mut Vec<PathStep<'a>>) -> bool {
    match node {
        Node::Current => {}
        Node::Field(name) => steps.push(PathStep::Member(name)),
        Node::Index(_) => steps.push(PathStep::Element),
        Node::Chain(first, second) => {
            return collect_steps(first, steps) && collect_steps(second, steps);
        }
        Node::Flatten(list) => {
            let known = collect_steps(list, steps);
            steps.push(PathStep::Element);
            return known;
        }
        Node::Projection(list, each) => return collect_projection(list, each, steps),
        _ => return false,
    }
    true
}
