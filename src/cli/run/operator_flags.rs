//! The flags of an operator, made from the JSON Schema of its arguments, and back to its arguments.

use clap::{Arg, ArgAction, ArgMatches};
use serde_json::{Map, Value};

use crate::cli::context::Context;
use crate::cli::exit::Failure;
use crate::cli::signature::{Arity, Signature};
use crate::cli::{shorthand, values};
use crate::operator::{kind, resolved};
use crate::runtime::{Registry, registry::Unusable};

/// A flag of an operator.
struct OperatorFlag {
    /// The argument.
    name: String,
    flag: String,
    form: Form,
}

/// How the text of a flag becomes a value.
enum Form {
    Text,
    Number,
    Switch,
    List,
    Json,
    /// As the service's model says for a member of the main call's input.
    Member(Arity),
}

/// The flags of an operator.
pub(super) struct OperatorFlags {
    flags: Vec<OperatorFlag>,
    arguments: Value,
    /// The operation of the main call, if its members may be given.
    operation: Option<Signature>,
}

impl OperatorFlags {
    /// The flags of `operator` beside the options of `command`.
    ///
    /// # Errors
    /// There is no such operator.
    pub(super) fn of(
        operator: &str,
        command: &clap::Command,
        context: &Context,
    ) -> Result<Self, Unusable> {
        let registry = &context.registry;
        let arguments = registry.arguments(operator)?;
        let mut flags = Vec::new();
        let ours: Vec<_> = command.get_arguments().filter_map(Arg::get_long).collect();
        let named = |name: &str| {
            let flag = name.replace('_', "-");
            if ours.contains(&flag.as_str()) { format!("operator-{flag}") } else { flag }
        };
        let properties = arguments.get("properties").and_then(Value::as_object);
        for (name, property) in properties.into_iter().flatten() {
            let form = form(resolved(&arguments, property));
            flags.push(OperatorFlag { name: name.clone(), flag: named(name), form });
        }
        let operation = main_operation(registry, operator, context);
        for parameter in operation.iter().flat_map(Signature::parameters) {
            let flag = named(&parameter.flag);
            if flags.iter().all(|known| known.flag != flag) {
                let form = Form::Member(parameter.arity);
                flags.push(OperatorFlag { name: parameter.name, flag, form });
            }
        }
        Ok(Self { flags, arguments, operation })
    }

    /// The command with these flags.
    pub(super) fn add_to(&self, mut command: clap::Command) -> clap::Command {
        for flag in &self.flags {
            command = command.arg(self.argument(flag));
            if matches!(flag.form, Form::Switch | Form::Member(Arity::Switch)) {
                let negation = Arg::new(negated(&flag.name))
                    .long(format!("no-{}", flag.flag))
                    .action(ArgAction::SetTrue)
                    .hide(true)
                    .conflicts_with(id(&flag.name));
                command = command.arg(negation);
            }
        }
        command
    }

    fn argument(&self, flag: &OperatorFlag) -> Arg {
        let arg = Arg::new(id(&flag.name)).long(flag.flag.clone());
        let arg = match (&flag.form, &self.operation) {
            (Form::Member(_), Some(operation)) => {
                let parameters = operation.parameters();
                let member = parameters.into_iter().find(|it| it.name == flag.name);
                let (kind, help) = member.map(|it| (it.kind, it.description)).unwrap_or_default();
                let heading = format!("Members of {}", operation.operation());
                arg.value_name(kind).help(help).help_heading(heading).hide_short_help(true)
            }
            (_, _) => {
                let property = &self.arguments["properties"][&flag.name];
                let help = property.get("description").and_then(Value::as_str).unwrap_or_default();
                let required = self.arguments["required"].as_array();
                let is_required =
                    required.is_some_and(|all| all.iter().any(|it| *it == *flag.name));
                let required = if is_required { " [required]" } else { "" };
                arg.value_name(kind(&self.arguments, property))
                    .help(format!("{help}{required}").trim().to_owned())
                    .help_heading("Arguments of the operator")
            }
        };
        match flag.form {
            Form::Text | Form::Number | Form::Json | Form::Member(Arity::One) => {
                arg.action(ArgAction::Set).allow_negative_numbers(true)
            }
            Form::List | Form::Member(Arity::Many) => {
                arg.action(ArgAction::Append).num_args(1..).allow_negative_numbers(true)
            }
            Form::Switch | Form::Member(Arity::Switch) => {
                arg.action(ArgAction::Set).num_args(0..=1).default_missing_value("true")
            }
        }
    }

    /// The arguments that are given as flags.
    ///
    /// # Errors
    /// A value is not what the flag takes.
    pub(super) fn arguments(&self, matches: &ArgMatches) -> Result<Map<String, Value>, Failure> {
        let mut given = Map::new();
        for flag in &self.flags {
            let texts = texts(matches, flag);
            if texts.is_empty() {
                continue;
            }
            let value = self
                .value(flag, &texts)
                .map_err(|message| Failure::usage(format!("--{}: {message}", flag.flag)))?;
            given.insert(flag.name.clone(), value);
        }
        Ok(given)
    }

    fn value(&self, flag: &OperatorFlag, texts: &[String]) -> Result<Value, String> {
        let first = texts.first().cloned().unwrap_or_default();
        match (&flag.form, &self.operation) {
            (Form::Member(_), Some(operation)) => operation.value(&flag.name, texts),
            (Form::Text | Form::Member(_), _) => values::contents(&first).map(Value::String),
            (Form::Number, _) => {
                let number = values::number(first.clone());
                number.is_number().then_some(number).ok_or(format!("{first} is not a number"))
            }
            (Form::Switch, _) => {
                let switch = values::boolean(first.clone());
                let wrong = || format!("{first} is neither true nor false");
                switch.is_boolean().then_some(switch).ok_or_else(wrong)
            }
            (Form::Json, _) => json(&first),
            (Form::List, _) => list(texts),
        }
    }
}

/// The operation of the main call of an operator of a file.
fn main_operation(registry: &Registry, operator: &str, context: &Context) -> Option<Signature> {
    let definition = registry.operator_files().find(operator)?;
    let config = &definition.config;
    let call = config.steps[config.main_step()?].call.as_ref()?;
    let service = call.service.as_ref().unwrap_or(&definition.service);
    Signature::find(&context.models(&[]), service, &call.operation).ok().flatten()
}

fn form(schema: &Value) -> Form {
    let kinds = match schema.get("type") {
        Some(Value::String(kind)) => vec![kind.as_str()],
        Some(Value::Array(kinds)) => kinds.iter().filter_map(Value::as_str).collect(),
        _ => Vec::new(),
    };
    let kinds: Vec<_> = kinds.into_iter().filter(|kind| *kind != "null").collect();
    match kinds[..] {
        ["string"] => Form::Text,
        ["number" | "integer"] => Form::Number,
        ["boolean"] => Form::Switch,
        ["array"] => Form::List,
        _ if schema.get("enum").is_some() => Form::Text,
        _ => Form::Json,
    }
}

/// JSON, `NAME=VALUE,…`, or `file://PATH` with JSON. A text that is none of them is a string.
fn json(text: &str) -> Result<Value, String> {
    let text = values::contents(text)?;
    match serde_json::from_str(&text) {
        Ok(value) => Ok(value),
        Err(_) if shorthand::is_shorthand(&text) => shorthand::parse(&text).map(Value::Object),
        Err(error) if text.trim_start().starts_with(['{', '[']) => {
            Err(format!("this is not JSON: {error}"))
        }
        Err(_) => Ok(Value::String(text)),
    }
}

/// A JSON list, or an item for each text.
fn list(texts: &[String]) -> Result<Value, String> {
    if let [text] = texts
        && let Ok(list @ Value::Array(_)) = json(text)
    {
        return Ok(list);
    }
    texts.iter().map(|text| json(text)).collect()
}

fn id(name: &str) -> String {
    format!("argument:{name}")
}

fn negated(name: &str) -> String {
    format!("no:{name}")
}

fn texts(matches: &ArgMatches, flag: &OperatorFlag) -> Vec<String> {
    let is_switch = matches!(flag.form, Form::Switch | Form::Member(Arity::Switch));
    if is_switch && matches.get_flag(&negated(&flag.name)) {
        return vec!["false".to_owned()];
    }
    let values = matches.get_many::<String>(&id(&flag.name));
    values.into_iter().flatten().cloned().collect()
}
