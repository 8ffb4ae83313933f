//! The signature of an operation: its flags, their values, and the problems of an input.

use std::sync::Arc;

use serde_json::{Map, Value};

use crate::client::aws::has_next_page;
use crate::client::{Call, HTTP_SERVICE, InputProblem, http};
use crate::diagnostic::nearest;
use crate::model::{Member, Models, OperationModel, Service, ShapeKind, ShapeRef};
use crate::names::{same_name, xform_name};

use super::exit::Failure;
use super::{services, shorthand, values};

/// An operation of a service, as far as the command line needs to know it.
#[derive(Debug, Clone)]
pub(super) enum Signature {
    Aws { service: Arc<Service>, operation: Arc<OperationModel> },
    Http { method: &'static str },
}

/// One parameter of an operation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Parameter {
    /// The member of the input, e.g. `ClusterIdentifier`.
    pub(super) name: String,
    /// The flag without the dashes, e.g. `cluster-identifier`.
    pub(super) flag: String,
    /// The type in words, e.g. `list of string`.
    pub(super) kind: String,
    /// Its values or shorthand.
    pub(super) description: String,
    pub(super) required: bool,
    pub(super) arity: Arity,
}

/// The number of values that a flag takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Arity {
    /// None, or `true` or `false`; `--no-FLAG` means false.
    Switch,
    One,
    Many,
}

impl Signature {
    /// The operation `name` of `service`, in any casing; `None` if the service has no such operation.
    pub(super) fn find(
        models: &Models,
        service: &str,
        name: &str,
    ) -> Result<Option<Self>, Failure> {
        if service == HTTP_SERVICE {
            let method = http::METHODS.iter().find(|method| method.eq_ignore_ascii_case(name));
            return Ok(method.map(|method| Self::Http { method }));
        }
        let service = services::find(models, service)?;
        if service.model().operation_name(name).is_none() {
            return Ok(None);
        }
        let operation =
            service.operation(name).map_err(|error| services::unusable_model(&error))?;
        Ok(Some(Self::Aws { service, operation }))
    }

    /// The operation of `service` whose name is similar to `name`.
    pub(super) fn suggest(models: &Models, service: &str, name: &str) -> Option<String> {
        if service == HTTP_SERVICE {
            return nearest(name, http::METHODS.iter().copied()).map(str::to_owned);
        }
        let service = models.service(service).ok()?;
        service.model().suggest_operation(name).map(|name| xform_name(name, '-'))
    }

    /// The service's own name.
    pub(super) fn service(&self) -> &str {
        match self {
            Self::Aws { service, .. } => &service.model().name,
            Self::Http { .. } => HTTP_SERVICE,
        }
    }

    /// The operation's own name, e.g. `DescribeClusters`.
    pub(super) fn operation(&self) -> &str {
        match self {
            Self::Aws { operation, .. } => &operation.name,
            Self::Http { method } => method,
        }
    }

    /// The operation as it is written on the command line, e.g. `describe-clusters`.
    pub(super) fn command(&self) -> String {
        match self {
            Self::Aws { operation, .. } => xform_name(&operation.name, '-'),
            Self::Http { method } => method.to_ascii_lowercase(),
        }
    }

    /// True if the operation changes nothing.
    pub(super) fn is_read(&self) -> bool {
        match self {
            Self::Aws { service, operation } => service.model().is_read(&operation.name),
            Self::Http { method } => matches!(*method, "GET" | "HEAD"),
        }
    }

    /// True if a reply to `call` is one page of several, and another one follows.
    pub(super) fn has_next_page(&self, call: &Call, page: &Value) -> bool {
        match self {
            Self::Aws { operation, .. } => {
                let pagination = operation.pagination.as_ref();
                pagination.is_some_and(|pagination| has_next_page(call, pagination, page))
            }
            Self::Http { .. } => false,
        }
    }

    /// The problem with asking for all pages, if the output has none.
    pub(super) fn unpaginated(&self, flag: &str) -> Option<InputProblem> {
        let message = format!("cannot be used: {} is not paginated", self.operation());
        let is_paginated = match self {
            Self::Aws { operation, .. } => operation.pagination.is_some(),
            Self::Http { .. } => false,
        };
        (!is_paginated).then(|| InputProblem::new(flag, message))
    }

    /// The parameters in the order of the model.
    pub(super) fn parameters(&self) -> Vec<Parameter> {
        match self {
            Self::Aws { operation, .. } => {
                let members = operation.input_members().iter();
                members.map(|member| aws_parameter(operation, member)).collect()
            }
            Self::Http { .. } => http::PARAMETERS.iter().map(http_parameter).collect(),
        }
    }

    /// The name of the input's member that `name` means: its own, its flag, or any casing of them.
    pub(super) fn member(&self, name: &str) -> Option<String> {
        let names = self.parameters().into_iter().map(|parameter| parameter.name);
        let names: Vec<_> = names.filter(|known| same_name(known, name)).collect();
        let exact = names.iter().position(|known| known == name);
        names.into_iter().nth(exact.unwrap_or(0))
    }

    /// The value of the member `name`, from the texts that stood after its flag.
    pub(super) fn value(&self, name: &str, texts: &[String]) -> Result<Value, String> {
        let Self::Aws { operation, .. } = self else { return http_value(name, texts) };
        match operation.input_members().iter().find(|member| member.name == name) {
            Some(member) => values::aws(operation, &member.target, texts),
            None => Ok(texts.last().cloned().map_or(Value::Null, Value::String)),
        }
    }

    /// The problems of `input`, each at its flag where there is one, e.g. `--filters[0].Name`.
    pub(super) fn check(&self, input: &Map<String, Value>) -> Vec<InputProblem> {
        let mut problems = match self {
            Self::Aws { operation, .. } => operation.check_input(input),
            Self::Http { .. } => http::check_input(input),
        };
        let parameters = self.parameters();
        for problem in &mut problems {
            let end = problem.path.find(['.', '[']).unwrap_or(problem.path.len());
            let (name, rest) = problem.path.split_at(end);
            if let Some(parameter) = parameters.iter().find(|parameter| parameter.name == name) {
                problem.path = format!("--{}{rest}", parameter.flag);
            }
        }
        problems
    }

    /// The input with `hidden` in the place of what the model calls sensitive.
    pub(super) fn without_sensitive(&self, input: &Map<String, Value>, hidden: &str) -> Value {
        let input = Value::Object(input.clone());
        if let Self::Aws { operation, .. } = self
            && let Some(reference) = &operation.input
        {
            return values::without_sensitive(operation, reference, input, hidden);
        }
        input
    }
}

/// A problem with a line of its own.
pub(super) fn problem_line(problem: &InputProblem) -> String {
    let help = problem.help.as_ref().map(|help| format!(" ({help})")).unwrap_or_default();
    format!("\n  {} {}{help}", problem.path, problem.message)
}

/// Adds the problems at places that have none yet: a value that could not be read is not also ill-typed.
pub(super) fn add_new(problems: &mut Vec<InputProblem>, more: Vec<InputProblem>) {
    for problem in more {
        if !problems.iter().any(|known| known.path == problem.path) {
            problems.push(problem);
        }
    }
}

/// The operations of a service.
pub(super) fn operations(models: &Models, service: &str) -> Result<Vec<Signature>, Failure> {
    if service == HTTP_SERVICE {
        return Ok(http::METHODS.iter().map(|method| Signature::Http { method }).collect());
    }
    let service = services::find(models, service)?;
    let operation = |name: &String| {
        let operation = service.operation(name);
        let operation = operation.map_err(|error| services::unusable_model(&error))?;
        Ok(Signature::Aws { service: Arc::clone(&service), operation })
    };
    service.model().operations.iter().map(operation).collect()
}

fn aws_parameter(operation: &OperationModel, member: &Member) -> Parameter {
    let shape = operation.shape(&member.target);
    let arity = if matches!(shape.kind, ShapeKind::Boolean) {
        Arity::Switch
    } else if matches!(shape.kind, ShapeKind::List(_)) {
        Arity::Many
    } else {
        Arity::One
    };
    Parameter {
        name: member.name.clone(),
        flag: xform_name(&member.name, '-'),
        kind: operation.type_summary(&member.target),
        description: describe(operation, &member.target),
        required: member.required && !member.target.traits.idempotency_token,
        arity,
    }
}

/// The values of an enum, the shorthand of a structure.
fn describe(operation: &OperationModel, reference: &ShapeRef) -> String {
    const MANY: usize = 8;
    let shape = operation.shape(reference);
    if let ShapeKind::List(member) = &shape.kind {
        return describe(operation, member);
    }
    if matches!(shape.kind, ShapeKind::Map { .. }) {
        return "e.g. KEY=VALUE,KEY=VALUE".to_owned();
    }
    if let Some(structure) = shape.structure().filter(|structure| !structure.members.is_empty()) {
        let members = structure.members.iter().take(MANY);
        let pairs: Vec<_> = members.map(|member| sample(operation, member)).collect();
        return format!("e.g. {}", pairs.join(","));
    }
    let values = shape.enum_values();
    let more = if values.len() > MANY { ", …" } else { "" };
    let shown: Vec<_> = values.iter().take(MANY).map(String::as_str).collect();
    if shown.is_empty() { String::new() } else { format!("one of {}{more}", shown.join(", ")) }
}

fn sample(operation: &OperationModel, member: &Member) -> String {
    let kind = operation.type_summary(&member.target);
    match kind.strip_prefix("list of ") {
        Some(item) => format!("{}={item},{item}", member.name),
        None => format!("{}={kind}", member.name),
    }
}

fn http_parameter(parameter: &http::Parameter) -> Parameter {
    Parameter {
        name: parameter.name.to_owned(),
        flag: xform_name(parameter.name, '-'),
        kind: parameter.value.to_owned(),
        description: parameter.description.to_owned(),
        required: parameter.required,
        arity: if parameter.value == "boolean" { Arity::Switch } else { Arity::One },
    }
}

/// Reads a value by its type in words, as the table of parameters has it.
fn http_value(name: &str, texts: &[String]) -> Result<Value, String> {
    let Some(text) = texts.last() else { return Ok(Value::Null) };
    // `file://` is a URL like any other here, one that the check refuses.
    if name == "url" {
        return Ok(Value::String(text.clone()));
    }
    let text = values::contents(text)?;
    let kind = http::PARAMETERS.iter().find(|known| known.name == name).map_or("", |it| it.value);
    Ok(match kind {
        "string" => Value::String(text),
        "number" | "integer" => values::number(text),
        _ if kind.contains("boolean") || kind.contains("false") => values::boolean(text),
        "string or object" => match serde_json::from_str(&text) {
            Ok(Value::Object(form)) => Value::Object(form),
            _ => Value::String(text),
        },
        "any" => serde_json::from_str(&text)
            .map_err(|error| format!("is not JSON: {error} (a string is written '\"text\"')"))?,
        _ if shorthand::is_shorthand(&text) => Value::Object(shorthand::parse(&text)?),
        _ => values::json(&text)?,
    })
}
