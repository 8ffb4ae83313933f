//! Checking a case before it runs, as a case with a mistake proves nothing.

use serde_json::{Map, Value};

use crate::case::{Case, HTTP_REPLY, Reply};
use crate::lint::ModelSource;
use crate::schema::MAX_PROBLEMS;
use maitred_core::client::{Call, HTTP_SERVICE};
use maitred_core::diagnostic::{Diagnostic, Severity, nearest, pointer_part};
use maitred_core::document::Document;
use maitred_core::matcher::Acceptor;
use maitred_core::waiter::Waiter;
use maitred_model::OperationModel;

/// The most replies of a case, including repetitions.
pub const MAX_REPLIES: u64 = 100_000;

/// The most bytes of all replies of a case, including repetitions.
pub const MAX_BYTES: u64 = 1 << 28;

/// The most steps of evaluating a waiter's expressions on all replies of a case, including repetitions: about
/// one for each node of an expression and each part of a value that it reads. This is a thousand times the
/// cost of an ordinary waiter that polls for a day.
pub const MAX_STEPS: u64 = 100_000_000;

/// The cost of an acceptor in addition to its expression, in steps.
const ACCEPTOR: u64 = 10;

/// Checks the input and the outputs of `case` against the models of the operations that `waiter` calls. An
/// unknown value of an enum is a warning, since services add values; anything else is an error. In a recorded
/// case ([`Case::recorded`]) every difference from the model is a warning. The pointers are into the case. At
/// most [`MAX_PROBLEMS`] problems are reported.
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
        (Value::Object(members), Some(operation)) => {
            for mut problem in operation.check_output(members) {
                problem.pointer.insert_str(0, &pointer);
                problems.push(problem);
            }
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
        let replies = match given {
            1 => "is 1 reply".to_owned(),
            _ => format!("are {given} replies"),
        };
        let message = match asked {
            0 => format!("{} asks nobody why it failed", waiter.id()),
            1 => format!("{} makes 1 call, but there {replies}", waiter.id()),
            _ => format!("{} makes {asked} calls, but there {replies}", waiter.id()),
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
        let seen = reply.observation(service);
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
    for name in members.keys().filter(|name| !HTTP_REPLY.contains(&name.as_str())) {
        let help = match nearest(name, HTTP_REPLY) {
            Some(near) => format!("did you mean `{near}`?"),
            None => format!("it has {}", HTTP_REPLY.join(", ")),
        };
        let message = format!("`{name}` is not a member of an HTTP reply");
        let pointer = format!("{pointer}/{}", pointer_part(name));
        problems.push(Diagnostic::error("unknown-member", pointer, message).with_help(help));
    }
    let status = members.get("StatusCode").and_then(Value::as_u64);
    if !status.is_some_and(|status| (100..=599).contains(&status)) {
        let message = "an HTTP reply has a `StatusCode`, a number from 100 to 599";
        let missing = Diagnostic::error("status-code", pointer, message);
        problems.push(missing.with_help("e.g. \"StatusCode\": 200"));
    }
}
