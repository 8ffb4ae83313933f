//! `--for-each`: the parameter that differs from target to target, and its values.

use std::collections::HashSet;
use std::time::Duration;

use serde_json::{Map, Value};

use super::option_values;
use super::resolved_waiter::ResolvedWaiter;
use crate::cli::exit::{Exit, Failure};
use crate::cli::signature::{Arity, Signature};
use crate::cli::values;
use crate::waiter::Options;

/// How many targets one command waits for. Each holds its last reply.
const MAX_TARGETS: usize = 10_000;

/// The prefix of the parameters of a waiter file; those of the operation have no dot in their names.
const OF_WAITER: &str = "parameter.";

#[derive(Debug, Clone, clap::Args)]
#[command(next_help_heading = "Many targets")]
pub(super) struct ForEachArgs {
    /// Wait for every one of these values of a parameter at the same time: NAME=A,B,C, NAME=@FILE or
    /// NAME=@- (stdin) with a value a line, or a JSON array in their place. May be repeated for the
    /// same parameter. parameter.NAME means one that the waiter itself declares.
    #[arg(long, value_name = "NAME=VALUES")]
    pub(super) for_each: Vec<String>,
    /// How many targets have to succeed: all, any, or a number. The wait ends as soon as that many
    /// have, or no longer can.
    #[arg(long, value_name = "all|any|N", default_value = "all", value_parser = Need::parse)]
    pub(super) need: Need,
}

/// How many targets have to succeed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Need {
    All,
    Any,
    Number(usize),
}

impl Need {
    fn parse(text: &str) -> Result<Self, String> {
        match text {
            "all" => Ok(Self::All),
            "any" => Ok(Self::Any),
            _ => match text.parse() {
                Ok(number) if number > 0 => Ok(Self::Number(number)),
                _ => Err("write all, any, or a number from 1".to_owned()),
            },
        }
    }

    /// The number of successes that are needed of `total`; an error if there are fewer targets.
    pub(super) fn of(self, total: usize) -> Result<usize, String> {
        match self {
            Self::All => Ok(total),
            Self::Any => Ok(1),
            Self::Number(number) if number <= total => Ok(number),
            Self::Number(number) => {
                Err(format!("asks for {number} successes, and there are only {total} targets"))
            }
        }
    }
}

/// The values of one parameter, without duplicates, in the order given.
#[derive(Debug)]
pub(super) struct ForEach {
    pub(super) place: VariedParameter,
    pub(super) values: Vec<TargetValue>,
}

/// Which parameter differs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum VariedParameter {
    /// A member of the operation's input.
    Input(String),
    /// A parameter that the waiter declares.
    Parameter(String),
}

/// One value.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct TargetValue {
    /// As it was written; JSON if it was JSON and no string.
    pub(super) text: String,
    /// As the parameter takes it.
    pub(super) value: Value,
}

impl VariedParameter {
    /// The parameter's own name.
    pub(super) fn name(&self) -> &str {
        match self {
            Self::Input(name) | Self::Parameter(name) => name,
        }
    }

    /// Gives the parameter a value.
    pub(super) fn set(&self, options: &mut Options, value: Value) {
        match self {
            Self::Input(name) => drop(options.input.insert(name.clone(), value)),
            Self::Parameter(name) => drop(options.parameters.insert(name.clone(), value)),
        }
    }
}

impl ForEach {
    /// Reads the values that `args` name, from stdin for `left` at most; `None` without --for-each.
    pub(super) fn read(
        resolved: &ResolvedWaiter,
        args: &ForEachArgs,
        input: &Map<String, Value>,
        parameters: &[String],
        left: Option<Duration>,
    ) -> anyhow::Result<Option<Self>> {
        let mut each: Option<Self> = None;
        let mut seen = HashSet::new();
        for pair in &args.for_each {
            let Some((name, values)) = pair.split_once('=') else {
                return Err(Failure::usage(format!("--for-each takes NAME=VALUES, not `{pair}`"))
                    .help(format!("e.g. --for-each {}=A,B,C", example(&resolved.signature)))
                    .into());
            };
            let place = place(resolved, name)?;
            let each =
                each.get_or_insert_with(|| Self { place: place.clone(), values: Vec::new() });
            if each.place != place {
                return Err(two_parameters(&each.place, &place).into());
            }
            let texts = listed(name, values, left)?;
            for text in texts {
                let given = given(resolved, &place, text)?;
                if seen.insert(given.text.clone()) {
                    each.add(given)?;
                }
            }
        }
        let Some(each) = each else {
            return if args.need == Need::All { Ok(None) } else { Err(need_alone().into()) };
        };
        each.check(args.need, input, parameters)?;
        Ok(Some(each))
    }

    fn add(&mut self, given: TargetValue) -> Result<(), Failure> {
        if self.values.len() >= MAX_TARGETS {
            let message = format!("--for-each names more than {MAX_TARGETS} targets");
            return Err(Failure::usage(message).help("divide them among several commands"));
        }
        self.values.push(given);
        Ok(())
    }

    /// Whether there is something to wait for, and enough of it.
    fn check(
        &self,
        need: Need,
        input: &Map<String, Value>,
        parameters: &[String],
    ) -> Result<(), Failure> {
        let name = self.place.name();
        if self.values.is_empty() {
            return Err(Failure::usage(format!(
                "--for-each names no target: {name} has no values"
            ))
            .help("give them as NAME=A,B,C, or one a line in the file"));
        }
        let given = match &self.place {
            VariedParameter::Input(name) => input.contains_key(name),
            VariedParameter::Parameter(name) => parameters
                .iter()
                .any(|pair| pair.split_once('=').is_some_and(|(known, _)| known == name)),
        };
        if given {
            return Err(Failure::usage(format!(
                "{name} is given twice: by itself and in --for-each"
            ))
            .help("--for-each gives every target its own value; leave the other out"));
        }
        need.of(self.values.len())
            .map(drop)
            .map_err(|problem| Failure::usage(format!("--need {problem}")))
    }
}

fn need_alone() -> Failure {
    Failure::usage("--need is for several targets, and there is only one")
        .help("name the targets with --for-each NAME=A,B,C")
}

fn two_parameters(first: &VariedParameter, second: &VariedParameter) -> Failure {
    let message = format!(
        "--for-each names two parameters, {} and {}: only one can vary",
        first.name(),
        second.name()
    );
    Failure::usage(message).help(
        "give one to --for-each and the other by itself, and run a command for each of its values",
    )
}

fn cannot_be_read(name: &str, problem: &str) -> Failure {
    Failure::usage(format!("--for-each {name} {problem}"))
}

/// The parameter of that name.
fn place(resolved: &ResolvedWaiter, name: &str) -> Result<VariedParameter, Failure> {
    let declared = &resolved.config.parameters;
    if let Some(name) = name.strip_prefix(OF_WAITER) {
        return Ok(VariedParameter::Parameter(name.to_owned()));
    }
    if let Some(member) = resolved.signature.member(name) {
        return Ok(VariedParameter::Input(member));
    }
    let message =
        format!("--for-each: `{name}` is not a parameter of {}", resolved.signature.operation());
    let parameters = resolved.signature.parameters();
    let flags = parameters.iter().map(|parameter| parameter.flag.as_str());
    let near = crate::diagnostic::nearest(name, flags);
    Err(if declared.contains_key(name) {
        let help = format!("it is a parameter of the waiter: --for-each {OF_WAITER}{name}=…");
        Failure::usage(message).help(help)
    } else {
        let flags: Vec<_> = parameters.iter().map(|parameter| parameter.flag.as_str()).collect();
        Failure::usage(message).did_you_mean(near, format!("it has {}", flags.join(", ")))
    })
}

fn example(signature: &Signature) -> String {
    let parameters = signature.parameters();
    let required = parameters.iter().find(|parameter| parameter.required);
    let first = required.or_else(|| parameters.iter().find(|it| it.arity != Arity::Switch));
    first.map_or_else(|| "NAME".to_owned(), |parameter| parameter.flag.clone())
}

/// What was listed: texts, of which blank ones are left out, or JSON values.
fn listed(name: &str, values: &str, left: Option<Duration>) -> Result<Vec<Value>, Failure> {
    let unreadable = |problem: String| cannot_be_read(name, &problem);
    let (text, separator) = match values.strip_prefix('@') {
        Some("-") => match values::stdin(left) {
            Some(read) => (read.map_err(unreadable)?, '\n'),
            None => {
                let message =
                    format!("--for-each {name} names stdin, which goes on beyond --timeout");
                return Err(Failure::new(Exit::GaveUp, message));
            }
        },
        Some(path) => (values::contents(&format!("file://{path}")).map_err(unreadable)?, '\n'),
        None => (values.to_owned(), ','),
    };
    let text = text.trim_start_matches('\u{feff}');
    if text.trim_start().starts_with('[') {
        return serde_json::from_str::<Vec<Value>>(text)
            .map_err(|error| unreadable(format!("is not a JSON array: {error}")));
    }
    let texts = text.split(separator).map(str::trim).filter(|text| !text.is_empty());
    Ok(texts.map(Value::from).collect())
}

/// A value as the parameter takes it: one for a list is a list of one.
fn given(
    resolved: &ResolvedWaiter,
    place: &VariedParameter,
    value: Value,
) -> Result<TargetValue, Failure> {
    let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    let value = match (place, value) {
        (VariedParameter::Parameter(name), Value::String(text)) => {
            option_values::parameter(&resolved.config, name, &text)
        }
        // What comes from a list is data: it does not get to name files that are read and sent.
        (VariedParameter::Input(name), Value::String(text))
            if text.starts_with("file://") || text.starts_with("fileb://") =>
        {
            let problem = format!("has the value `{text}`, which is not read; @FILE names a list");
            return Err(cannot_be_read(name, &problem));
        }
        (VariedParameter::Input(name), Value::String(text)) => resolved
            .signature
            .value(name, &[text])
            .map_err(|problem| cannot_be_read(name, &problem))?,
        (VariedParameter::Input(name), value)
            if !value.is_array() && is_list(&resolved.signature, name) =>
        {
            Value::Array(vec![value])
        }
        (_, value) => value,
    };
    Ok(TargetValue { text, value })
}

fn is_list(signature: &Signature, name: &str) -> bool {
    let parameters = signature.parameters();
    parameters.iter().any(|known| known.name == name && known.arity == Arity::Many)
}
