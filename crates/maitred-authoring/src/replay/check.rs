//! Checking a case before it runs, as a case with a mistake proves nothing.

use serde_json::{Map, Value};

use super::limits::{MAX_BYTES, MAX_REPLIES, MAX_STEPS};
use super::observation::observation;
use crate::case::Case;
use crate::case::Reply;
use crate::lint::ModelSource;
use maitred_core::client::Call;
use maitred_core::client::HTTP_SERVICE;
use maitred_core::diagnostic::Diagnostic;
use maitred_core::diagnostic::Severity;
use maitred_core::diagnostic::nearest;
use maitred_core::diagnostic::pointer_part;
use maitred_core::document::Document;
use maitred_core::matcher::Acceptor;
use maitred_core::waiter::Waiter;
use maitred_model::OperationModel;
use maitred_model::ShapeKind;
use maitred_model::ShapeRef;
use maitred_model::Structure;

/// The deepest level of an output that is checked.
const MAX_DEPTH: usize = 100;

/// The cost of an acceptor in addition to its expression, in steps.
const ACCEPTOR: u64 = 10;

/// The member that every output of AWS may have.
const METADATA: &str = "ResponseMetadata";

/// The most problems of one case that are reported.
const MAX_PROBLEMS: usize = crate::schema::MAX_PROBLEMS;

/// Checks the input and the outputs of `case` against the models of the operations that `waiter` calls. An
/// unknown value of an enum is a warning, since services add values; anything else is an error. In a recorded
/// case ([`Case::recorded`]) every difference from the model is a warning. The pointers are into the case. At
/// most [`MAX_PROBLEMS`](crate::schema::MAX_PROBLEMS) problems are reported.
#[must_use]
pub fn check(case: &Case, waiter: &Waiter, models: Option<&dyn ModelSource>) -> Vec<Diagnostic> {
    let mut problems = Vec::new();
    check_size(case, &mut problems);
    if problems.is_empty() {
        check_content(case, waiter, models, &mut problems);
        check_steps(case, waiter, &mut problems);
    }
    problems.truncate(MAX_PROBLEMS);
    problems
}

fn check_content(
    case: &Case,
    waiter: &Waiter,
    models: Option<&dyn ModelSource>,
    problems: &mut Vec<Diagnostic>,
) {
    let is_http = waiter.service() == HTTP_SERVICE;
    // It is in no model, and searching for similar names is slow.
    let models = models.filter(|_| !is_http);
    let model = |call: &Call| models?.operation(&call.service, &call.operation);
    if case.baseline.is_some() && waiter.baseline().is_none() {
        let message = format!("{} has no baseline", waiter.id());
        problems.push(Diagnostic::error("baseline", "/baseline", message));
    }
    let before = problems.len();
    let operation = model(waiter.call());
    if let Some(operation) = operation.as_deref() {
        check_input(case, waiter, operation, problems);
    }
    for (index, reply) in case.replies.iter().enumerate() {
        check_reply(reply, &format!("/replies/{index}"), is_http, operation.as_deref(), problems);
    }
    for (index, (reply, asked)) in case.diagnose.iter().zip(waiter.diagnose()).enumerate() {
        let operation = model(&asked.call);
        check_reply(reply, &format!("/diagnose/{index}"), is_http, operation.as_deref(), problems);
    }
    for problem in problems[before..].iter_mut().filter(|it| case.recorded && of_model(it)) {
        problem.severity = Severity::Warning;
    }
    check_diagnose(case, waiter, problems);
}

/// Whether a problem is a difference from the model, rather than a mistake that no reply can have.
fn of_model(problem: &Diagnostic) -> bool {
    ["input", "type", "unknown-member"].contains(&problem.rule)
}

fn check_reply(
    reply: &Reply,
    pointer: &str,
    is_http: bool,
    operation: Option<&OperationModel>,
    problems: &mut Vec<Diagnostic>,
) {
    if is_http && reply.error.is_some() {
        let message = "every reply of service http is an output, whatever its status";
        let error = Diagnostic::error("reply", format!("{pointer}/error"), message);
        problems.push(error.with_help("write \"output\": { \"StatusCode\": 503, … }"));
    }
    let Some(output) = &reply.output else { return };
    let pointer = format!("{pointer}/output");
    match (output, operation) {
        (Value::Object(members), _) if is_http => check_http(members, &pointer, problems),
        (Value::Object(_), Some(operation)) => {
            Check { operation, problems }.output(output, &pointer);
        }
        (Value::Object(_), None) => {}
        _ => {
            let message = "an output is an object";
            problems.push(Diagnostic::error("type", pointer, message));
        }
    }
}

/// Checks the replies to `diagnose`, whose calls are made in order and once each.
fn check_diagnose(case: &Case, waiter: &Waiter, problems: &mut Vec<Diagnostic>) {
    let (given, asked) = (case.diagnose.len(), waiter.diagnose().len());
    if given > 0 && given != asked {
        let message = match asked {
            0 => format!("{} asks nobody why it failed", waiter.id()),
            1 => format!("{} makes 1 call, but there are {given} replies", waiter.id()),
            _ => format!("{} makes {asked} calls, but there are {given} replies", waiter.id()),
        };
        problems.push(Diagnostic::error("diagnose", "/diagnose", message));
    }
    for (index, _) in case.diagnose.iter().enumerate().filter(|(_, reply)| reply.repeat != 1) {
        let message = "a call of `diagnose` is made once";
        let pointer = format!("/diagnose/{index}/repeat");
        problems.push(Diagnostic::error("diagnose", pointer, message).with_help("leave it out"));
    }
}

/// Checks the limits of replies and steps.
fn check_size(case: &Case, problems: &mut Vec<Diagnostic>) {
    let replies = case.replies.iter().fold(0_u64, |sum, reply| sum.saturating_add(reply.repeat));
    if replies > MAX_REPLIES {
        let message = format!("there are {replies} replies; a case may have {MAX_REPLIES}");
        problems.push(Diagnostic::error("size", "/replies", message));
    }
    // A reply that is not repeated is limited by the file's size.
    let size = |reply: &Reply| {
        if reply.repeat == 1 {
            return 0;
        }
        let output = reply.output.as_ref().map_or(0, |output| output.to_string().len());
        let error = reply.error.as_ref().map_or(0, |error| error.code.len() + error.message.len());
        ((output + error) as u64).saturating_mul(reply.repeat)
    };
    let bytes = case.replies.iter().fold(0_u64, |sum, reply| sum.saturating_add(size(reply)));
    if bytes > MAX_BYTES {
        let message = format!("the replies have {bytes} bytes in all; a case may have {MAX_BYTES}");
        problems.push(Diagnostic::error("size", "/replies", message));
    }
}

/// The cost is measured by evaluating each expression once on each reply.
fn check_steps(case: &Case, waiter: &Waiter, problems: &mut Vec<Diagnostic>) {
    let service = waiter.service();
    let acceptors = waiter.acceptors().iter().map(Acceptor::expression);
    let others = waiter.show().iter().chain(waiter.baseline().map(|it| &it.expression)).map(Some);
    let polled: Vec<_> = acceptors.chain(others).collect();
    let asked: Vec<Vec<_>> =
        waiter.diagnose().iter().map(|asked| asked.show.iter().map(Some).collect()).collect();
    let replies = case.replies.iter().map(|reply| (reply, &polled));
    let mut steps = 0_u64;
    for (reply, expressions) in replies.chain(case.diagnose.iter().zip(&asked)) {
        let seen = observation(reply, service);
        let document = seen.document().map_or(&Value::Null, Document::value);
        for expression in expressions {
            let cost = expression.map_or(0, |expression| expression.cost(document)) as u64;
            steps = steps.saturating_add((ACCEPTOR + cost).saturating_mul(reply.repeat));
            if steps > MAX_STEPS {
                let message = format!("the replies take more than {MAX_STEPS} steps to look at");
                let problem = Diagnostic::error("size", "/replies", message);
                return problems.push(problem.with_help("give fewer replies, or smaller ones"));
            }
        }
    }
}

fn check_input(
    case: &Case,
    waiter: &Waiter,
    operation: &OperationModel,
    problems: &mut Vec<Diagnostic>,
) {
    for problem in operation.check_input(&waiter.call().input) {
        let pointer = format!("/input/{}", problem.path.replace(['.', '['], "/").replace(']', ""));
        let name = problem.path.split(['.', '[']).next().unwrap_or_default();
        // Problems of the waiter's own input do not concern the case.
        if !case.input.contains_key(name) && waiter.call().input.contains_key(name) {
            continue;
        }
        let message = format!("input: {} {}", problem.path, problem.message);
        let found = Diagnostic::error("input", pointer, message);
        problems.push(match problem.help {
            Some(help) => found.with_help(help),
            None => found,
        });
    }
}

fn check_http(members: &Map<String, Value>, pointer: &str, problems: &mut Vec<Diagnostic>) {
    const MEMBERS: [&str; 3] = ["StatusCode", "Headers", "Body"];
    for name in members.keys().filter(|name| !MEMBERS.contains(&name.as_str())) {
        problems.push(unknown(name, "an HTTP reply", MEMBERS.into_iter(), pointer));
    }
    let status = members.get("StatusCode").and_then(Value::as_u64);
    if !status.is_some_and(|status| (100..=599).contains(&status)) {
        let message = "an HTTP reply has a `StatusCode`, a number from 100 to 599";
        let missing = Diagnostic::error("status-code", pointer, message);
        problems.push(missing.with_help("e.g. \"StatusCode\": 200"));
    }
}

fn unknown<'a>(
    name: &str,
    of: &str,
    known: impl Iterator<Item = &'a str> + Clone,
    pointer: &str,
) -> Diagnostic {
    let help = match nearest(name, known.clone()) {
        Some(near) => format!("did you mean `{near}`?"),
        None => format!("it has {}", known.collect::<Vec<_>>().join(", ")),
    };
    let message = format!("`{name}` is not a member of {of}");
    Diagnostic::error("unknown-member", join(pointer, name), message).with_help(help)
}

fn join(pointer: &str, name: &str) -> String {
    format!("{pointer}/{}", pointer_part(name))
}

struct Check<'a> {
    operation: &'a OperationModel,
    problems: &'a mut Vec<Diagnostic>,
}

impl Check<'_> {
    fn output(&mut self, output: &Value, pointer: &str) {
        let Value::Object(members) = output else { return };
        let mut members = members.clone();
        members.remove(METADATA);
        match &self.operation.output {
            Some(reference) => self.value(reference, &Value::Object(members), pointer, 0),
            None => {
                let name = &self.operation.name;
                let none = Structure::default();
                self.structure(&none, &format!("the output of {name}"), &members, pointer, 0);
            }
        }
    }

    fn value(&mut self, reference: &ShapeRef, value: &Value, pointer: &str, depth: usize) {
        let shape = self.operation.shape(reference);
        if depth > MAX_DEPTH || value.is_null() || reference.traits.json_value {
            return;
        }
        match (&shape.kind, value) {
            (ShapeKind::Structure(structure), _) if structure.document => {}
            (ShapeKind::Structure(structure), Value::Object(members)) => {
                let name = if shape.name.is_empty() { "this" } else { &shape.name };
                self.structure(structure, name, members, pointer, depth);
            }
            (ShapeKind::List(member), Value::Array(items)) => {
                for (index, item) in items.iter().enumerate() {
                    self.value(member, item, &format!("{pointer}/{index}"), depth + 1);
                }
            }
            (ShapeKind::Map { value, .. }, Value::Object(entries)) => {
                for (key, entry) in entries {
                    self.value(value, entry, &join(pointer, key), depth + 1);
                }
            }
            (ShapeKind::String(values), Value::String(text)) => self.hint(values, text, pointer),
            (ShapeKind::Boolean, Value::Bool(_))
            | (ShapeKind::Blob, Value::String(_))
            | (ShapeKind::Timestamp, Value::String(_) | Value::Number(_)) => {}
            (ShapeKind::Integer | ShapeKind::Long, Value::Number(number)) if !number.is_f64() => {}
            (ShapeKind::Float | ShapeKind::Double, Value::Number(_)) => {}
            (kind, _) => self.wrong_type(kind, value, pointer),
        }
    }

    fn structure(
        &mut self,
        structure: &Structure,
        name: &str,
        members: &Map<String, Value>,
        pointer: &str,
        depth: usize,
    ) {
        let known = || structure.members.iter().map(|member| member.name.as_str());
        for (key, value) in members {
            match structure.member(key) {
                Some(member) => self.value(&member.target, value, &join(pointer, key), depth + 1),
                None => self.problems.push(unknown(key, name, known(), pointer)),
            }
        }
    }

    fn hint(&mut self, values: &[String], text: &str, pointer: &str) {
        if values.is_empty() || values.iter().any(|value| value == text) {
            return;
        }
        let near = nearest(text, values.iter().map(String::as_str));
        let help = near.map_or_else(
            || format!("known values: {}", values.join(", ")),
            |near| format!("did you mean `{near}`?"),
        );
        let message = format!("`{text}` is not a value that the model knows");
        let mut hint = Diagnostic::error("unknown-value", pointer, message).with_help(help);
        hint.severity = Severity::Warning;
        self.problems.push(hint);
    }

    fn wrong_type(&mut self, kind: &ShapeKind, value: &Value, pointer: &str) {
        let message = format!("this must be of type {}, but is {value}", kind.type_name());
        let message = maitred_core::diagnostic::shortened(&message);
        self.problems.push(Diagnostic::error("type", pointer, message));
    }
}
