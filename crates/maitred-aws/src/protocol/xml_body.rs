//! Writes the XML of request bodies.

use serde_json::{Map, Value};

use maitred_model::{OperationModel, ShapeKind, ShapeRef, TimestampFormat};

use super::message::ProtocolError;
use super::scalar::{scalar_text, timestamp};

/// The document of a structure; its root has the name that the model gives it, else that of the
/// member, else that of the structure.
///
/// # Errors
/// The structure has something that is not a member, or an invalid time.
pub(super) fn write(
    operation: &OperationModel,
    reference: &ShapeRef,
    member: Option<&str>,
    input: &Map<String, Value>,
) -> Result<String, ProtocolError> {
    let name = operation.location_name(reference).or(member);
    let name = name.unwrap_or(&operation.shape(reference).name).to_owned();
    let mut writer = Writer { operation, text: String::new() };
    writer.structure(reference, input, &name)?;
    Ok(writer.text)
}

struct Writer<'a> {
    operation: &'a OperationModel,
    text: String,
}

impl Writer<'_> {
    fn structure(
        &mut self,
        reference: &ShapeRef,
        input: &Map<String, Value>,
        name: &str,
    ) -> Result<(), ProtocolError> {
        let operation = self.operation;
        let Some(structure) = operation.shape(reference).structure() else { return Ok(()) };
        let mut elements = Vec::with_capacity(input.len());
        let mut attributes = self.namespace(reference);
        for (key, value) in input {
            let member = structure.member(key);
            let member = member.ok_or_else(|| ProtocolError(format!("{key} is not a member")))?;
            let wire_name = operation.location_name(&member.target).unwrap_or(key);
            if member.target.traits.xml_attribute {
                attributes.push((wire_name.to_owned(), scalar_text(value)));
            } else {
                elements.push((&member.target, value, wire_name));
            }
        }
        self.open(name, &attributes);
        for (target, value, wire_name) in elements {
            self.value(target, value, wire_name)?;
        }
        self.close(name);
        Ok(())
    }

    fn value(
        &mut self,
        reference: &ShapeRef,
        value: &Value,
        name: &str,
    ) -> Result<(), ProtocolError> {
        let operation = self.operation;
        let flattened = operation.is_flattened(reference);
        match (&operation.shape(reference).kind, value) {
            (ShapeKind::Structure(_), Value::Object(input)) => {
                self.structure(reference, input, name)
            }
            (ShapeKind::List(member), Value::Array(items)) if flattened => {
                items.iter().try_for_each(|item| self.value(member, item, name))
            }
            (ShapeKind::List(member), Value::Array(items)) => {
                let element = operation.location_name(member).unwrap_or("member");
                self.open(name, &self.namespace(reference));
                items.iter().try_for_each(|item| self.value(member, item, element))?;
                self.close(name);
                Ok(())
            }
            (ShapeKind::Map { key, value }, Value::Object(entries)) if flattened => {
                self.entries((key, value), entries, name)
            }
            (ShapeKind::Map { key, value }, Value::Object(entries)) => {
                self.open(name, &self.namespace(reference));
                self.entries((key, value), entries, "entry")?;
                self.close(name);
                Ok(())
            }
            (ShapeKind::Timestamp, _) => {
                let format = operation.timestamp_format(reference);
                let text = timestamp(name, value, format.unwrap_or(TimestampFormat::Iso8601))?;
                self.leaf(reference, &text, name);
                Ok(())
            }
            (_, Value::String(_) | Value::Number(_) | Value::Bool(_)) => {
                self.leaf(reference, &scalar_text(value), name);
                Ok(())
            }
            _ => Err(ProtocolError(format!("{name} is of the wrong type"))),
        }
    }

    fn entries(
        &mut self,
        (key, value): (&ShapeRef, &ShapeRef),
        entries: &Map<String, Value>,
        name: &str,
    ) -> Result<(), ProtocolError> {
        let operation = self.operation;
        let key_name = operation.location_name(key).unwrap_or("key");
        let value_name = operation.location_name(value).unwrap_or("value");
        for (entry_key, entry) in entries {
            self.open(name, &[]);
            self.leaf(key, entry_key, key_name);
            self.value(value, entry, value_name)?;
            self.close(name);
        }
        Ok(())
    }

    fn leaf(&mut self, reference: &ShapeRef, text: &str, name: &str) {
        self.open(name, &self.namespace(reference));
        escape(&mut self.text, text);
        self.close(name);
    }

    fn namespace(&self, reference: &ShapeRef) -> Vec<(String, String)> {
        let own = reference.traits.xml_namespace.as_ref();
        let namespace =
            own.or_else(|| self.operation.shape(reference).traits.xml_namespace.as_ref());
        let attribute = namespace.map(|namespace| match &namespace.prefix {
            Some(prefix) => (format!("xmlns:{prefix}"), namespace.uri.clone()),
            None => ("xmlns".to_owned(), namespace.uri.clone()),
        });
        attribute.into_iter().collect()
    }

    fn open(&mut self, name: &str, attributes: &[(String, String)]) {
        self.text.push('<');
        self.text.push_str(name);
        for (attribute, value) in attributes {
            self.text.push_str(&format!(" {attribute}=\""));
            escape(&mut self.text, value);
            self.text.push('"');
        }
        self.text.push('>');
    }

    fn close(&mut self, name: &str) {
        self.text.push_str(&format!("</{name}>"));
    }
}

/// Line ends are escaped too: a reader would change `\r`, and in an attribute `\n`.
fn escape(into: &mut String, text: &str) {
    for letter in text.chars() {
        match letter {
            '&' => into.push_str("&amp;"),
            '<' => into.push_str("&lt;"),
            '>' => into.push_str("&gt;"),
            '"' => into.push_str("&quot;"),
            '\r' => into.push_str("&#xD;"),
            '\n' => into.push_str("&#xA;"),
            letter => into.push(letter),
        }
    }
}
