//! Reads XML by the shapes of an operation.

use roxmltree::{Document, Node};
use serde_json::{Map, Value};

use maitred_model::{Location, Member, OperationModel, ShapeId, ShapeKind, ShapeRef};

use super::message::ProtocolError;
use super::scalar::{parse_scalar, unknown_member};

/// Replies that are nested deeper are refused: no service has any.
const MAX_DEPTH: usize = 100;

/// The body as text.
///
/// # Errors
/// The body is not UTF-8.
pub(super) fn text_of(body: &[u8]) -> Result<&str, ProtocolError> {
    std::str::from_utf8(body)
        .map_err(|error| ProtocolError(format!("the reply is no text: {error}")))
}

/// The most namespace declarations in a reply. The parser copies all namespaces for each element that
/// declares one, so that a reply of a megabyte could take gigabytes.
const MAX_NAMESPACES: usize = 10_000;

/// Parses XML. Document types, and with them entities of their own, are refused.
///
/// # Errors
/// The text is not XML, or declares too many namespaces.
pub(super) fn parse(text: &str) -> Result<Document<'_>, ProtocolError> {
    if text.matches("xmlns").nth(MAX_NAMESPACES).is_some() {
        let message = format!("the reply declares more than {MAX_NAMESPACES} namespaces");
        return Err(ProtocolError(message));
    }
    Document::parse(text).map_err(|error| ProtocolError(format!("the reply is no XML: {error}")))
}

/// The elements in an element.
pub(super) fn children<'a, 'input>(
    node: Node<'a, 'input>,
) -> impl Iterator<Item = Node<'a, 'input>> {
    node.children().filter(Node::is_element)
}

/// The first element of that name in an element, whatever its namespace.
pub(super) fn child<'a, 'input>(node: Node<'a, 'input>, name: &str) -> Option<Node<'a, 'input>> {
    children(node).find(|child| child.tag_name().name() == name)
}

/// The element that has the members of an error: the root, `Error` in it, or `Error` in `Errors`.
pub(super) fn error_element<'a, 'input>(root: Node<'a, 'input>) -> Node<'a, 'input> {
    let within = child(root, "Errors").unwrap_or(root);
    child(within, "Error").unwrap_or(root)
}

/// The text of an element, up to the first element in it.
pub(super) fn text(node: Node<'_, '_>) -> String {
    if let (Some(text), true) = (node.text(), node.first_child() == node.last_child()) {
        return text.to_owned();
    }
    let before = node.children().take_while(|child| !child.is_element());
    before.filter(Node::is_text).filter_map(|child| child.text()).collect()
}

/// The elements in an element as JSON, without a shape: the first of a name, an object if it has
/// elements in it, else its text, else `null`.
///
/// # Errors
/// They are nested too deeply.
pub(super) fn untyped_children(node: Node<'_, '_>) -> Result<Map<String, Value>, ProtocolError> {
    fn at(node: Node<'_, '_>, depth: usize) -> Result<Map<String, Value>, ProtocolError> {
        if depth > MAX_DEPTH {
            return Err(too_deep());
        }
        let mut entries = Map::new();
        for child in children(node) {
            let name = child.tag_name().name();
            if entries.contains_key(name) {
                continue;
            }
            let value = if children(child).next().is_some() {
                Value::Object(at(child, depth + 1)?)
            } else {
                Some(text(child)).filter(|text| !text.is_empty()).into()
            };
            entries.insert(name.to_owned(), value);
        }
        Ok(entries)
    }
    at(node, 0)
}

fn too_deep() -> ProtocolError {
    ProtocolError(format!("the reply is nested more than {MAX_DEPTH} deep"))
}

/// Reads elements by the shapes of an operation.
pub(super) struct Xml<'a> {
    pub(super) operation: &'a OperationModel,
}

impl Xml<'_> {
    /// The members of a structure that the element has. An absent member is left out.
    ///
    /// # Errors
    /// A number is malformed, or the element is nested too deeply.
    pub(super) fn structure(
        &self,
        shape: ShapeId,
        node: Node<'_, '_>,
    ) -> Result<Map<String, Value>, ProtocolError> {
        self.members(shape, node, 0)
    }

    fn members(
        &self,
        shape: ShapeId,
        node: Node<'_, '_>,
        depth: usize,
    ) -> Result<Map<String, Value>, ProtocolError> {
        let structure = self.operation.shapes.get(shape).and_then(|shape| shape.structure());
        let Some(structure) = structure else { return Ok(Map::new()) };
        let elements: Vec<(&str, Node<'_, '_>)> =
            children(node).map(|child| (child.tag_name().name(), child)).collect();
        if structure.union
            && let [(only, _)] = elements.as_slice()
            && !structure.members.iter().any(|member| self.element_name(member) == *only)
        {
            return Ok(unknown_member(only));
        }
        let mut entries = Map::new();
        for member in structure.members.iter().filter(|member| is_in_body(member)) {
            let name = self.element_name(member);
            // One after the other: most names differ in length already, so that this costs less than
            // sorting. An element can hold two members, as in S3's GetBucketNotification.
            let own = elements.iter().filter(|(element, _)| *element == name);
            let own: Vec<_> = own.map(|(_, node)| *node).collect();
            if !own.is_empty() {
                let value = self.value(&member.target, &own, depth + 1)?;
                entries.insert(member.name.clone(), value);
            } else if member.target.traits.xml_attribute
                && let Some(value) = attribute(node, name)
            {
                entries.insert(member.name.clone(), Value::String(value));
            }
        }
        Ok(entries)
    }

    /// The name of the element that holds a member: a flattened list goes by that of its elements.
    fn element_name<'m>(&'m self, member: &'m Member) -> &'m str {
        if let ShapeKind::List(element) = &self.operation.shape(&member.target).kind
            && self.operation.is_flattened(&member.target)
            && let Some(name) = self.operation.location_name(element)
        {
            return name;
        }
        self.operation.location_name(&member.target).unwrap_or(&member.name)
    }

    /// Reads the elements of one name: all of them if they are a flattened list or map, else the
    /// first.
    fn value(
        &self,
        reference: &ShapeRef,
        nodes: &[Node<'_, '_>],
        depth: usize,
    ) -> Result<Value, ProtocolError> {
        let Some(node) = nodes.first() else { return Ok(Value::Null) };
        if depth > MAX_DEPTH {
            return Err(too_deep());
        }
        let flattened = self.operation.is_flattened(reference);
        let kind = &self.operation.shape(reference).kind;
        match kind {
            ShapeKind::Structure(_) => {
                Ok(Value::Object(self.members(reference.shape, *node, depth)?))
            }
            ShapeKind::List(member) if flattened => self.list(member, nodes.iter().copied(), depth),
            ShapeKind::List(member) => self.list(member, children(*node), depth),
            ShapeKind::Map { key, value } if flattened => {
                self.map((key, value), nodes.iter().copied(), depth)
            }
            ShapeKind::Map { key, value } => self.map((key, value), children(*node), depth),
            ShapeKind::String(_)
            | ShapeKind::Boolean
            | ShapeKind::Integer
            | ShapeKind::Long
            | ShapeKind::Float
            | ShapeKind::Double
            | ShapeKind::Timestamp
            | ShapeKind::Blob => parse_scalar(kind, text(*node)),
        }
    }

    fn list<'n, 'i: 'n>(
        &self,
        member: &ShapeRef,
        nodes: impl Iterator<Item = Node<'n, 'i>>,
        depth: usize,
    ) -> Result<Value, ProtocolError> {
        let items = nodes.map(|node| self.value(member, &[node], depth + 1));
        Ok(Value::Array(items.collect::<Result<_, _>>()?))
    }

    fn map<'n, 'i: 'n>(
        &self,
        (key, value): (&ShapeRef, &ShapeRef),
        nodes: impl Iterator<Item = Node<'n, 'i>>,
        depth: usize,
    ) -> Result<Value, ProtocolError> {
        let key_name = self.operation.location_name(key).unwrap_or("key");
        let value_name = self.operation.location_name(value).unwrap_or("value");
        let mut entries = Map::new();
        for entry in nodes {
            if let (Some(key), Some(node)) = (child(entry, key_name), child(entry, value_name)) {
                entries.insert(text(key), self.value(value, &[node], depth + 1)?);
            }
        }
        Ok(Value::Object(entries))
    }
}

/// Whether a member is in the body.
pub(super) fn is_in_body(member: &Member) -> bool {
    !matches!(
        member.target.traits.location,
        Some(Location::Header | Location::Headers | Location::StatusCode)
    )
}

/// An attribute by its name, with its prefix if it has a namespace.
fn attribute(node: Node<'_, '_>, name: &str) -> Option<String> {
    let (prefix, local) = name.split_once(':').unwrap_or(("", name));
    let found = node.attributes().find(|attribute| {
        attribute.name() == local && attribute.namespace().is_some() != prefix.is_empty()
    });
    found.map(|attribute| attribute.value().to_owned())
}
