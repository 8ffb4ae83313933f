//! An input with all that an operation requires.

use maitred::model::{OperationModel, ShapeKind, ShapeRef};
use serde_json::{Map, Value, json};

/// Structures in structures are left out from here on: a model can require itself.
const DEPTH: usize = 5;

pub(crate) fn required(operation: &OperationModel) -> Map<String, Value> {
    let input = operation.input.as_ref().map(|input| value(operation, input, 0));
    input.and_then(|input| input.as_object().cloned()).unwrap_or_default()
}

fn value(operation: &OperationModel, reference: &ShapeRef, depth: usize) -> Value {
    let shape = operation.shape(reference);
    let least = shape.min.unwrap_or_default().clamp(0.0, 100.0);
    match &shape.kind {
        ShapeKind::Structure(structure) if depth < DEPTH => {
            let required = structure.members.iter().filter(|member| member.required);
            required.map(|m| (m.name.clone(), value(operation, &m.target, depth + 1))).collect()
        }
        ShapeKind::Structure(_) | ShapeKind::Map { .. } => json!({}),
        ShapeKind::List(member) if depth < DEPTH && least > 0.0 => {
            json!([value(operation, member, depth + 1)])
        }
        ShapeKind::List(_) => json!([]),
        ShapeKind::Boolean => json!(true),
        ShapeKind::Integer | ShapeKind::Long => json!(least as u64),
        ShapeKind::Float | ShapeKind::Double => json!(least),
        ShapeKind::Timestamp => json!("2024-01-31T12:00:00Z"),
        ShapeKind::Blob => json!("YQ=="),
        ShapeKind::String(_) => json!("a".repeat((least as usize).max(3))),
    }
}
