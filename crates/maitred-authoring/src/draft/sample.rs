//! Sample inputs and outputs.

use serde_json::{Map, Value, json};

use super::state_path::{StatePath, Step};
use maitred_core::names::xform_name;
use maitred_model::{Member, OperationModel, ServiceModel, ShapeKind, ShapeRef};

/// The deepest level of an input.
const MAX_DEPTH: usize = 8;

/// The longest sample.
const LONGEST: f64 = 1000.0;

/// The account in samples, as in AWS's documentation.
const ACCOUNT: &str = "123456789012";

/// The members of the input that identify a resource: the required ones, or else the first one that is named
/// like an identifier.
pub(super) fn identifying(operation: &OperationModel) -> impl Iterator<Item = &Member> {
    let members = operation.input_members();
    let required = |member: &&Member| member.required && !member.target.traits.idempotency_token;
    let identifies = |member: &&Member| {
        let words = xform_name(&member.name, '_');
        let last = words.rsplit('_').next().unwrap_or_default().trim_end_matches('s').to_owned();
        matches!(last.as_str(), "id" | "name" | "arn" | "identifier")
    };
    let first = members.iter().find(identifies).filter(|_| !members.iter().any(|it| required(&it)));
    members.iter().filter(required).chain(first)
}

/// An input that identifies a resource.
pub(super) fn input(service: &ServiceModel, operation: &OperationModel) -> Map<String, Value> {
    let sample = Sample { service: &service.signing_name, operation };
    identifying(operation)
        .map(|member| (member.name.clone(), sample.value(&member.name, &member.target, 0)))
        .collect()
}

struct Sample<'a> {
    service: &'a str,
    operation: &'a OperationModel,
}

impl Sample<'_> {
    fn value(&self, name: &str, reference: &ShapeRef, depth: usize) -> Value {
        let shape = self.operation.shape(reference);
        let least = shape.min.unwrap_or_default().clamp(0.0, 1e15);
        match &shape.kind {
            ShapeKind::Structure(structure) if depth < MAX_DEPTH => {
                let one = usize::from(structure.union);
                let required = structure.members.iter().filter(|member| member.required);
                let required = required.chain(structure.members.iter().take(one));
                let member =
                    |it: &Member| (it.name.clone(), self.value(&it.name, &it.target, depth + 1));
                Value::Object(required.map(member).collect())
            }
            ShapeKind::List(member) if depth < MAX_DEPTH => {
                json!([self.value(name, member, depth + 1)])
            }
            ShapeKind::Structure(_) | ShapeKind::Map { .. } => json!({}),
            ShapeKind::List(_) => json!([]),
            ShapeKind::String(values) => match values.first() {
                Some(value) => json!(value),
                None => json!(self.text(name, least.min(LONGEST) as usize)),
            },
            ShapeKind::Boolean => json!(true),
            ShapeKind::Integer | ShapeKind::Long => json!(least.max(1.0) as u64),
            ShapeKind::Float | ShapeKind::Double => json!(least.max(1.0)),
            ShapeKind::Timestamp => json!("2024-01-31T12:00:00Z"),
            ShapeKind::Blob => json!("ZXhhbXBsZQ=="),
        }
    }

    fn text(&self, name: &str, least: usize) -> String {
        let name = name.to_lowercase();
        let mut text = if name.trim_end_matches('s').ends_with("arn") {
            format!("arn:aws:{}:us-east-1:{ACCOUNT}:example", self.service)
        } else if name.contains("account") {
            ACCOUNT.to_owned()
        } else {
            NAME.to_owned()
        };
        while text.len() < least {
            text.push_str("-example");
        }
        text
    }
}

/// The name of the resource in samples.
pub(super) const NAME: &str = "example";

/// An output with the state `value`, the identifier and the reason.
pub(super) fn output(path: &StatePath, value: &str, reason: Option<&str>) -> Value {
    let mut document = json!({});
    put(&mut document, &path.steps, value);
    if let Some(id) = &path.id {
        put(&mut document, id, NAME);
    }
    if let (Some(steps), Some(reason)) = (&path.reason, reason) {
        put(&mut document, steps, reason);
    }
    document
}

/// Sets a member of the document, in the first element of each list on the path.
pub(super) fn put(document: &mut Value, steps: &[Step], value: &str) {
    let mut at = document;
    for step in steps {
        let Value::Object(members) = at else { return };
        let empty = if step.list { json!([{}]) } else { json!({}) };
        at = members.entry(step.name.clone()).or_insert(empty);
        if step.list {
            at = &mut at[0];
        }
    }
    *at = Value::from(value);
}
