//! The way through an operation's output to the member that tells the state.

use std::collections::VecDeque;

use crate::model::Member;
use crate::model::OperationModel;
use crate::model::ShapeId;
use crate::model::ShapeKind;
use crate::model::ShapeRef;
use crate::model::xform_name;

/// A state is not deeper.
const MAX_DEPTH: usize = 6;

/// No more members are looked at: outputs can be huge.
const MAX_MEMBERS: usize = 5000;

/// A string member of an output, and the way to it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StatePath {
    pub(super) steps: Vec<Step>,
    pub(super) values: Vec<String>,
    /// The member beside it that says why, as a path from where it is.
    pub(super) reason: Option<Vec<String>>,
}

/// One member on the way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Step {
    pub(super) name: String,
    pub(super) list: bool,
}

impl StatePath {
    /// The JMESPath expression, e.g. `Clusters[].ClusterStatus`.
    #[must_use]
    pub fn expression(&self) -> String {
        expression(&self.steps)
    }

    /// The values that the model knows; empty if it is no enum.
    #[must_use]
    pub fn values(&self) -> &[String] {
        &self.values
    }

    /// The position after the last list on the way; 0 if there is none.
    pub(super) fn in_list(&self) -> usize {
        self.steps.iter().rposition(|step| step.list).map_or(0, |list| list + 1)
    }

    /// The member's own name, e.g. `ClusterStatus`.
    pub(super) fn name(&self) -> &str {
        self.steps.last().map_or("", |step| &step.name)
    }

    fn parent(&self) -> &str {
        self.steps.len().checked_sub(2).map_or("", |parent| &self.steps[parent].name)
    }

    /// How likely this is what tells the state; less is likelier, `None` is not at all.
    fn rank(&self, noun: &str) -> Option<(usize, bool, bool)> {
        let own = self.name().to_lowercase();
        let holds = matches!(own.as_str(), "name" | "code" | "value") && is_state(self.parent());
        if !is_state(self.name()) && !holds {
            return None;
        }
        let name = if holds { self.parent() } else { self.name() };
        let words = xform_name(name, '_');
        let of = words.rsplit_once('_').map_or("", |(of, _)| of).replace('_', "");
        let general = ["", "last", "current", "lifecycle", "execution", "job", "query"];
        let noun = noun.replace('_', "");
        let proper = general.contains(&of.as_str()) || noun.ends_with(&of) || noun.starts_with(&of);
        let depth = self.steps.len() - usize::from(holds);
        Some((depth, !proper, self.values.is_empty()))
    }
}

pub(super) fn expression(steps: &[Step]) -> String {
    let step = |step: &Step| {
        let plain = step.name.chars().all(|letter| letter.is_ascii_alphanumeric() || letter == '_')
            && !step.name.starts_with(|first: char| first.is_ascii_digit());
        let name = if plain { step.name.clone() } else { format!("\"{}\"", step.name) };
        if step.list { format!("{name}[]") } else { name }
    };
    steps.iter().map(step).collect::<Vec<_>>().join(".")
}

fn last_word(name: &str) -> String {
    xform_name(name, '_').rsplit('_').next().unwrap_or_default().to_owned()
}

fn is_state(name: &str) -> bool {
    let words = xform_name(name, '_');
    let words = words.strip_suffix("_code").unwrap_or(&words);
    // `InstanceLifecycle` is how an instance is paid for.
    words == "lifecycle" || matches!(last_word(words).as_str(), "status" | "state" | "phase")
}

/// Every string member of the output, the shallow ones first.
pub(super) fn strings(operation: &OperationModel) -> Vec<StatePath> {
    let mut found = Vec::new();
    let mut queue: VecDeque<(Vec<Step>, Vec<ShapeId>, ShapeRef)> = VecDeque::new();
    queue.extend(operation.output.clone().map(|output| (Vec::new(), Vec::new(), output)));
    let mut seen = 0;
    while let Some((steps, above, reference)) = queue.pop_front() {
        let members = operation.members(&reference);
        for member in members {
            seen += 1;
            if seen > MAX_MEMBERS {
                return found;
            }
            let (target, list) = element(operation, &member.target);
            let mut steps = steps.clone();
            steps.push(Step { name: member.name.clone(), list });
            let shape = operation.shape(target);
            if let ShapeKind::String(values) = &shape.kind {
                let reason = reason(operation, members);
                found.push(StatePath { steps, values: values.clone(), reason });
            } else if shape.structure().is_some()
                && steps.len() < MAX_DEPTH
                && !above.contains(&target.shape)
            {
                let mut above = above.clone();
                above.push(target.shape);
                queue.push_back((steps, above, target.clone()));
            }
        }
    }
    found
}

/// What a list is of; anything else is itself.
fn element<'a>(operation: &'a OperationModel, reference: &'a ShapeRef) -> (&'a ShapeRef, bool) {
    let kind = &operation.shape(reference).kind;
    if let ShapeKind::List(member) = kind { (member, true) } else { (reference, false) }
}

/// The member of the output that tells the state, if there is one: the shallowest, and of those the one
/// that is of the thing itself.
pub(super) fn state(strings: &[StatePath], noun: &str) -> Option<StatePath> {
    let ranked = strings.iter().filter_map(|path| Some((path.rank(noun)?, path)));
    ranked.min_by_key(|(rank, _)| *rank).map(|(_, path)| path.clone())
}

/// Those that may tell a state, the likeliest first.
pub(super) fn states(strings: &[StatePath], noun: &str) -> Vec<StatePath> {
    let mut ranked: Vec<_> =
        strings.iter().filter_map(|path| Some((path.rank(noun)?, path.clone()))).collect();
    ranked.sort_by_key(|(rank, _)| *rank);
    ranked.into_iter().map(|(_, path)| path).collect()
}

/// The member among `members` that says why the state is what it is.
fn reason(operation: &OperationModel, members: &[Member]) -> Option<Vec<String>> {
    let ranked = members.iter().filter_map(|member| {
        let rank = reason_rank(&member.name)?;
        let shape = operation.shape(&member.target);
        if matches!(shape.kind, ShapeKind::String(_)) && shape.enum_values().is_empty() {
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

/// How likely a member says why; less is likelier.
fn reason_rank(name: &str) -> Option<u8> {
    let words = xform_name(name, '_');
    let about = ["status", "state", "fail", "error", "stop", "terminat", "abort"];
    let is_about = about.iter().any(|about| words.contains(about));
    match last_word(name).as_str() {
        "cause" => Some(0),
        "reason" if is_about || words == "reason" => Some(0),
        "message" if is_about || words == "message" => Some(1),
        "error" | "details" | "detail" | "description" | "info" | "failure" if is_about => Some(2),
        _ => None,
    }
}
