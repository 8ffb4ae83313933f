//! Removes redundant records of a service.

use std::collections::HashMap;

use crate::{Shape, ShapeId, ShapeKind};

use super::records::Records;
use super::renumber::{Renumber, references, shapes_of};

/// Removes shapes that no operation reaches, and merges equal shapes. Names are dropped except those of
/// structures, so that most shapes of simple types are equal.
pub(super) fn compact(records: &mut Records) {
    for shape in &mut records.shapes {
        if !matches!(shape.kind, ShapeKind::Structure(_)) {
            shape.name = String::new();
        }
    }
    while merge(records) {}
    in_order_of_use(records);
}

/// Merges equal shapes; returns whether there were any.
fn merge(records: &mut Records) -> bool {
    let before = records.shapes.len();
    let mut numbers: Vec<ShapeId> = Vec::with_capacity(before);
    let mut seen: HashMap<String, ShapeId> = HashMap::new();
    let mut kept: Vec<Shape> = Vec::new();
    for shape in records.shapes.drain(..) {
        // The structures of a service have names of their own.
        let key = format!("{shape:?}");
        let number = *seen.entry(key).or_insert(kept.len());
        numbers.push(number);
        if number == kept.len() {
            kept.push(shape);
        }
    }
    records.shapes = kept;
    let of_operations = records.operations.iter_mut().flat_map(shapes_of);
    let of_shapes = records.shapes.iter_mut().flat_map(references);
    for id in of_operations.chain(of_shapes.map(|reference| &mut reference.shape)) {
        *id = numbers[*id];
    }
    records.shapes.len() < before
}

/// Numbers shapes as the operations come upon them, so that neighbours have close numbers.
fn in_order_of_use(records: &mut Records) {
    let mut order = Renumber::default();
    records.operations.iter_mut().flat_map(shapes_of).for_each(|id| order.id(id));
    let mut shapes = Vec::new();
    while let Some(original) = order.originals.get(shapes.len()) {
        let mut shape = records.shapes[*original].clone();
        references(&mut shape).into_iter().for_each(|reference| order.id(&mut reference.shape));
        shapes.push(shape);
    }
    records.shapes = shapes;
}
