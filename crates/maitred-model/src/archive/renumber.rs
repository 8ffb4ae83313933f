//! The numbers by which shapes refer to each other.

use std::collections::HashMap;

use crate::{OperationModel, Shape, ShapeId, ShapeKind, ShapeRef};

/// Numbers shapes in the order in which they are come upon.
#[derive(Default)]
pub(super) struct Renumber {
    pub(super) originals: Vec<ShapeId>,
    numbers: HashMap<ShapeId, ShapeId>,
}

impl Renumber {
    pub(super) fn id(&mut self, id: &mut ShapeId) {
        let originals = &mut self.originals;
        *id = *self.numbers.entry(*id).or_insert_with(|| {
            originals.push(*id);
            originals.len() - 1
        });
    }
}

/// The shapes that an operation refers to directly.
pub(super) fn shapes_of(operation: &mut OperationModel) -> impl Iterator<Item = &mut ShapeId> {
    let documents = operation.input.iter_mut().chain(&mut operation.output);
    let errors = operation.errors.iter_mut().map(|error| &mut error.shape);
    documents.map(|reference| &mut reference.shape).chain(errors)
}

/// The shapes that a shape refers to.
pub(super) fn references(shape: &mut Shape) -> Vec<&mut ShapeRef> {
    match &mut shape.kind {
        ShapeKind::Structure(structure) => {
            structure.members.iter_mut().map(|member| &mut member.target).collect()
        }
        ShapeKind::List(member) => vec![member],
        ShapeKind::Map { key, value } => vec![key, value],
        ShapeKind::String(_)
        | ShapeKind::Boolean
        | ShapeKind::Integer
        | ShapeKind::Long
        | ShapeKind::Float
        | ShapeKind::Double
        | ShapeKind::Timestamp
        | ShapeKind::Blob => Vec::new(),
    }
}
