//! Parameters: `{{NAME}}` and `{{input.X}}` are replaced by values, never by text of an expression.

use std::cell::Cell;
use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::options::Options;
use crate::config::{ParameterConfig, ParameterType, WaiterConfig};
use crate::diagnostic::{Diagnostic, Invalid, nearest};
use crate::expression::Expression;
use crate::placeholder::{self, whole_placeholder};

/// The most bytes of all values that are substituted in one waiter: a long one in many places would
/// exhaust the memory.
const MAX_BOUND: usize = 16 * 1024 * 1024;

/// The values that placeholders stand for.
#[derive(Default)]
pub(super) struct Binder<'a> {
    declared: Option<&'a BTreeMap<String, ParameterConfig>>,
    /// `None` when a file is checked without a caller: every declared name is then accepted.
    values: Option<BTreeMap<&'a str, Value>>,
    input: Option<Map<String, Value>>,
    /// Whether `{{NAME}}` is a placeholder: only if the file declares parameters or the caller passes some.
    binds_names: bool,
    /// Whether `{{input.X}}` is a placeholder even if no parameter is declared.
    binds_input: bool,
    /// Whether the waiter extends another one, which may declare more parameters.
    is_partial: bool,
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
        let declared = declared(config, options);
        let values = values(config, options, problems);
        for (name, parameter) in declared {
            if parameter.default.is_none() && !options.parameters.contains_key(name) {
                problems.push(missing(name, parameter));
            }
        }
        let mut input = config.input.clone();
        input.extend(options.input.clone());
        Self {
            declared: Some(declared),
            binds_names: !values.is_empty() || !declared.is_empty(),
            values: Some(values),
            input: Some(input),
            binds_input: !options.strict,
            ..Self::default()
        }
    }

    /// Sets the input whose members `{{input.X}}` stands for.
    pub(super) fn set_input(&mut self, input: &Map<String, Value>) {
        self.input = Some(input.clone());
    }

    /// A binder without values, to check the file alone.
    pub(super) fn unbound(
        config: &'a WaiterConfig,
        is_partial: bool,
        problems: &mut Vec<Diagnostic>,
    ) -> Self {
        for (name, parameter) in &config.parameters {
            if let Some(default) = &parameter.default
                && let Err(wanted) = typed(parameter.kind, default)
            {
                let pointer = format!("/parameters/{name}/default");
                let message = format!("the default is not {wanted}");
                problems.push(Diagnostic::error("parameter", pointer, message));
            }
        }
        Self {
            declared: Some(&config.parameters),
            binds_names: !config.parameters.is_empty(),
            binds_input: true,
            is_partial,
            ..Self::default()
        }
    }

    /// Returns whether a member of the input was substituted.
    pub(super) fn bound_input(&self) -> bool {
        self.bound_input.get()
    }

    /// The expression that a parameter of type `expression` puts in the place of the whole of `text`: `None` if
    /// there is no such parameter in it, `Some(None)` if its value is missing, which was reported.
    pub(super) fn whole_expression(&self, text: &str) -> Option<Option<String>> {
        let name = whole_placeholder(text)?;
        let is_elsewhere =
            self.is_partial && self.parameter(name).is_none() && !name.starts_with("input.");
        (self.is_expression(name) || is_elsewhere).then(|| match &self.values {
            Some(values) => values.get(name)?.as_str().map(str::to_owned),
            // Stands for the expression that only the caller knows.
            None => Some("@".to_owned()),
        })
    }

    /// The expression with the placeholders in its literals bound.
    pub(super) fn bind(&self, expression: Expression) -> Result<Expression, String> {
        if self.substitutes(expression.as_str()) {
            expression.bind(&|literal| self.substitute(literal))
        } else {
            Ok(expression)
        }
    }

    /// The value of a text with its placeholders bound.
    pub(super) fn text(&self, text: &str) -> Result<Value, String> {
        if self.substitutes(text) { self.substitute(text) } else { Ok(Value::from(text)) }
    }

    /// Returns whether `value` is `{{input.NAME}}` and the input has no NAME.
    pub(super) fn lacks(&self, value: &Value) -> bool {
        let name =
            value.as_str().and_then(|text| text.strip_prefix("{{input.")?.strip_suffix("}}"));
        let given = |name: &str| self.input.as_ref().is_none_or(|input| input.contains_key(name));
        name.is_some_and(|name| !name.contains(['.', '{', '}']) && !given(name))
    }

    fn parameter(&self, name: &str) -> Option<&ParameterConfig> {
        self.declared?.get(name)
    }

    fn is_expression(&self, name: &str) -> bool {
        self.parameter(name).is_some_and(|parameter| parameter.kind == ParameterType::Expression)
    }

    fn substitutes(&self, text: &str) -> bool {
        let names_input =
            || text.split("{{").skip(1).any(|after| after.trim_start().starts_with("input."));
        self.binds_names || (self.binds_input && names_input())
    }

    /// The value of a text with placeholders. A text that is a single placeholder keeps the type of its
    /// value; any other becomes a string.
    fn substitute(&self, text: &str) -> Result<Value, String> {
        placeholder::substitute(text, &|name| self.value_of(name))
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
        let is_declared = self.parameter(name).is_some();
        match self.values.as_ref().map(|values| values.get(name)) {
            Some(Some(value)) => self.copy(value),
            // Already reported as missing.
            Some(None) if is_declared => Ok(Value::Null),
            None if is_declared || self.is_partial => Ok(Value::from(format!("{{{{{name}}}}}"))),
            Some(None) | None => {
                let known = self.declared.into_iter().flat_map(BTreeMap::keys).map(String::as_str);
                let near = nearest(name, known).map(|near| format!("; did you mean `{near}`?"));
                Err(format!("there is no parameter `{name}`{}", near.unwrap_or_default()))
            }
        }
    }

    fn input_member(&self, path: &str) -> Result<Value, String> {
        self.bound_input.set(true);
        let Some(input) = &self.input else {
            return Ok(Value::String(format!("{{{{input.{path}}}}}")));
        };
        let mut names = path.split('.');
        let first = names.next().and_then(|name| input.get(name));
        let value = names.fold(first, |value, name| value?.get(name));
        let unknown = || format!("the input has no `{path}`, which this waiter refers to");
        value.ok_or_else(unknown).and_then(|value| self.copy(value))
    }

    fn copy(&self, value: &Value) -> Result<Value, String> {
        self.bound.set(self.bound.get().saturating_add(size(value)));
        if self.bound.get() <= MAX_BOUND {
            return Ok(value.clone());
        }
        Err(format!("the values of this waiter's placeholders take more than {MAX_BOUND} bytes"))
    }
}

/// The values of the parameters of a waiter, by name: the caller's and the defaults, each in its type. A parameter
/// that has neither is left out.
///
/// # Errors
/// A value is of another type than its parameter, or there is no such parameter.
pub fn parameter_values(
    config: &WaiterConfig,
    options: &Options,
) -> Result<BTreeMap<String, Value>, Invalid> {
    let mut problems = Vec::new();
    let values = values(config, options, &mut problems);
    if !problems.is_empty() {
        return Err(Invalid::new(problems));
    }
    Ok(values.into_iter().map(|(name, value)| (name.to_owned(), value)).collect())
}

fn values<'a>(
    config: &'a WaiterConfig,
    options: &'a Options,
    problems: &mut Vec<Diagnostic>,
) -> BTreeMap<&'a str, Value> {
    let declared = declared(config, options);
    let mut values = BTreeMap::new();
    for (name, parameter) in declared {
        let given = options.parameters.get(name).or(parameter.default.as_ref());
        match given.map(|value| typed(parameter.kind, value)) {
            Some(Ok(value)) => drop(values.insert(name.as_str(), value)),
            Some(Err(wanted)) => {
                // The message leaves out the value, which may be a secret.
                let message = format!("parameter `{name}` must be {wanted}");
                let pointer = format!("/parameters/{name}");
                problems.push(Diagnostic::error("parameter", pointer, message));
            }
            None => {}
        }
    }
    for (name, value) in &options.parameters {
        if declared.contains_key(name) {
            continue;
        }
        // A file that declares no parameters may have placeholders all the same.
        let in_file = config.parameters.is_empty() && has_placeholder(config, options, name);
        if in_file || config.parameters.contains_key(name) {
            values.insert(name.as_str(), value.clone());
        } else {
            problems.push(unknown(name, &config.parameters));
        }
    }
    values
}

/// The declared parameters. Strict mode does not know their key.
fn declared<'a>(
    config: &'a WaiterConfig,
    options: &Options,
) -> &'a BTreeMap<String, ParameterConfig> {
    if options.strict { const { &BTreeMap::new() } } else { &config.parameters }
}

/// Returns whether `{{name}}` stands anywhere in the file or in the caller's acceptors and expressions.
fn has_placeholder(config: &WaiterConfig, options: &Options, name: &str) -> bool {
    let texts = (config, &options.acceptors, &options.show, &options.baseline);
    let text = serde_json::to_string(&texts).unwrap_or_default();
    let mut placeholders = text.split("{{").skip(1).filter_map(|after| after.split("}}").next());
    placeholders.any(|placeholder| placeholder.trim() == name)
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
    let same = |is_typed: bool| is_typed.then(|| value.clone());
    let (converted, wanted) = match (kind, value.as_str()) {
        (ParameterType::String, text) => (same(text.is_some()), "a string"),
        (ParameterType::Expression, text) => (same(text.is_some()), "a JMESPath expression"),
        (ParameterType::Number, Some(text)) => (text.parse().ok().map(Value::Number), "a number"),
        (ParameterType::Number, None) => (same(value.is_number()), "a number"),
        (ParameterType::Boolean, Some(text)) => {
            (text.parse().ok().map(Value::Bool), "`true` or `false`")
        }
        (ParameterType::Boolean, None) => (same(value.is_boolean()), "`true` or `false`"),
        (ParameterType::Json, Some(text)) => {
            (serde_json::from_str(text).ok(), "JSON; quote a string twice, e.g. '\"a\"'")
        }
        (ParameterType::Json, None) => (same(true), "JSON"),
    };
    converted.ok_or(wanted)
}

fn missing(name: &str, parameter: &ParameterConfig) -> Diagnostic {
    let what = parameter.description.as_deref().map(|text| format!(": {text}")).unwrap_or_default();
    Diagnostic::error("parameter", "/parameters", format!("parameter `{name}` is missing{what}"))
        .with_help(format!("give it with --parameter {name}=VALUE"))
}

fn unknown(name: &str, declared: &BTreeMap<String, ParameterConfig>) -> Diagnostic {
    let known: Vec<_> = declared.keys().map(String::as_str).collect();
    let help = match nearest(name, known.iter().copied()) {
        Some(near) => format!("did you mean `{near}`?"),
        None if known.is_empty() => "it has none".to_owned(),
        None => format!("it has {}", known.join(", ")),
    };
    let message = format!("this waiter has no parameter `{name}`");
    Diagnostic::error("parameter", "/parameters", message).with_help(help)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    /// A waiter with these parameters, whose input is `{"Id": "a", "Deep": {"Size": 7}}`, and which has the
    /// placeholder `{{A}}`.
    fn config(parameters: &Value) -> WaiterConfig {
        let config = json!({
            "operation": "DescribeThing", "delay": 1, "maxAttempts": 1, "acceptors": [],
            "input": {"Id": "a", "Deep": {"Size": 7}}, "parameters": parameters,
            "show": "'{{A}}'",
        });
        serde_json::from_value(config).unwrap()
    }

    fn options(parameters: Value) -> Options {
        let parameters = serde_json::from_value(parameters).unwrap();
        Options { parameters, ..Options::default() }
    }

    /// The value of `text` where the file declares `declared` and the caller gives `given`.
    fn bound(declared: &Value, given: Value, text: &str) -> Result<Value, String> {
        bound_with(declared, &options(given), text)
    }

    fn bound_with(declared: &Value, options: &Options, text: &str) -> Result<Value, String> {
        let mut problems = Vec::new();
        Binder::new(&config(declared), options, &mut problems).text(text)
    }

    /// The problems with the caller's values.
    fn problems(declared: &Value, given: Value) -> Vec<String> {
        let mut problems = Vec::new();
        Binder::new(&config(declared), &options(given), &mut problems);
        problems.into_iter().map(|problem| problem.message).collect()
    }

    #[test]
    fn every_placeholder_of_a_text_is_replaced_and_the_rest_stays() {
        let declared = json!({"A": {}, "B": {"type": "number"}, "J": {"type": "json"}});
        let given = json!({"A": "x", "B": 7, "J": ["y"]});
        for (text, value) in [
            ("{{A}}", json!("x")),
            (" {{ B }} ", json!(7)),
            ("{{J}}", json!(["y"])),
            ("{{A}}{{B}}", json!("x7")),
            ("a {{A}} b {{ B }} c {{J}} d", json!("a x b 7 c [\"y\"] d")),
            ("{{input.Id}}/{{input.Deep.Size}}", json!("a/7")),
            ("{{input.Deep}}", json!({"Size": 7})),
            ("}} {A} { {A} }", json!("}} {A} { {A} }")),
            ("", json!("")),
        ] {
            assert_eq!(bound(&declared, given.clone(), text), Ok(value), "{text}");
        }
    }

    #[test]
    fn a_placeholder_that_stands_for_nothing_is_an_error() {
        let declared = json!({"RUN_ID": {}, "E": {"type": "expression"}});
        let given = json!({"RUN_ID": "x", "E": "State"});
        for (text, said) in [
            ("a {{RUN_ID", "`a {{RUN_ID` opens a placeholder and does not close it"),
            ("{{RUN_ID}} {{", "`{{RUN_ID}} {{` opens a placeholder and does not close it"),
            ("{{RUNID}}", "there is no parameter `RUNID`; did you mean `RUN_ID`?"),
            ("{{{RUN_ID}}}", "there is no parameter `{RUN_ID}`; did you mean `RUN_ID`?"),
            ("{{input.Name}}", "the input has no `Name`, which this waiter refers to"),
            ("{{input.Id.X}}", "the input has no `Id.X`, which this waiter refers to"),
            (
                "{{E}}",
                "`{{E}}` is a parameter of type expression, which only stands for a whole `argument`",
            ),
        ] {
            let error = bound(&declared, given.clone(), text).unwrap_err();
            assert_eq!(error, said, "{text}");
        }
    }

    #[test]
    fn braces_are_text_where_there_are_no_parameters() {
        for text in ["{{A}}", "{{", "{{ x }} {{input}}"] {
            assert_eq!(bound(&json!({}), json!({}), text), Ok(json!(text)));
        }
        // The input can be referred to in any file, and what the caller gives for it is taken, too.
        assert_eq!(bound(&json!({}), json!({}), "{{ input.Id }}"), Ok(json!("a")));
        assert_eq!(bound(&json!({}), json!({"A": 1}), "{{A}}"), Ok(json!(1)));
        assert!(bound(&json!({}), json!({"A": 1}), "{{B}}").is_err());
    }

    #[test]
    fn braces_are_text_in_strict_mode() {
        let strict = |given: Value| {
            let mut options = options(given);
            options.strict = true;
            options
        };
        let declared = json!({"A": {"default": "x"}});
        for text in ["{{A}}", "{{input.Id}}"] {
            assert_eq!(bound_with(&declared, &strict(json!({})), text), Ok(json!(text)));
        }
        assert_eq!(bound_with(&declared, &strict(json!({"A": 1})), "{{A}}"), Ok(json!(1)));
    }

    #[test]
    fn a_value_has_the_type_of_its_parameter() {
        for (kind, value, bound_to) in [
            ("string", json!("7"), Some(json!("7"))),
            ("string", json!(7), None),
            ("number", json!("7.5"), Some(json!(7.5))),
            ("number", json!(7), Some(json!(7))),
            ("number", json!(true), None),
            ("number", json!("x"), None),
            ("boolean", json!("true"), Some(json!(true))),
            ("boolean", json!(false), Some(json!(false))),
            ("boolean", json!(0), None),
            ("boolean", json!("yes"), None),
            ("json", json!("{\"a\": 1}"), Some(json!({"a": 1}))),
            ("json", json!([1]), Some(json!([1]))),
            ("json", json!("x"), None),
            ("expression", json!(7), None),
        ] {
            let declared = json!({ "A": { "type": kind } });
            let given = json!({ "A": value });
            match bound_to {
                Some(expected) => {
                    assert_eq!(bound(&declared, given, "{{A}}"), Ok(expected), "{kind} {value}");
                }
                None => {
                    let problems = problems(&declared, given);
                    assert_eq!(problems.len(), 1, "{kind} {value}");
                    let start = "parameter `A` must be ";
                    assert!(problems[0].starts_with(start), "{problems:?}");
                }
            }
        }
    }

    #[test]
    fn values_that_are_missing_or_unknown_are_told_once() {
        let declared = json!({"RUN_ID": {"description": "the run"}, "N": {"default": "1"}});
        let missing = ["parameter `RUN_ID` is missing: the run"];
        assert_eq!(problems(&declared, json!({"N": "2"})), missing);
        let given = json!({"RUN_ID": "a", "RUNID": "b"});
        assert_eq!(problems(&declared, given), ["this waiter has no parameter `RUNID`"]);
        assert_eq!(problems(&json!({}), json!({"B": 1})), ["this waiter has no parameter `B`"]);
        // What was told already is no further error where it is used.
        assert_eq!(bound(&declared, json!({}), "{{RUN_ID}}"), Ok(Value::Null));
        assert_eq!(bound(&declared, json!({}), "{{N}}"), Ok(json!("1")));
    }

    #[test]
    fn values_are_bound_up_to_a_size_and_no_further() {
        let declared = json!({"A": {"type": "json"}});
        let config = config(&declared);
        // Whether the value, of so many bytes, can be bound so often.
        let binds = |value: Value, times: usize| {
            let mut problems = Vec::new();
            let options = options(json!({ "A": value }));
            let binder = Binder::new(&config, &options, &mut problems);
            (0..times).all(|_| binder.text("{{A}}").is_ok())
        };
        let text = |bytes: usize| json!(["x".repeat(bytes)]);
        let most = MAX_BOUND - 2 * size_of::<Value>();
        assert!(binds(text(most), 1));
        assert!(!binds(text(most + 1), 1));
        assert!(binds(text(most / 2 - size_of::<Value>()), 2));
        assert!(!binds(text(most / 2 - size_of::<Value>() + 1), 2));
        let key = |bytes: usize| json!({ "x".repeat(bytes): null });
        assert!(binds(key(most), 1));
        assert!(!binds(key(most + 1), 1));
        let error = {
            let options = options(json!({ "A": text(most + 1) }));
            Binder::new(&config, &options, &mut Vec::new()).text("{{A}}").unwrap_err()
        };
        let said = "the values of this waiter's placeholders take more than 16777216 bytes";
        assert_eq!(error, said);
    }

    #[test]
    fn only_a_placeholder_alone_is_a_whole_one() {
        for (text, name) in [
            ("{{A}}", Some("A")),
            (" {{ A }}\n", Some("A")),
            ("{{}}", Some("")),
            ("{{A}} {{B}}", None),
            ("{{A}}B}}", None),
            ("{{A{{B}}", None),
            ("{A}", None),
            ("{{A}", None),
            ("x{{A}}", None),
            ("{{A}}x", None),
            ("", None),
        ] {
            assert_eq!(whole_placeholder(text), name, "{text}");
        }
    }

    #[test]
    fn a_parameter_of_type_expression_stands_for_a_whole_argument() {
        let declared = json!({"E": {"type": "expression"}, "A": {}});
        let config = config(&declared);
        let options = options(json!({"E": "State", "A": "x"}));
        let mut problems = Vec::new();
        let given = Binder::new(&config, &options, &mut problems);
        let whole = |binder: &Binder<'_>, text: &str| binder.whole_expression(text);
        assert_eq!(whole(&given, "{{E}}"), Some(Some("State".to_owned())));
        assert_eq!(whole(&given, "{{A}}"), None);
        assert_eq!(whole(&given, "{{B}}"), None);
        assert_eq!(whole(&given, "{{E}}.Name"), None);
        let anything = Some(Some("@".to_owned()));
        let alone = Binder::unbound(&config, false, &mut problems);
        assert_eq!(whole(&alone, "{{E}}"), anything);
        assert_eq!((whole(&alone, "{{A}}"), whole(&alone, "{{B}}")), (None, None));
        // The waiter that this one extends may declare B, as an expression.
        let partial = Binder::unbound(&config, true, &mut problems);
        assert_eq!(whole(&partial, "{{B}}"), anything);
        assert_eq!((whole(&partial, "{{A}}"), whole(&partial, "{{input.Id}}")), (None, None));
    }

    #[test]
    fn a_file_is_checked_without_values() {
        let declared = json!({"A": {}, "N": {"type": "number", "default": "x"}});
        let mut problems = Vec::new();
        let config = config(&declared);
        let alone = Binder::unbound(&config, false, &mut problems);
        let told: Vec<_> = problems.iter().map(|it| (&*it.pointer, &*it.message)).collect();
        assert_eq!(told, [("/parameters/N/default", "the default is not a number")]);
        assert_eq!(alone.text("{{A}}"), Ok(json!("{{A}}")));
        assert_eq!(alone.text("{{input.X}} {{A}}"), Ok(json!("{{input.X}} {{A}}")));
        assert_eq!(alone.text("{{B}}"), Err("there is no parameter `B`".to_owned()));
        let partial = Binder::unbound(&config, true, &mut Vec::new());
        assert_eq!(partial.text("{{B}}"), Ok(json!("{{B}}")));
        let none = self::config(&json!({}));
        let bare = Binder::unbound(&none, false, &mut Vec::new());
        assert_eq!(bare.text("{{B}}"), Ok(json!("{{B}}")));
        assert_eq!(bare.text("{{ input.X }}"), Ok(json!("{{input.X}}")));
    }

    #[test]
    fn an_input_lacks_what_a_placeholder_alone_refers_to() {
        let config = config(&json!({}));
        let options = Options::default();
        let mut problems = Vec::new();
        let given = Binder::new(&config, &options, &mut problems);
        let lacks = |value: Value| given.lacks(&value);
        assert!(lacks(json!("{{input.Name}}")));
        assert!(!lacks(json!("{{input.Id}}")));
        assert!(!lacks(json!("{{input.Name.First}}")));
        assert!(!lacks(json!("{{input.Name}} {{input.Id}}")));
        assert!(!lacks(json!("x{{input.Name}}")));
        assert!(!lacks(json!(7)));
        assert!(!Binder::unbound(&config, false, &mut problems).lacks(&json!("{{input.Name}}")));
    }

    #[test]
    fn it_is_known_whether_the_input_was_substituted() {
        let config = config(&json!({"A": {"default": "x"}}));
        let options = Options::default();
        let mut problems = Vec::new();
        let binder = Binder::new(&config, &options, &mut problems);
        assert_eq!(binder.text("{{A}}"), Ok(json!("x")));
        assert!(!binder.bound_input());
        assert_eq!(binder.text("{{input.Id}}"), Ok(json!("a")));
        assert!(binder.bound_input());
    }
}
