//! A waiter, and its verdict on a saved reply.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::{Value, json};

use super::reply::Trial;
use crate::catalog::{Base, Entry};
use crate::cli::exit::Failure;
use crate::cli::findings;
use crate::cli::list::origin;
use crate::cli::waiter_lookup::waiter_frame;
use crate::config::{Show, WaiterConfig};
use crate::diagnostic::Invalid;
use crate::matcher::{condition, verb};
use crate::placeholder::whole_placeholder;
use crate::waiter::{Options, Waiter, parameter_values, show_of};

/// A waiter, with its trial on a reply if there is one.
pub(super) struct Explanation {
    pub(super) entry: Entry,
    /// The waiter without what depends on the caller: its pace, bounds and policy.
    pub(super) frame: Waiter,
    pub(super) trial: Option<Trial>,
}

impl Explanation {
    /// Explains a waiter, which is valid with any input.
    pub(super) fn new(entry: Entry, strict: bool) -> Result<Self, Failure> {
        let frame = waiter_frame(&entry.service, &entry.name, &entry.config, strict)
            .map_err(|problems| invalid(&entry, &problems))?;
        Ok(Self { entry, frame, trial: None })
    }

    /// Puts the values of the parameters in their places, with the defaults of the others, if there are any of the
    /// caller's.
    pub(super) fn substitute(&mut self, options: &Options) -> Result<(), Failure> {
        if options.parameters.is_empty() {
            return Ok(());
        }
        let values = parameter_values(&self.entry.config, options)
            .map_err(|problems| invalid(&self.entry, &problems))?;
        let config = serde_json::to_value(&*self.entry.config)
            .and_then(|config| serde_json::from_value(substituted(config, &values)))
            .map_err(|error| Failure::usage(format!("these values cannot be put in: {error}")))?;
        self.entry.config = Arc::new(config);
        Ok(())
    }

    /// The waiter that acceptor `index` is inherited from. Inherited acceptors stand at the end, those of the
    /// most distant base last.
    pub(super) fn base_of(&self, index: usize) -> Option<&Base> {
        let mut first = self.entry.config.acceptors.len();
        let mut bases = self.entry.bases.iter().rev();
        bases.find(|base| {
            let end = first;
            first -= base.acceptors.min(first);
            (first..end).contains(&index)
        })
    }

    pub(super) fn to_json(&self) -> Value {
        let (entry, frame) = (&self.entry, &self.frame);
        let (config, schedule) = (&entry.config, frame.schedule());
        let acceptors: Vec<_> = config
            .acceptors
            .iter()
            .enumerate()
            .map(|(index, acceptor)| {
                let condition = condition(acceptor, &entry.service);
                json!({
                    "state": acceptor.state,
                    "matcher": acceptor.matcher,
                    "argument": acceptor.argument,
                    "expected": acceptor.expected,
                    "message": acceptor.message,
                    "words": format!("{} when {condition}", verb(acceptor.state)),
                    "from": self.base_of(index).map(|base| base.id.as_str()),
                })
            })
            .collect();
        json!({
            "version": 1,
            "service": entry.service,
            "name": entry.snake_name(),
            "original": entry.name,
            "origin": origin(&entry.origin),
            "extends": entry.bases.iter()
                .map(|base| json!({ "id": base.id, "origin": origin(&base.origin) }))
                .collect::<Vec<_>>(),
            "description": config.description,
            "operation": config.operation,
            "input": config.input,
            "strict": frame.is_strict(),
            "mutating": config.mutating,
            "delay": schedule.delay.as_secs_f64(),
            "initialDelay": schedule.initial_delay.as_secs_f64(),
            "maxDelay": schedule.backoff.as_ref().map(|backoff| backoff.max_delay.as_secs_f64()),
            "maxAttempts": schedule.max_attempts,
            "timeout": schedule.timeout.map(|timeout| timeout.as_secs_f64()),
            "longest": schedule.longest().map(|longest| longest.as_secs_f64()),
            "consecutive": frame.consecutive(),
            "transient": {
                "maxConsecutive": frame.transient().max_consecutive,
                "codes": frame.transient().codes,
            },
            "show": show_of(config).as_ref().map_or(&[][..], Show::expressions),
            "baseline": config.baseline,
            "allPages": self.frame.all_pages(),
            "diagnose": config.diagnose,
            "parameters": config.parameters,
            "acceptors": acceptors,
            "reply": self.trial.as_ref().map(Trial::to_json),
        })
    }
}

/// A waiter that is not valid, as an error of the command.
pub(super) fn invalid(entry: &Entry, problems: &Invalid) -> Failure {
    let problems = findings::invalid(problems);
    Failure::usage(format!("{} {} cannot be used\n{problems}", entry.service, entry.snake_name()))
}

/// A part of a waiter with values in the places of its parameters, for people.
fn substituted(part: Value, values: &BTreeMap<String, Value>) -> Value {
    match part {
        Value::String(text) => match whole_placeholder(&text).and_then(|name| values.get(name)) {
            Some(value) => value.clone(),
            None => Value::String(filled(&text, values)),
        },
        Value::Array(items) => items.into_iter().map(|item| substituted(item, values)).collect(),
        Value::Object(entries) => {
            let entry = |(key, value)| (key, substituted(value, values));
            Value::Object(entries.into_iter().map(entry).collect())
        }
        other @ (Value::Null | Value::Bool(_) | Value::Number(_)) => other,
    }
}

fn filled(text: &str, values: &BTreeMap<String, Value>) -> String {
    let mut filled = String::new();
    let mut rest = text;
    while let Some((before, (name, after))) =
        rest.split_once("{{").and_then(|(before, opened)| Some((before, opened.split_once("}}")?)))
    {
        rest = after;
        match (values.get(name.trim()), before.strip_suffix('\''), after.strip_prefix('\'')) {
            (None, ..) => filled += &format!("{before}{{{{{name}}}}}"),
            (Some(Value::String(value)), ..) => filled += &format!("{before}{value}"),
            // What is not a string takes the place of the whole literal.
            (Some(value), Some(before), Some(after)) => {
                filled += &format!("{before}`{value}`");
                rest = after;
            }
            (Some(value), ..) => filled += &format!("{before}{value}"),
        }
    }
    filled + rest
}

/// The waiter with which one reply is tried.
pub(super) fn compile(entry: &Entry, options: &Options) -> Result<Waiter, Failure> {
    // One reply has nothing before it from which it could differ.
    let mut config = WaiterConfig::clone(&entry.config);
    config.baseline = None;
    let mut options = options.clone();
    options.allow_mutating = true;
    Waiter::compile(&entry.service, &entry.name, &config, &options)
        .map_err(|problems| invalid(entry, &problems))
}
