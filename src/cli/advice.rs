//! What to do next after a wait or a call that came to no good end.

use crate::client::CallError;
use crate::client::CallErrorKind;
use crate::client::transport;
use crate::engine::Outcome;
use crate::engine::Status;
use crate::engine::is_transient;
use crate::waiter::Waiter;

use super::exit::{Exit, Failure};

mod unquoted;

/// Advice after a wait.
pub(super) fn of_outcome(
    outcome: &Outcome,
    waiter: &Waiter,
    named: bool,
    verbose: bool,
) -> Option<String> {
    let details = if verbose { "" } else { "; -v shows what each acceptor sees" };
    let transient = outcome.progress().transient_failures > 0;
    match outcome.status() {
        Status::Success | Status::Cancelled => None,
        Status::Failure => named.then(|| {
            format!(
                "it cannot succeed any more from here; `maitred explain {} {}` shows which states end it",
                waiter.service(),
                waiter.snake_name()
            )
        }),
        Status::Exhausted | Status::Timeout if transient => {
            Some("the last polls failed; is the service reachable? -v shows every poll".to_owned())
        }
        Status::Exhausted | Status::Timeout if !outcome.progress().unevaluable.is_empty() => Some(
            "an expression has no value on these replies; guard it, e.g. `Items && length(Items) > ...`"
                .to_owned(),
        ),
        Status::Exhausted | Status::Timeout if unquoted(outcome, waiter).is_some() => {
            unquoted(outcome, waiter)
        }
        Status::Exhausted => {
            Some(format!("give it longer with --timeout TIME or --max-attempts N{details}"))
        }
        Status::Timeout => Some(format!("give it longer with --timeout TIME{details}")),
        Status::Error => outcome.call_error().map(|error| of_error(error, waiter.service())),
    }
}

/// Advice on a string without its quotes.
pub(super) fn unquoted(outcome: &Outcome, waiter: &Waiter) -> Option<String> {
    unquoted::advice(waiter, outcome.document()?.value())
}

/// Advice after a failed call.
pub(super) fn of_error(error: &CallError, service: &str) -> String {
    let http = service == super::signature::HTTP;
    match (error.kind(), error.code()) {
        (CallErrorKind::Credentials, "NoCredentials") => {
            "--dry-run shows where they are looked for".to_owned()
        }
        (CallErrorKind::Credentials, _) => "give credentials: --profile NAME, AWS_PROFILE, or \
            AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY; --dry-run shows where they come from"
            .to_owned(),
        (CallErrorKind::Transport, transport::TLS) => {
            "the certificate or the TLS version is not accepted; check the URL, the clock and the CA"
                .to_owned()
        }
        (CallErrorKind::Transport, transport::RESPONSE) => {
            "something that is not the service may answer here, e.g. a proxy; --dry-run shows the endpoint"
                .to_owned()
        }
        (CallErrorKind::Transport, _) if http => {
            "is the server up? check --url; waiting for it to come up: --timeout TIME".to_owned()
        }
        (CallErrorKind::Transport, _) => {
            "is the endpoint up? check --endpoint-url, --region and the network; \
             --dry-run shows the endpoint"
                .to_owned()
        }
        (CallErrorKind::Invalid, "InvalidEndpoint") => {
            "check --endpoint-url, and AWS_ENDPOINT_URL where it is set".to_owned()
        }
        (CallErrorKind::Invalid, _) => {
            "--help lists the parameters, --dry-run shows the request".to_owned()
        }
        (CallErrorKind::Service, _) if is_transient(error, &[]) => {
            "the service does not keep up; poll less often with --delay, or bear it with --timeout"
                .to_owned()
        }
        (CallErrorKind::Service, code) => of_refusal(code, error.status(), http),
    }
}

fn of_refusal(code: &str, status: Option<u16>, http: bool) -> String {
    let lower = code.to_ascii_lowercase();
    let says = |words: &[&str]| words.iter().any(|word| lower.contains(word));
    if http {
        return match status {
            Some(401 | 403) => "check --auth or --header 'Authorization: …'".to_owned(),
            _ => "no acceptor matches this status; an `error` acceptor, or \
                  --until 'StatusCode == `…`', can say what it means"
                .to_owned(),
        };
    }
    if says(&["expired"]) {
        "the credentials have expired; log in again, or give others with --profile".to_owned()
    } else if says(&["signature", "unrecognizedclient", "invalidclienttokenid", "incompletesig"]) {
        "the credentials are not accepted here; check --profile, --region and the clock".to_owned()
    } else if says(&["accessdenied", "unauthorized", "forbidden", "notauthorized"])
        || status == Some(403)
    {
        "the credentials may not do this; allow the action in IAM, or give others with --profile"
            .to_owned()
    } else if says(&["notfound", "nosuch"]) {
        "check the name and --region; a waiter can take this error as a state with an `error` acceptor"
            .to_owned()
    } else {
        "check the parameters; --dry-run shows the request".to_owned()
    }
}

/// A call that cannot be sent, as an error of the command.
pub(super) fn failure(error: &CallError, service: &str) -> Failure {
    Failure::new(Exit::of_error(error), error.to_string()).help(of_error(error, service))
}
