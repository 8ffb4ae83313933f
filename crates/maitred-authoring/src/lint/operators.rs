//! The rules for operator files.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::infer::Inference;
use super::model_source::ModelSource;
use super::types::Typed;
use crate::schema;
use maitred_core::catalog::Catalog;
use maitred_core::client::HTTP_SERVICE;
use maitred_core::diagnostic::{Diagnostic, Severity, nearest, pointer_part};
use maitred_core::expression::Expression;
use maitred_core::names::is_read;
use maitred_core::operator_file::{
    self, CallConfig, FindConfig, Input, OperatorConfig, OperatorFile, ReadConfig, StepAcceptor,
    StepConfig, ValueConfig, WaitConfig,
};
use maitred_core::placeholder;
use maitred_core::waiter::Options;
use maitred_http::METHODS;
use maitred_model::OperationModel;

/// All problems of an operator file, each with its position in the text: what [`operator_file::parse`] finds, or else what
/// the models of the services and the waiters in `waiters` say of it. Without `models`, only the file itself is checked.
#[must_use]
pub fn examine_operators(
    text: &str,
    models: Option<&dyn ModelSource>,
    waiters: &Catalog,
) -> Vec<Diagnostic> {
    let mut problems = match operator_file::parse(text) {
        Err(invalid) => invalid.diagnostics().to_vec(),
        Ok(file) => operators(&file, models, waiters),
    };
    schema::locate(text, &mut problems);
    problems
}

/// True for a text that is an operator file, good or bad, and not a waiter file.
#[must_use]
pub fn is_operator_file(text: &str) -> bool {
    let value: Result<serde_json::Value, _> = serde_json::from_str(text);
    value.is_ok_and(|value| value.get("operators").is_some() && value.get("waiters").is_none())
}

fn operators(
    file: &OperatorFile,
    models: Option<&dyn ModelSource>,
    waiters: &Catalog,
) -> Vec<Diagnostic> {
    let mut linter = Linter { service: &file.service, models, waiters, findings: Vec::new() };
    for (name, operator) in &file.operators {
        linter.operator(operator, &format!("/operators/{}", pointer_part(name)));
    }
    linter.findings
}

struct Linter<'a> {
    service: &'a str,
    models: Option<&'a dyn ModelSource>,
    waiters: &'a Catalog,
    findings: Vec<Diagnostic>,
}

impl Linter<'_> {
    fn report(
        &mut self,
        severity: Severity,
        rule: &'static str,
        pointer: impl Into<String>,
        message: impl Into<String>,
        help: Option<String>,
    ) {
        let mut finding = Diagnostic::error(rule, pointer, message);
        finding.severity = severity;
        finding.help = help;
        self.findings.push(finding);
    }

    fn error(
        &mut self,
        rule: &'static str,
        pointer: impl Into<String>,
        message: impl Into<String>,
    ) {
        self.report(Severity::Error, rule, pointer, message, None);
    }

    fn operator(&mut self, operator: &OperatorConfig, pointer: &str) {
        let is_only = operator.steps.len() == 1;
        for (index, step) in operator.steps.iter().enumerate() {
            let of_step = format!("{pointer}/steps/{index}");
            self.step(step, if is_only { pointer } else { &of_step });
        }
        self.parameters(operator, pointer);
    }

    fn parameters(&mut self, operator: &OperatorConfig, pointer: &str) {
        let written = serde_json::to_string(&(&operator.steps, &operator.result));
        let written = written.unwrap_or_default();
        let used: BTreeSet<_> = placeholder::names(&written).collect();
        for (name, parameter) in &operator.parameters {
            let place = format!("{pointer}/parameters/{}", pointer_part(name));
            if !used.contains(name.as_str()) {
                let message =
                    format!("`{{{{{name}}}}}` stands nowhere, so this parameter has no effect");
                self.report(Severity::Warning, "unused-parameter", &place, message, None);
            }
            if parameter.description.is_none() {
                let message = format!("the parameter `{name}` has no description for the help");
                self.report(Severity::Note, "description", &place, message, None);
            }
        }
    }

    fn step(&mut self, step: &StepConfig, pointer: &str) {
        for (kind, reads) in [("before", &step.before), ("after", &step.after)] {
            for (index, read) in reads.iter().enumerate() {
                self.read(read, &format!("{pointer}/{kind}/{index}"));
            }
        }
        if let Some(call) = &step.call {
            self.call(call, &format!("{pointer}/call"));
        }
        if let Some(wait) = &step.wait {
            self.wait(wait, &format!("{pointer}/wait"));
        }
        for (index, undo) in step.undo.iter().enumerate() {
            let place = if step.undo.len() == 1 { String::new() } else { format!("/{index}") };
            let service = undo.service.as_deref().unwrap_or(self.service).to_owned();
            let place = format!("{pointer}/undo{place}");
            self.operation(&service, &undo.operation, &undo.input, &place, true);
        }
        if step.call.is_some() && step.wait.is_some() && step.undo.is_empty() {
            let message = "what this call starts cannot be undone when the task is cancelled";
            let help = "add `undo` with the call that stops or deletes it, if there is one";
            self.report(
                Severity::Note,
                "no-undo",
                format!("{pointer}/call"),
                message,
                Some(help.to_owned()),
            );
        }
    }

    fn read(&mut self, read: &ReadConfig, pointer: &str) {
        let service = read.service.as_deref().unwrap_or(self.service).to_owned();
        self.read_only(&service, &read.operation, pointer);
        let model = self.operation(&service, &read.operation, &read.input, pointer, true);
        if let Some(model) = model {
            self.acceptors(&model, &read.acceptors, pointer);
            self.values(&model, output(&model), &read.values, &format!("{pointer}/values"));
        }
    }

    fn call(&mut self, call: &CallConfig, pointer: &str) {
        let service = call.service.as_deref().unwrap_or(self.service).to_owned();
        let model = self.operation(&service, &call.operation, &call.input, pointer, false);
        if let Some(model) = &model {
            self.acceptors(model, &call.acceptors, pointer);
            self.values(model, output(model), &call.values, &format!("{pointer}/values"));
            let set = call.token.iter().chain(call.marker.first());
            for (member, key) in set.zip(["token", "marker"]) {
                if model.input_members().iter().all(|known| known.name != *member) {
                    let message = format!("`{}` has no member `{member}`", call.operation);
                    self.error("unknown-member", format!("{pointer}/{key}"), message);
                }
            }
        }
        let FindConfig::Read(find) = &call.find else {
            let repeats = call.find == FindConfig::Again && call.token.is_none();
            let is_start = ["Start", "Create", "Run", "Submit", "Send"];
            if repeats
                && is_start.iter().any(|verb| call.operation.starts_with(verb))
                && model.is_some()
            {
                let message = format!(
                    "`{}` is sent again after a lost reply, without a token",
                    call.operation
                );
                let help = "name the `token`, or find its work with a call that reads, or say \"cannot\"; this is right \
                            only if it does no harm to repeat the call";
                self.report(
                    Severity::Note,
                    "repeat-without-token",
                    format!("{pointer}/find"),
                    message,
                    Some(help.to_owned()),
                );
            }
            return;
        };
        let pointer = format!("{pointer}/find");
        let service = find.service.clone().unwrap_or(service);
        self.read_only(&service, &find.operation, &pointer);
        let model = self.operation(&service, &find.operation, &find.input, &pointer, true);
        let Some(model) = model else { return };
        let each = self.expression(&model, &find.each, &output(&model), &format!("{pointer}/each"));
        let candidate = each.elements(Some(&model)).unwrap_or(each);
        if let Some(since) = &find.since {
            self.expression(&model, since, &candidate, &format!("{pointer}/since"));
        }
        self.values(&model, candidate, &find.values, &format!("{pointer}/values"));
    }

    fn wait(&mut self, wait: &WaitConfig, pointer: &str) {
        let Some((service, name)) = wait.service_and_name() else { return };
        let entry = match self.waiters.find(service, name) {
            Ok(entry) => entry,
            Err(error) => {
                self.error("unknown-waiter", format!("{pointer}/waiter"), error.to_string());
                return;
            }
        };
        let mut options = Options::with_input(wait.input.clone());
        options.parameters.clone_from(&wait.parameters);
        options.acceptors.clone_from(&wait.acceptors);
        if let Err(invalid) = entry.compile(&options) {
            for problem in invalid.diagnostics() {
                let message = format!("{}: {}", wait.waiter, problem.message);
                self.error("waiter", pointer, message);
            }
        }
        let operation = entry.config.operation.clone();
        let model = self.models.and_then(|models| models.operation(service, &operation));
        if let Some(model) = model {
            let mut input = entry.config.input.clone();
            input.extend(wait.input.clone());
            self.members(&model, &input, pointer, true);
            self.values(&model, output(&model), &wait.values, &format!("{pointer}/values"));
        }
    }

    fn read_only(&mut self, service: &str, operation: &str, pointer: &str) {
        if !is_read(service, operation) {
            let message =
                format!("`{operation}` is not read-only, and it may be made more than once");
            self.error("mutating-operation", format!("{pointer}/operation"), message);
        }
    }

    /// The model of an operation, once its name and the members of its input are checked.
    fn operation(
        &mut self,
        service: &str,
        operation: &str,
        input: &Input,
        pointer: &str,
        is_whole: bool,
    ) -> Option<Arc<OperationModel>> {
        let place = format!("{pointer}/operation");
        let models = self.models?;
        if service == HTTP_SERVICE {
            if !METHODS.contains(&operation) {
                let message =
                    format!("`{operation}` is not a method; they are {}", METHODS.join(", "));
                self.error("unknown-operation", place, message);
            }
            return None;
        }
        let Some(operations) = models.operations(service) else {
            self.error("unknown-service", "/service", format!("there is no service `{service}`"));
            return None;
        };
        if !operations.iter().any(|known| known == operation) {
            let near = nearest(operation, operations.iter().map(String::as_str));
            let help = near.map(|near| format!("did you mean `{near}`?"));
            let message = format!("service `{service}` has no operation `{operation}`");
            self.report(Severity::Error, "unknown-operation", place, message, help);
            return None;
        }
        let model = models.operation(service, operation)?;
        self.members(&model, input, &format!("{pointer}/input"), is_whole);
        Some(model)
    }

    /// Checks the members of an input. Callers can give the rest of one that is not `whole`.
    fn members(&mut self, model: &OperationModel, input: &Input, pointer: &str, is_whole: bool) {
        let known = model.input_members();
        for name in input.keys().filter(|name| known.iter().all(|known| known.name != **name)) {
            let near = nearest(name, known.iter().map(|known| known.name.as_str()));
            let help = near.map(|near| format!("did you mean `{near}`?"));
            let message = format!("`{}` has no member `{name}`", model.name);
            let place = format!("{pointer}/{}", pointer_part(name));
            self.report(Severity::Error, "unknown-member", place, message, help);
        }
        let missing = known.iter().filter(|member| {
            let is_filled = member.target.traits.idempotency_token;
            member.required && !is_filled && !input.contains_key(&member.name)
        });
        let missing: Vec<_> = missing.map(|member| format!("`{}`", member.name)).collect();
        if is_whole && !missing.is_empty() {
            let message = format!("`{}` needs {}", model.name, missing.join(", "));
            self.error("required-input", pointer, message);
        }
    }

    fn acceptors(&mut self, model: &OperationModel, acceptors: &[StepAcceptor], pointer: &str) {
        for (index, acceptor) in acceptors.iter().enumerate() {
            let is_error = acceptor.matcher == maitred_core::config::MatcherKind::Error;
            if let Some(argument) = acceptor.argument.as_ref().filter(|_| !is_error) {
                let place = format!("{pointer}/acceptors/{index}/argument");
                self.expression(model, argument, &output(model), &place);
            }
        }
    }

    fn values<'m>(
        &mut self,
        model: &'m OperationModel,
        document: Typed<'m>,
        values: &BTreeMap<String, ValueConfig>,
        pointer: &str,
    ) {
        for (name, value) in values {
            let place = format!("{pointer}/{}", pointer_part(name));
            self.expression(model, value.expression(), &document, &place);
        }
    }

    /// The type of an expression on `document`, whose flaws are findings.
    fn expression<'m>(
        &mut self,
        model: &'m OperationModel,
        text: &str,
        document: &Typed<'m>,
        pointer: &str,
    ) -> Typed<'m> {
        let Ok(expression) = Expression::compile(text) else { return Typed::any() };
        let mut inference = Inference::new(Some(model));
        let typed = inference.infer(expression.node(), document);
        for flaw in inference.flaws {
            self.report(Severity::Error, flaw.rule.name, pointer, flaw.message, flaw.help);
        }
        typed
    }
}

fn output(model: &OperationModel) -> Typed<'_> {
    match &model.output {
        Some(output) => Typed::shape(model, output),
        None => Typed::any(),
    }
}
