//! Command lines in the word order of the AWS CLI: `maitred ecs wait services-stable`.

use std::ffi::OsString;

use super::context::Context;
use super::exit::Failure;
use super::services;
use super::source_args::SourceArgs;
use crate::names::service_named;

/// The failure for a command line whose first word is a service and not a command, with the command line that
/// was probably meant; `None` for any other command line.
pub(super) fn failure(
    args: &[OsString],
    command: &clap::Command,
    context: &Context,
) -> Option<Failure> {
    let words: Vec<_> = args.iter().skip(1).map(|word| word.to_string_lossy()).collect();
    let (first, rest) = match words.as_slice() {
        [first, service, rest @ ..] if first == "aws" => (service, rest),
        [service, rest @ ..] => (service, rest),
        [] => return None,
    };
    if first.starts_with('-') || command.find_subcommand(&**first).is_some() {
        return None;
    }
    let mut known = services::names(&context.models(&[]));
    let catalog = SourceArgs::of_environment(context).catalog(context).unwrap_or_default();
    known.extend(catalog.services());
    let service = service_named(first, &known)?;
    let waits = rest.first().is_some_and(|word| word == "wait");
    let rest = if waits { &rest[1..] } else { rest };
    let (verb, name, parameters) = match rest {
        [name, parameters @ ..] if !name.starts_with('-') => match catalog.find(service, name) {
            Ok(entry) => ("wait", entry.snake_name(), parameters),
            Err(_) if waits => ("wait", name.to_string(), parameters),
            Err(_) => ("call", name.to_string(), parameters),
        },
        parameters => ("wait", "WAITER".to_owned(), parameters),
    };
    let parameters: String = parameters.iter().map(|word| format!(" {}", quoted(word))).collect();
    let message = format!("there is no command `{first}`; the command goes before the service");
    let help = format!("write `maitred {verb} {service} {name}{parameters}`");
    Some(Failure::usage(message).help(help))
}

/// A word quoted for a shell.
fn quoted(word: &str) -> String {
    let plain = |letter: char| letter.is_ascii_alphanumeric() || "-_./:=,@%+".contains(letter);
    if !word.is_empty() && word.chars().all(plain) {
        return word.to_owned();
    }
    format!("'{}'", word.replace('\'', r"'\''"))
}
