//! Rules about the input of an operation, and about placeholders in it.

use serde_json::{Map, Value};

use super::context::LintContext;
use super::rule;
use super::types::Class;
use maitred_core::config::ParameterType;
use maitred_core::diagnostic::nearest;
use maitred_core::placeholder::whole_placeholder;
use maitred_model::{Member, OperationModel, ShapeKind, ShapeRef};

/// Checks the input at `place`, and returns the required members that it lacks.
pub(super) fn check(
    context: &mut LintContext<'_>,
    operation: &OperationModel,
    written: &Map<String, Value>,
    place: &str,
) -> Vec<String> {
    // A placeholder has the type that the caller's value has.
    let mut input = written.clone();
    input.retain(|_, value| !value.to_string().contains("{{"));
    let is_required = |path: &str| {
        operation.input_members().iter().any(|member| member.required && member.name == path)
    };
    let mut missing = Vec::new();
    let mut found = Vec::new();
    for problem in operation.check_input(&input) {
        let open = written.contains_key(&problem.path) && !input.contains_key(&problem.path);
        if !written.contains_key(&problem.path) && is_required(&problem.path) {
            missing.push(problem.path);
        } else if !open {
            found.push((&rule::BAD_INPUT, problem));
        }
    }
    let hints = operation.enum_hints(&input).into_iter();
    for (rule, problem) in found.into_iter().chain(hints.map(|h| (&rule::UNKNOWN_INPUT_VALUE, h))) {
        let first = problem.path.split(['.', '[']).next().unwrap_or_default();
        let message = format!("`{}` {}", problem.path, problem.message);
        context.add(rule, &format!("{place}/{first}"), message, problem.help, None);
    }
    missing
}

/// Checks that the placeholders in the input at `place` have the types that the members take.
/// `polled` is the operation whose input `{{input.X}}` is of.
pub(super) fn check_placeholders(
    context: &mut LintContext<'_>,
    operation: &OperationModel,
    polled: &OperationModel,
    input: &Map<String, Value>,
    place: &str,
) {
    for (name, value) in input {
        let place = format!("{place}/{name}");
        match operation.input_members().iter().find(|member| member.name == *name) {
            Some(member) => {
                check_value(context, operation, polled, (&member.target, value), &place)
            }
            None if value.to_string().contains("{{") => {
                let known = operation.input_members().iter().map(|member| member.name.as_str());
                let help = nearest(name, known).map(|near| format!("did you mean `{near}`?"));
                let message = format!("`{name}` is not a member of {}", operation.name);
                context.add(&rule::BAD_INPUT, &place, message, help, None);
            }
            // Already reported.
            None => {}
        }
    }
}

fn check_value(
    context: &mut LintContext<'_>,
    operation: &OperationModel,
    polled: &OperationModel,
    (target, value): (&ShapeRef, &Value),
    place: &str,
) {
    let kind = &operation.shape(target).kind;
    match (kind, value) {
        (_, Value::String(text)) => {
            let Some(name) = whole_placeholder(text) else { return };
            let given = stands_for(context, polled, name);
            let wanted = class(kind);
            // A time is written as text or as a number.
            if matches!(kind, ShapeKind::Timestamp) || given.can_equal(wanted) {
                return;
            }
            let message =
                format!("this has to be {}, and `{text}` is {}", wanted.words(), given.words());
            let help = if wanted == Class::List {
                format!("write [\"{text}\"], or declare the parameter as json")
            } else {
                "declare the parameter with the type of the member".to_owned()
            };
            context.advise(&rule::BAD_INPUT, place, message, help);
        }
        (ShapeKind::List(member), Value::Array(items)) => {
            for item in items {
                check_value(context, operation, polled, (member, item), place);
            }
        }
        (ShapeKind::Map { value: target, .. }, Value::Object(entries)) => {
            for entry in entries.values() {
                check_value(context, operation, polled, (target, entry), place);
            }
        }
        (ShapeKind::Structure(structure), Value::Object(entries)) => {
            for (name, entry) in entries {
                if let Some(Member { target, .. }) = structure.member(name) {
                    check_value(context, operation, polled, (target, entry), place);
                }
            }
        }
        _ => {}
    }
}

/// The type of the value of a placeholder.
fn stands_for(context: &LintContext<'_>, polled: &OperationModel, name: &str) -> Class {
    if let Some(path) = name.strip_prefix("input.") {
        return match member(polled, path) {
            Ok(target) => target.map_or(Class::Any, |target| class(&polled.shape(target).kind)),
            Err(_) => Class::Any,
        };
    }
    parameter(context, name)
}

/// The type of a parameter.
fn parameter(context: &LintContext<'_>, name: &str) -> Class {
    match context.waiter.parameters.get(name).map(|parameter| parameter.kind) {
        Some(ParameterType::String) => Class::String,
        Some(ParameterType::Number) => Class::Number,
        Some(ParameterType::Boolean) => Class::Boolean,
        Some(ParameterType::Json | ParameterType::Expression) | None => Class::Any,
    }
}

/// The type and the default of the parameter in `expected`.
pub(super) fn expected_parameter<'a>(
    context: &LintContext<'a>,
    expected: &Value,
) -> Option<(Class, Option<&'a Value>)> {
    let name = whole_placeholder(expected.as_str()?)?;
    let default = context.waiter.parameters.get(name)?.default.as_ref();
    Some((parameter(context, name), default))
}

/// Checks that `{{input.X}}` in a text at `place` is a member of the polled operation's input.
pub(super) fn check_references(
    context: &mut LintContext<'_>,
    polled: &OperationModel,
    place: &str,
    names: &[&str],
) {
    for path in names.iter().filter_map(|name| name.strip_prefix("input.")) {
        let Err((name, known)) = member(polled, path) else { continue };
        let known = known.iter().map(|member| member.name.as_str());
        let help = nearest(name, known.clone()).map_or_else(
            || format!("its members are {}", known.take(8).collect::<Vec<_>>().join(", ")),
            |near| format!("did you mean `{near}`?"),
        );
        let message = format!("the input of `{}` has no member `{name}`", polled.name);
        context.advise(&rule::UNKNOWN_MEMBER, place, message, help);
    }
}

/// The member of the input at a dotted path; `None` inside a document of any shape. The error is the name that
/// does not exist, and the members that do.
fn member<'m, 'p>(
    operation: &'m OperationModel,
    path: &'p str,
) -> Result<Option<&'m ShapeRef>, (&'p str, &'m [Member])> {
    let mut target = None;
    let mut members = operation.input_members();
    for name in path.split('.') {
        let found = members.iter().find(|member| member.name == name).ok_or((name, members))?;
        target = Some(&found.target);
        match operation.shape(&found.target).structure() {
            Some(structure) if !structure.document => members = &structure.members,
            _ => return Ok(if path.ends_with(name) { target } else { None }),
        }
    }
    Ok(target)
}

fn class(kind: &ShapeKind) -> Class {
    match kind {
        ShapeKind::String(_) | ShapeKind::Blob => Class::String,
        ShapeKind::Boolean => Class::Boolean,
        ShapeKind::Integer | ShapeKind::Long | ShapeKind::Float | ShapeKind::Double => {
            Class::Number
        }
        ShapeKind::List(_) => Class::List,
        ShapeKind::Structure(structure) if structure.document => Class::Any,
        ShapeKind::Structure(_) | ShapeKind::Map { .. } => Class::Object,
        ShapeKind::Timestamp => Class::Any,
    }
}
