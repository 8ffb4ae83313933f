//! Service `http`: each call is one request, and each reply is an output.
//!
//! The operation is the method ([`METHODS`]). All members of the input but an address are optional
//! ([`PARAMETERS`] lists them as data):
//!
//! | key | value | meaning |
//! |---|---|---|
//! | `url` | string | the http:// or https:// URL to request |
//! | `endpoint` | string | instead of `url`: a path below the base URL, which is the `host` of the connection or `ClientSettings::endpoint_url`; it may have a query |
//! | `headers` | object of string or list | request headers |
//! | `params` | object of scalar or list | appended, percent-encoded, to the query of the URL; a list repeats its key |
//! | `json` | any | the body, as JSON |
//! | `data` | string or object | instead of `json`: the body as a string, or as a form |
//! | `auth` | object | `{"basic": {"username", "password"}}` or `{"bearer": token}`; never sent to another origin |
//! | `requestTimeout` | number | seconds for the whole request, with redirects, token and body; default 30, at most 86400 |
//! | `connectTimeout` | number | seconds to connect; default 10 |
//! | `verify` | boolean or string | `false` accepts any certificate, a path is a PEM file of CA certificates to trust as well as the system's; default `true` |
//! | `cert` | string | the path of a PEM file with the client certificate, and its key if it is in there |
//! | `key` | string | the path of a PEM file with that key |
//! | `proxy` | string or `false` | the URL of a proxy (http, https, socks5, socks5h); `false`: none, not even the environment's |
//! | `followRedirects` | boolean | default `true` |
//! | `maxRedirects` | integer | how many are followed at most; default 10 |
//! | `maxBodyBytes` | integer | the largest body accepted, in bytes after decompression; default 8 MiB, at most 1 GiB |
//!
//! In triggers and tasks, which are stored, a value may be a reference to a secret,
//! `{"$secret": "env:TOKEN"}`, and literal logins are refused. The document of a reply is
//!
//! ```json
//! {"StatusCode": 200, "Headers": {"content-type": "application/json"}, "Body": {"state": "ready"}}
//! ```
//!
//! - An input key whose value is `null` counts as absent.
//! - Header names are in lower case; the values of a repeated header are joined with `", "`.
//! - `Body` is parsed if it is JSON: any value with a JSON content type, an object or a list with any
//!   other. Otherwise it is text (bytes that are invalid in its charset become U+FFFD), or `null` if it is
//!   empty. The content codings gzip, deflate, br and zstd are decoded, and text is read in the charset of
//!   its content type (default UTF-8).
//! - `Body` is missing in replies to calls of [`CallMode::WithoutBody`], which do not read it.
//! - A reply with a status below 400 and a malformed body (JSON that does not parse, an unknown coding or
//!   charset) is a `ResponseError`. With a status of 400 or more, such a body is taken as text.
//! - A reply with a status of 400 or more is an output with [`Output::error`] set: its code is the status
//!   (`"503"`).
//! - A request without a usable reply is a transport failure with a code of [`transport`].
//!
//! Redirects carry the cookies that earlier replies have set. Another origin (scheme, host or port) gets
//! only headers that do not identify the caller, such as `Accept`, and no body: a redirect that would send
//! one there is a `ResponseError`, and so is one that cannot be followed (too many redirects, no valid
//! `Location`).
//!
//! The environment's proxies (`HTTPS_PROXY`, `HTTP_PROXY`, `ALL_PROXY`) are used, but never for loopback
//! addresses. `NO_PROXY` lists the hosts that are reached without one, separated by commas or spaces, with
//! curl's rules (`*`, addresses, networks, domains with their subdomains) and Python's `host:port`. A
//! variable in lower case wins over the same one in capitals. Requests need a tokio runtime with time and
//! I/O; their time-outs run on its timer, not on the [`Clock`], which dates `Retry-After`.
//!
//! [`CallMode::WithoutBody`]: maitred_core::client::CallMode::WithoutBody
//! [`Clock`]: maitred_core::clock::Clock
//! [`Output::error`]: maitred_core::client::Output::error
//! [`transport`]: maitred_core::client::transport

mod body;
mod client;
mod connections;
mod error;
mod failure;
mod input;
mod oauth2;
mod parameters;
mod redirect;
mod redirect_once;
mod reply;
mod request;
mod send;
mod settings;
mod url;

pub use client::HttpClient;
pub use input::check_input;
pub use oauth2::OAuth2;
pub use parameters::{MAX_REDIRECTS, METHODS, PARAMETERS, Parameter, ROUTE};
pub use settings::HttpSettings;
