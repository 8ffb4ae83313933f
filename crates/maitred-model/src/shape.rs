//! Shapes: the types of inputs, outputs and errors.

use serde::{Deserialize, Serialize};

/// The index of a shape in [`OperationModel::shapes`](crate::OperationModel::shapes).
pub type ShapeId = usize;

/// A named type.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Shape {
    /// The name of a structure, e.g. `ClustersMessage`; other shapes may have none.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub name: String,
    /// The type.
    pub kind: ShapeKind,
    /// The minimum length, or the minimum value of a number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub min: Option<f64>,
    /// The traits of serialisation.
    #[serde(default, skip_serializing_if = "Traits::is_empty")]
    pub traits: Traits,
}

impl Shape {
    /// The structure, if it is one.
    #[must_use]
    pub fn structure(&self) -> Option<&Structure> {
        if let ShapeKind::Structure(structure) = &self.kind { Some(structure) } else { None }
    }

    /// The values of an enum; empty for any other shape. Services add values, so replies may have others.
    #[must_use]
    pub fn enum_values(&self) -> &[String] {
        if let ShapeKind::String(values) = &self.kind { values } else { &[] }
    }
}

/// The type of a shape. Exhaustive, so that a protocol handles all of them.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum ShapeKind {
    /// Named members.
    Structure(Structure),
    /// Elements of one type.
    List(ShapeRef),
    /// A map from strings to values of one type.
    Map {
        /// The keys.
        key: ShapeRef,
        /// The values.
        value: ShapeRef,
    },
    /// A string, with the known values if it is an enum.
    String(Vec<String>),
    /// `true` or `false`.
    Boolean,
    /// A 32-bit integer.
    Integer,
    /// A 64-bit integer.
    Long,
    /// A 32-bit floating-point number.
    Float,
    /// A 64-bit floating-point number.
    Double,
    /// A point in time.
    Timestamp,
    /// Bytes, base64 in JSON.
    Blob,
}

impl ShapeKind {
    /// The name of the type in the model, e.g. `structure`.
    #[must_use]
    pub fn type_name(&self) -> &'static str {
        match self {
            Self::Structure(_) => "structure",
            Self::List(_) => "list",
            Self::Map { .. } => "map",
            Self::String(_) => "string",
            Self::Boolean => "boolean",
            Self::Integer => "integer",
            Self::Long => "long",
            Self::Float => "float",
            Self::Double => "double",
            Self::Timestamp => "timestamp",
            Self::Blob => "blob",
        }
    }
}

/// The members and properties of a structure.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct Structure {
    /// The members, in the order of the model.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub members: Vec<Member>,
    /// The member that is the whole body.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub payload: Option<String>,
    /// Whether the value is any JSON rather than these members.
    #[serde(skip_serializing_if = "is_false")]
    pub document: bool,
    /// Whether exactly one member is set.
    #[serde(skip_serializing_if = "is_false")]
    pub union: bool,
    /// Whether it is an error.
    #[serde(skip_serializing_if = "is_false")]
    pub exception: bool,
    /// Whether it is a stream of events, each one of the members.
    #[serde(skip_serializing_if = "is_false")]
    pub event_stream: bool,
}

impl Structure {
    /// The member of that name.
    #[must_use]
    pub fn member(&self, name: &str) -> Option<&Member> {
        self.members.iter().find(|member| member.name == name)
    }
}

/// A member of a structure.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Member {
    /// The name in JSON, e.g. `ClusterIdentifier`.
    pub name: String,
    /// Whether it is required in an input.
    #[serde(default, skip_serializing_if = "is_false")]
    pub required: bool,
    /// Its type.
    pub target: ShapeRef,
}

/// A use of a shape. Its traits take precedence over those of the shape.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct ShapeRef {
    /// The shape.
    pub shape: ShapeId,
    /// The traits of serialisation here.
    #[serde(default, skip_serializing_if = "Traits::is_empty")]
    pub traits: Traits,
}

/// The traits that control how a shape or a member is serialised.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
#[non_exhaustive]
pub struct Traits {
    /// The part of the message where it is sent, if not the body.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub location: Option<Location>,
    /// The name on the wire, if it is not the member's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub location_name: Option<String>,
    /// The name in an EC2 request, which takes precedence over `location_name`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub query_name: Option<String>,
    /// Whether a list or map has no enclosing element.
    #[serde(skip_serializing_if = "is_false")]
    pub flattened: bool,
    /// Whether it is an attribute of the XML element rather than a child.
    #[serde(skip_serializing_if = "is_false")]
    pub xml_attribute: bool,
    /// The namespace of the XML element.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub xml_namespace: Option<XmlNamespace>,
    /// The format of a timestamp.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub timestamp_format: Option<TimestampFormat>,
    /// Whether it is JSON in base64 in a header.
    #[serde(rename = "jsonvalue", skip_serializing_if = "is_false")]
    pub json_value: bool,
    /// Whether it is a label of the host prefix.
    #[serde(skip_serializing_if = "is_false")]
    pub host_label: bool,
    /// Whether the body is streamed.
    #[serde(skip_serializing_if = "is_false")]
    pub streaming: bool,
    /// Whether it is an idempotency token.
    #[serde(skip_serializing_if = "is_false")]
    pub idempotency_token: bool,
    /// The endpoint parameter that this member sets.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub context_param: Option<String>,
    /// Whether it must not be logged.
    #[serde(skip_serializing_if = "is_false")]
    pub sensitive: bool,
}

impl Traits {
    /// Whether nothing is set.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// The part of an HTTP message where a member is sent. Exhaustive, so that a protocol handles all of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Location {
    /// A label of the path.
    Uri,
    /// The query string.
    #[serde(rename = "querystring")]
    QueryString,
    /// One header.
    Header,
    /// All headers with a prefix.
    Headers,
    /// The status.
    StatusCode,
}

/// The format of a timestamp on the wire. Exhaustive, so that a protocol handles all of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum TimestampFormat {
    /// `2024-01-31T12:00:00Z`
    #[serde(rename = "iso8601")]
    Iso8601,
    /// `Wed, 31 Jan 2024 12:00:00 GMT`
    #[serde(rename = "rfc822")]
    Rfc822,
    /// Seconds since 1970.
    #[serde(rename = "unixTimestamp")]
    UnixTimestamp,
}

/// An XML namespace.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct XmlNamespace {
    /// The URI.
    pub uri: String,
    /// The prefix, if it is not the default namespace.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub prefix: Option<String>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "the signature that serde calls")]
pub(crate) fn is_false(value: &bool) -> bool {
    !value
}
