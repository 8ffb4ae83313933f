//! Checks for secrets and routes that must not be in a trigger, which is stored.

use serde_json::{Map, Value};

use maitred_core::client::HTTP_SERVICE;
use maitred_core::secrets::literals::{self, Literal};
use maitred_http::ROUTE;

const HELP: &str = "arguments are stored: put it in the connection";
const REFERENCE: &str = "or a reference, {\"$secret\": \"env:NAME\"}, in its place";

/// The reason why the input of a request of service `http` must not be stored: it has a secret that is not a
/// reference. `url` is the name of its address for the user.
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

/// The same for the input of any service.
pub(super) fn literal_secret_of(service: &str, input: &Map<String, Value>) -> Option<String> {
    if service == HTTP_SERVICE {
        return literal_secret(input, "url");
    }
    let found = input.iter().flat_map(|(name, value)| literals::of_named(name, value)).next()?;
    Some(format!("{} {}, and {HELP}, {REFERENCE}", found.path, found.what))
}

/// The reason why a parameter of a waiter must not be stored: it is named like a secret, or has a URL with a login or
/// a secret in its query.
pub(super) fn secret_parameter<'a>(
    parameters: impl Iterator<Item = (&'a String, &'a Value)>,
) -> Option<String> {
    let mut found = parameters.flat_map(|(name, value)| literals::of_named(name, value));
    let Literal { path, what, .. } = found.next()?;
    Some(format!("the parameter {path} {what}, and {HELP}"))
}

/// The member of a waiter file's input that changes the route of a request, unless the caller's `own` input has it.
pub fn route_of_file(file: &Map<String, Value>, own: &Map<String, Value>) -> Option<&'static str> {
    let safe = |value: &Value| value.is_null() || *value == Value::Bool(true);
    ROUTE
        .into_iter()
        .find(|key| file.get(*key).is_some_and(|value| !safe(value)) && !own.contains_key(*key))
}

/// The reason why such a member is refused together with a connection.
pub fn refused_route(key: &str) -> String {
    format!(
        "its file says `{key}`, which would decide who can read what the connection sends; give \
         `{key}` with the task or the command, or put it into the connection"
    )
}
