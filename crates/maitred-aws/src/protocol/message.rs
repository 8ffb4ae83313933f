//! Requests, replies, and errors in writing or reading one.

use std::borrow::Cow;

use serde_json::{Map, Value};

/// The content of a body.
#[derive(Debug, Default)]
pub(super) struct Parsed {
    /// The members of the document.
    pub(super) members: Map<String, Value>,
    /// The members of its `ResponseMetadata`.
    pub(super) metadata: Map<String, Value>,
}

/// A request without its endpoint and signature.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Request {
    /// The path and query, which are appended to the endpoint.
    pub(crate) target: Cow<'static, str>,
    pub(crate) headers: Vec<(Cow<'static, str>, Cow<'static, str>)>,
    pub(crate) body: Vec<u8>,
}

/// A reply before it is parsed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    /// Names in lower case.
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
    /// How many attempts came before this reply.
    pub(crate) retries: u32,
}

impl Reply {
    /// The first header of that name, which is in lower case.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// The reason phrase of the status, as in Python.
    pub(super) fn reason(&self) -> &'static str {
        match reqwest::StatusCode::from_u16(self.status) {
            Ok(reqwest::StatusCode::PAYLOAD_TOO_LARGE) => "Request Entity Too Large",
            Ok(reqwest::StatusCode::URI_TOO_LONG) => "Request-URI Too Long",
            Ok(reqwest::StatusCode::RANGE_NOT_SATISFIABLE) => "Requested Range Not Satisfiable",
            Ok(status) => status.canonical_reason().unwrap_or_default(),
            Err(_) => "",
        }
    }
}

/// An input that cannot be written, or a reply that cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub(crate) struct ProtocolError(pub(crate) String);
