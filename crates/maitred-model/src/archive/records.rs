//! The records of a service, as an archive stores them.

use serde::Serialize;

use crate::{OperationModel, ServiceModel, Shape};

/// The records of a service; the shapes' numbers are their positions.
pub(super) struct Records {
    pub(super) service: ServiceModel,
    pub(super) operations: Vec<OperationModel>,
    pub(super) shapes: Vec<Shape>,
}

/// The text of a service's records, one per line.
pub(super) fn lines(records: &Records) -> serde_json::Result<String> {
    fn line(text: &mut String, record: &impl Serialize) -> serde_json::Result<()> {
        text.push_str(&serde_json::to_string(record)?);
        text.push('\n');
        Ok(())
    }
    let mut text = String::new();
    line(&mut text, &records.service)?;
    records.operations.iter().try_for_each(|operation| line(&mut text, operation))?;
    records.shapes.iter().try_for_each(|shape| line(&mut text, shape))?;
    Ok(text)
}
