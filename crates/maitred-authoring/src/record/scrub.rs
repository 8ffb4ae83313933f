//! Removing secrets from inputs and replies before they are stored.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::{Map, Number, Value, json};

use super::text::scrubbed;
use maitred_core::secrets::names::{is_named_beside, is_secret_name};
use maitred_core::secrets::{KnownSecrets, literals, urls};
use maitred_model::{OperationModel, ShapeKind, ShapeRef};

/// The replacement for a secret.
const REDACTED: &str = "REDACTED";

/// The deepest level of a stored document.
const MAX_DEPTH: usize = 100;

/// The headers of an HTTP reply that are stored.
const HEADERS: &[&str] = &["content-type", "location", "retry-after"];

/// Removes secrets, account ids and values of a single call from inputs and replies.
///
/// - What the model calls sensitive, and what is called `Password`, `Secret…`, `Token…`, `Credentials`
///   and the like becomes `REDACTED`; so does every value that is known to be a secret, wherever it stands
///   and however it is encoded: those of the request, and those that another member of a reply names.
/// - Of the input of an HTTP request, `auth` goes, and logins and secrets in the query of URLs become
///   `REDACTED`.
/// - Account ids become `123456789012`, also in ARNs; access keys, e-mail addresses, IPv4 addresses,
///   JSON web tokens and signed parts of URLs become examples of them.
/// - `ResponseMetadata` goes, except for a status that is not 200, and so do most headers of an HTTP
///   reply.
#[derive(Debug, Clone, Default)]
pub struct Scrubber {
    operation: Option<Arc<OperationModel>>,
    headers: Vec<String>,
    known: KnownSecrets,
    /// The secrets of this recording.
    found: KnownSecrets,
}

impl Scrubber {
    /// A scrubber for the replies of `operation`, if its model is known.
    #[must_use]
    pub fn new(operation: Option<Arc<OperationModel>>) -> Self {
        Self { operation, ..Self::default() }
    }

    /// Also removes the `known` secrets.
    #[must_use]
    pub fn knowing(self, known: KnownSecrets) -> Self {
        Self { known, ..self }
    }

    /// Also removes the secrets of the request from replies.
    #[must_use]
    pub fn with_secrets_of(self, input: &Map<String, Value>) -> Self {
        self.remember(input);
        self
    }

    fn remember(&self, input: &Map<String, Value>) {
        if self.operation.is_none() {
            self.found.add_request(input);
        } else {
            self.found.add_named(&Value::Object(input.clone()));
        }
    }

    /// A scrubber for replies of another operation of the same recording.
    #[must_use]
    pub fn of_operation(&self, operation: Option<Arc<OperationModel>>) -> Self {
        Self { operation, ..self.clone() }
    }

    /// Keeps the headers of HTTP replies that `expressions` read.
    #[must_use]
    pub fn with_headers_in(mut self, expressions: impl IntoIterator<Item = String>) -> Self {
        self.headers = expressions.into_iter().map(|text| text.to_lowercase()).collect();
        self
    }

    /// The input of an operation without secrets.
    #[must_use]
    pub fn input(&self, input: &Map<String, Value>) -> Map<String, Value> {
        self.remember(input);
        let mut input = Cow::Borrowed(input);
        if self.operation.is_none() {
            let mut shown = literals::hidden_in_request(&input, REDACTED);
            shown.shift_remove("auth");
            input = Cow::Owned(shown);
        }
        let shape = self.operation.as_ref().and_then(|operation| operation.input.as_ref());
        let scrubbed = self.value("", shape, &Value::Object(input.into_owned()), 0);
        if let Value::Object(input) = scrubbed { input } else { Map::new() }
    }

    /// A value of the caller's without secrets.
    #[must_use]
    pub fn plain(&self, value: &Value) -> Value {
        self.value("", None, value, 0)
    }

    /// The values of a waiter's parameters without secrets.
    #[must_use]
    pub fn parameters(&self, parameters: &BTreeMap<String, Value>) -> BTreeMap<String, Value> {
        parameters.iter().for_each(|(name, value)| self.found.add_of(name, value));
        let scrub =
            |(name, value): (&String, &Value)| (name.clone(), self.value(name, None, value, 0));
        parameters.iter().map(scrub).collect()
    }

    /// A text without secrets.
    #[must_use]
    pub fn text(&self, text: &str) -> String {
        let text = self.known.replace(text, REDACTED);
        let text = self.found.replace(&text, REDACTED);
        scrubbed(&urls::replaced(&text, REDACTED))
    }

    /// Removes secrets that became known after the value was stored.
    pub(super) fn again(&self, value: &mut Value) {
        self.known.replace_in(value, REDACTED);
        self.found.replace_in(value, REDACTED);
    }

    /// The document of a reply without secrets and values of a single call.
    #[must_use]
    pub fn output(&self, document: &Value, status: Option<u16>) -> Value {
        let mut document = document.clone();
        let metadata = document.as_object_mut().and_then(|it| it.shift_remove("ResponseMetadata"));
        if let Some(Value::Object(headers)) = document.get_mut("Headers")
            && self.operation.is_none()
        {
            headers.retain(|name, _| self.keeps_header(name));
        }
        self.found.add_named(&document);
        let shape = self.operation.as_ref().and_then(|operation| operation.output.as_ref());
        let mut scrubbed = self.value("", shape, &document, 0);
        let status = status.filter(|status| *status != 200);
        if let (Some(_), Some(status)) = (metadata, status) {
            scrubbed["ResponseMetadata"] = json!({ "HTTPStatusCode": status });
        }
        scrubbed
    }

    fn is_known(&self, number: &Number) -> bool {
        let text = number.to_string();
        self.known.is_one(&text) || self.found.is_one(&text)
    }

    fn keeps_header(&self, name: &str) -> bool {
        let name = name.to_lowercase();
        HEADERS.contains(&name.as_str()) || self.headers.iter().any(|text| text.contains(&name))
    }

    fn value(&self, name: &str, shape: Option<&ShapeRef>, value: &Value, depth: usize) -> Value {
        if depth > MAX_DEPTH {
            return Value::Null;
        }
        let operation = self.operation.as_ref();
        let shape = operation.zip(shape).map(|(operation, it)| (it, operation.shape(it)));
        let traits = shape.map(|(reference, shape)| (&reference.traits, &shape.traits));
        let sensitive = traits.is_some_and(|(own, of)| own.sensitive || of.sensitive);
        let listed = shape.is_some_and(|(_, shape)| !shape.enum_values().is_empty());
        if sensitive || (is_secret_name(name) && !listed) {
            return redacted(value);
        }
        let kind = shape.map(|(_, shape)| &shape.kind);
        match value {
            Value::String(text) if listed => Value::String(text.clone()),
            Value::String(text) => Value::String(self.text(text)),
            Value::Array(items) => {
                let inner = kind.and_then(element);
                items.iter().map(|item| self.value(name, inner, item, depth + 1)).collect()
            }
            Value::Object(members) => {
                let member = |(name, value): (&String, &Value)| {
                    if is_named_beside(members, name) {
                        return (name.clone(), redacted(value));
                    }
                    let inner = kind.and_then(|kind| member(kind, name));
                    (self.text(name), self.value(name, inner, value, depth + 1))
                };
                Value::Object(members.iter().map(member).collect())
            }
            Value::Number(number) if is_account(name, number) => json!(123_456_789_012_u64),
            Value::Number(number) if self.is_known(number) => json!(0),
            Value::Null | Value::Bool(_) | Value::Number(_) => value.clone(),
        }
    }
}

/// The element of a list.
fn element(kind: &ShapeKind) -> Option<&ShapeRef> {
    if let ShapeKind::List(element) = kind { Some(element) } else { None }
}

/// The member `name` of a structure, or the value of a map.
fn member<'a>(kind: &'a ShapeKind, name: &str) -> Option<&'a ShapeRef> {
    if let ShapeKind::Structure(structure) = kind {
        structure.member(name).map(|member| &member.target)
    } else if let ShapeKind::Map { value, .. } = kind {
        Some(value)
    } else {
        None
    }
}

fn is_account(name: &str, number: &Number) -> bool {
    let twelve =
        number.as_u64().is_some_and(|id| (100_000_000_000..1_000_000_000_000).contains(&id));
    twelve && name.to_lowercase().contains("account")
}

/// A neutral value of the same type.
fn redacted(value: &Value) -> Value {
    match value {
        Value::Null => Value::Null,
        Value::Bool(_) => Value::Bool(false),
        Value::Number(_) => json!(0),
        Value::String(_) => Value::from(REDACTED),
        Value::Array(_) => json!([]),
        Value::Object(_) => json!({}),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_and_accounts_are_nowhere_in_what_is_kept() {
        let document = json!({
            "Cluster": {
                "Arn": "arn:aws:redshift:eu-west-1:987654321098:cluster:a",
                "MasterUserPassword": "hunter2", "SecretArn": "arn:aws:x:::987654321098",
                "Credentials": { "SecretAccessKey": "wJalr" }, "AccountId": 987_654_321_098_u64,
                "Tokens": ["a"], "Endpoint": { "Address": "10.1.2.3" }, "State": "READY",
                "AccessKeyId": "ASIA1234567890ABCDEF", "Size": 987_654_321_098_u64,
                "987654321098": "mail someone@corp.example about it",
            },
            "ResponseMetadata": { "RequestId": "1-2", "HTTPHeaders": {}, "HTTPStatusCode": 202 },
        });
        let expected = json!({
            "Cluster": {
                "Arn": "arn:aws:redshift:eu-west-1:123456789012:cluster:a",
                "MasterUserPassword": "REDACTED", "SecretArn": "arn:aws:x:::123456789012",
                "Credentials": {}, "AccountId": 123_456_789_012_u64,
                "Tokens": [], "Endpoint": { "Address": "192.0.2.1" }, "State": "READY",
                "AccessKeyId": "AKIAIOSFODNN7EXAMPLE", "Size": 987_654_321_098_u64,
                "123456789012": "mail user@example.com about it",
            },
            "ResponseMetadata": { "HTTPStatusCode": 202 },
        });
        assert_eq!(Scrubber::default().output(&document, Some(202)), expected);
    }

    #[test]
    fn of_an_http_reply_the_headers_stay_that_are_looked_at() {
        let headers = json!({
            "content-type": "text/plain", "set-cookie": "id=1", "x-state": "up", "date": "now",
        });
        let document = json!({ "StatusCode": 200, "Headers": headers, "Body": null });
        let scrubber = Scrubber::new(None).with_headers_in(["Headers.\"X-State\"".to_owned()]);
        let expected = json!({ "content-type": "text/plain", "x-state": "up" });
        assert_eq!(scrubber.output(&document, Some(200))["Headers"], expected);
    }
}
