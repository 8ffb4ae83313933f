//! The checks of an operator file that need nothing but the file.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::acceptor::{StepAcceptor, StepState, compiled};
use super::config::OperatorFile;
use super::operator::OperatorConfig;
use super::step::{CallConfig, FindConfig, Input, ReadConfig, StepConfig, ValueConfig};
use crate::config::MatcherKind;
use crate::diagnostic::{Diagnostic, Invalid, nearest, pointer_part};
use crate::placeholder;

/// The largest operator file, in bytes.
pub const MAX_FILE: usize = 4 * 1024 * 1024;

/// The arguments that every operator takes, so that no parameter has their names.
pub const COMMON_ARGUMENTS: [&str; 9] = [
    "wait_for_completion",
    "deferrable",
    "poll_interval",
    "max_attempts",
    "aws_conn_id",
    "region_name",
    "endpoint_url",
    "verify",
    "botocore_config",
];

/// What `{{task.NAME}}` stands for.
pub const TASK_VALUES: [&str; 4] = ["token", "id", "key", "try"];

/// Parses the text of an operator file, and checks each operator: expressions compile, placeholders are defined where they
/// stand, and states have a meaning where they are.
///
/// # Errors
/// The text is not JSON, not an operator file, or has an invalid operator.
pub fn parse(text: &str) -> Result<OperatorFile, Invalid> {
    let problem = |rule, message: String| Invalid::new(vec![Diagnostic::error(rule, "", message)]);
    if text.len() > MAX_FILE {
        return Err(problem("size", format!("the file is larger than {MAX_FILE} bytes")));
    }
    let value: Value = serde_json::from_str(text)
        .map_err(|error| problem("json", format!("this is not JSON: {error}")))?;
    let file: OperatorFile =
        serde_json::from_value(value).map_err(|error| problem("type", error.to_string()))?;
    if file.version != 1 {
        let message = format!("version {} of operator files is not known here", file.version);
        return Err(problem("version", message));
    }
    let problems: Vec<_> = file
        .operators
        .iter()
        .flat_map(|(name, operator)| check(operator, &format!("/operators/{}", pointer_part(name))))
        .collect();
    if problems.is_empty() { Ok(file) } else { Err(Invalid::new(problems)) }
}

/// The problems of an operator at `pointer`.
fn check(operator: &OperatorConfig, pointer: &str) -> Vec<Diagnostic> {
    let mut checker = Checker::default();
    checker.parameters(operator, pointer);
    let is_only = operator.steps.len() == 1;
    for (index, step) in operator.steps.iter().enumerate() {
        let of_step = format!("{pointer}/steps/{index}");
        checker.step(step, if is_only { pointer } else { &of_step });
    }
    if let Some(result) = &operator.result {
        checker.has_input = false;
        checker.placeholders(result, &format!("{pointer}/result"));
    }
    checker.problems
}

#[derive(Default)]
struct Checker {
    /// The parameters and values that are known so far.
    known: BTreeSet<String>,
    /// True in a step with a call: `{{input.X}}` stands for a member of its input.
    has_input: bool,
    problems: Vec<Diagnostic>,
}

impl Checker {
    fn report(&mut self, rule: &'static str, pointer: &str, message: impl Into<String>) {
        self.problems.push(Diagnostic::error(rule, pointer, message));
    }

    fn parameters(&mut self, operator: &OperatorConfig, pointer: &str) {
        for (name, parameter) in &operator.parameters {
            let pointer = format!("{pointer}/parameters/{}", pointer_part(name));
            if COMMON_ARGUMENTS.contains(&name.as_str()) {
                let message = format!("`{name}` is an argument of every operator");
                self.report("parameter", &pointer, message);
            }
            // The text of a default may have placeholders, which have any type.
            let is_open = |value: &Value| value.as_str().is_some_and(|text| text.contains("{{"));
            if let Some(default) = parameter.default.as_ref().filter(|value| !is_open(value))
                && let Err(wanted) = parameter.kind.convert(default)
            {
                let message = format!("the default is not {wanted}");
                self.report("parameter", &format!("{pointer}/default"), message);
            }
            if let Some(default) = &parameter.default {
                self.placeholders(default, &format!("{pointer}/default"));
            }
            if parameter.default.is_some() && parameter.optional {
                let message = "a parameter with a default may be left out anyway";
                self.report("parameter", &format!("{pointer}/optional"), message);
            }
        }
        self.known.extend(operator.parameters.keys().cloned());
    }

    fn step(&mut self, step: &StepConfig, pointer: &str) {
        self.has_input = false;
        if let Some(when) = &step.when {
            self.text(when, &format!("{pointer}/when"));
        }
        for (index, read) in step.before.iter().enumerate() {
            self.read(read, &format!("{pointer}/before/{index}"), is_meant_before);
        }
        self.has_input = step.call.is_some();
        if let Some(call) = &step.call {
            self.call(call, &format!("{pointer}/call"));
        }
        if let Some(wait) = &step.wait {
            let pointer = format!("{pointer}/wait");
            if wait.service_and_name().is_none() {
                self.report("waiter", &format!("{pointer}/waiter"), "a waiter is `service.name`");
            }
            self.input(&wait.input, &format!("{pointer}/input"));
            for (name, value) in &wait.parameters {
                self.placeholders(value, &format!("{pointer}/parameters/{}", pointer_part(name)));
            }
            self.values(&wait.values, &format!("{pointer}/values"));
        }
        for (index, read) in step.after.iter().enumerate() {
            self.read(read, &format!("{pointer}/after/{index}"), is_meant_after);
        }
        if !step.undo.is_empty() && step.call.is_none() {
            let message = "there is no call that could be undone";
            self.report("undo", &format!("{pointer}/undo"), message);
        }
        for (index, undo) in step.undo.iter().enumerate() {
            let place = if step.undo.len() == 1 { String::new() } else { format!("/{index}") };
            let pointer = format!("{pointer}/undo{place}");
            self.text(&undo.description, &format!("{pointer}/description"));
            self.operation(&undo.operation, &pointer);
            self.input(&undo.input, &format!("{pointer}/input"));
        }
    }

    fn read(&mut self, read: &ReadConfig, pointer: &str, is_meant: fn(StepState) -> bool) {
        self.operation(&read.operation, pointer);
        self.input(&read.input, &format!("{pointer}/input"));
        self.acceptors(&read.acceptors, pointer, is_meant);
        self.values(&read.values, &format!("{pointer}/values"));
    }

    fn call(&mut self, call: &CallConfig, pointer: &str) {
        self.operation(&call.operation, pointer);
        self.input(&call.input, &format!("{pointer}/input"));
        self.acceptors(&call.acceptors, pointer, |_| true);
        if let FindConfig::Read(find) = &call.find {
            let pointer = format!("{pointer}/find");
            self.operation(&find.operation, &pointer);
            self.input(&find.input, &format!("{pointer}/input"));
            self.expression(&find.each, &format!("{pointer}/each"));
            if let Some(since) = &find.since {
                self.expression(since, &format!("{pointer}/since"));
            }
            let known = self.known.clone();
            self.values(&find.values, &format!("{pointer}/values"));
            for name in call.values.keys().filter(|name| !find.values.contains_key(*name)) {
                let message = format!("`find` does not give the value `{name}` of the call");
                self.report("find", &pointer, message);
            }
            self.known = known;
        } else if call.acceptors.iter().any(|acceptor| acceptor.state == StepState::Find) {
            let message = "the state `find` needs a `find` that reads";
            self.report("find", &format!("{pointer}/find"), message);
        }
        self.values(&call.values, &format!("{pointer}/values"));
    }

    fn operation(&mut self, operation: &str, pointer: &str) {
        if operation.is_empty() {
            let pointer = format!("{pointer}/operation");
            self.report("operation", &pointer, "the operation must not be empty");
        }
    }

    fn acceptors(
        &mut self,
        acceptors: &[StepAcceptor],
        pointer: &str,
        is_meant: fn(StepState) -> bool,
    ) {
        for (index, acceptor) in acceptors.iter().enumerate() {
            let pointer = format!("{pointer}/acceptors/{index}");
            if !is_meant(acceptor.state) {
                let message = "this state has no meaning here";
                self.report("state", &format!("{pointer}/state"), message);
            }
            match (&acceptor.argument, acceptor.matcher) {
                (None, MatcherKind::Path | MatcherKind::PathAll | MatcherKind::PathAny) => {
                    self.report("argument", &pointer, "a path matcher needs an `argument`");
                }
                (Some(_), MatcherKind::Status) => {
                    let message = "matcher `status` takes no `argument`";
                    self.report("argument", &format!("{pointer}/argument"), message);
                }
                (Some(argument), _) => self.expression(argument, &format!("{pointer}/argument")),
                (None, MatcherKind::Status | MatcherKind::Error) => {}
            }
            if let Some(message) = &acceptor.message {
                self.expression(message, &format!("{pointer}/message"));
            }
            self.placeholders(&acceptor.expected, &format!("{pointer}/expected"));
        }
    }

    fn values(&mut self, values: &BTreeMap<String, ValueConfig>, pointer: &str) {
        for (name, value) in values {
            self.expression(value.expression(), &format!("{pointer}/{}", pointer_part(name)));
        }
        self.known.extend(values.keys().cloned());
    }

    fn expression(&mut self, text: &str, pointer: &str) {
        if let Err(message) = compiled(text) {
            self.report("expression", pointer, message);
        }
        self.text(text, pointer);
    }

    fn input(&mut self, input: &Input, pointer: &str) {
        for (name, value) in input {
            self.placeholders(value, &format!("{pointer}/{}", pointer_part(name)));
        }
    }

    fn placeholders(&mut self, value: &Value, pointer: &str) {
        match value {
            Value::String(text) => self.text(text, pointer),
            Value::Array(items) => {
                for (index, item) in items.iter().enumerate() {
                    self.placeholders(item, &format!("{pointer}/{index}"));
                }
            }
            Value::Object(members) => self.input(members, pointer),
            Value::Null | Value::Bool(_) | Value::Number(_) => {}
        }
    }

    fn text(&mut self, text: &str, pointer: &str) {
        for name in placeholder::names(text) {
            let task = name.strip_prefix("task.");
            if task.is_some_and(|task| TASK_VALUES.contains(&task)) || self.known.contains(name) {
                continue;
            }
            if name.starts_with("input.") && self.has_input {
                continue;
            }
            let near = nearest(name, self.known.iter().map(String::as_str));
            let near = near.map(|near| format!("; did you mean `{near}`?")).unwrap_or_default();
            let message = format!("`{{{{{name}}}}}` is not known at this place{near}");
            self.report("placeholder", pointer, message);
        }
    }
}

fn is_meant_before(state: StepState) -> bool {
    state != StepState::Find
}

fn is_meant_after(state: StepState) -> bool {
    !matches!(state, StepState::Find | StepState::Wait)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    /// The problems of an operator, each with its place.
    fn problems(operator: Value) -> Vec<String> {
        let file = json!({"version": 1, "service": "jobs", "operators": {"start_job": operator}});
        match parse(&file.to_string()) {
            Ok(_) => Vec::new(),
            Err(invalid) => invalid
                .diagnostics()
                .iter()
                .map(|problem| format!("{}: {}", problem.pointer, problem.message))
                .collect(),
        }
    }

    /// An operator with this call.
    fn with_call(call: Value) -> Value {
        json!({"description": "Starts a job.", "parameters": {"name": {}}, "call": call})
    }

    #[test]
    fn a_good_operator_has_no_problems() {
        let call = json!({"operation": "StartJob", "input": {"Name": "{{name}}"}, "find": "cannot",
            "values": {"id": "Id"}});
        let mut operator = with_call(call);
        operator["wait"] = json!({"waiter": "jobs.job_done", "input": {"Id": "{{id}}"}});
        operator["undo"] =
            json!({"description": "stop {{id}} of {{input.Name}}", "operation": "StopJob"});
        operator["result"] = json!({"id": "{{id}}", "task": "{{task.id}}"});
        assert_eq!(problems(operator), [""; 0]);
    }

    #[test]
    fn a_placeholder_is_defined_before_it_is_used() {
        let call = json!({"operation": "StartJob", "find": "cannot", "values": {"id": "Id"},
            "input": {"Name": "{{nam}}", "Id": "{{id}}"}});
        let expected = [
            "/operators/start_job/call/input/Name: `{{nam}}` is not known at this place; did you mean `name`?",
            "/operators/start_job/call/input/Id: `{{id}}` is not known at this place",
        ];
        assert_eq!(problems(with_call(call)), expected);
    }

    #[test]
    fn a_call_says_how_it_is_found_again() {
        let missing = problems(with_call(json!({"operation": "StartJob"})));
        assert!(missing[0].contains("missing field `find`"), "{missing:?}");
        let call = json!({"operation": "StartJob", "values": {"id": "Id"},
            "find": {"operation": "ListJobs", "each": "Jobs"}});
        let expected =
            "/operators/start_job/call/find: `find` does not give the value `id` of the call";
        assert_eq!(problems(with_call(call)), [expected]);
        let call = json!({"operation": "StartJob", "find": "again",
            "acceptors": [{"state": "find", "matcher": "error", "expected": "AlreadyExists"}]});
        let expected = "/operators/start_job/call/find: the state `find` needs a `find` that reads";
        assert_eq!(problems(with_call(call)), [expected]);
    }

    #[test]
    fn a_state_has_a_meaning_where_it_stands() {
        let mut operator = with_call(json!({"operation": "StartJob", "find": "cannot"}));
        let acceptor = json!({"state": "wait", "matcher": "error", "expected": "Busy"});
        operator["after"] = json!([{"operation": "GetJob", "acceptors": [acceptor]}]);
        let expected =
            "/operators/start_job/after/0/acceptors/0/state: this state has no meaning here";
        assert_eq!(problems(operator), [expected]);
    }

    #[test]
    fn steps_and_the_keys_of_one_step_exclude_each_other() {
        let call = json!({"operation": "StartJob", "find": "cannot"});
        let mut operator = with_call(call.clone());
        operator["steps"] = json!([{"call": call}]);
        assert!(problems(operator)[0].contains("either `steps` or the keys of one step"));
        assert!(
            problems(json!({"description": "Nothing."}))[0]
                .contains("a `call`, a `wait` or `steps`")
        );
    }

    #[test]
    fn a_parameter_has_a_name_of_its_own_and_a_default_of_its_type() {
        let mut operator = with_call(json!({"operation": "StartJob", "find": "cannot"}));
        operator["parameters"] =
            json!({"deferrable": {}, "size": {"type": "number", "default": "a"}});
        let expected = [
            "/operators/start_job/parameters/deferrable: `deferrable` is an argument of every operator",
            "/operators/start_job/parameters/size/default: the default is not a number",
        ];
        assert_eq!(problems(operator), expected);
    }

    #[test]
    fn an_operator_is_written_as_it_was_read() {
        let text = json!({"version": 1, "service": "jobs", "operators": {"start_job": with_call(
            json!({"operation": "StartJob", "find": {"operation": "ListJobs", "each": "Jobs", "settle": 1.0}}))}});
        let file = parse(&text.to_string()).unwrap();
        let mut expected = text;
        let call = &mut expected["operators"]["start_job"];
        call["parameters"]["name"]["type"] = "string".into();
        assert_eq!(serde_json::to_value(file).unwrap(), expected);
    }
}
