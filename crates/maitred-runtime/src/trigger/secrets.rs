//! What must not be in a trigger, because it is stored.

use serde_json::{Map, Value};

use maitred_core::client::HTTP_SERVICE;
use maitred_core::secrets::literals::{self, Literal};

const HELP: &str = "arguments are stored: put it in the connection";
const REFERENCE: &str = "or a reference, {\"$secret\": \"env:NAME\"}, in its place";

/// Why the input of a request of service `http` must not be stored, if it has a secret that is not a
/// reference; `url` is what its address is called where it was given.
pub(crate) fn literal_secret(input: &Map<String, Value>, url: &str) -> Option<String> {
    let Literal { path, what, .. } = literals::of_request(input).into_iter().next()?;
    Some(match path.as_str() {
        "url" | "endpoint" if what.contains("query") => {
            format!(
                "{url} {what}, and {HELP}, or into `params` as a reference, {{\"$secret\": \"env:NAME\"}}"
            )
        }
        "url" | "endpoint" => format!("{url} {what}, and {HELP}"),
        "proxy" => format!("proxy {what}, and {HELP}"),
        path => match path.strip_prefix("headers.") {
            Some(name) => format!("the header {name} {what}, and {HELP}, {REFERENCE}"),
            None => format!("{path} {what}, and {HELP}, {REFERENCE}"),
        },
    })
}

/// The same of the input of any service.
pub(super) fn literal_secret_of(service: &str, input: &Map<String, Value>) -> Option<String> {
    if service == HTTP_SERVICE {
        return literal_secret(input, "url");
    }
    let found = input.iter().flat_map(|(name, value)| literals::of_named(name, value)).next()?;
    Some(format!("{} {}, and {HELP}, {REFERENCE}", found.path, found.what))
}

/// Why a parameter of a waiter must not be stored: it is called like a secret, or there is a URL in it with
/// a login or a secret in its query.
pub(super) fn secret_parameter<'a>(
    parameters: impl Iterator<Item = (&'a String, &'a Value)>,
) -> Option<String> {
    let mut found = parameters.flat_map(|(name, value)| literals::of_named(name, value));
    let Literal { path, what, .. } = found.next()?;
    Some(format!("the parameter {path} {what}, and {HELP}"))
}
