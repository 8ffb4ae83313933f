//! Advice after a wait or a call that did not succeed.

use crate::client::{CallError, CallErrorKind, transport};
use crate::document::Document;
use crate::engine::{Ending, Outcome, Status, is_transient};
use crate::waiter::Waiter;

use super::exit::{Exit, Failure};
use super::operation_flags::OptionNames;
use super::report;
use super::signature::Signature;
use crate::client::HTTP_SERVICE;

mod failed_elements;
pub(super) mod missing_quotes;

/// Advice after a wait. A waiter that is `named` has a file.
pub(super) fn of_outcome(
    outcome: &Outcome,
    waiter: &Waiter,
    signature: &Signature,
    named: bool,
    verbose: bool,
) -> Option<String> {
    let flags = OptionNames::beside(signature);
    let details = if verbose { "" } else { "; -v shows what each acceptor sees" };
    let progress = outcome.progress();
    match outcome.status() {
        Status::Success | Status::Cancelled => None,
        Status::Failure => of_failure(outcome, waiter, named),
        Status::Exhausted | Status::Timeout
            if progress.transient_failures > 0 || outcome.is_unreachable() =>
        {
            Some("the last polls failed; is the service reachable? -v shows every poll".to_owned())
        }
        Status::Exhausted | Status::Timeout if !progress.unevaluable.is_empty() => Some(
            "an expression cannot be evaluated on these replies; guard it, e.g. `Items && length(Items) > ...`"
                .to_owned(),
        ),
        status @ (Status::Exhausted | Status::Timeout) => unquoted(outcome, waiter).or_else(|| {
            let attempts = format!(" or {} N", flags.flag("max-attempts"));
            let attempts = if status == Status::Timeout { "" } else { &attempts };
            Some(format!("wait longer with {} TIME{attempts}{details}", flags.flag("timeout")))
        }),
        Status::Error => {
            let error = outcome.call_error()?;
            if waiter.is_strict() && is_transient(error, &[]) {
                let help = "with --strict the first failure of the service ends the wait, as in botocore; \
                            without it such failures are retried";
                return Some(help.to_owned());
            }
            Some(of_error(error, waiter.service(), Caller::Wait, &flags))
        }
    }
}

/// Names what ended the wait, and the command that explains it.
fn of_failure(outcome: &Outcome, waiter: &Waiter, named: bool) -> Option<String> {
    let Ending::Failure { acceptor, .. } = outcome.ending() else { return None };
    let acceptor = waiter.acceptors().get(*acceptor)?;
    let document = outcome.document().map(Document::value);
    let thing = document.and_then(|it| failed_elements::named(acceptor, it, &waiter.call().input));
    let thing = thing.map(|thing| report::one_line(&thing));
    let state = acceptor.expected.as_str().filter(|_| acceptor.expression().is_some());
    // A resource that has failed or stopped may be repaired or started.
    let is_gone = |state: &str| matches!(&*state.to_lowercase(), "terminated" | "deleted");
    let failed = thing.map(|thing| match state {
        Some(state) if is_gone(state) => {
            format!("{thing}: `{state}`, so it cannot succeed any more")
        }
        Some(state) => format!("{thing}: `{state}`, which is a failure here"),
        None => format!("{thing} failed"),
    });
    let (service, name) = (waiter.service(), waiter.snake_name());
    let explain = named.then(|| format!("`maitred explain {service} {name}` shows what ends it"));
    let parts: Vec<_> = failed.into_iter().chain(explain).collect();
    (!parts.is_empty()).then(|| parts.join("; "))
}

/// Advice on a string without its quotes.
pub(super) fn unquoted(outcome: &Outcome, waiter: &Waiter) -> Option<String> {
    missing_quotes::advice(waiter, outcome.document()?.value())
}

/// The command that has made a call: advice names no option that it does not have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Caller {
    Wait,
    Call,
}

/// Advice after a failed call. `flags` has the names of our options.
pub(super) fn of_error(
    error: &CallError,
    service: &str,
    caller: Caller,
    flags: &OptionNames,
) -> String {
    let (dry_run, region) = (flags.flag("dry-run"), flags.flag("region"));
    let http = service == HTTP_SERVICE;
    match (error.kind(), error.code()) {
        (CallErrorKind::Credentials, "NoCredentials") => {
            format!("{dry_run} shows where they are looked for")
        }
        (CallErrorKind::Credentials, _) => format!(
            "give credentials: --profile NAME, AWS_PROFILE, or AWS_ACCESS_KEY_ID and \
             AWS_SECRET_ACCESS_KEY; {dry_run} shows where they come from"
        ),
        (CallErrorKind::Transport, transport::TLS) => TLS_ADVICE.to_owned(),
        (CallErrorKind::Transport, transport::RESPONSE) => of_stranger(&dry_run),
        (CallErrorKind::Transport, _) if http => match caller {
            Caller::Wait => "is the server up? check --url, or wait for it with --timeout TIME",
            Caller::Call => {
                "is the server up? check --url; `maitred wait http up --url URL` waits for it"
            }
        }
        .to_owned(),
        (CallErrorKind::Transport, _) => format!(
            "is the endpoint up? check --endpoint-url, {region} and the network; {dry_run} shows the \
             endpoint"
        ),
        (CallErrorKind::Invalid, "InvalidEndpoint") => {
            "check --endpoint-url, and AWS_ENDPOINT_URL where it is set".to_owned()
        }
        (CallErrorKind::Invalid, _) => {
            format!("--help lists the parameters, {dry_run} shows the request")
        }
        // Errors of a service have a code; the status stands for a missing one.
        (CallErrorKind::Service, code) if !http && is_status(code) => of_stranger(&dry_run),
        (CallErrorKind::Service, _) if is_transient(error, &[]) => match caller {
            Caller::Wait => {
                "the service is overloaded; poll less often with --delay, or wait longer with --timeout"
            }
            Caller::Call => OVERLOADED,
        }
        .to_owned(),
        (CallErrorKind::Service, "DryRunOperation") => format!(
            "DryRun is the operation's own parameter: the request was sent, and would have succeeded; \
             {dry_run} shows a request and sends nothing"
        ),
        (CallErrorKind::Service, code) => {
            of_refusal(code, error.status(), http, caller, flags)
        }
    }
}

const TLS_ADVICE: &str =
    "the certificate or the TLS version is not accepted; check the URL, the clock and the CA";
const OVERLOADED: &str = "the service is overloaded; try again later";

/// Advice after the test of a connection.
pub(super) fn of_connection(error: &CallError) -> &'static str {
    match (error.kind(), error.code()) {
        (CallErrorKind::Credentials, _) => "check the credentials of the connection",
        (CallErrorKind::Transport, transport::TLS) => TLS_ADVICE,
        (CallErrorKind::Transport, _) => {
            "is the server up? check where the connection leads, and the network; --endpoint-url tries \
             another address"
        }
        (CallErrorKind::Invalid, _) => {
            "`maitred connections show ID` shows what the connection says"
        }
        (CallErrorKind::Service, _) if is_transient(error, &[]) => OVERLOADED,
        (CallErrorKind::Service, _) => "check the address and the credentials of the connection",
    }
}

fn of_stranger(dry_run: &str) -> String {
    format!(
        "the reply may come from something else than the service, e.g. a proxy; {dry_run} shows the endpoint"
    )
}

fn is_status(code: &str) -> bool {
    code.len() == 3 && code.bytes().all(|digit| digit.is_ascii_digit())
}

fn of_refusal(
    code: &str,
    status: Option<u16>,
    http: bool,
    caller: Caller,
    flags: &OptionNames,
) -> String {
    let region = flags.flag("region");
    let lower = code.to_ascii_lowercase();
    let says = |words: &[&str]| words.iter().any(|word| lower.contains(word));
    if http {
        let advice = match (status, caller) {
            (Some(401 | 403), _) => "check --auth or --header 'Authorization: …'",
            (_, Caller::Wait) => {
                "no acceptor matches this status; an `error` acceptor, or \
                 --until 'StatusCode == `…`', can say what it means"
            }
            (_, Caller::Call) => "check --url and the parameters; --dry-run shows the request",
        };
        return advice.to_owned();
    }
    if says(&["expired"]) {
        "the credentials have expired; log in again, or give others with --profile".to_owned()
    } else if says(&["signature", "unrecognizedclient", "invalidclienttokenid", "incompletesig"]) {
        format!("the credentials are not accepted here; check --profile, {region} and the clock")
    } else if says(&["accessdenied", "unauthorized", "forbidden", "notauthorized"])
        || status == Some(403)
    {
        "the credentials do not permit this; allow the action in IAM, or use others with --profile"
            .to_owned()
    } else if says(&["notfound", "nosuch"]) {
        let acceptor = match caller {
            Caller::Wait => "; a waiter can take this error as a state with an `error` acceptor",
            Caller::Call => "",
        };
        format!("check the name and {region}{acceptor}")
    } else {
        format!("check the parameters; {} shows the request", flags.flag("dry-run"))
    }
}

/// A call that cannot be sent, as an error of the command.
pub(super) fn failure(error: &CallError, signature: &Signature) -> Failure {
    let help = of_error(error, signature.service(), Caller::Wait, &OptionNames::beside(signature));
    Failure::new(Exit::of_error(error), error.to_string()).help(help)
}
