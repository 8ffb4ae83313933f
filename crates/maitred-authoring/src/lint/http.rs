//! Service `http`.

/// The members of an HTTP reply.
pub(super) const HTTP_REPLY: [&str; 3] = ["StatusCode", "Headers", "Body"];

/// The service whose operations are HTTP methods.
pub(super) const HTTP: &str = "http";
