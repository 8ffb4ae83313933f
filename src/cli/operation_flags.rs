//! The flags of an operation, made from its model: clap arguments, and back to the operation's input.

use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::{Arg, ArgAction, ArgMatches, Args as _, FromArgMatches as _};
use serde_json::{Map, Value};

use crate::client::InputProblem;
use crate::diagnostic::nearest;

use super::exit::Failure;
use super::signature::{Arity, Parameter, Signature};
use super::{report, values};

/// The ways to give parameters that every operation has.
#[derive(Debug, Clone, Default, clap::Args)]
#[command(next_help_heading = "Input")]
pub(super) struct InputArgs {
    /// A parameter by the name that the service has for it, e.g. ClusterIdentifier=my-cluster. May
    /// be repeated.
    #[arg(long, value_name = "NAME=VALUE")]
    pub(super) param: Vec<String>,
    /// The whole input as a JSON object, or as file://PATH; parameters go before it.
    #[arg(long, value_name = "JSON")]
    pub(super) cli_input_json: Option<String>,
}

/// The variable `name` as the default of an option, unless it is empty, which is not set.
pub(super) fn variable_unless_empty(name: &'static str) -> Option<&'static str> {
    std::env::var_os(name).is_none_or(|value| !value.is_empty()).then_some(name)
}

/// `command` with our own options: the input, and those of `T`.
pub(super) fn with_options<T: clap::Args>(command: clap::Command) -> clap::Command {
    T::augment_args(InputArgs::augment_args(command))
}

/// `command` with the flags of the operation, then our own options. One of ours that has the name of a
/// parameter becomes `--wait-NAME`.
pub(super) fn with_parameters<T: clap::Args>(
    command: clap::Command,
    signature: &Signature,
) -> clap::Command {
    let taken = OptionNames::beside(signature);
    let mut command = with_options::<T>(command.args(flags(signature)));
    for arg in with_options::<T>(clap::Command::new("ours")).get_arguments() {
        if let Some(flag) = arg.get_long().filter(|flag| taken.has(flag)) {
            let flag = taken.flag(flag).split_off(2);
            command = command.mut_arg(arg.get_id(), |arg| arg.long(flag));
        }
    }
    command
}

/// The flags of the operation.
fn flags(signature: &Signature) -> Vec<Arg> {
    let operation = signature.operation();
    let mut flags = Vec::new();
    for parameter in &signature.parameters() {
        flags.push(flag(parameter, operation));
        if parameter.arity == Arity::Switch {
            flags.push(negation(parameter, operation));
        }
        if is_headers(signature, parameter) {
            flags.push(header(operation));
        }
    }
    flags
}

/// The names of our options beside the parameters of an operation, which keep theirs. The default is beside no
/// parameters.
#[derive(Debug, Clone, Default)]
pub(super) struct OptionNames {
    taken: Vec<String>,
}

impl OptionNames {
    /// Beside the parameters of this operation.
    pub(super) fn beside(signature: &Signature) -> Self {
        let parameters = signature.parameters().into_iter();
        Self { taken: parameters.map(|parameter| parameter.flag).collect() }
    }

    /// The flag of the option `name`: `--wait-NAME` where the operation has a parameter of that name.
    pub(super) fn flag(&self, name: &str) -> String {
        if self.has(name) { format!("--wait-{name}") } else { format!("--{name}") }
    }

    /// True if the operation has a parameter of the name of the option.
    fn has(&self, name: &str) -> bool {
        self.taken.iter().any(|taken| taken == name)
    }
}

/// A note for each given parameter that has the name of an option, which may have been intended.
fn shadowed<T: clap::Args>(signature: &Signature, matches: &ArgMatches) -> Vec<String> {
    let ours = with_options::<T>(clap::Command::new("ours"));
    let ours: Vec<_> = ours.get_arguments().filter_map(Arg::get_long).collect();
    let parameters = signature.parameters();
    let given = parameters.iter().filter(|it| ours.contains(&it.flag.as_str()));
    let given = given.filter(|it| !texts(matches, it).is_empty());
    let line = |parameter: &Parameter| {
        let (flag, operation) = (&parameter.flag, signature.operation());
        format!(
            "note: --{flag} is a parameter of {operation} here, and is sent; the option is \
             --wait-{flag}"
        )
    };
    given.map(line).collect()
}

fn flag(parameter: &Parameter, operation: &str) -> Arg {
    let required = if parameter.required { "[required]" } else { "" };
    let off = match parameter.arity {
        Arity::Switch => format!("[--no-{} says false]", parameter.flag),
        Arity::One | Arity::Many => String::new(),
    };
    let help: Vec<_> = [&parameter.description, required, &off]
        .into_iter()
        .filter(|text| !text.is_empty())
        .collect();
    let arg = Arg::new(id(&parameter.name))
        .long(parameter.flag.clone())
        .value_name(parameter.kind.clone())
        .help(help.join(" "))
        .help_heading(format!("Parameters of {operation}"));
    match parameter.arity {
        Arity::One => arg.action(ArgAction::Set).allow_negative_numbers(true),
        Arity::Many => arg.action(ArgAction::Append).num_args(1..).allow_negative_numbers(true),
        Arity::Switch => arg.action(ArgAction::Set).num_args(0..=1).default_missing_value("true"),
    }
}

fn negation(parameter: &Parameter, operation: &str) -> Arg {
    Arg::new(format!("no:{}", parameter.name))
        .long(format!("no-{}", parameter.flag))
        .action(ArgAction::SetTrue)
        .hide(true)
        .conflicts_with(id(&parameter.name))
        .help_heading(format!("Parameters of {operation}"))
}

const HEADER: &str = "http:header";

fn is_headers(signature: &Signature, parameter: &Parameter) -> bool {
    matches!(signature, Signature::Http { .. }) && parameter.name == "headers"
}

/// One header as curl takes it.
fn header(operation: &str) -> Arg {
    Arg::new(HEADER)
        .long("header")
        .value_name("NAME: VALUE")
        .action(ArgAction::Append)
        .help("One request header. May be repeated.")
        .help_heading(format!("Parameters of {operation}"))
}

fn id(name: &str) -> String {
    format!("param:{name}")
}

/// The words that `command` knows, and a problem for each flag that it does not know.
///
/// clap ends at the first unknown flag; people want to hear of all of them at once.
pub(super) fn drop_unknown(
    words: &[String],
    command: &clap::Command,
    what: &str,
) -> (Vec<String>, Vec<InputProblem>) {
    let mut known = Vec::new();
    let mut problems = Vec::new();
    let mut dropping = false;
    for (index, word) in words.iter().enumerate() {
        if word == "--" {
            known.extend_from_slice(&words[index..]);
            break;
        }
        if let Some(flag) = word.strip_prefix("--") {
            let name = flag.split_once('=').map_or(flag, |(name, _)| name);
            let mut flags = command.get_arguments().filter_map(Arg::get_long);
            dropping = name != "help" && !flags.any(|flag| flag == name);
            if dropping {
                problems.push(unknown(name, command, what));
            }
        } else if word.starts_with('-') && word.len() > 1 {
            dropping = false;
        }
        if !dropping {
            known.push(word.clone());
        }
    }
    (known, problems)
}

fn unknown(flag: &str, command: &clap::Command, what: &str) -> InputProblem {
    let flags = command.get_arguments().filter_map(Arg::get_long);
    InputProblem::new(
        format!("--{flag}"),
        format!("is neither a parameter of {what} nor an option"),
    )
    .with_help(nearest(flag, flags).map(|near| format!("did you mean `--{near}`?")))
}

/// The words of a command line, read with the flags of an operation.
pub(super) struct ParsedWords<T> {
    pub(super) args: T,
    /// The operation's input.
    pub(super) input: Map<String, Value>,
    pub(super) problems: Vec<InputProblem>,
    /// Notes on parameters that have the name of an option.
    pub(super) shadowed: Vec<String>,
}

impl<T: clap::Args> ParsedWords<T> {
    /// Reads `words` with `command`, which [`with_parameters`] has made.
    pub(super) fn read(
        command: clap::Command,
        words: &[String],
        signature: &Signature,
    ) -> anyhow::Result<Self> {
        let (words, mut problems) = drop_unknown(words, &command, signature.operation());
        let matches = parse(command, &words, signature)?;
        let args = InputArgs::from_arg_matches(&matches)?;
        Ok(Self {
            args: T::from_arg_matches(&matches)?,
            input: input(signature, &matches, &args, &mut problems),
            problems,
            shadowed: shadowed::<T>(signature, &matches),
        })
    }
}

/// Parses words whose flags are all known.
fn parse(
    command: clap::Command,
    words: &[String],
    signature: &Signature,
) -> anyhow::Result<ArgMatches> {
    command.try_get_matches_from(words).map_err(|error| {
        let word = match error.get(ContextKind::InvalidArg) {
            Some(ContextValue::String(word)) if error.kind() == ErrorKind::UnknownArgument => word,
            _ => return error.into(),
        };
        let parameters = signature.parameters();
        let first = parameters.iter().find(|parameter| parameter.arity != Arity::Switch);
        let flag = first.map_or("flag", |parameter| &parameter.flag);
        Failure::usage(format!("`{word}` is not the value of a flag: every value follows one"))
            .help(format!("e.g. --{flag} {word}"))
            .into()
    })
}

/// The operation's input from the flags.
fn input(
    signature: &Signature,
    matches: &ArgMatches,
    args: &InputArgs,
    problems: &mut Vec<InputProblem>,
) -> Map<String, Value> {
    let whole = args.cli_input_json.as_deref().map(values::object).transpose();
    let mut input = whole.map(Option::unwrap_or_default).unwrap_or_else(|message| {
        problems.push(InputProblem::new("--cli-input-json", message));
        Map::new()
    });
    for parameter in &signature.parameters() {
        let texts = texts(matches, parameter);
        if !texts.is_empty() {
            let place = format!("--{}", parameter.flag);
            set(&mut input, signature, &parameter.name, &texts, place, problems);
        }
        if is_headers(signature, parameter) {
            add_headers(&mut input, matches, problems);
        }
    }
    for pair in &args.param {
        match pair.split_once('=') {
            Some((name, text)) => {
                let name = signature.member(name).unwrap_or_else(|| name.to_owned());
                let place = format!("--param {name}");
                set(&mut input, signature, &name, &[text.to_owned()], place, problems);
            }
            None => {
                problems.push(InputProblem::new("--param", format!("`{pair}` is not NAME=VALUE")));
            }
        }
    }
    report::known().add_named(&Value::Object(input.clone()));
    input
}

fn texts(matches: &ArgMatches, parameter: &Parameter) -> Vec<String> {
    if parameter.arity == Arity::Switch && matches.get_flag(&format!("no:{}", parameter.name)) {
        return vec!["false".to_owned()];
    }
    let values = matches.get_many::<String>(&id(&parameter.name));
    values.into_iter().flatten().cloned().collect()
}

fn set(
    input: &mut Map<String, Value>,
    signature: &Signature,
    name: &str,
    texts: &[String],
    place: String,
    problems: &mut Vec<InputProblem>,
) {
    match signature.value(name, texts) {
        Ok(value) => {
            input.insert(name.to_owned(), value);
        }
        Err(message) => {
            // It is given, so it is not missing too.
            input.insert(name.to_owned(), Value::Null);
            problems.push(InputProblem::new(place, message));
        }
    }
}

fn add_headers(
    input: &mut Map<String, Value>,
    matches: &ArgMatches,
    problems: &mut Vec<InputProblem>,
) {
    for line in matches.get_many::<String>(HEADER).into_iter().flatten() {
        let headers = input.entry("headers").or_insert_with(|| Value::Object(Map::new()));
        match (line.split_once(':'), headers) {
            (Some((name, value)), Value::Object(headers)) => {
                headers.insert(name.trim().to_owned(), Value::from(value.trim()));
            }
            _ => problems.push(InputProblem::new("--header", "takes `NAME: VALUE`")),
        }
    }
}
