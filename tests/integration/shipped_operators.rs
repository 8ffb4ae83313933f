//! The shipped operators of files, against the models of the services and the shipped waiters.

use std::collections::BTreeSet;

use maitred::catalog::Catalog;
use maitred::model::Models;
use maitred::operator::file::{OperatorCatalog, OperatorDefinition};
use maitred::operator_file::{FindConfig, Input, StepConfig};
use maitred::placeholder::names;
use maitred::waiter::Options;
use serde_json::Value;

/// A call of a step: its kind, its service, its operation, and its input.
type StepCall<'a> = (&'static str, &'a str, &'a str, &'a Input);

fn calls<'a>(definition: &'a OperatorDefinition, step: &'a StepConfig) -> Vec<StepCall<'a>> {
    let own = definition.service.as_str();
    let mut calls = Vec::new();
    for read in step.before.iter().chain(&step.after) {
        let service = read.service.as_deref().unwrap_or(own);
        calls.push(("read", service, read.operation.as_str(), &read.input));
    }
    if let Some(call) = &step.call {
        let service = call.service.as_deref().unwrap_or(own);
        calls.push(("call", service, call.operation.as_str(), &call.input));
        if let FindConfig::Read(find) = &call.find {
            let service = find.service.as_deref().unwrap_or(service);
            calls.push(("read", service, find.operation.as_str(), &find.input));
        }
    }
    for undo in &step.undo {
        let service = undo.service.as_deref().unwrap_or(own);
        calls.push(("undo", service, undo.operation.as_str(), &undo.input));
    }
    calls
}

/// An input with texts in the place of placeholders, without those members that are one alone: they have any type.
fn closed(value: &Value) -> Option<Value> {
    Some(match value {
        Value::String(text) if text.starts_with("{{") && text.ends_with("}}") => return None,
        Value::Array(items) => items.iter().filter_map(closed).collect(),
        Value::Object(members) => {
            let members = members.iter();
            Value::Object(members.filter_map(|(k, v)| Some((k.clone(), closed(v)?))).collect())
        }
        Value::String(_) | Value::Null | Value::Bool(_) | Value::Number(_) => value.clone(),
    })
}

#[test]
fn every_shipped_operator_calls_what_there_is_with_members_that_there_are() {
    let models = Models::embedded();
    let catalog = OperatorCatalog::shipped();
    let mut problems = Vec::new();
    for definition in catalog.all() {
        let id = definition.id();
        for (kind, service, operation, input) in
            definition.config.steps.iter().flat_map(|step| calls(definition, step))
        {
            let Some(model) =
                models.service(service).ok().and_then(|it| it.operation(operation).ok())
            else {
                problems.push(format!("{id}: there is no {service} {operation}"));
                continue;
            };
            let known: BTreeSet<_> =
                model.input_members().iter().map(|member| member.name.as_str()).collect();
            for name in input.keys().filter(|name| !known.contains(name.as_str())) {
                problems.push(format!("{id}: {operation} has no member {name}"));
            }
            let is_read = ["Get", "List", "Describe", "Head", "Batch"];
            if kind == "read" && !is_read.iter().any(|prefix| operation.starts_with(prefix)) {
                problems.push(format!("{id}: {operation} is not read-only"));
            }
            let closed = closed(&Value::Object(input.clone())).unwrap();
            for problem in model.check_input(closed.as_object().unwrap()) {
                // What is left open may be required.
                let is_open =
                    problem.message.contains("required") || problem.message.contains("at least");
                if !is_open {
                    problems.push(format!("{id}: {operation}: {problem}"));
                }
            }
        }
    }
    assert!(problems.is_empty(), "{}", problems.join("\n"));
}

#[test]
fn every_shipped_operator_waits_with_a_waiter_that_takes_its_input() {
    let waiters = Catalog::new(maitred::sources().with_embedded(Some(Models::embedded_waiters())));
    let catalog = OperatorCatalog::shipped();
    let mut waits = 0;
    for definition in catalog.all() {
        for wait in definition.config.steps.iter().filter_map(|step| step.wait.as_ref()) {
            let (service, name) = wait.service_and_name().unwrap();
            let entry = waiters.find(service, name);
            let entry = entry.unwrap_or_else(|error| panic!("{}: {error}", definition.id()));
            let mut options = Options::with_input(wait.input.clone());
            options.parameters = wait.parameters.clone();
            let compiled = entry.compile(&options);
            assert!(compiled.is_ok(), "{}: {:?}", definition.id(), compiled.err());
            waits += 1;
        }
    }
    assert!(waits > 150, "{waits}");
}

#[test]
fn every_shipped_operator_has_descriptions_and_uses_its_parameters() {
    let catalog = OperatorCatalog::shipped();
    let mut services = BTreeSet::new();
    let mut count = 0;
    for definition in catalog.all() {
        let (id, config) = (definition.id(), &definition.config);
        assert!(config.description.ends_with('.'), "{id}");
        let mut written = serde_json::to_value(&config.steps).unwrap().to_string();
        written.push_str(&serde_json::to_string(&config.result).unwrap());
        let used: BTreeSet<_> = names(&written).collect();
        for (name, parameter) in &config.parameters {
            assert!(used.contains(name.as_str()), "{id}: {name}");
            let description = parameter.description.as_deref().unwrap_or_default();
            assert!(description.ends_with('.'), "{id}: {name}: {description}");
        }
        services.insert(definition.service.clone());
        count += 1;
    }
    assert!(
        count >= 150 && services.len() >= 40,
        "{count} operators of {} services",
        services.len()
    );
}
