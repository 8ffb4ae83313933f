//! The members of structures, and which one was probably meant.

use crate::lint::types::{Kind, Typed};
use maitred_core::diagnostic::nearest;
use maitred_model::{Member, OperationModel, ShapeId, ShapeKind, ShapeRef, Structure};

/// The depth to which a misplaced member is searched for.
const SEARCH_DEPTH: usize = 4;

/// The most members that are searched.
const MAX_SEARCHED: usize = 2000;

/// The type of `ResponseMetadata`, which clients add to every output.
pub(super) fn response_metadata<'m>() -> Typed<'m> {
    let members = [
        ("RequestId", Typed::of(Kind::Text(&[]))),
        ("HostId", Typed::of(Kind::Text(&[]))),
        ("HTTPStatusCode", Typed::of(Kind::Number)),
        ("HTTPHeaders", Typed::any()),
        ("RetryAttempts", Typed::of(Kind::Number)),
    ];
    let members = members.map(|(name, typed)| (name.to_owned(), typed.or_absent(true)));
    Typed::of(Kind::Object(members.into()))
}

pub(super) fn is_output(operation: &OperationModel, shape: ShapeId) -> bool {
    operation.output.as_ref().is_some_and(|output| output.shape == shape)
}

pub(super) fn structure(operation: &OperationModel, shape: ShapeId) -> Option<(&str, &Structure)> {
    let shape = operation.shapes.get(shape)?;
    Some((&shape.name, shape.structure()?))
}

/// The help for a member `name` that does not exist.
pub(super) fn suggest(
    operation: &OperationModel,
    shape: ShapeId,
    name: &str,
    members: &Structure,
) -> Option<String> {
    if is_output(operation, shape) && name == "Error" {
        let help = "a path never sees an error; use the matcher `error`";
        return Some(help.to_owned());
    }
    let names = || members.members.iter().map(|member| member.name.as_str());
    if let Some(near) = nearest(name, names()) {
        return Some(format!("did you mean `{near}`?"));
    }
    if let Some(path) =
        below(operation, &members.members, name, SEARCH_DEPTH, &mut { MAX_SEARCHED })
    {
        return Some(format!("there is `{path}`"));
    }
    let few: Vec<_> = names().take(8).collect();
    let more = if members.members.len() > few.len() { ", …" } else { "" };
    match few.is_empty() {
        true => Some("it has no members".to_owned()),
        false => Some(format!("its members are {}{more}", few.join(", "))),
    }
}

/// The path to a member `name` below these. `left` is the number of members that may still be visited.
fn below(
    operation: &OperationModel,
    members: &[Member],
    name: &str,
    depth: usize,
    left: &mut usize,
) -> Option<String> {
    if let Some(member) = members.iter().find(|member| member.name.eq_ignore_ascii_case(name)) {
        return Some(member.name.clone());
    }
    *left = left.saturating_sub(members.len());
    if depth == 0 || *left == 0 {
        return None;
    }
    members.iter().find_map(|member| {
        let (target, path) = element(operation, member);
        let found = below(operation, operation.members(target), name, depth - 1, left)?;
        Some(format!("{path}.{found}"))
    })
}

/// The type and path of a member, or of its elements if it is a list.
fn element<'m>(operation: &'m OperationModel, member: &'m Member) -> (&'m ShapeRef, String) {
    let (mut target, mut path) = (&member.target, member.name.clone());
    // A list of itself has no end.
    for _ in 0..SEARCH_DEPTH {
        let ShapeKind::List(element) = &operation.shape(target).kind else { break };
        path.push_str("[]");
        target = element;
    }
    (target, path)
}
