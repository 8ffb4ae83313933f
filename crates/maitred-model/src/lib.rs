//! What is known of a service: its operations, their shapes, enums and errors. Pure data.
//!
//! The words are those of botocore's service models and of Smithy. A [`ServiceModel`] lists the
//! operations; an [`OperationModel`] is self-contained and holds just the shapes that it reaches.

use serde::{Deserialize, Serialize};

use maitred_core::diagnostic::nearest;

use maitred_core::names::{is_read, same_name};

pub mod archive;
mod check;
pub mod states;
pub mod timestamp;

pub use archive::{ModelError, ModelOrigin, Models, Service};

/// The wire protocol of a service.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Protocol {
    /// Form-encoded requests, XML replies.
    Query,
    /// The variant of [`Protocol::Query`] that EC2 speaks.
    Ec2,
    /// JSON-RPC: everything in one JSON body.
    Json,
    /// REST with JSON bodies.
    RestJson,
    /// REST with XML bodies.
    RestXml,
}

/// A service: what its client needs to know, and the names of its operations.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct ServiceModel {
    /// The name as botocore and the AWS CLI have it, e.g. `redshift`.
    pub name: String,
    /// The service id, e.g. `Redshift`.
    pub service_id: String,
    /// The full name, e.g. `Amazon Redshift`.
    pub full_name: String,
    /// The API version, e.g. `2012-12-01`.
    pub api_version: String,
    /// The first label of its host names.
    pub endpoint_prefix: String,
    /// The name that requests are signed for.
    pub signing_name: String,
    /// How requests are signed, e.g. `v4`.
    pub signature_version: String,
    /// The protocol to speak.
    pub protocol: Protocol,
    /// `X-Amz-Target` prefix of [`Protocol::Json`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target_prefix: Option<String>,
    /// The version of [`Protocol::Json`], `1.0` or `1.1`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub json_version: Option<String>,
    /// The namespace of XML request bodies.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub xml_namespace: Option<String>,
    /// The host of services that have one for the whole partition.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub global_endpoint: Option<String>,
    /// Whether error codes of a former query API come in the header `x-amzn-query-error`.
    #[serde(default, skip_serializing_if = "is_false")]
    pub query_compatible: bool,
    /// The names of the operations, in the order of the model.
    pub operations: Vec<String>,
}

impl ServiceModel {
    /// The operation's own name, for any casing of it: `DescribeClusters`, `describe-clusters` and
    /// `describe_clusters` are the same.
    #[must_use]
    pub fn operation_name(&self, name: &str) -> Option<&str> {
        let exact = self.operations.iter().find(|operation| *operation == name);
        exact
            .or_else(|| self.operations.iter().find(|operation| same_name(operation, name)))
            .map(String::as_str)
    }

    /// The operation that somebody who wrote `name` may have meant.
    #[must_use]
    pub fn suggest_operation(&self, name: &str) -> Option<&str> {
        nearest(name, self.operations.iter().map(String::as_str))
    }

    /// Whether the operation only reads, so that polling it changes nothing.
    #[must_use]
    pub fn is_read(&self, operation: &str) -> bool {
        is_read(&self.name, self.operation_name(operation).unwrap_or(operation))
    }
}

/// The index of a shape in [`OperationModel::shapes`].
pub type ShapeId = usize;

/// One operation with every shape that it reaches.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct OperationModel {
    /// The name, e.g. `DescribeClusters`.
    pub name: String,
    /// The HTTP method.
    pub method: String,
    /// The path and query, with `{Member}` labels.
    pub request_uri: String,
    /// The input; always a structure.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub input: Option<ShapeRef>,
    /// The output; always a structure.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub output: Option<ShapeRef>,
    /// The element of an XML reply that holds the output.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub result_wrapper: Option<String>,
    /// The errors that the operation is known to give.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub errors: Vec<ErrorModel>,
    /// What goes before the endpoint's host, with `{Member}` labels.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub host_prefix: Option<String>,
    /// Whether the request goes unsigned.
    #[serde(default, skip_serializing_if = "is_false")]
    pub unsigned: bool,
    /// Whether the request has to carry a checksum of its body.
    #[serde(default, skip_serializing_if = "is_false")]
    pub checksum_required: bool,
    /// Endpoint parameters that this operation fixes.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub static_context_params: Vec<(String, serde_json::Value)>,
    /// How its output comes in pages, if it does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pagination: Option<Pagination>,
    /// The shapes; a [`ShapeRef`] points into them. They may be recursive.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub shapes: Vec<Shape>,
}

impl OperationModel {
    /// The shape that a reference points to.
    ///
    /// # Panics
    /// If `reference` is not of this operation.
    #[must_use]
    pub fn shape(&self, reference: &ShapeRef) -> &Shape {
        &self.shapes[reference.shape]
    }

    /// The members of the input, in the order of the model; none if the operation takes none.
    #[must_use]
    pub fn input_members(&self) -> &[Member] {
        self.input.as_ref().map_or(&[], |input| self.members(input))
    }

    /// The members of the output, in the order of the model.
    #[must_use]
    pub fn output_members(&self) -> &[Member] {
        self.output.as_ref().map_or(&[], |output| self.members(output))
    }

    /// The members of a structure; none of anything else.
    #[must_use]
    pub fn members(&self, reference: &ShapeRef) -> &[Member] {
        self.shape(reference).structure().map_or(&[], |structure| &structure.members)
    }

    /// Whether the input or the output is a stream of events.
    #[must_use]
    pub fn has_event_stream(&self) -> bool {
        let mut members = self.input_members().iter().chain(self.output_members());
        let is_stream = |shape: &Shape| shape.structure().is_some_and(|s| s.event_stream);
        members.any(|member| is_stream(self.shape(&member.target)))
    }

    /// Whether the body of a reply is a file and not a document, as botocore's `get_streaming_output` says.
    #[must_use]
    pub fn streams_output(&self) -> bool {
        let output = self.output.as_ref().and_then(|output| self.shape(output).structure());
        let payload = output.and_then(|output| output.member(output.payload.as_deref()?));
        payload.is_some_and(|member| matches!(self.shape(&member.target).kind, ShapeKind::Blob))
    }

    /// The codes of the errors that the operation is known to give.
    pub fn error_codes(&self) -> impl Iterator<Item = &str> {
        self.errors.iter().map(|error| error.code.as_str())
    }

    /// The input members that the client fills with a random token where the caller gives none.
    pub fn idempotency_tokens(&self) -> impl Iterator<Item = &Member> {
        self.input_members().iter().filter(|member| member.target.traits.idempotency_token)
    }

    /// The name on the wire: the reference's own, else its shape's; none if it is the member's name.
    #[must_use]
    pub fn location_name<'a>(&'a self, reference: &'a ShapeRef) -> Option<&'a str> {
        let own = reference.traits.location_name.as_deref();
        own.or_else(|| self.shape(reference).traits.location_name.as_deref())
    }

    /// Whether a list or map comes without an element of its own around it.
    #[must_use]
    pub fn is_flattened(&self, reference: &ShapeRef) -> bool {
        reference.traits.flattened || self.shape(reference).traits.flattened
    }

    /// The timestamp format, if it is not the protocol's own.
    #[must_use]
    pub fn timestamp_format(&self, reference: &ShapeRef) -> Option<TimestampFormat> {
        reference.traits.timestamp_format.or(self.shape(reference).traits.timestamp_format)
    }

    /// The type as the AWS CLI's help shows it: `string`, `list of string`, `structure`,
    /// `map of string to string`, `integer`, `timestamp`, …
    #[must_use]
    pub fn type_summary(&self, reference: &ShapeRef) -> String {
        let kind = &self.shape(reference).kind;
        if let ShapeKind::List(member) = kind {
            format!("list of {}", self.type_name(member))
        } else if let ShapeKind::Map { key, value } = kind {
            format!("map of {} to {}", self.type_name(key), self.type_name(value))
        } else {
            kind.type_name().to_owned()
        }
    }

    fn type_name(&self, reference: &ShapeRef) -> &'static str {
        self.shape(reference).kind.type_name()
    }
}

/// How an output comes in pages: an entry of botocore's `paginators-1.json`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
#[non_exhaustive]
pub struct Pagination {
    /// The members of the input that carry the tokens of the next page.
    pub input_token: Vec<String>,
    /// The JMESPath expressions that yield those tokens from a page, in the same order.
    pub output_token: Vec<String>,
    /// The dotted paths of what is joined over all pages.
    pub result_key: Vec<String>,
    /// The dotted paths of what is the same on all pages.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub non_aggregate_keys: Vec<String>,
    /// The JMESPath expression that is true where there is another page.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub more_results: Option<String>,
    /// The member of the input that bounds a page.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub limit_key: Option<String>,
}

/// An error that an operation is known to give.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct ErrorModel {
    /// The code on the wire, e.g. `ClusterNotFound`; often not the shape's name.
    pub code: String,
    /// Its structure.
    pub shape: ShapeId,
}

/// A named type.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Shape {
    /// The name of a structure, e.g. `ClustersMessage`; other shapes may have none.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub name: String,
    /// What it is.
    pub kind: ShapeKind,
    /// The least length, or value of a number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub min: Option<f64>,
    /// How it goes over the wire.
    #[serde(default, skip_serializing_if = "Traits::is_empty")]
    pub traits: Traits,
}

impl Shape {
    /// The structure, if it is one.
    #[must_use]
    pub fn structure(&self) -> Option<&Structure> {
        if let ShapeKind::Structure(structure) = &self.kind { Some(structure) } else { None }
    }

    /// The values of an enum, empty for anything else. Services add values, so others may come.
    #[must_use]
    pub fn enum_values(&self) -> &[String] {
        if let ShapeKind::String(values) = &self.kind { values } else { &[] }
    }
}

/// What a shape is.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum ShapeKind {
    /// Named members.
    Structure(Structure),
    /// Elements of one type.
    List(ShapeRef),
    /// Keys, which are strings, to values of one type.
    Map {
        /// The keys.
        key: ShapeRef,
        /// The values.
        value: ShapeRef,
    },
    /// Text; with the known values if it is an enum.
    String(Vec<String>),
    /// `true` or `false`.
    Boolean,
    /// 32 bits.
    Integer,
    /// 64 bits.
    Long,
    /// A number with a fraction.
    Float,
    /// A number with a fraction.
    Double,
    /// A point in time.
    Timestamp,
    /// Bytes, base64 in JSON.
    Blob,
}

impl ShapeKind {
    /// The model's word for it, e.g. `structure`.
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

/// The members of a structure and what is special about it.
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
    /// Any JSON, not these members.
    #[serde(skip_serializing_if = "is_false")]
    pub document: bool,
    /// Exactly one member is set.
    #[serde(skip_serializing_if = "is_false")]
    pub union: bool,
    /// An error.
    #[serde(skip_serializing_if = "is_false")]
    pub exception: bool,
    /// A stream of events, one member each.
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
    /// Whether an input must have it.
    #[serde(default, skip_serializing_if = "is_false")]
    pub required: bool,
    /// Its type.
    pub target: ShapeRef,
}

/// A use of a shape. What it says of the wire goes before what the shape says.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct ShapeRef {
    /// Which shape.
    pub shape: ShapeId,
    /// How it goes over the wire here.
    #[serde(default, skip_serializing_if = "Traits::is_empty")]
    pub traits: Traits,
}

/// How a shape or a member goes over the wire.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
#[non_exhaustive]
pub struct Traits {
    /// Where it goes, if not in the body.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub location: Option<Location>,
    /// The name on the wire, if it is not the member's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub location_name: Option<String>,
    /// The name in an EC2 request, which goes before `location_name`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub query_name: Option<String>,
    /// A list or map without an element around it.
    #[serde(skip_serializing_if = "is_false")]
    pub flattened: bool,
    /// An attribute of the XML element, not a child.
    #[serde(skip_serializing_if = "is_false")]
    pub xml_attribute: bool,
    /// The namespace of the XML element.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub xml_namespace: Option<XmlNamespace>,
    /// The format of a timestamp.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub timestamp_format: Option<TimestampFormat>,
    /// A header that holds JSON in base64.
    #[serde(rename = "jsonvalue", skip_serializing_if = "is_false")]
    pub json_value: bool,
    /// A label of the host prefix.
    #[serde(skip_serializing_if = "is_false")]
    pub host_label: bool,
    /// A body that is streamed.
    #[serde(skip_serializing_if = "is_false")]
    pub streaming: bool,
    /// A token that makes a repeated request the same request.
    #[serde(skip_serializing_if = "is_false")]
    pub idempotency_token: bool,
    /// The endpoint parameter that this member sets.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub context_param: Option<String>,
    /// Not for logs.
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

/// Where a member goes in an HTTP message.
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

/// The format of a timestamp on the wire.
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
fn is_false(value: &bool) -> bool {
    !value
}
