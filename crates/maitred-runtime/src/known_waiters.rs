//! The waiters of new tasks, which are found, checked and kept before the tasks are accepted.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use serde_json::{Map, Value};

use super::registry::{Unusable, invalid};
use crate::connection::{Clients, has_reference, without_references};
use crate::operator::AnyOperator;
use crate::operator::file::{FileOperator, OperatorDefinition};
use crate::trigger::{Trigger as _, TriggerError, WaiterTrigger, stored_form};
use maitred_core::catalog::Catalog;
use maitred_core::client::{Call, CallError, HTTP_SERVICE, InputProblem};
use maitred_core::config::WaiterConfig;

/// A waiter by its name, `service.waiter`, and the hash of its definition.
type Named = (String, String);

/// The waits that were found to be good, by what they are without the values of their input: many tasks that
/// are submitted together differ in nothing else.
#[derive(Debug)]
pub(super) struct KnownWaiters<'a> {
    clients: &'a Clients,
    waits: HashMap<String, Known>,
    definitions: BTreeMap<String, String>,
}

#[derive(Debug, Clone)]
struct Known {
    config: Arc<WaiterConfig>,
    /// For one that is not written down in the task itself.
    named: Option<Named>,
}

impl<'a> KnownWaiters<'a> {
    pub(super) fn new(clients: &'a Clients) -> Self {
        Self { clients, waits: HashMap::new(), definitions: BTreeMap::new() }
    }

    /// The definitions of all waiters that were found, hash and text.
    pub(super) fn into_definitions(self) -> BTreeMap<String, String> {
        self.definitions
    }

    /// Checks the waiter of the trigger that an operator begins with, if it begins with one of that kind;
    /// gives the waiter that is to be stored with the task.
    pub(super) fn check(
        &mut self,
        operator: &dyn AnyOperator,
        catalog: &Catalog,
    ) -> Result<Option<Named>, Unusable> {
        let trigger = operator.start_from_trigger().map_err(invalid)?.map(|first| first.trigger);
        let Some(trigger) = trigger.filter(|trigger| trigger.name == WaiterTrigger::NAME) else {
            return Ok(None);
        };
        let mut shape = trigger.kwargs.clone();
        let input = shape.get_mut("input").and_then(Value::as_object_mut);
        input.into_iter().flat_map(|input| input.values_mut()).for_each(|value| drop(value.take()));
        let shape = shape.to_string();
        let trigger: WaiterTrigger = serde_json::from_value(trigger.kwargs)
            .map_err(|error| Unusable::Invalid(error.to_string()))?;
        let known = match self.waits.get(&shape) {
            Some(known) => known.clone(),
            None => self.find(&trigger, catalog).map_err(unusable)?,
        };
        let call = trigger.call(&known.config).map_err(unusable)?;
        self.check_call(&call)
            .map_err(|why| Unusable::Invalid(format!("the input of {}: {why}", trigger.id())))?;
        let named = known.named.clone();
        self.waits.insert(shape, known);
        Ok(named)
    }

    /// Keeps the definition of an operator of a file; gives its hash.
    pub(super) fn put_operator(
        &mut self,
        definition: &OperatorDefinition,
    ) -> Result<String, Unusable> {
        let (hash, text) = definition.stored_form().map_err(|error| {
            Unusable::Invalid(format!("the operator cannot be stored: {error}"))
        })?;
        self.definitions.insert(hash.clone(), text);
        Ok(hash)
    }

    /// Checks the inputs of the main calls of an operator of a file, as far as they are known.
    pub(super) fn check_operator(
        &self,
        definition: &Arc<OperatorDefinition>,
        args: &Value,
    ) -> Result<(), Unusable> {
        let operator = FileOperator::new(Arc::clone(definition), args).map_err(invalid)?;
        for call in operator.known_calls().iter().filter(|call| call.service != HTTP_SERVICE) {
            let id = definition.id();
            let refused =
                |error: CallError| Unusable::Invalid(format!("{id}: {}", error.message()));
            let problems = self.clients.input_problems(call).map_err(refused)?;
            // A member that is missing may still be filled in.
            let is_given = |problem: &&InputProblem| {
                let member = problem.path.split(['.', '[']).next().unwrap_or_default();
                call.input.contains_key(member)
            };
            let told: Vec<_> = problems.iter().filter(is_given).map(ToString::to_string).collect();
            if !told.is_empty() {
                let (operation, told) = (&call.operation, told.join("; "));
                return Err(Unusable::Invalid(format!("the input of {operation}: {told}")));
            }
        }
        Ok(())
    }

    /// The waiters of an operator of a file, which are stored with the task.
    pub(super) fn of_operator(
        &mut self,
        definition: &OperatorDefinition,
        catalog: &Catalog,
    ) -> Result<BTreeMap<String, String>, Unusable> {
        let mut waiters = BTreeMap::new();
        for wait in definition.config.steps.iter().filter_map(|step| step.wait.as_ref()) {
            let (service, name) = wait.service_and_name().unwrap_or(("", &wait.waiter));
            let entry = catalog.find(service, name).map_err(|error| {
                Unusable::Invalid(format!("the waiter of {}: {error}", definition.id()))
            })?;
            let (hash, text) = stored_form(&entry.config).map_err(unusable)?;
            self.definitions.insert(hash.clone(), text);
            waiters.insert(format!("{service}.{name}"), hash);
        }
        Ok(waiters)
    }

    fn find(&mut self, trigger: &WaiterTrigger, catalog: &Catalog) -> Result<Known, TriggerError> {
        trigger.check(catalog)?;
        let config = trigger.find(catalog)?;
        let (hash, text) = stored_form(&config)?;
        if trigger.definition.is_some() {
            return Ok(Known { config, named: None });
        }
        self.definitions.insert(hash.clone(), text);
        Ok(Known { config, named: Some((trigger.id(), hash)) })
    }

    /// Checks the input of a poll, as far as it is known before references to secrets are resolved.
    fn check_call(&self, call: &Call) -> Result<(), String> {
        let problems = if call.service == HTTP_SERVICE {
            let (service, operation) = (call.service.clone(), call.operation.clone());
            self.clients.input_problems(&Call::new(service, operation, plain(&call.input)?))
        } else {
            self.clients.input_problems(call)
        };
        let problems = problems.map_err(|error: CallError| error.message().to_owned())?;
        let is_open = |problem: &InputProblem| {
            let member = problem.path.split(['.', '[']).next().unwrap_or_default();
            call.input.get(member).is_some_and(has_reference)
        };
        let told: Vec<_> =
            problems.iter().filter(|problem| !is_open(problem)).map(ToString::to_string).collect();
        if told.is_empty() { Ok(()) } else { Err(told.join("; ")) }
    }
}

/// The input of a request with texts in the place of references.
fn plain(input: &Map<String, Value>) -> Result<Map<String, Value>, String> {
    let plain = input.iter().map(|(key, value)| {
        let value = without_references(value).map_err(|bad| format!("{key}: {bad}"))?;
        Ok((key.clone(), value))
    });
    plain.collect()
}

#[expect(clippy::needless_pass_by_value, reason = "for map_err")]
fn unusable(error: TriggerError) -> Unusable {
    Unusable::Invalid(error.to_string())
}
