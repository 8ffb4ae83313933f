//! `--for-each`: the parameter that differs from target to target, and its values.

use std::collections::HashSet;
use std::time::Duration;

use serde_json::{Map, Value};

use super::resolved_waiter::ResolvedWaiter;
use crate::cli::exit::{Exit, Failure};
use crate::cli::signature::{Arity, Signature};
use crate::cli::text_layout::counted;
use crate::cli::values;
use crate::diagnostic::nearest;
use crate::waiter::Options;

/// The maximum number of targets of a command. Each holds its last reply.
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
    /// The number of targets that have to succeed: all, any, or a number. The wait ends as soon as that many
    /// have, or no longer can.
    #[arg(long, value_name = "all|any|N", default_value = "all", value_parser = Need::parse, allow_negative_numbers = true)]
    pub(super) need: Need,
}

/// The number of targets that have to succeed.
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
                let are = if total == 1 { "is" } else { "are" };
                let (asked, there) = (counted(number, "success"), counted(total, "target"));
                Err(format!("asks for {asked}, and there {are} only {there}"))
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

/// The parameter that differs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct VariedParameter {
    pub(super) name: String,
    /// True if the waiter declares it, and it is not a member of the operation's input.
    pub(super) is_declared: bool,
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
    /// Gives the parameter a value.
    pub(super) fn set(&self, options: &mut Options, value: Value) {
        if self.is_declared {
            options.parameters.insert(self.name.clone(), value);
        } else {
            options.input.insert(self.name.clone(), value);
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
            let place = varied_parameter(resolved, name)?;
            let each =
                each.get_or_insert_with(|| Self { place: place.clone(), values: Vec::new() });
            if each.place != place {
                return Err(two_parameters(&each.place, &place).into());
            }
            for value in read_values(name, values, left)? {
                let value = target_value(resolved, &place, value)?;
                if seen.insert(value.text.clone()) {
                    each.values.push(value);
                }
            }
            if each.values.len() > MAX_TARGETS {
                let message = format!("--for-each names more than {MAX_TARGETS} targets");
                let failure = Failure::usage(message);
                return Err(failure.help("divide them among several commands").into());
            }
        }
        let Some(each) = each else {
            if args.need == Need::All {
                return Ok(None);
            }
            let failure = Failure::usage("--need is for several targets, and there is only one");
            return Err(failure.help("name the targets with --for-each NAME=A,B,C").into());
        };
        each.check(args.need, input, parameters)?;
        Ok(Some(each))
    }

    /// Checks that there are targets, and as many as are needed.
    fn check(
        &self,
        need: Need,
        input: &Map<String, Value>,
        parameters: &[String],
    ) -> Result<(), Failure> {
        let name = &self.place.name;
        if self.values.is_empty() {
            let message = format!("--for-each names no target: {name} has no values");
            let help = "give them as NAME=A,B,C, or one a line in the file";
            return Err(Failure::usage(message).help(help));
        }
        let mut pairs = parameters.iter().filter_map(|pair| pair.split_once('='));
        let given = match self.place.is_declared {
            true => pairs.any(|(known, _)| known == name),
            false => input.contains_key(name),
        };
        if given {
            let message = format!("{name} is given twice: by itself and in --for-each");
            let help = "--for-each gives every target its own value; leave the other out";
            return Err(Failure::usage(message).help(help));
        }
        need.of(self.values.len())
            .map(drop)
            .map_err(|problem| Failure::usage(format!("--need {problem}")))
    }
}

fn two_parameters(first: &VariedParameter, second: &VariedParameter) -> Failure {
    let message = format!(
        "--for-each names two parameters, {} and {}: only one can vary",
        first.name, second.name
    );
    Failure::usage(message).help(
        "give one to --for-each and the other by itself, and run a command for each of its values",
    )
}

fn cannot_be_read(name: &str, problem: &str) -> Failure {
    Failure::usage(format!("--for-each {name} {problem}"))
}

/// The parameter of that name.
fn varied_parameter(resolved: &ResolvedWaiter, name: &str) -> Result<VariedParameter, Failure> {
    if let Some(name) = name.strip_prefix(OF_WAITER) {
        return Ok(VariedParameter { name: name.to_owned(), is_declared: true });
    }
    if let Some(name) = resolved.signature.member(name) {
        return Ok(VariedParameter { name, is_declared: false });
    }
    let operation = resolved.signature.operation();
    let failure = Failure::usage(format!("--for-each: `{name}` is not a parameter of {operation}"));
    if resolved.config.parameters.contains_key(name) {
        let help = format!("it is a parameter of the waiter: --for-each {OF_WAITER}{name}=…");
        return Err(failure.help(help));
    }
    let parameters = resolved.signature.parameters();
    let flags: Vec<_> = parameters.iter().map(|parameter| parameter.flag.as_str()).collect();
    let near = nearest(name, flags.iter().copied());
    Err(failure.did_you_mean(near, format!("it has {}", flags.join(", "))))
}

fn example(signature: &Signature) -> String {
    let parameters = signature.parameters();
    let required = parameters.iter().find(|parameter| parameter.required);
    let first = required.or_else(|| parameters.iter().find(|it| it.arity != Arity::Switch));
    first.map_or_else(|| "NAME".to_owned(), |parameter| parameter.flag.clone())
}

/// Reads the listed values: texts, of which blank ones are left out, or JSON values. What begins as JSON and is
/// not is an error, and no name.
fn read_values(name: &str, values: &str, left: Option<Duration>) -> Result<Vec<Value>, Failure> {
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
    // JSON values one after the other, as `maitred call --query` and jq print them.
    if text.trim_start().starts_with(['{', '"']) {
        return serde_json::Deserializer::from_str(text)
            .into_iter()
            .collect::<Result<_, _>>()
            .map_err(|error| unreadable(format!("is not JSON: {error}")));
    }
    let texts = text.split(separator).map(str::trim).filter(|text| !text.is_empty());
    Ok(texts.map(Value::from).collect())
}

/// A value as the parameter takes it: one for a list is a list of one.
fn target_value(
    resolved: &ResolvedWaiter,
    place: &VariedParameter,
    value: Value,
) -> Result<TargetValue, Failure> {
    let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    let (name, signature) = (&place.name, &resolved.signature);
    let value = match (place.is_declared, value) {
        (true, Value::String(text)) => values::waiter_parameter(&resolved.config, name, &text),
        // What comes from a list is data: it does not get to name files that are read and sent.
        (false, Value::String(text))
            if text.starts_with("file://") || text.starts_with("fileb://") =>
        {
            let problem = format!("has the value `{text}`, which is not read; @FILE names a list");
            return Err(cannot_be_read(name, &problem));
        }
        (false, Value::String(text)) => {
            signature.value(name, &[text]).map_err(|problem| cannot_be_read(name, &problem))?
        }
        (false, value) if !value.is_array() && is_list(signature, name) => {
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
