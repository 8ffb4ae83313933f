//! The table of what a request can be told, for checks, for help and for flags.

/// The operations of service `http`.
pub const METHODS: &[&str] = &["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"];

/// Redirects that are followed by default before a request is given up.
pub const MAX_REDIRECTS: usize = 10;

/// One key that the input of an HTTP request may have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Parameter {
    /// The key, e.g. `requestTimeout`.
    pub name: &'static str,
    /// Its type in words, e.g. `object of string or list`.
    pub value: &'static str,
    /// What it means, with unit and default.
    pub description: &'static str,
    /// Whether every request needs it (`url`, for which `endpoint` may stand).
    pub required: bool,
}

const fn optional(name: &'static str, value: &'static str, description: &'static str) -> Parameter {
    Parameter { name, value, description, required: false }
}

/// Every key of the input.
pub const PARAMETERS: &[Parameter] = &[
    Parameter {
        name: "url",
        value: "string",
        description: "The http:// or https:// URL to ask; or give `endpoint`.",
        required: true,
    },
    optional(
        "endpoint",
        "string",
        "A path below the base URL of the connection, instead of `url`.",
    ),
    optional("headers", "object of string or list", "Request headers."),
    optional("params", "object of scalar or list", "Appended to the query of the URL."),
    optional("json", "any", "The request body, sent as JSON."),
    optional(
        "data",
        "string or object",
        "The request body: a string as it is, an object as a form.",
    ),
    optional(
        "auth",
        "object",
        r#"{"basic": {"username": …, "password": …}} or {"bearer": token}; never sent to another origin."#,
    ),
    optional(
        "requestTimeout",
        "number",
        "Seconds for the whole request, body included (default 30).",
    ),
    optional("connectTimeout", "number", "Seconds to connect (default 10)."),
    optional(
        "verify",
        "boolean or string",
        "false: accept any certificate; a path: trust the CA certificates of this PEM file as well as the system's (default true).",
    ),
    optional("cert", "string", "Path of a PEM file with the client certificate (and its key)."),
    optional("key", "string", "Path of a PEM file with the key of `cert`, if it is not in there."),
    optional(
        "proxy",
        "string or false",
        "URL of a proxy (http, https, socks5, socks5h); false: none, not even the environment's.",
    ),
    optional("followRedirects", "boolean", "Follow redirects (default true)."),
    optional("maxRedirects", "integer", "How many redirects are followed at most (default 10)."),
    optional(
        "maxBodyBytes",
        "integer",
        "Largest body accepted, in bytes after decompression (default 8388608).",
    ),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_documentation_has_every_key() {
        for Parameter { name, .. } in PARAMETERS {
            let row = format!("//! | `{name}` | ");
            assert!(include_str!("../http.rs").contains(&row), "{name}");
        }
    }
}
