//! Service `http`.

/// The members of an HTTP reply.
pub(super) const HTTP_REPLY: [&str; 3] = ["StatusCode", "Headers", "Body"];
