//! The REST protocols: members are in the path, the query string, headers and the body.
//!
//! <https://smithy.io/2.0/aws/protocols/aws-restjson1-protocol.html>,
//! <https://smithy.io/2.0/aws/protocols/aws-restxml-protocol.html>

use std::borrow::Cow;

use aws_smithy_types::base64;
use serde_json::{Map, Value};

use maitred_model::{
    Location, Member, OperationModel, Protocol, ServiceModel, ShapeKind, ShapeRef, TimestampFormat,
};

use super::message::{ProtocolError, Request};
use super::scalar::{scalar_text, timestamp};
use super::{json, xml_body};
use crate::endpoint::uri_encode;

mod reply;

pub(super) use reply::{members, parse_json_error, parse_output, parse_xml_error};

pub(super) fn serialize(
    service: &ServiceModel,
    operation: &OperationModel,
    input: &Map<String, Value>,
) -> Result<Request, ProtocolError> {
    let mut parts = Parts::new(operation);
    for (name, value) in input {
        let structure = operation.input.as_ref().and_then(|i| operation.shape(i).structure());
        let member = structure.and_then(|structure| structure.member(name));
        let member = member.ok_or_else(|| ProtocolError(format!("{name} is not a member")))?;
        // A document may be `null`, which botocore does not send here.
        if !value.is_null() {
            parts.add(member, value)?;
        }
    }
    let target = parts.target()?;
    let is_json = service.protocol == Protocol::RestJson;
    let (body, has_content_type) = body(operation, &parts.body, input, is_json)?;
    let mut headers = parts.headers;
    let named = headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("content-type"));
    if has_content_type && !named {
        headers.push(("content-type".into(), "application/json".into()));
    }
    Ok(Request { target: target.into(), headers, body })
}

/// The members of an input by location.
struct Parts<'a> {
    operation: &'a OperationModel,
    labels: Vec<(String, String)>,
    query: Vec<(String, Vec<String>)>,
    headers: Vec<(Cow<'static, str>, Cow<'static, str>)>,
    body: Map<String, Value>,
}

impl<'a> Parts<'a> {
    fn new(operation: &'a OperationModel) -> Self {
        let (labels, query, headers) = (Vec::new(), Vec::new(), Vec::new());
        Self { operation, labels, query, headers, body: Map::new() }
    }

    fn add(&mut self, member: &Member, value: &Value) -> Result<(), ProtocolError> {
        let target = &member.target;
        let name = self.operation.location_name(target).unwrap_or(&member.name);
        match (target.traits.location, value) {
            (Some(Location::Uri), _) => {
                let text = self.text(target, value, &member.name, TimestampFormat::Iso8601)?;
                self.labels.push((name.to_owned(), text));
            }
            (Some(Location::QueryString), Value::Object(entries)) => {
                for (key, entry) in entries {
                    let values = entry.as_array().map_or(std::slice::from_ref(entry), |all| all);
                    self.query_values(key, values.iter().map(scalar_text).collect());
                }
            }
            (Some(Location::QueryString), _) => {
                let items = value.as_array().map_or(std::slice::from_ref(value), |items| items);
                let element = element_of(self.operation, target);
                let text = |item| self.text(element, item, &member.name, TimestampFormat::Iso8601);
                let values = items.iter().map(text).collect::<Result<_, _>>()?;
                self.query_values(name, values);
            }
            (Some(Location::Header), Value::Array(items)) if items.is_empty() => {}
            (Some(Location::Header), _) => {
                let text = self.header_value(target, value, &member.name)?;
                self.header(name.to_owned(), text)?;
            }
            (Some(Location::Headers), Value::Object(entries)) => {
                for (key, entry) in entries {
                    self.header(format!("{name}{key}"), scalar_text(entry))?;
                }
            }
            (_, _) => {
                self.body.insert(member.name.clone(), value.clone());
            }
        }
        Ok(())
    }

    /// A map may have the key of a member: the last value wins, at the position of the first.
    fn query_values(&mut self, key: &str, values: Vec<String>) {
        match self.query.iter_mut().find(|(known, _)| known == key) {
            Some((_, known)) => *known = values,
            None => self.query.push((key.to_owned(), values)),
        }
    }

    /// Refuses a value that would end the header and begin another one.
    fn header(&mut self, name: String, value: String) -> Result<(), ProtocolError> {
        let fits = |byte: u8| byte == b'\t' || (b' '..=b'~').contains(&byte);
        let is_token =
            |byte: u8| byte.is_ascii_graphic() && !b"()<>@,;:\\\"/[]?={}".contains(&byte);
        if name.is_empty() || !name.bytes().all(is_token) {
            return Err(ProtocolError(format!("`{name}` cannot be the name of a header")));
        }
        if !value.bytes().all(fits) {
            let why = "it must have ASCII characters only, and no line ends";
            return Err(ProtocolError(format!("the value of `{name}` goes into a header: {why}")));
        }
        self.headers.push((name.to_lowercase().into(), value.into()));
        Ok(())
    }

    fn text(
        &self,
        reference: &ShapeRef,
        value: &Value,
        path: &str,
        default: TimestampFormat,
    ) -> Result<String, ProtocolError> {
        if matches!(self.operation.shape(reference).kind, ShapeKind::Timestamp) {
            let format = self.operation.timestamp_format(reference).unwrap_or(default);
            return timestamp(path, value, format);
        }
        Ok(scalar_text(value))
    }

    fn header_value(
        &self,
        reference: &ShapeRef,
        value: &Value,
        path: &str,
    ) -> Result<String, ProtocolError> {
        if reference.traits.json_value {
            return Ok(base64::encode(ascii(&value.to_string())));
        }
        let original = value;
        let Value::Array(items) = value else {
            let kind = &self.operation.shape(reference).kind;
            // botocore sends whole seconds here, whatever the format.
            let seconds = matches!(kind, ShapeKind::Timestamp)
                .then(|| timestamp(path, value, TimestampFormat::UnixTimestamp))
                .transpose()?;
            let value = seconds.map(Value::String);
            let value = value.as_ref().unwrap_or(original);
            return self.text(reference, value, path, TimestampFormat::Rfc822);
        };
        let element = element_of(self.operation, reference);
        let is_text = matches!(self.operation.shape(element).kind, ShapeKind::String(_));
        let items = items.iter().map(|item| {
            let text = self.text(element, item, path, TimestampFormat::Rfc822)?;
            Ok(if is_text { quoted(text) } else { text })
        });
        Ok(items.collect::<Result<Vec<_>, ProtocolError>>()?.join(","))
    }

    /// The path and the query string.
    fn target(&self) -> Result<String, ProtocolError> {
        let mut target = String::new();
        let mut rest = self.operation.request_uri.as_str();
        while let Some((before, (label, after))) =
            rest.split_once('{').and_then(|(before, rest)| Some((before, rest.split_once('}')?)))
        {
            target.push_str(before);
            let name = label.trim_end_matches('+');
            let found = self.labels.iter().find(|(known, _)| known == name);
            let (_, value) = found.ok_or_else(|| ProtocolError(format!("{name} is required")))?;
            // The path would be that of another operation.
            if matches!(value.as_str(), "" | "." | "..") {
                let what = if value.is_empty() { "must not be empty" } else { "cannot be dots" };
                return Err(ProtocolError(format!("{name} is part of the path and {what}")));
            }
            let encoded = uri_encode(value);
            target.push_str(&if label == name { encoded } else { encoded.replace("%2F", "/") });
            rest = after;
        }
        target.push_str(rest);
        let pairs = self.query.iter();
        for (key, value) in pairs.flat_map(|(key, values)| values.iter().map(move |v| (key, v))) {
            target.push(if target.contains('?') { '&' } else { '?' });
            target.push_str(&format!("{}={}", uri_encode(key), uri_encode(value)));
        }
        Ok(target)
    }
}

/// The element of a list; anything else is its own.
fn element_of<'a>(operation: &'a OperationModel, reference: &'a ShapeRef) -> &'a ShapeRef {
    if let ShapeKind::List(member) = &operation.shape(reference).kind { member } else { reference }
}

/// JSON with characters that are not ASCII escaped, as in Python.
fn ascii(json: &str) -> String {
    let mut text = String::with_capacity(json.len());
    for letter in json.chars() {
        if letter.is_ascii() {
            text.push(letter);
            continue;
        }
        for unit in letter.encode_utf16(&mut [0; 2]) {
            text.push_str(&format!("\\u{unit:04x}"));
        }
    }
    text
}

/// A text in a list of a header.
fn quoted(text: String) -> String {
    if text.contains(['"', ',']) { format!("\"{}\"", text.replace('"', "\\\"")) } else { text }
}

/// The body, and whether it needs the content type of JSON.
fn body(
    operation: &OperationModel,
    members: &Map<String, Value>,
    input: &Map<String, Value>,
    is_json: bool,
) -> Result<(Vec<u8>, bool), ProtocolError> {
    let Some(reference) = &operation.input else { return Ok((Vec::new(), false)) };
    let structure = operation.shape(reference).structure();
    let payload = structure.and_then(|structure| structure.member(structure.payload.as_deref()?));
    let member = payload.map(|payload| payload.name.as_str());
    let structured = |reference: &ShapeRef, value: &Value| match (is_json, value) {
        (true, value) => json::write(operation, reference, value, "the body"),
        (false, Value::Object(members)) => {
            xml_body::write(operation, reference, member, members).map(Value::String)
        }
        (false, _) => Err(ProtocolError("the body is not a structure".to_owned())),
    };
    let text = match payload {
        Some(member) => {
            let value = input.get(&member.name);
            match (&operation.shape(&member.target).kind, value) {
                (ShapeKind::Blob | ShapeKind::String(_), value) => {
                    return Ok((raw(operation, member, value)?, false));
                }
                (_, Some(value)) => Some(structured(&member.target, value)?),
                (_, None) => None,
            }
        }
        None if !members.is_empty() => {
            Some(structured(reference, &Value::Object(members.clone()))?)
        }
        None => None,
    };
    let in_body = |member: &Member| member.target.traits.location.is_none();
    let wants_body = payload.is_some() || operation.input_members().iter().any(in_body);
    Ok(match (text, is_json) {
        (Some(Value::String(xml)), false) => (xml.into_bytes(), false),
        (Some(json), _) => (json.to_string().into_bytes(), is_json),
        (None, true) if wants_body => (b"{}".to_vec(), true),
        (None, _) => (Vec::new(), false),
    })
}

/// A payload that is the whole body.
fn raw(
    operation: &OperationModel,
    member: &Member,
    value: Option<&Value>,
) -> Result<Vec<u8>, ProtocolError> {
    let text = value.and_then(Value::as_str).unwrap_or_default();
    if !matches!(operation.shape(&member.target).kind, ShapeKind::Blob) {
        return Ok(text.as_bytes().to_vec());
    }
    base64::decode(text)
        .map_err(|error| ProtocolError(format!("{} must be base64: {error}", member.name)))
}
