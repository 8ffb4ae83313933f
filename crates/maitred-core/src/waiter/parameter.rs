//! Parameters: `{{NAME}}` and `{{input.X}}` are replaced by values, never by text of an expression.

use std::cell::Cell;
use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::options::Options;
use crate::config::ParameterConfig;
use crate::config::ParameterType;
use crate::config::WaiterConfig;
use crate::diagnostic::Diagnostic;
use crate::diagnostic::nearest;
use crate::expression::{Expression, ExpressionError};

/// The most bytes of all values that are substituted in one waiter: a long one in many places would
/// exhaust the memory.
const MAX_BOUND: usize = 16 * 1024 * 1024;

/// The values that placeholders stand for.
pub(super) struct Binder<'a> {
    declared: &'a BTreeMap<String, ParameterConfig>,
    /// `None` when a file is checked without a caller: every declared name is then accepted.
    values: Option<BTreeMap<&'a str, Value>>,
    input: Option<Map<String, Value>>,
    /// Whether `{{NAME}}` is a placeholder: only if the file declares parameters or the caller passes some.
    active: bool,
    /// Whether the waiter extends another one, which may declare more parameters.
    open: bool,
    /// Whether `{{input.X}}` is a placeholder even if no parameter is declared.
    knows_input: bool,
    /// Whether a member of the input was substituted.
    bound_input: Cell<bool>,
    /// The bytes of all values that were substituted, see [`MAX_BOUND`].
    bound: Cell<usize>,
}

impl<'a> Binder<'a> {
    /// Takes the caller's values for the parameters of `config`.
    pub(super) fn new(
        config: &'a WaiterConfig,
        options: &'a Options,
        problems: &mut Vec<Diagnostic>,
    ) -> Self {
        let declared = if options.strict { const { &BTreeMap::new() } } else { &config.parameters };
        let mut values = BTreeMap::new();
        for (name, parameter) in declared {
            match options.parameters.get(name).or(parameter.default.as_ref()) {
                Some(value) => match typed(parameter.kind, value) {
                    Ok(value) => drop(values.insert(name.as_str(), value)),
                    Err(wanted) => problems.push(ill_typed(name, wanted)),
                },
                None => problems.push(missing(name, parameter)),
            }
        }
        for (name, value) in &options.parameters {
            if declared.is_empty() {
                values.insert(name, value.clone());
            } else if !declared.contains_key(name) {
                problems.push(unknown(name, declared));
            }
        }
        let active = !declared.is_empty() || !options.parameters.is_empty();
        let mut input = config.input.clone();
        input.extend(options.input.clone());
        let (knows_input, bound_input) = (!options.strict, Cell::new(false));
        let (values, input, bound) = (Some(values), Some(input), Cell::new(0));
        Self { declared, values, input, active, open: false, knows_input, bound_input, bound }
    }

    /// Sets the input whose members `{{input.X}}` stands for.
    pub(super) fn set_input(&mut self, input: &Map<String, Value>) {
        self.input = Some(input.clone());
    }

    /// A binder without values, to check the file alone.
    pub(super) fn unbound(config: &'a WaiterConfig, problems: &mut Vec<Diagnostic>) -> Self {
        for (name, parameter) in &config.parameters {
            if let Some(default) = &parameter.default
                && let Err(wanted) = typed(parameter.kind, default)
            {
                let pointer = format!("/parameters/{name}/default");
                problems.push(Diagnostic::error(
                    "parameter",
                    pointer,
                    format!("the default is not {wanted}"),
                ));
            }
        }
        let active = !config.parameters.is_empty();
        let (knows_input, bound_input) = (true, Cell::new(false));
        let (declared, open) = (&config.parameters, config.extends.is_some());
        let (values, input, bound) = (None, None, Cell::new(0));
        Self { declared, values, input, active, open, knows_input, bound_input, bound }
    }

    /// Whether a member of the input was substituted.
    pub(super) fn bound_input(&self) -> bool {
        self.bound_input.get()
    }

    /// Compiles `text` and binds the placeholders in its literals. A parameter of type `expression`
    /// stands for the whole text.
    pub(super) fn bind_expression(
        &self,
        text: &str,
        pointer: &str,
        problems: &mut Vec<Diagnostic>,
    ) -> Option<Expression> {
        if let Some(name) = whole_placeholder(text)
            && (self.is_expression(name) || self.is_elsewhere(name))
        {
            return match &self.values {
                Some(values) => compile_expression(values.get(name)?.as_str()?, pointer, problems),
                // A stand-in for the expression that only the caller knows.
                None => compile_expression("@", pointer, problems),
            };
        }
        let expression = compile_expression(text, pointer, problems)?;
        if !self.substitutes(text) {
            return Some(expression);
        }
        match expression.bind(&|literal| self.substitute(literal)) {
            Ok(expression) => Some(expression),
            Err(message) => {
                problems.push(Diagnostic::error("parameter", pointer, message));
                None
            }
        }
    }

    /// `value` with the placeholders of its strings bound.
    pub(super) fn bind_value(
        &self,
        value: &Value,
        pointer: &str,
        problems: &mut Vec<Diagnostic>,
    ) -> Value {
        match value {
            Value::String(text) if self.substitutes(text) => match self.substitute(text) {
                Ok(bound) => bound,
                Err(message) => {
                    problems.push(Diagnostic::error("parameter", pointer, message));
                    Value::Null
                }
            },
            Value::Array(items) => {
                items.iter().map(|item| self.bind_value(item, pointer, problems)).collect()
            }
            Value::Object(entries) => Value::Object(
                entries
                    .iter()
                    .map(|(key, value)| (key.clone(), self.bind_value(value, pointer, problems)))
                    .collect(),
            ),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => value.clone(),
        }
    }

    /// The operation's input with the placeholders of its strings bound.
    pub(super) fn bind_input(
        &self,
        input: &Map<String, Value>,
        problems: &mut Vec<Diagnostic>,
    ) -> Map<String, Value> {
        input
            .iter()
            .map(|(key, value)| {
                (key.clone(), self.bind_value(value, &format!("/input/{key}"), problems))
            })
            .collect()
    }

    /// Whether `value` is `{{input.NAME}}` and the input has no NAME.
    pub(super) fn lacks(&self, value: &Value) -> bool {
        let name =
            value.as_str().and_then(|text| text.strip_prefix("{{input.")?.strip_suffix("}}"));
        let given = |name: &str| self.input.as_ref().is_none_or(|input| input.contains_key(name));
        name.is_some_and(|name| !name.contains(['.', '{', '}']) && !given(name))
    }

    fn is_expression(&self, name: &str) -> bool {
        self.declared.get(name).is_some_and(|parameter| parameter.kind == ParameterType::Expression)
    }

    /// Whether `name` may be declared by the waiter that this one extends.
    fn is_elsewhere(&self, name: &str) -> bool {
        self.open && !self.declared.contains_key(name) && !name.starts_with("input.")
    }

    fn substitutes(&self, text: &str) -> bool {
        let names_input =
            || text.split("{{").skip(1).any(|after| after.trim_start().starts_with("input."));
        text.contains("{{") && (self.active || (self.knows_input && names_input()))
    }

    /// The value of a text with placeholders. A text that is a single placeholder keeps the type of its
    /// value; any other becomes a string.
    fn substitute(&self, text: &str) -> Result<Value, String> {
        if let Some(name) = whole_placeholder(text) {
            return self.value_of(name);
        }
        let mut bound = String::new();
        let mut rest = text;
        while let Some((before, after)) = rest.split_once("{{") {
            let Some((name, after)) = after.split_once("}}") else {
                return Err(format!("`{text}` opens a placeholder and does not close it"));
            };
            bound.push_str(before);
            let value = self.value_of(name.trim())?;
            match value.as_str() {
                Some(text) => bound.push_str(text),
                None => bound.push_str(&value.to_string()),
            }
            rest = after;
        }
        bound.push_str(rest);
        Ok(Value::String(bound))
    }

    fn value_of(&self, name: &str) -> Result<Value, String> {
        if let Some(path) = name.strip_prefix("input.") {
            return self.input_member(path);
        }
        if self.is_expression(name) {
            return Err(format!(
                "`{{{{{name}}}}}` is a parameter of type expression, which only stands for a whole `argument`"
            ));
        }
        match &self.values {
            Some(values) => match values.get(name) {
                Some(value) => self.copy(value),
                // Already reported as missing.
                None if self.declared.contains_key(name) => Ok(Value::Null),
                None => Err(self.undefined(name)),
            },
            None if self.open || self.declared.contains_key(name) => {
                Ok(Value::String(format!("{{{{{name}}}}}")))
            }
            None => Err(self.undefined(name)),
        }
    }

    fn input_member(&self, path: &str) -> Result<Value, String> {
        self.bound_input.set(true);
        let Some(input) = &self.input else {
            return Ok(Value::String(format!("{{{{input.{path}}}}}")));
        };
        let mut names = path.split('.');
        let mut value = names.next().and_then(|name| input.get(name));
        for name in names {
            value = value.and_then(|value| value.get(name));
        }
        let unknown = || format!("the input has no `{path}`, which this waiter refers to");
        value.ok_or_else(unknown).and_then(|value| self.copy(value))
    }

    fn copy(&self, value: &Value) -> Result<Value, String> {
        self.bound.set(self.bound.get().saturating_add(size(value)));
        if self.bound.get() <= MAX_BOUND {
            Ok(value.clone())
        } else {
            Err(format!(
                "the values of this waiter's placeholders take more than {MAX_BOUND} bytes"
            ))
        }
    }

    fn undefined(&self, name: &str) -> String {
        match nearest(name, self.declared.keys().map(String::as_str)) {
            Some(near) => format!("there is no parameter `{name}`; did you mean `{near}`?"),
            None => format!("there is no parameter `{name}`"),
        }
    }
}

/// `NAME` if `text` is `{{NAME}}` and nothing else.
fn whole_placeholder(text: &str) -> Option<&str> {
    let name = text.trim().strip_prefix("{{")?.strip_suffix("}}")?;
    (!name.contains("{{") && !name.contains("}}")).then_some(name.trim())
}

/// The approximate size of a value in bytes.
fn size(value: &Value) -> usize {
    let inner: usize = match value {
        Value::String(text) => text.len(),
        Value::Array(items) => items.iter().map(size).sum(),
        Value::Object(entries) => entries.iter().map(|(key, value)| key.len() + size(value)).sum(),
        Value::Null | Value::Bool(_) | Value::Number(_) => 0,
    };
    inner + size_of::<Value>()
}

/// `value` converted to a parameter's type. Text is parsed, as from a command line.
///
/// The error is the type that was expected.
fn typed(kind: ParameterType, value: &Value) -> Result<Value, &'static str> {
    match (kind, value) {
        (ParameterType::String | ParameterType::Expression, Value::String(_))
        | (ParameterType::Number, Value::Number(_))
        | (ParameterType::Boolean, Value::Bool(_)) => Ok(value.clone()),
        (ParameterType::Number, Value::String(text)) => {
            text.parse::<serde_json::Number>().map(Value::Number).map_err(|_| "a number")
        }
        (ParameterType::Boolean, Value::String(text)) => {
            text.parse().map(Value::Bool).map_err(|_| "`true` or `false`")
        }
        (ParameterType::Json, Value::String(text)) => {
            serde_json::from_str(text).map_err(|_| "JSON; quote a string twice, e.g. '\"a\"'")
        }
        (ParameterType::Json, _) => Ok(value.clone()),
        (ParameterType::String, _) => Err("a string"),
        (ParameterType::Expression, _) => Err("a JMESPath expression"),
        (ParameterType::Number, _) => Err("a number"),
        (ParameterType::Boolean, _) => Err("`true` or `false`"),
    }
}

fn missing(name: &str, parameter: &ParameterConfig) -> Diagnostic {
    let what = parameter.description.as_deref().map(|text| format!(": {text}")).unwrap_or_default();
    Diagnostic::error("parameter", "/parameters", format!("parameter `{name}` is missing{what}"))
        .with_help(format!("give it with --parameter {name}=VALUE"))
}

fn unknown(name: &str, declared: &BTreeMap<String, ParameterConfig>) -> Diagnostic {
    let known = declared.keys().map(String::as_str);
    let help = match nearest(name, known) {
        Some(near) => format!("did you mean `{near}`?"),
        None => {
            let names: Vec<_> = declared.keys().map(String::as_str).collect();
            format!("it has {}", names.join(", "))
        }
    };
    let message = format!("this waiter has no parameter `{name}`");
    Diagnostic::error("parameter", "/parameters", message).with_help(help)
}

/// A parameter of the wrong type. The message leaves out the value, which may be a secret.
fn ill_typed(name: &str, wanted: &str) -> Diagnostic {
    let message = format!("parameter `{name}` must be {wanted}");
    Diagnostic::error("parameter", format!("/parameters/{name}"), message)
}

/// Compiles `text`, without placeholders.
pub(super) fn compile_expression(
    text: &str,
    pointer: &str,
    problems: &mut Vec<Diagnostic>,
) -> Option<Expression> {
    match Expression::compile(text) {
        Ok(expression) => Some(expression),
        Err(error) => {
            problems.push(expression_problem(text, pointer, &error));
            None
        }
    }
}

fn expression_problem(text: &str, pointer: &str, error: &ExpressionError) -> Diagnostic {
    let shown: String = text.chars().take(80).collect();
    Diagnostic::error("expression", pointer, format!("`{shown}` does not compile: {error}"))
        .at_offset(error.offset())
        .with_help("the language is described at https://jmespath.org/tutorial.html")
}
