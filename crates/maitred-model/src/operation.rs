//! The model of an operation.

use serde::{Deserialize, Serialize};

use crate::shape::{Member, Shape, ShapeId, ShapeKind, ShapeRef, TimestampFormat, is_false};

/// An operation with every shape that it reaches.
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
    /// The element of an XML reply that contains the output.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub result_wrapper: Option<String>,
    /// The errors that the operation declares.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub errors: Vec<ErrorModel>,
    /// A prefix for the endpoint's host, with `{Member}` labels.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub host_prefix: Option<String>,
    /// Whether requests are not signed.
    #[serde(default, skip_serializing_if = "is_false")]
    pub unsigned: bool,
    /// Whether requests need a checksum of their body.
    #[serde(default, skip_serializing_if = "is_false")]
    pub checksum_required: bool,
    /// Endpoint parameters that this operation fixes.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub static_context_params: Vec<(String, serde_json::Value)>,
    /// The pagination of its output, if it has pages.
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

    /// The members of the input, in the order of the model.
    #[must_use]
    pub fn input_members(&self) -> &[Member] {
        self.input.as_ref().map_or(&[], |input| self.members(input))
    }

    /// The members of the output, in the order of the model.
    #[must_use]
    pub fn output_members(&self) -> &[Member] {
        self.output.as_ref().map_or(&[], |output| self.members(output))
    }

    /// The members of a structure; empty for any other shape.
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

    /// Whether the body of a reply is a stream of bytes rather than a document, as in botocore's
    /// `get_streaming_output`.
    #[must_use]
    pub fn streams_output(&self) -> bool {
        let output = self.output.as_ref().and_then(|output| self.shape(output).structure());
        let payload = output.and_then(|output| output.member(output.payload.as_deref()?));
        payload.is_some_and(|member| matches!(self.shape(&member.target).kind, ShapeKind::Blob))
    }

    /// The codes of the errors that the operation declares.
    pub fn error_codes(&self) -> impl Iterator<Item = &str> {
        self.errors.iter().map(|error| error.code.as_str())
    }

    /// The input members that the client sets to a random token unless the caller gives a value.
    pub fn idempotency_tokens(&self) -> impl Iterator<Item = &Member> {
        self.input_members().iter().filter(|member| member.target.traits.idempotency_token)
    }

    /// The name on the wire: the reference's, or else its shape's; `None` if it is the member's name.
    #[must_use]
    pub fn location_name<'a>(&'a self, reference: &'a ShapeRef) -> Option<&'a str> {
        let own = reference.traits.location_name.as_deref();
        own.or_else(|| self.shape(reference).traits.location_name.as_deref())
    }

    /// Whether a list or map has no enclosing element.
    #[must_use]
    pub fn is_flattened(&self, reference: &ShapeRef) -> bool {
        reference.traits.flattened || self.shape(reference).traits.flattened
    }

    /// The timestamp format, if it is not the protocol's default.
    #[must_use]
    pub fn timestamp_format(&self, reference: &ShapeRef) -> Option<TimestampFormat> {
        reference.traits.timestamp_format.or(self.shape(reference).traits.timestamp_format)
    }

    /// The type as in the AWS CLI's help: `string`, `list of string`, `structure`,
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

/// The pagination of an output: an entry of botocore's `paginators-1.json`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
#[non_exhaustive]
pub struct Pagination {
    /// The members of the input that carry the tokens of the next page.
    pub input_token: Vec<String>,
    /// The JMESPath expressions that yield those tokens from a page, in the same order.
    pub output_token: Vec<String>,
    /// The dotted paths of the values that are merged over all pages.
    pub result_key: Vec<String>,
    /// The dotted paths of the values that are the same on all pages.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub non_aggregate_keys: Vec<String>,
    /// The JMESPath expression that is true if there is another page.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub more_results: Option<String>,
    /// The member of the input that limits the size of a page.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub limit_key: Option<String>,
}

/// An error that an operation declares.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct ErrorModel {
    /// The code on the wire, e.g. `ClusterNotFound`; often not the shape's name.
    pub code: String,
    /// Its structure.
    pub shape: ShapeId,
}
