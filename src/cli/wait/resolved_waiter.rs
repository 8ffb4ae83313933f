//! Finds a waiter or an operation by its name.

use std::sync::Arc;

use crate::catalog::{Entry, LookupError, WaiterOrigin};
use crate::cli::exit::Failure;
use crate::cli::services;
use crate::cli::signature::{Signature, problem_line};
use crate::cli::waiter_lookup::Lookup;
use crate::client::{HTTP_SERVICE, InputProblem};
use crate::config::{AcceptorConfig, MatcherKind, State, WaiterConfig};
use crate::diagnostic::Invalid;
use crate::model::Models;
use crate::names::snake_name;

/// The delay in seconds and the number of polls of an ad-hoc wait: ten minutes in all.
const AD_HOC: (f64, u64) = (15.0, 40);
/// The same for HTTP, where requests cost less.
const AD_HOC_HTTP: (f64, u64) = (5.0, 120);

/// A waiter from a file, or an operation with conditions of the caller's.
#[derive(Debug)]
pub(super) struct ResolvedWaiter {
    pub(super) models: Models,
    pub(super) signature: Signature,
    /// The waiter's name, or the operation's as it was written.
    pub(super) name: String,
    pub(super) config: Arc<WaiterConfig>,
    /// The origin of the waiter; `None` for the command line.
    pub(super) origin: Option<String>,
    /// True if that is a file of the user's.
    pub(super) own: bool,
}

impl ResolvedWaiter {
    /// Finds the waiter, or else the operation, `name` of `service`.
    pub(super) fn find(lookup: &Lookup, service: &str, name: &str) -> Result<Self, Failure> {
        let service = match canonical(lookup, service) {
            Ok(service) => service,
            // The file of an unknown service may be one that cannot be read.
            Err(unknown) => match lookup.catalog.find(service, name) {
                Err(bad @ LookupError::BadFile(_)) => return Err(lookup.failure(&bad)),
                _ => return Err(unknown),
            },
        };
        match lookup.waiter(&service, name) {
            Ok(entry) => Self::named(lookup, entry),
            Err(unknown @ LookupError::Unknown(_)) => {
                match Signature::find(&lookup.models, &service, name)? {
                    Some(signature) => Ok(Self::ad_hoc(&lookup.models, signature)),
                    None => Err(unknown_name(lookup, &service, name, &unknown)),
                }
            }
            Err(bad) => Err(lookup.failure(&bad)),
        }
    }

    fn named(lookup: &Lookup, entry: Entry) -> Result<Self, Failure> {
        let models = &lookup.models;
        let operation = &entry.config.operation;
        let found = Signature::find(models, &entry.service, operation);
        let found = found.map_err(|unknown| lookup.unnamed_service(&entry).unwrap_or(unknown))?;
        let Some(signature) = found else {
            let (service, name) = (&entry.service, entry.snake_name());
            let message = format!(
                "{service}.{name} polls `{operation}`, which is not an operation of {service}"
            );
            let near = Signature::suggest(models, service, operation);
            let help = near.map(|near| format!("did its file ({}) mean `{near}`?", entry.origin));
            return Err(Failure::usage(message).maybe_help(help));
        };
        let origin = Some(entry.origin.to_string());
        let own = matches!(entry.origin, WaiterOrigin::File(_) | WaiterOrigin::DataPath(_));
        let (models, name, config) = (models.clone(), entry.name, entry.config);
        Ok(Self { models, signature, name, config, origin, own })
    }

    fn ad_hoc(models: &Models, signature: Signature) -> Self {
        let http = matches!(signature, Signature::Http { .. });
        let (delay, max_attempts) = if http { AD_HOC_HTTP } else { AD_HOC };
        let acceptors = if http { vec![not_found_yet()] } else { Vec::new() };
        let operation = signature.operation();
        let mut config = WaiterConfig::new(operation, delay, max_attempts, acceptors);
        // --allow-mutating alone decides where there is no file.
        config.mutating = true;
        let (models, name) = (models.clone(), signature.command());
        Self { models, name, signature, config: Arc::new(config), origin: None, own: false }
    }

    /// `maitred wait SERVICE NAME`, for messages.
    pub(super) fn command_line(&self) -> String {
        let name = match self.origin {
            Some(_) => snake_name(&self.name),
            None => self.name.clone(),
        };
        format!("maitred wait {} {name}", self.signature.service())
    }

    /// The failure for a wait with these problems, which cannot start.
    pub(super) fn refused(&self, problems: &[InputProblem], invalid: Option<&Invalid>) -> Failure {
        let mut message = format!("`{}` cannot start:", self.command_line());
        message.extend(problems.iter().map(problem_line));
        for diagnostic in invalid.map_or(&[][..], Invalid::diagnostics) {
            message.push_str(&format!("\n  {}", diagnostic.message));
            message.extend(diagnostic.help.iter().map(|help| format!(" ({help})")));
        }
        Failure::usage(message)
            .help(format!("`{} --help` lists what it takes", self.command_line()))
    }
}

/// Goes on after a 404, which a server answers while a path does not exist yet.
fn not_found_yet() -> AcceptorConfig {
    AcceptorConfig::new(State::Retry, MatcherKind::Error, "404")
}

/// The service's own name for any casing of it, if it is one.
fn canonical(lookup: &Lookup, service: &str) -> Result<String, Failure> {
    if service == HTTP_SERVICE || lookup.catalog.services().iter().any(|known| known == service) {
        return Ok(service.to_owned());
    }
    Ok(services::find(&lookup.models, service)?.model().name.clone())
}

fn unknown_name(lookup: &Lookup, service: &str, name: &str, unknown: &LookupError) -> Failure {
    let near_waiter = matches!(unknown, LookupError::Unknown(unknown) if unknown.near().is_some());
    match Signature::suggest(&lookup.models, service, name) {
        Some(near) if !near_waiter => {
            let message =
                format!("service `{service}` has neither a waiter nor an operation `{name}`");
            let help = format!("did you mean the operation `{near}`?");
            Failure::usage(message).help(help)
        }
        _ => lookup.failure(unknown),
    }
}
