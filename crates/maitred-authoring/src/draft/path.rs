//! The way through an operation's output to the member that tells the state.

use std::collections::VecDeque;

use super::beside;
use super::noun::singular;
use maitred_core::names::xform_name;
use maitred_model::OperationModel;
use maitred_model::ShapeId;
use maitred_model::ShapeKind;
use maitred_model::ShapeRef;
use maitred_model::Structure;
use maitred_model::states::{self, StateTable};

/// A state is not deeper.
const MAX_DEPTH: usize = 6;

/// No more members are looked at: outputs can be huge.
const MAX_MEMBERS: usize = 5000;

/// A string member of an output, and the way to it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StatePath {
    pub(super) steps: Vec<Step>,
    pub(super) values: Vec<String>,
    /// The structure that each step is a member of.
    pub(super) structures: Vec<ShapeId>,
    /// The member that says why, from the output on.
    pub(super) reason: Option<Vec<Step>>,
    /// The member that says which thing it is, from the output on.
    pub(super) id: Option<Vec<Step>>,
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

    /// The values that are known, from the model or the service's documentation; empty if none are.
    #[must_use]
    pub fn values(&self) -> &[String] {
        &self.values
    }

    /// Whether it is of a list, of which there may be several.
    #[must_use]
    pub fn is_of_list(&self) -> bool {
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

    /// What it costs that its values do not say what a success is.
    fn unclear(&self) -> usize {
        const STRING: usize = 2;
        const ENUM: usize = 3;
        let unclear = if self.values.is_empty() { STRING } else { ENUM };
        states::likelihood(&self.values).unwrap_or(unclear)
    }

    /// Whether the state is one level deeper than the thing, as in `State.Name`.
    fn is_held(&self, operation: &OperationModel, noun: &str) -> bool {
        const MOST: usize = 4;
        let own = self.name().to_lowercase();
        let container = self.structures.last().map(|id| &operation.shapes[*id]);
        let small = container
            .and_then(|shape| shape.structure())
            .is_some_and(|structure| structure.members.len() <= MOST);
        matches!(own.as_str(), "name" | "code" | "value")
            && small
            && is_state(self.parent())
            && singular(&xform_name(self.parent(), '_')) != noun
            && !self.steps[self.steps.len() - 2].list
    }

    /// How likely this is what tells the state of `noun`; less is likelier, `None` is not at all.
    fn rank(&self, operation: &OperationModel, noun: &str) -> Option<Rank> {
        let holds = self.is_held(operation, noun);
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
        let (proper, part) = (is_proper(of, noun), self.is_part(noun));
        let depth = self.steps.len() - usize::from(holds);
        let foreign = self.foreign(noun);
        let unreal = of.split('_').any(|word| UNREAL.contains(&word));
        let penalties = [
            (!matches!(last, "status" | "state"), 1),
            (!of.is_empty() && of != noun, 1),
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

    /// Whether it is of what could not be told.
    fn is_about_failures(&self) -> bool {
        self.steps.iter().any(|step| {
            let words = xform_name(&step.name, '_');
            let first = words.split('_').next().unwrap_or_default();
            let failures = ["error", "errors", "failed", "failures", "skipped", "unprocessed"];
            step.list && failures.contains(&first)
        })
    }

    /// Whether it is of one of several parts of the thing, not of the thing.
    fn is_part(&self, noun: &str) -> bool {
        let last = self.steps.iter().rposition(|step| step.list).filter(|last| *last > 0);
        last.is_some_and(|last| {
            let name = singular(&xform_name(&self.steps[last].name, '_'));
            !is_proper(&name, noun) && !HOLDERS.contains(&name.as_str())
        })
    }

    /// How many structures on the way are called neither as the thing is nor as what holds anything.
    fn foreign(&self, noun: &str) -> usize {
        let way = self.steps.iter().rev().skip(1).filter(|step| !step.list);
        let foreign = way.filter(|step| {
            let name = singular(&xform_name(&step.name, '_'));
            let last = name.rsplit('_').next().unwrap_or_default();
            let of_noun = |word: &str| noun.split('_').any(|own| own == singular(word));
            let own = |word: &str| of_noun(word) || GENERAL.contains(&word);
            let held = HOLDERS.contains(&last) || name.split('_').any(own);
            !held || (SETTINGS.contains(&last) && !of_noun(last))
        });
        foreign.count()
    }
}

/// What structures are called that hold anything, in the singular.
const HOLDERS: [&str; 16] = [
    "aggregated",
    "data",
    "description",
    "detail",
    "info",
    "information",
    "item",
    "list",
    "metadata",
    "object",
    "property",
    "response",
    "state",
    "status",
    "summary",
    "version",
];

/// What structures are called that say how things are to be.
const SETTINGS: [&str; 4] = ["config", "configuration", "option", "setting"];

/// How likely a member tells the state; less is likelier.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Rank {
    score: usize,
    improper: bool,
    /// Too far from the thing to be taken for its state unasked.
    far: bool,
}

/// What may be said of a state without making it another's.
const GENERAL: [&str; 22] = [
    "aggregate",
    "aggregated",
    "creation",
    "current",
    "deployment",
    "detailed",
    "execution",
    "job",
    "last",
    "latest",
    "lifecycle",
    "operation",
    "overall",
    "processing",
    "progress",
    "provisioning",
    "query",
    "resource",
    "run",
    "task",
    "workflow",
    "life",
];

/// What makes it something that is not so now.
const UNREAL: [&str; 6] = ["desired", "expected", "previous", "request", "requested", "target"];

/// Whether the state of `of` is the state of `noun`.
fn is_proper(of: &str, noun: &str) -> bool {
    let plain = |text: &str| text.replace('_', "");
    let (whole, all) = (plain(of), plain(noun));
    let known = |word: &str| {
        GENERAL.contains(&word) || noun.split('_').any(|other| other == singular(word))
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

/// `StatusCode` and `StateValue` are the status and the state.
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

/// A structure of the output, and the way to it.
struct Place {
    steps: Vec<Step>,
    structures: Vec<ShapeId>,
}

/// Every string member of the output, the shallow ones first.
pub(super) fn strings(service: &str, operation: &OperationModel) -> Vec<StatePath> {
    let mut found = Vec::new();
    let root = operation.output.as_ref().map(|output| output.shape);
    let mut queue: VecDeque<Place> = VecDeque::new();
    queue.extend(root.map(|root| Place { steps: Vec::new(), structures: vec![root] }));
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
                let values = known(service, operation, &structures, &member.name, values);
                found.push(StatePath { steps, values, structures, reason: None, id: None });
            } else if shape.structure().is_some()
                && steps.len() < MAX_DEPTH
                && !structures.contains(&target.shape)
            {
                structures.push(target.shape);
                queue.push_back(Place { steps, structures });
            }
        }
    }
    found
}

impl Place {
    fn structure<'a>(&self, operation: &'a OperationModel) -> Option<&'a Structure> {
        self.structures.last().and_then(|id| operation.shapes[*id].structure())
    }
}

/// The values of the model, or those that the service documents in prose.
fn known(
    service: &str,
    operation: &OperationModel,
    structures: &[ShapeId],
    member: &str,
    values: &[String],
) -> Vec<String> {
    let structure = structures.last().map_or("", |id| &operation.shapes[*id].name);
    match states::table(service, structure, member) {
        Some(table) if values.is_empty() => table.values(),
        Some(_) | None => values.to_vec(),
    }
}

/// What a list is of; anything else is itself.
pub(super) fn element<'a>(
    operation: &'a OperationModel,
    reference: &'a ShapeRef,
) -> (&'a ShapeRef, bool) {
    let kind = &operation.shape(reference).kind;
    if let ShapeKind::List(member) = kind { (member, true) } else { (reference, false) }
}

/// Those that may tell a state, the likeliest first. What is too far from the thing to be taken for its
/// state unasked has `false`.
pub(super) fn states(
    operation: &OperationModel,
    strings: &[StatePath],
    noun: &str,
) -> Vec<(StatePath, bool)> {
    let ranked = strings.iter().filter_map(|path| Some((path.rank(operation, noun)?, path)));
    let mut ranked: Vec<_> = ranked.collect();
    ranked.sort_by_key(|(rank, _)| *rank);
    let whole =
        |(rank, path): (Rank, &StatePath)| (beside::completed(path, operation, noun), !rank.far);
    ranked.into_iter().map(whole).collect()
}

/// What services document in prose of the states of `path`.
pub(super) fn table(
    service: &str,
    operation: &OperationModel,
    path: &StatePath,
) -> Option<&'static StateTable> {
    let structure = path.structures.last().map_or("", |id| &operation.shapes[*id].name);
    states::table(service, structure, path.name())
}
