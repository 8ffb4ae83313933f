//! The parameters of a request as data, for checks, help and command-line flags.

/// The operations of service `http`.
pub const METHODS: &[&str] = &["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"];

/// How many redirects are followed by default.
pub const MAX_REDIRECTS: usize = 10;

/// The members of an input that decide who can read a request in transit.
pub const ROUTE: [&str; 2] = ["proxy", "verify"];

/// One key that the input of an HTTP request may have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Parameter {
    /// The key, e.g. `requestTimeout`.
    pub name: &'static str,
    /// Its type, e.g. `object of string or list`.
    pub value: &'static str,
    /// What it means, with unit and default.
    pub description: &'static str,
    /// Whether every request needs it (`url`, or `endpoint` instead).
    pub required: bool,
    /// The least and the greatest value of a number.
    pub range: Option<(u64, u64)>,
}

const fn optional(name: &'static str, value: &'static str, description: &'static str) -> Parameter {
    Parameter { name, value, description, required: false, range: None }
}

const fn number(
    name: &'static str,
    value: &'static str,
    range: (u64, u64),
    description: &'static str,
) -> Parameter {
    Parameter { name, value, description, required: false, range: Some(range) }
}

/// A time in seconds; 0 is not among them.
const SECONDS: (u64, u64) = (0, 86_400);

/// The least and the greatest value of the number `name`.
pub(super) fn range(name: &str) -> (u64, u64) {
    let parameter = PARAMETERS.iter().find(|parameter| parameter.name == name);
    parameter.and_then(|parameter| parameter.range).unwrap_or((0, u64::MAX))
}

/// Every key of the input.
pub const PARAMETERS: &[Parameter] = &[
    Parameter {
        name: "url",
        value: "string",
        description: "The http:// or https:// URL to ask; or give `endpoint`.",
        required: true,
        range: None,
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
    number(
        "requestTimeout",
        "number",
        SECONDS,
        "Seconds for the whole request, with redirects, token and body (default 30, at most 86400).",
    ),
    number("connectTimeout", "number", SECONDS, "Seconds to connect (default 10, at most 86400)."),
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
    number(
        "maxRedirects",
        "integer",
        (0, 100),
        "How many redirects are followed at most (default 10, at most 100).",
    ),
    number(
        "maxBodyBytes",
        "integer",
        (0, 1 << 30),
        "Largest body accepted, in bytes after decompression (default 8388608, at most 1073741824).",
    ),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_documentation_has_every_key() {
        for Parameter { name, .. } in PARAMETERS {
            let row = format!("//! | `{name}` | ");
            assert!(include_str!("lib.rs").contains(&row), "{name}");
        }
    }

    #[test]
    fn every_number_has_bounds_and_its_description_tells_the_upper_one() {
        for Parameter { name, value, description, range, .. } in PARAMETERS {
            let is_number = matches!(*value, "number" | "integer");
            assert_eq!(range.is_some(), is_number, "{name}");
            let most = range.map_or(String::new(), |(_, most)| format!("at most {most})."));
            assert!(description.ends_with(&most), "{name}");
        }
    }
}
