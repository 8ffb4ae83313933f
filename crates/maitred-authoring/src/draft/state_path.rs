//! Paths to members of an operation's output that may be its state.

use std::collections::VecDeque;

use super::resource_name::singular;
use super::vocabulary::{VOCABULARY, is_in};
use maitred_core::names::xform_name;
use maitred_model::states::{self, StateTable};
use maitred_model::{OperationModel, ShapeId, ShapeKind, ShapeRef, Structure};

/// The deepest level at which a state is searched for.
const MAX_DEPTH: usize = 6;

/// The most members that are visited: outputs can be huge.
const MAX_MEMBERS: usize = 5000;

/// A string member of an output and its path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StatePath {
    pub(super) steps: Vec<Step>,
    /// The known values, from the model or the service's documentation; may be empty.
    pub(super) values: Vec<String>,
    /// The structure that each step is a member of.
    pub(super) structures: Vec<ShapeId>,
    /// The path to the member with the reason.
    pub(super) reason: Option<Vec<Step>>,
    /// The path to the member with the identifier.
    pub(super) id: Option<Vec<Step>>,
}

/// A member on the path.
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

    /// Whether it is of a list, of which there may be several.
    pub(super) fn is_of_list(&self) -> bool {
        self.in_list() > 0
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

    /// The penalty for values whose names do not reveal a success.
    fn unclear(&self) -> usize {
        const STRING: usize = 2;
        const ENUM: usize = 3;
        let unclear = if self.values.is_empty() { STRING } else { ENUM };
        states::likelihood(&self.values).unwrap_or(unclear)
    }

    /// Whether the state is inside a structure, as in `State.Name`.
    fn is_held(&self, operation: &OperationModel, resource: &str) -> bool {
        const MOST: usize = 4;
        let own = self.name().to_lowercase();
        let container = self.structures.last().map(|id| &operation.shapes[*id]);
        let small = container
            .and_then(|shape| shape.structure())
            .is_some_and(|structure| structure.members.len() <= MOST);
        matches!(own.as_str(), "name" | "code" | "value")
            && small
            && is_state(self.parent())
            && singular(&xform_name(self.parent(), '_')) != resource
            && !self.steps[self.steps.len() - 2].list
    }

    /// The rank of this as the state of `resource`; lower is likelier, `None` means that it is not a state.
    pub(super) fn rank(&self, operation: &OperationModel, resource: &str) -> Option<Rank> {
        let holds = self.is_held(operation, resource);
        if !holds && !is_state(self.name()) {
            return None;
        }
        let name = if holds { self.parent() } else { self.name() };
        let words = xform_name(name, '_');
        let words = without_kind(&words);
        let (of, last) = words.rsplit_once('_').unwrap_or(("", words));
        if last == "stage" && self.values.is_empty() || self.is_about_failures() {
            return None;
        }
        let (proper, part) = (is_proper(of, resource), self.is_part(resource));
        let depth = self.steps.len() - usize::from(holds);
        let foreign = self.foreign(resource);
        let unreal = of.split('_').any(|word| is_in(&VOCABULARY.other_times, word));
        let penalties = [
            (!matches!(last, "status" | "state"), 1),
            (!of.is_empty() && of != resource, 1),
            (!proper, 3),
            (unreal, 2),
            (part, 3),
        ];
        let penalties = penalties.iter().filter(|(is, _)| *is).map(|(_, penalty)| penalty);
        let score = 2 * depth + 3 * foreign + self.unclear() + penalties.sum::<usize>();
        let far = !proper && (depth > 2 || part)
            || foreign > 1
            || foreign > 0 && depth > 2 && !of.is_empty();
        Some(Rank { score, improper: !proper, far })
    }

    /// Whether it belongs to a list of failures.
    fn is_about_failures(&self) -> bool {
        self.steps.iter().any(|step| {
            let words = xform_name(&step.name, '_');
            let first = words.split('_').next().unwrap_or_default();
            let failures = ["error", "errors", "failed", "failures", "skipped", "unprocessed"];
            step.list && failures.contains(&first)
        })
    }

    /// Whether it belongs to a part of the resource.
    fn is_part(&self, resource: &str) -> bool {
        let last = self.steps.iter().rposition(|step| step.list).filter(|last| *last > 0);
        last.is_some_and(|last| {
            let name = singular(&xform_name(&self.steps[last].name, '_'));
            !is_proper(&name, resource) && !VOCABULARY.containers.contains(&name)
        })
    }

    /// The number of structures on the path whose names are neither that of the resource nor generic.
    fn foreign(&self, resource: &str) -> usize {
        let way = self.steps.iter().rev().skip(1).filter(|step| !step.list);
        let foreign = way.filter(|step| {
            let name = singular(&xform_name(&step.name, '_'));
            let last = name.rsplit('_').next().unwrap_or_default();
            let of_noun = |word: &str| resource.split('_').any(|own| own == singular(word));
            let own = |word: &str| of_noun(word) || is_in(&VOCABULARY.qualifiers, word);
            let held = is_in(&VOCABULARY.containers, last) || name.split('_').any(own);
            !held || (is_in(&VOCABULARY.settings, last) && !of_noun(last))
        });
        foreign.count()
    }
}

/// The rank of a member as the state; lower is likelier.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Rank {
    score: usize,
    improper: bool,
    /// Whether it is too far from the resource to be used by default.
    pub(super) far: bool,
}

/// Whether the state of `of` is the state of `resource`.
fn is_proper(of: &str, resource: &str) -> bool {
    let plain = |text: &str| text.replace('_', "");
    let (whole, all) = (plain(of), plain(resource));
    let known = |word: &str| {
        is_in(&VOCABULARY.qualifiers, word)
            || resource.split('_').any(|other| other == singular(word))
    };
    of.is_empty() || all.ends_with(&whole) || all.starts_with(&whole) || of.split('_').all(known)
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

pub(super) fn last_word(name: &str) -> String {
    xform_name(name, '_').rsplit('_').next().unwrap_or_default().to_owned()
}

/// Removes a suffix: `StatusCode` is a status, `StateValue` a state.
fn without_kind(words: &str) -> &str {
    words.strip_suffix("_code").or_else(|| words.strip_suffix("_value")).unwrap_or(words)
}

fn is_state(name: &str) -> bool {
    let words = xform_name(name, '_');
    let words = without_kind(&words);
    // `InstanceLifecycle` is how an instance is paid for.
    words == "lifecycle"
        || matches!(last_word(words).as_str(), "status" | "state" | "phase" | "stage")
}

/// A structure of the output and its path.
struct OutputStructure {
    steps: Vec<Step>,
    structures: Vec<ShapeId>,
}

/// Every string member of the output, the shallow ones first.
pub(super) fn strings(service: &str, operation: &OperationModel) -> Vec<StatePath> {
    let mut found = Vec::new();
    let root = operation.output.as_ref().map(|output| output.shape);
    let mut queue: VecDeque<OutputStructure> = VecDeque::new();
    queue.extend(root.map(|root| OutputStructure { steps: Vec::new(), structures: vec![root] }));
    let mut seen = 0;
    while let Some(place) = queue.pop_front() {
        let Some(structure) = place.structure(operation) else { continue };
        for member in &structure.members {
            seen += 1;
            if seen > MAX_MEMBERS {
                return found;
            }
            let (target, list) = element(operation, &member.target);
            let mut steps = place.steps.clone();
            steps.push(Step { name: member.name.clone(), list });
            let shape = operation.shape(target);
            let mut structures = place.structures.clone();
            if let ShapeKind::String(values) = &shape.kind {
                let table = documented(service, operation, &structures, &member.name);
                let values = states::known_values(values, table);
                found.push(StatePath { steps, values, structures, reason: None, id: None });
            } else if shape.structure().is_some()
                && steps.len() < MAX_DEPTH
                && !structures.contains(&target.shape)
            {
                structures.push(target.shape);
                queue.push_back(OutputStructure { steps, structures });
            }
        }
    }
    found
}

impl OutputStructure {
    fn structure<'a>(&self, operation: &'a OperationModel) -> Option<&'a Structure> {
        self.structures.last().and_then(|id| operation.shapes[*id].structure())
    }
}

/// The element of a list and `true`; any other shape itself and `false`.
pub(super) fn element<'a>(
    operation: &'a OperationModel,
    reference: &'a ShapeRef,
) -> (&'a ShapeRef, bool) {
    let kind = &operation.shape(reference).kind;
    if let ShapeKind::List(member) = kind { (member, true) } else { (reference, false) }
}

/// The documented values of a member of the last of `structures`.
pub(super) fn documented(
    service: &str,
    operation: &OperationModel,
    structures: &[ShapeId],
    member: &str,
) -> Option<&'static StateTable> {
    StateTable::of(service, &operation.shapes[*structures.last()?].name, member)
}
