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

    /// An operation whose input and output have these members beside `Note`, which is a string: `Size`, which is
    /// sensitive, in a structure, a list and a map; `HttpTokens`, one of two words; `Plain`, any map.
    fn operation() -> Arc<OperationModel> {
        let operation = json!({
            "name": "DescribeThing", "method": "POST", "requestUri": "/",
            "input": { "shape": 0 }, "output": { "shape": 0 },
            "shapes": [
                { "name": "Thing", "kind": { "structure": { "members": [
                    { "name": "Note", "target": { "shape": 1 } },
                    { "name": "Size", "target": { "shape": 2 } },
                    { "name": "Own", "target": { "shape": 1, "traits": { "sensitive": true } } },
                    { "name": "Sizes", "target": { "shape": 3 } },
                    { "name": "Named", "target": { "shape": 4 } },
                    { "name": "HttpTokens", "target": { "shape": 5 } },
                    { "name": "Plain", "target": { "shape": 6 } },
                    { "name": "Inner", "target": { "shape": 0 } },
                ] } } },
                { "kind": { "string": [] } },
                { "kind": { "string": [] }, "traits": { "sensitive": true } },
                { "kind": { "list": { "shape": 2 } } },
                { "kind": { "map": { "key": { "shape": 1 }, "value": { "shape": 2 } } } },
                { "kind": { "string": ["optional", "required"] } },
                { "kind": { "map": { "key": { "shape": 1 }, "value": { "shape": 1 } } } },
            ],
        });
        Arc::new(serde_json::from_value(operation).unwrap())
    }

    fn known(secret: &str) -> KnownSecrets {
        let known = KnownSecrets::default();
        known.add(secret);
        known
    }

    fn object(value: Value) -> Map<String, Value> {
        let Value::Object(members) = value else { panic!("{value}") };
        members
    }

    #[test]
    fn what_the_model_calls_sensitive_is_removed_at_every_place() {
        let document = json!({
            "Note": "a", "Size": "1234", "Own": "5678", "Sizes": ["1", "2"],
            "Named": { "a": "1", "b": "2" }, "Plain": { "a": "1" },
            "Inner": { "Size": 1234, "Own": null, "Named": { "a": true } }, "Unknown": "b",
        });
        let expected = json!({
            "Note": "a", "Size": "REDACTED", "Own": "REDACTED", "Sizes": ["REDACTED", "REDACTED"],
            "Named": { "a": "REDACTED", "b": "REDACTED" }, "Plain": { "a": "1" },
            "Inner": { "Size": 0, "Own": null, "Named": { "a": false } }, "Unknown": "b",
        });
        let scrubber = Scrubber::new(Some(operation()));
        assert_eq!(scrubber.output(&document, Some(200)), expected);
        assert_eq!(Value::Object(scrubber.input(&object(document.clone()))), expected);
        // The caller's own values have no model.
        assert_eq!(scrubber.plain(&document)["Size"], "1234");
        let other = scrubber.of_operation(None);
        assert_eq!(other.output(&document, Some(200))["Size"], "1234");
    }

    #[test]
    fn a_word_of_the_model_stays_whatever_it_is_called() {
        let document = json!({ "HttpTokens": "required", "Inner": { "Tokens": "required" } });
        let expected = json!({ "HttpTokens": "required", "Inner": { "Tokens": "REDACTED" } });
        let scrubber = Scrubber::new(Some(operation())).knowing(known("required"));
        assert_eq!(scrubber.output(&document, Some(200)), expected);
        assert_eq!(Scrubber::default().output(&document, Some(200))["HttpTokens"], "REDACTED");
    }

    #[test]
    fn a_secret_is_removed_whatever_its_type() {
        let document = json!({
            "password": "hunter2", "Api_Key": 1234, "secret": true, "token": null,
            "credentials": ["a"], "Authorization": { "a": 1 }, "count": 1234, "up": true,
        });
        let expected = json!({
            "password": "REDACTED", "Api_Key": 0, "secret": false, "token": null,
            "credentials": [], "Authorization": {}, "count": 1234, "up": true,
        });
        assert_eq!(Scrubber::default().plain(&document), expected);
        let beside = json!([
            { "Name": "DB_PASSWORD", "Value": 1234, "Place": "a" },
            { "Name": "DB_HOST", "Value": 1234, "Place": "a" },
        ]);
        let expected = json!([
            { "Name": "DB_PASSWORD", "Value": 0, "Place": "a" },
            { "Name": "DB_HOST", "Value": 1234, "Place": "a" },
        ]);
        assert_eq!(Scrubber::default().plain(&beside), expected);
    }

    #[test]
    fn an_account_is_twelve_digits_in_a_member_that_says_so() {
        let account = 123_456_789_012_u64;
        for (name, value, expected) in [
            ("AccountId", json!(100_000_000_000_u64), json!(account)),
            ("AccountId", json!(999_999_999_999_u64), json!(account)),
            ("AccountId", json!(99_999_999_999_u64), json!(99_999_999_999_u64)),
            ("AccountId", json!(1_000_000_000_000_u64), json!(1_000_000_000_000_u64)),
            ("AccountId", json!("987654321098"), json!("123456789012")),
            ("OWNER_ACCOUNT", json!(987_654_321_098_u64), json!(account)),
            ("accounts", json!([987_654_321_098_u64, 7]), json!([account, 7])),
            ("accounts", json!([[987_654_321_098_u64]]), json!([[account]])),
            (
                "accounts",
                json!([{ "id": 987_654_321_098_u64 }]),
                json!([{ "id": 987_654_321_098_u64 }]),
            ),
            ("owners", json!([987_654_321_098_u64]), json!([987_654_321_098_u64])),
            ("size", json!(987_654_321_098_u64), json!(987_654_321_098_u64)),
        ] {
            let scrubbed = Scrubber::default().plain(&json!({ name: value }));
            assert_eq!(scrubbed, json!({ name: expected }), "{value}");
        }
    }

    #[test]
    fn a_secret_of_the_request_is_removed_where_it_comes_back() {
        let echo = json!({ "Note": "you said hunter22", "Plain": { "n": 12_345_678 } });
        let gone = json!({ "Note": "you said REDACTED", "Plain": { "n": 0 } });
        let input = json!({ "Password": "hunter22", "Inner": { "Secret": "12345678" } });
        let removed = json!({ "Password": "REDACTED", "Inner": { "Secret": "REDACTED" } });
        let body = |value: &Value| json!({ "body": value });
        for (operation, input, removed) in
            [(None, body(&input), body(&removed)), (Some(operation()), input, removed)]
        {
            let scrubber = || Scrubber::new(operation.clone());
            assert_eq!(scrubber().output(&echo, Some(200)), echo);
            let asked = scrubber().with_secrets_of(&object(input.clone()));
            assert_eq!(asked.output(&echo, Some(200)), gone);
            let stored = scrubber();
            assert_eq!(Value::Object(stored.input(&object(input.clone()))), removed);
            assert_eq!(stored.output(&echo, Some(200)), gone);
            // A diagnostic call of the same recording knows them, too.
            assert_eq!(stored.of_operation(None).output(&echo, Some(200)), gone);
        }
    }

    #[test]
    fn of_an_http_request_the_login_goes_and_headers_lose_their_secrets() {
        let input = json!({
            "url": "https://me:hunter22@h/a?token=t0kent0ken&b=c",
            "auth": { "bearer": "b3arerb3arer" },
            "headers": { "X-Api-Key": "k3yk3yk3y", "accept": "text/plain" },
        });
        let scrubber = Scrubber::new(None);
        let expected = json!({
            "url": "https://REDACTED@h/a?token=REDACTED&b=c",
            "headers": { "X-Api-Key": "REDACTED", "accept": "text/plain" },
        });
        assert_eq!(Value::Object(scrubber.input(&object(input))), expected);
        let said = "hunter22 t0kent0ken b3arerb3arer k3yk3yk3y";
        assert_eq!(scrubber.text(said), "REDACTED REDACTED REDACTED REDACTED");
    }

    #[test]
    fn a_parameter_that_is_a_secret_is_removed_there_and_elsewhere() {
        let parameters = BTreeMap::from([
            ("API_TOKEN".to_owned(), json!("t0kent0ken")),
            ("ACCOUNT".to_owned(), json!(987_654_321_098_u64)),
            ("NOTE".to_owned(), json!("with t0kent0ken, at 10.0.0.1")),
        ]);
        let scrubber = Scrubber::default();
        let scrubbed = scrubber.parameters(&parameters);
        assert_eq!(scrubbed["API_TOKEN"], "REDACTED");
        assert_eq!(scrubbed["ACCOUNT"], 123_456_789_012_u64);
        assert_eq!(scrubbed["NOTE"], "with REDACTED, at 192.0.2.1");
        assert_eq!(scrubber.text("t0kent0ken"), "REDACTED");
    }

    #[test]
    fn a_known_secret_is_removed_from_texts_numbers_and_names() {
        let document = json!({ "hunter22": "a hunter22", "n": 12_345_678, "m": 12_345_679 });
        let scrubber = Scrubber::default().knowing(known("hunter22"));
        let expected = json!({ "REDACTED": "a REDACTED", "n": 12_345_678, "m": 12_345_679 });
        assert_eq!(scrubber.plain(&document), expected);
        let number = Scrubber::default().knowing(known("12345678"));
        assert_eq!(number.plain(&json!([12_345_678, 12_345_679])), json!([0, 12_345_679]));
        assert_eq!(scrubber.text("see https://me:pw@h/ now"), "see https://REDACTED@h/ now");
    }

    #[test]
    fn a_secret_that_is_found_later_is_removed_from_what_was_stored() {
        let scrubber = Scrubber::default().knowing(known("hunter22"));
        let mut stored = json!({ "a": "hunter22 and t0kent0ken" });
        let _ = scrubber.output(&json!({ "token": "t0kent0ken" }), Some(200));
        scrubber.again(&mut stored);
        assert_eq!(stored, json!({ "a": "REDACTED and REDACTED" }));
    }

    #[test]
    fn headers_are_found_in_any_case_and_kept_in_http_replies_only() {
        let headers = json!({
            "Content-Type": "a", "LOCATION": "b", "Retry-After": "c", "Date": "d", "X-State": "e",
        });
        let reply = json!({ "Headers": headers, "Body": { "Headers": { "Date": "d" } } });
        let scrubber = Scrubber::new(None).with_headers_in(["Headers.\"x-STATE\"".to_owned()]);
        let kept = scrubber.output(&reply, Some(200));
        let expected = json!({
            "Content-Type": "a", "LOCATION": "b", "Retry-After": "c", "X-State": "e",
        });
        assert_eq!((&kept["Headers"], &kept["Body"]), (&expected, &reply["Body"]));
        let service = Scrubber::new(Some(operation()));
        assert_eq!(service.output(&reply, Some(200)), reply);
    }

    #[test]
    fn of_the_metadata_a_status_that_is_not_200_stays() {
        let metadata = |mut document: Value| {
            document["ResponseMetadata"] = json!({ "HTTPStatusCode": 1, "RequestId": "a" });
            document
        };
        let output = |document: &Value, status| Scrubber::default().output(document, status);
        let document = json!({ "a": 1 });
        assert_eq!(output(&metadata(document.clone()), Some(200)), document);
        assert_eq!(output(&metadata(document.clone()), None), document);
        assert_eq!(output(&document, Some(202)), document);
        let kept = json!({ "a": 1, "ResponseMetadata": { "HTTPStatusCode": 202 } });
        assert_eq!(output(&metadata(document), Some(202)), kept);
    }

    #[test]
    fn what_is_nested_too_deep_is_left_out() {
        let nested = |levels: usize, wrap: &dyn Fn(Value) -> Value| {
            (0..levels).fold(json!("a"), |value, _| wrap(value))
        };
        let list = |value| json!([value]);
        let object = |value| json!({ "k": value });
        for wrap in [&list as &dyn Fn(Value) -> Value, &object] {
            let deepest = nested(MAX_DEPTH, wrap);
            assert_eq!(Scrubber::default().plain(&deepest), deepest);
            let scrubbed = Scrubber::default().plain(&nested(MAX_DEPTH + 1, wrap));
            let expected = (0..=MAX_DEPTH).fold(Value::Null, |value, _| wrap(value));
            assert_eq!(scrubbed, expected);
        }
    }
}
