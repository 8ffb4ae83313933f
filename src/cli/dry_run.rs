//! `--dry-run`: the request as it would be sent, and nothing sent. Secrets are left out.

use serde_json::{Map, Value, json};

use crate::client::Call;
use crate::secrets::{HIDDEN, literals, urls};

use super::advice;
use super::clients::{ConnectionArgs, ServiceClient, credentials_source};
use super::report::{self, Format, Report};
use super::signature::Signature;
use super::text_layout::members;

pub(super) fn report(
    client: &ServiceClient,
    call: &Call,
    signature: &Signature,
    connection: &ConnectionArgs,
    format: Format,
) -> anyhow::Result<Report> {
    let facts = facts(client, call, signature, connection)?;
    Ok(format.report(
        || format!("dry run: nothing is sent\n{}", members(&facts)),
        || report::merged([json!({ "version": 1, "dryRun": true }), facts.clone()]),
    ))
}

/// The request as it would be sent.
pub(super) fn facts(
    client: &ServiceClient,
    call: &Call,
    signature: &Signature,
    connection: &ConnectionArgs,
) -> anyhow::Result<Value> {
    let Some(aws) = client.aws() else {
        return Ok(json!({
            "service": call.service,
            "operation": call.operation,
            "method": call.operation,
            "url": http_url(call, client),
            "input": without_secrets(&call.input),
        }));
    };
    let prepared = aws.prepare(call).map_err(|error| advice::failure(&error, signature))?;
    Ok(json!({
        "service": prepared.service(),
        "operation": prepared.operation(),
        "region": client.region(),
        "method": prepared.method(),
        "url": urls::masked(&prepared.url()),
        "credentials": credentials_source(connection),
        "input": signature.without_sensitive(&call.input, HIDDEN),
    }))
}

/// The input with `***` in the place of its secrets; of the URLs, whole queries are left out.
fn without_secrets(input: &Map<String, Value>) -> Value {
    let mut shown = literals::hidden_in_request(input, HIDDEN);
    for name in ["url", "proxy"] {
        if let Some(Value::String(url)) = shown.get_mut(name) {
            *url = origin_and_path(url);
        }
    }
    Value::Object(shown)
}

/// The URL of an HTTP request, without what may be secret in it: a login, the query.
pub(super) fn http_url(call: &Call, client: &ServiceClient) -> String {
    let member = |name: &str| call.input.get(name).and_then(Value::as_str);
    if let Some(url) = member("url") {
        return origin_and_path(url);
    }
    let base = client.endpoint_url().unwrap_or_default();
    let base = base.trim_end_matches('/');
    let path = member("endpoint").unwrap_or_default().trim_start_matches('/');
    origin_and_path(&format!("{base}/{path}"))
}

/// A URL without what may be secret in it: a login, the query.
pub(super) fn origin_and_path(url: &str) -> String {
    let (rest, query) = match url.find(['?', '#']) {
        Some(end) => (&url[..end], "?…"),
        None => (url, ""),
    };
    let Some((scheme, rest)) = rest.split_once("://") else { return format!("{rest}{query}") };
    let (host, path) = rest.find('/').map_or((rest, ""), |slash| rest.split_at(slash));
    let host = host.rsplit_once('@').map_or(host, |(_, host)| host);
    format!("{scheme}://{host}{path}{query}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_may_be_secret_is_hidden() {
        let input = json!({
            "url": "https://me:pw@host/path?token=t",
            "auth": {"bearer": "t"},
            "headers": {"Authorization": "t", "Accept": "x", "X-Api-Key": "t"},
            "proxy": "http://me:pw@proxy:80",
        });
        let shown = without_secrets(input.as_object().unwrap());
        assert_eq!(
            shown,
            json!({
                "url": "https://host/path?…",
                "auth": "***",
                "headers": {"Authorization": "***", "Accept": "x", "X-Api-Key": "***"},
                "proxy": "http://proxy:80",
            })
        );
    }
}
