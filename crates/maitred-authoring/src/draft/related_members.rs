//! Members related to the state: identifier, reason, and run.

use super::sample;
use super::state_path::{StatePath, Step, element, last_word};
use super::vocabulary::VOCABULARY;
use maitred_core::names::xform_name;
use maitred_model::{Member, OperationModel, ShapeId, ShapeKind};

/// Adds the members with the identifier and the reason to the path.
pub(super) fn completed(path: &StatePath, operation: &OperationModel, resource: &str) -> StatePath {
    let mut path = path.clone();
    path.reason = nearest(&path, operation, |members| reason(operation, members));
    path.id = nearest(&path, operation, |members| id(operation, resource, members));
    path
}

/// The first path that `find` yields, in the structure of the state or one around it.
fn nearest(
    path: &StatePath,
    operation: &OperationModel,
    find: impl Fn(&[Member]) -> Option<Vec<String>>,
) -> Option<Vec<Step>> {
    let own = path.steps.len() - 1;
    // Structures around a list belong to other resources.
    let from = path.in_list().min(own);
    (from..=own).rev().find_map(|level| {
        let names = find(members(operation, path.structures[level]))?;
        let inner = names.into_iter().map(|name| Step { name, list: false });
        Some(path.steps[..level].iter().cloned().chain(inner).collect())
    })
}

fn members(operation: &OperationModel, structure: ShapeId) -> &[Member] {
    operation.shapes[structure].structure().map_or(&[], |structure| &structure.members)
}

fn is_text(operation: &OperationModel, member: &Member) -> bool {
    let shape = operation.shape(&member.target);
    matches!(shape.kind, ShapeKind::String(_)) && shape.enum_values().is_empty()
}

/// The member with the identifier.
fn id(operation: &OperationModel, resource: &str, members: &[Member]) -> Option<Vec<String>> {
    let given: Vec<_> =
        sample::identifying(operation).map(|member| member.name.to_lowercase()).collect();
    let ranked = members.iter().filter(|member| is_text(operation, member)).filter_map(|member| {
        let words = xform_name(&member.name, '_');
        let (of, last) = words.rsplit_once('_').unwrap_or(("", &words));
        let kind = match last {
            "id" | "identifier" => 0,
            "name" => 1,
            "arn" => 2,
            _ => return None,
        };
        let plain = member.name.to_lowercase();
        let of = of.replace('_', "");
        let rank = if given.contains(&plain) || given.contains(&format!("{plain}s")) {
            0
        } else if of.is_empty() || resource.replace('_', "").ends_with(&of) {
            1
        } else {
            return None;
        };
        Some(((rank, kind), vec![member.name.clone()]))
    });
    ranked.min_by_key(|(rank, _)| *rank).map(|(_, path)| path)
}

/// The member with the reason for the state.
fn reason(operation: &OperationModel, members: &[Member]) -> Option<Vec<String>> {
    let ranked = members.iter().filter_map(|member| {
        let rank = reason_rank(&member.name)?;
        if is_text(operation, member) {
            return Some((rank, vec![member.name.clone()]));
        }
        let inner = operation.members(&member.target).iter().find(|inner| {
            let text = matches!(operation.shape(&inner.target).kind, ShapeKind::String(_));
            text && matches!(last_word(&inner.name).as_str(), "message" | "reason" | "cause")
        })?;
        Some((rank + 3, vec![member.name.clone(), inner.name.clone()]))
    });
    ranked.min_by_key(|(rank, _)| *rank).map(|(_, path)| path)
}

/// The rank of a member as the reason; lower is likelier.
fn reason_rank(name: &str) -> Option<u8> {
    let words = xform_name(name, '_');
    let about = ["status", "state", "fail", "error", "stop", "terminat", "abort"];
    let is_about = about.iter().any(|about| words.contains(about));
    match last_word(name).as_str() {
        "cause" => Some(0),
        "reason" if is_about || words == "reason" => Some(0),
        "reasons" if is_about => Some(1),
        "message" if is_about || words == "message" => Some(1),
        "error" | "details" | "detail" | "description" | "info" | "failure" if is_about => Some(2),
        _ => None,
    }
}

/// The path that identifies a run of the resource, e.g. `Crawler.LastCrawl.StartTime`.
pub(super) fn run(path: &StatePath, operation: &OperationModel) -> Option<Vec<Step>> {
    nearest(path, operation, |members| {
        let ranked = members.iter().filter_map(|member| ranked_run(operation, member));
        ranked.min_by_key(|(rank, _)| *rank).map(|(_, names)| names)
    })
}

/// The rank of `member` as the identity of a run, lower is likelier, and the path to it.
fn ranked_run(operation: &OperationModel, member: &Member) -> Option<(usize, Vec<String>)> {
    let words = xform_name(&member.name, '_');
    let words: Vec<_> = words.split('_').collect();
    let last = words.first().is_some_and(|first| matches!(*first, "last" | "latest" | "most"));
    let place = VOCABULARY.runs.iter().position(|run| words.contains(&run.as_str()));
    // `LastCrawl`, `LastUpdatedTime`.
    let place = place.filter(|_| last)?;
    let is_time =
        |member: &Member| matches!(operation.shape(&member.target).kind, ShapeKind::Timestamp);
    if is_time(member) {
        return Some((VOCABULARY.runs.len() + place, vec![member.name.clone()]));
    }
    let (target, list) = element(operation, &member.target);
    let inner = operation.members(target);
    let begins = |it: &&Member| is_time(it) && it.name.to_lowercase().contains("start");
    let time = inner.iter().find(begins).or_else(|| inner.iter().find(|it| is_time(it)));
    let time = time.filter(|_| !list)?;
    Some((place, vec![member.name.clone(), time.name.clone()]))
}
