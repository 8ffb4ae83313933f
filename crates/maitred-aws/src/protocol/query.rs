//! The query protocol and EC2's variant: requests are forms, replies are XML.
//!
//! <https://smithy.io/2.0/aws/protocols/aws-query-protocol.html>,
//! <https://smithy.io/2.0/aws/protocols/aws-ec2-query-protocol.html>

use serde_json::{Map, Value};

use maitred_model::{
    ErrorModel, OperationModel, Protocol, ServiceModel, ShapeKind, ShapeRef, TimestampFormat,
};

use super::message::{Parsed, ProtocolError, Reply, Request};
use super::scalar::timestamp;
use super::xml::{self, Xml};
use crate::endpoint::uri_encode;

pub(super) fn serialize(
    service: &ServiceModel,
    operation: &OperationModel,
    input: &Map<String, Value>,
) -> Result<Request, ProtocolError> {
    let mut form =
        Form { is_ec2: service.protocol == Protocol::Ec2, operation, fields: Vec::new() };
    form.field("Action", &operation.name);
    form.field("Version", &service.api_version);
    if let Some(shape) = &operation.input {
        form.structure(shape, input, "")?;
    }
    let content_type = "application/x-www-form-urlencoded; charset=utf-8";
    Ok(Request {
        target: "/".into(),
        headers: vec![("content-type".into(), content_type.into())],
        body: form.encode().into_bytes(),
    })
}

struct Form<'a> {
    is_ec2: bool,
    operation: &'a OperationModel,
    fields: Vec<(String, String)>,
}

impl Form<'_> {
    fn field(&mut self, name: &str, value: &str) {
        self.fields.push((name.to_owned(), value.to_owned()));
    }

    fn encode(&self) -> String {
        let pairs = self.fields.iter();
        let pairs =
            pairs.map(|(name, value)| format!("{}={}", uri_encode(name), uri_encode(value)));
        pairs.collect::<Vec<_>>().join("&")
    }

    /// EC2 has names for requests only, and capitalises those that it shares with replies.
    fn name(&self, reference: &ShapeRef, default: &str) -> String {
        let name = self.operation.location_name(reference);
        match (self.is_ec2, &reference.traits.query_name, name) {
            (true, Some(name), _) => name.clone(),
            (true, None, Some(name)) => {
                let mut letters = name.chars();
                let first = letters.next().map(|first| first.to_ascii_uppercase());
                first.into_iter().chain(letters).collect()
            }
            (_, _, name) => name.unwrap_or(default).to_owned(),
        }
    }

    fn structure(
        &mut self,
        reference: &ShapeRef,
        input: &Map<String, Value>,
        prefix: &str,
    ) -> Result<(), ProtocolError> {
        let operation = self.operation;
        let Some(structure) = operation.shape(reference).structure() else { return Ok(()) };
        for (key, value) in input {
            let member = structure.member(key);
            let member = member.ok_or_else(|| ProtocolError(format!("{key} is not a member")))?;
            let name = self.name(&member.target, key);
            let dot = if prefix.is_empty() { "" } else { "." };
            self.value(&member.target, value, &format!("{prefix}{dot}{name}"))?;
        }
        Ok(())
    }

    fn value(
        &mut self,
        reference: &ShapeRef,
        value: &Value,
        prefix: &str,
    ) -> Result<(), ProtocolError> {
        match (&self.operation.shape(reference).kind, value) {
            (ShapeKind::Structure(_), Value::Object(input)) => {
                self.structure(reference, input, prefix)
            }
            (ShapeKind::List(member), Value::Array(items)) => {
                self.list(reference, member, items, prefix)
            }
            (ShapeKind::Map { key, value }, Value::Object(entries)) => {
                self.map(reference, (key, value), entries, prefix)
            }
            (ShapeKind::Timestamp, _) => {
                let format = self.operation.timestamp_format(reference);
                let format = format.unwrap_or(TimestampFormat::Iso8601);
                self.field(prefix, &timestamp(prefix, value, format)?);
                Ok(())
            }
            (_, Value::String(text)) => {
                self.field(prefix, text);
                Ok(())
            }
            (_, Value::Number(_) | Value::Bool(_)) => {
                self.field(prefix, &value.to_string());
                Ok(())
            }
            _ => Err(ProtocolError(format!("{prefix} is of the wrong type"))),
        }
    }

    /// An empty list is an empty field, except in EC2, whose lists are all flattened.
    fn list(
        &mut self,
        reference: &ShapeRef,
        member: &ShapeRef,
        items: &[Value],
        prefix: &str,
    ) -> Result<(), ProtocolError> {
        let operation = self.operation;
        let name = operation.location_name(member);
        let prefix = match (operation.is_flattened(reference), name) {
            _ if self.is_ec2 => prefix.to_owned(),
            _ if items.is_empty() => {
                self.field(prefix, "");
                return Ok(());
            }
            (false, name) => format!("{prefix}.{}", name.unwrap_or("member")),
            (true, None) => prefix.to_owned(),
            // A flattened list has the name of its elements in the place of its own.
            (true, Some(name)) => prefix
                .rsplit_once('.')
                .map_or_else(|| name.to_owned(), |(before, _)| format!("{before}.{name}")),
        };
        for (index, item) in items.iter().enumerate() {
            self.value(member, item, &format!("{prefix}.{}", index + 1))?;
        }
        Ok(())
    }

    fn map(
        &mut self,
        reference: &ShapeRef,
        (key, value): (&ShapeRef, &ShapeRef),
        entries: &Map<String, Value>,
        prefix: &str,
    ) -> Result<(), ProtocolError> {
        let operation = self.operation;
        let entry = if operation.is_flattened(reference) { "" } else { ".entry" };
        let key_name = self.name(key, "key");
        let value_name = self.name(value, "value");
        for (index, (name, item)) in entries.iter().enumerate() {
            let prefix = format!("{prefix}{entry}.{}", index + 1);
            self.field(&format!("{prefix}.{key_name}"), name);
            self.value(value, item, &format!("{prefix}.{value_name}"))?;
        }
        Ok(())
    }
}

pub(super) fn parse_output(
    is_ec2: bool,
    operation: &OperationModel,
    reply: &Reply,
) -> Result<Parsed, ProtocolError> {
    let document = xml::parse(xml::text_of(&reply.body)?)?;
    let root = document.root_element();
    let mut members = Map::new();
    if let Some(output) = &operation.output {
        let start = match &operation.result_wrapper {
            None => root,
            Some(wrapper) => xml::child(root, wrapper)
                .ok_or_else(|| ProtocolError(format!("the reply has no element <{wrapper}>")))?,
        };
        members = Xml { operation }.structure(output.shape, start)?;
    }
    let text = |node| Value::String(xml::text(node));
    let metadata = if is_ec2 {
        let id = xml::child(root, "requestId");
        id.map(|node| ("RequestId".to_owned(), text(node))).into_iter().collect()
    } else {
        let nodes = xml::child(root, "ResponseMetadata").into_iter().flat_map(xml::children);
        nodes.map(|node| (node.tag_name().name().to_owned(), text(node))).collect()
    };
    Ok(Parsed { members, metadata })
}

/// An error reply: the XML without `Errors` around its members, and with the request id in
/// `ResponseMetadata`.
pub(super) fn parse_error(is_ec2: bool, reply: &Reply) -> Result<Parsed, ProtocolError> {
    let document = xml::parse(xml::text_of(&reply.body)?)?;
    let mut members = xml::untyped_children(document.root_element())?;
    if let Some(Value::Object(errors)) = members.shift_remove("Errors") {
        members.extend(errors);
    }
    let mut request_id = members.shift_remove("RequestId");
    if is_ec2 {
        request_id = members.shift_remove("RequestID").or(request_id);
    }
    let metadata = request_id.map(|id| ("RequestId".to_owned(), id)).into_iter().collect();
    Ok(Parsed { members, metadata })
}

/// The members of the error's own shape.
pub(super) fn parse_error_members(
    operation: &OperationModel,
    error: &ErrorModel,
    reply: &Reply,
) -> Result<Map<String, Value>, ProtocolError> {
    let document = xml::parse(xml::text_of(&reply.body)?)?;
    let root = xml::error_element(document.root_element());
    Xml { operation }.structure(error.shape, root)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn service() -> ServiceModel {
        serde_json::from_value(json!({
            "name": "thing", "serviceId": "Thing", "fullName": "Thing", "apiVersion": "2020-01-01",
            "endpointPrefix": "thing", "signingName": "thing", "signatureVersion": "v4",
            "protocol": "query", "operations": ["DescribeThings"],
        }))
        .unwrap()
    }

    /// Lists and maps, flattened and not, with names of their own and without; and a recursion.
    fn operation() -> OperationModel {
        let named = |shape: usize, name: &str| json!({ "shape": shape, "traits": { "locationName": name } });
        let structure = json!({ "structure": { "members": [
            { "name": "Plain", "target": { "shape": 2 } },
            { "name": "Named", "target": { "shape": 3 } },
            { "name": "Flat", "target": { "shape": 4 } },
            { "name": "FlatNamed", "target": { "shape": 5 } },
            { "name": "Map", "target": { "shape": 6 } },
            { "name": "FlatMap", "target": { "shape": 7 } },
            { "name": "Time", "target": { "shape": 8 } },
            { "name": "Flag", "target": named(9, "flag") },
            { "name": "Self", "target": { "shape": 0 } },
        ] } });
        serde_json::from_value(json!({
            "name": "DescribeThings", "method": "POST", "requestUri": "/",
            "input": { "shape": 0 }, "output": { "shape": 0 },
            "shapes": [
                { "name": "Thing", "kind": structure },
                { "kind": { "string": [] } },
                { "kind": { "list": { "shape": 1 } } },
                { "kind": { "list": named(1, "item") } },
                { "kind": { "list": { "shape": 1 } }, "traits": { "flattened": true } },
                { "kind": { "list": named(1, "item") }, "traits": { "flattened": true } },
                { "kind": { "map": { "key": { "shape": 1 }, "value": { "shape": 1 } } } },
                { "kind": { "map": { "key": named(1, "K"), "value": named(1, "V") } },
                  "traits": { "flattened": true } },
                { "kind": "timestamp" },
                { "kind": "boolean" },
            ],
        }))
        .unwrap()
    }

    fn sent(input: &Value) -> Result<String, ProtocolError> {
        let request = serialize(&service(), &operation(), input.as_object().unwrap())?;
        let body = String::from_utf8(request.body).unwrap();
        Ok(body.strip_prefix("Action=DescribeThings&Version=2020-01-01").unwrap().to_owned())
    }

    fn read(body: &str) -> Result<Value, ProtocolError> {
        let body = body.as_bytes().to_vec();
        let reply = Reply { status: 200, headers: Vec::new(), body, retries: 0 };
        let parsed = parse_output(false, &operation(), &reply)?;
        Ok(Value::Object(parsed.members))
    }

    #[test]
    fn every_form_of_list_and_map_is_written() {
        for (input, expected) in [
            (json!({ "Plain": ["a", "b"] }), "&Plain.member.1=a&Plain.member.2=b"),
            (json!({ "Plain": [] }), "&Plain="),
            (json!({ "Named": ["a"] }), "&Named.item.1=a"),
            (json!({ "Flat": ["a"] }), "&Flat.1=a"),
            (json!({ "FlatNamed": ["a"] }), "&item.1=a"),
            (json!({ "Self": { "FlatNamed": ["a"] } }), "&Self.item.1=a"),
            (json!({ "Map": { "x": "y" } }), "&Map.entry.1.key=x&Map.entry.1.value=y"),
            (json!({ "FlatMap": { "x": "y" } }), "&FlatMap.1.K=x&FlatMap.1.V=y"),
            (json!({ "Time": 0, "Flag": true }), "&Time=1970-01-01T00%3A00%3A00Z&flag=true"),
            (json!({ "Self": { "Self": { "Flag": false } } }), "&Self.Self.flag=false"),
            (json!({ "Plain": ["ä &=+"] }), "&Plain.member.1=%C3%A4%20%26%3D%2B"),
        ] {
            assert_eq!(sent(&input).unwrap(), expected, "{input}");
        }
        assert!(sent(&json!({ "Time": "soon" })).is_err());
        assert!(sent(&json!({ "Unknown": 1 })).is_err());
    }

    #[test]
    fn every_form_of_list_and_map_is_read() {
        for (body, expected) in [
            ("<Plain><member>a</member></Plain>", json!({ "Plain": ["a"] })),
            ("<Plain/>", json!({ "Plain": [] })),
            ("<Flat>a</Flat><Flag/><Flat/>", json!({ "Flat": ["a", ""] })),
            ("<item>a</item>", json!({ "FlatNamed": ["a"] })),
            (
                "<Map><entry><key>x</key><value>y</value></entry></Map>",
                json!({ "Map": { "x": "y" } }),
            ),
            ("<FlatMap><K>x</K><V>y</V></FlatMap>", json!({ "FlatMap": { "x": "y" } })),
            ("<Self><flag>true</flag></Self>", json!({ "Self": { "Flag": true } })),
            ("<Time>2024-01-01T00:00:00Z</Time>", json!({ "Time": "2024-01-01T00:00:00+00:00" })),
            ("<Newer>than the model</Newer>", json!({})),
        ] {
            assert_eq!(read(&format!("<R>{body}</R>")).unwrap(), expected, "{body}");
        }
    }

    #[test]
    fn a_reply_that_nests_for_ever_is_an_error() {
        let body = format!("<R>{}{}</R>", "<Self>".repeat(5000), "</Self>".repeat(5000));
        assert_eq!(read(&body).unwrap_err().0, "the reply is nested more than 100 deep");
        let entity = "<!DOCTYPE R [<!ENTITY a 'aaaa'>]><R><Plain>&a;</Plain></R>";
        assert!(read(entity).is_err());
        let declared: String = (0..20_000).map(|n| format!("<a xmlns:n{n}='u'/>")).collect();
        let error = read(&format!("<R>{declared}</R>")).unwrap_err().0;
        assert_eq!(error, "the reply declares more than 10000 namespaces");
    }
}
