//! A service of the archive or of a data path. A call decodes only the records that it reaches.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde::Deserialize;
use serde_json::Value;

use super::convert::convert;
use super::data::DataFile;
use super::error::{ModelError, corrupt};
use super::records;
use super::renumber::{Renumber, references, shapes_of};
use crate::{OperationModel, ServiceModel, Shape};

/// A service. Operations are decoded on first use.
pub struct Service {
    model: ServiceModel,
    text: String,
    /// The end of each record.
    ends: Vec<usize>,
    operations: Mutex<HashMap<String, Arc<OperationModel>>>,
}

impl fmt::Debug for Service {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Service").field("model", &self.model).finish_non_exhaustive()
    }
}

impl Service {
    /// The service of a model in botocore's format.
    pub(super) fn of_file(name: &str, file: &DataFile) -> Result<Self, ModelError> {
        let bad = |why: String| ModelError::BadFile { path: file.path.clone(), why };
        let records = convert(name, &file.value).map_err(bad)?;
        Self::decode(records::lines(&records).map_err(|error| bad(error.to_string()))?)
    }

    pub(super) fn decode(text: String) -> Result<Self, ModelError> {
        let ends: Vec<usize> = text.match_indices('\n').map(|(end, _)| end).collect();
        let first = ends.first().and_then(|end| text.get(..*end));
        let first = first.ok_or_else(|| corrupt("a service has no records"))?;
        let model = serde_json::from_str(first).map_err(corrupt)?;
        Ok(Self { model, text, ends, operations: Mutex::default() })
    }

    /// The description of the service as a whole.
    #[must_use]
    pub fn model(&self) -> &ServiceModel {
        &self.model
    }

    /// An operation, by its name in any casing.
    ///
    /// # Errors
    /// If there is no such operation or its model is damaged.
    pub fn operation(&self, name: &str) -> Result<Arc<OperationModel>, ModelError> {
        let Some(name) = self.model.operation_name(name) else {
            return Err(ModelError::UnknownOperation {
                service: self.model.name.clone(),
                name: name.to_owned(),
                suggestion: self.model.suggest_operation(name).map(str::to_owned),
            });
        };
        if let Some(operation) = lock(&self.operations).get(name) {
            return Ok(Arc::clone(operation));
        }
        let operation = Arc::new(self.decode_operation(name)?);
        lock(&self.operations).insert(name.to_owned(), Arc::clone(&operation));
        Ok(operation)
    }

    /// An operation that declares an error of that code. botocore reads the members of an error that any
    /// operation of the service declares, not only the called one.
    #[must_use]
    pub fn operation_with_error(&self, code: &str) -> Option<Arc<OperationModel>> {
        let mark = format!("\"code\":{}", Value::from(code));
        let mut lines = self.text.lines().skip(1).zip(&self.model.operations);
        let name = lines.find(|(line, _)| line.contains(&mark)).map(|(_, name)| name)?;
        let operation = self.operation(name).ok()?;
        let has_it = operation.error_codes().any(|known| known == code);
        has_it.then_some(operation)
    }

    fn record<'a, T: Deserialize<'a>>(&'a self, index: usize) -> Result<T, ModelError> {
        let end = self.ends.get(index).copied();
        let start = index.checked_sub(1).and_then(|before| self.ends.get(before));
        let line = end.and_then(|end| self.text.get(start.map_or(0, |start| start + 1)..end));
        let line = line.ok_or_else(|| corrupt("a record is missing"))?;
        serde_json::from_str(line).map_err(corrupt)
    }

    /// Decodes the operation and the shapes that it reaches, which are renumbered.
    fn decode_operation(&self, name: &str) -> Result<OperationModel, ModelError> {
        let operations = &self.model.operations;
        let position = operations.iter().position(|operation| operation == name);
        let position = position.ok_or_else(|| corrupt("an operation is missing"))?;
        let mut operation: OperationModel = self.record(1 + position)?;
        let mut renumber = Renumber::default();
        shapes_of(&mut operation).for_each(|id| renumber.id(id));
        operation.shapes.clear();
        while let Some(original) = renumber.originals.get(operation.shapes.len()) {
            let record = original.checked_add(1 + operations.len());
            let record = record.ok_or_else(|| corrupt("a shape is missing"))?;
            let mut shape: Shape = self.record(record)?;
            references(&mut shape).into_iter().for_each(|at| renumber.id(&mut at.shape));
            operation.shapes.push(shape);
        }
        let inputs = operation.input.iter().chain(&operation.output);
        if inputs.into_iter().any(|io| operation.shape(io).structure().is_none()) {
            return Err(corrupt("an input or output is not a structure"));
        }
        Ok(operation)
    }
}

/// Locks a cache, which is consistent even after a panic.
pub(super) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
