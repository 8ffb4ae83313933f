//! Why there is no usable reply, read from the chain of sources of an error.

use std::error::Error;
use std::io;
use std::time::Duration;

use reqwest::Url;
use rustls::CertificateError;

use maitred_core::client::{CallError, CallErrorKind, Verify, transport};
use maitred_net::delivery::is_never_sent;
use maitred_net::error_chain::{self, root_cause};
use maitred_net::proxies::Proxies;

use super::connections::{ConnectionSettings, Proxy};
use super::error::invalid;

/// What messages about a failed request name: host and port, never the user, password, path or query of a
/// URL.
pub(super) struct Attempt {
    peer: String,
    through: String,
    verify: Verify,
    timeout: Duration,
    connect_timeout: Duration,
    /// Whether a server has answered already, with a redirect.
    redirected: bool,
}

impl Attempt {
    pub(super) fn new(
        url: &Url,
        settings: &ConnectionSettings,
        timeout: Duration,
        redirected: bool,
    ) -> Self {
        let through = match &settings.proxy {
            Proxy::Url(proxy) => Url::parse(proxy)
                .map(|proxy| format!(" through the proxy {}", host_and_port(&proxy)))
                .unwrap_or_default(),
            Proxy::Environment if is_proxied(url) => " or the proxy of the environment".to_owned(),
            Proxy::Environment | Proxy::None => String::new(),
        };
        Self {
            peer: host_and_port(url),
            through,
            verify: settings.verify.clone(),
            timeout,
            connect_timeout: settings.connect_timeout,
            redirected,
        }
    }

    /// The reply has begun and did not end in time.
    pub(super) fn unfinished(&self, is_event_stream: bool) -> CallError {
        let kind = if is_event_stream {
            ": it is a stream of events, which has no end; a wait for the status alone does not read it"
        } else {
            ""
        };
        let message = format!(
            "no complete reply within {} s ({}{}): its body has not ended{kind}",
            self.timeout.as_secs_f64(),
            self.peer,
            self.through
        );
        CallError::new(CallErrorKind::Transport, transport::TIMEOUT, message)
    }

    /// The failure as an error with one of the codes of [`transport`].
    pub(super) fn failed(&self, error: &reqwest::Error) -> CallError {
        let at = format!("{}{}", self.peer, self.through);
        let (code, message) = if error.is_builder() {
            let message = format!("the request cannot be sent: {}", root_cause(error));
            return invalid(message);
        } else if error.is_timeout() {
            (transport::TIMEOUT, self.timed_out(error, &at))
        } else if error.is_dns() {
            let cause = root_cause(error);
            (transport::DNS, format!("the host name cannot be resolved ({at}): {cause}"))
        } else if let Some(tls) = innermost::<rustls::Error>(error) {
            (transport::TLS, self.tls(tls, &at))
        } else if error.is_body() || error.is_decode() {
            let cause = root_cause(error);
            (transport::RESPONSE, format!("the body was cut off or garbled ({at}): {cause}"))
        } else if innermost::<hyper::Error>(error).is_some_and(hyper::Error::is_parse) {
            let cause = root_cause(error);
            (transport::RESPONSE, format!("the reply is not HTTP ({at}): {cause}"))
        } else {
            (transport::CONNECT, connection(error, &at))
        };
        let failed = CallError::new(CallErrorKind::Transport, code, message);
        if is_never_sent(error) && !self.redirected { failed.with_never_sent() } else { failed }
    }

    fn timed_out(&self, error: &reqwest::Error, at: &str) -> String {
        if error.is_connect() {
            let seconds = self.connect_timeout.min(self.timeout).as_secs_f64();
            format!(
                "no connection within {seconds} s ({at}): the host is down or a firewall drops packets"
            )
        } else {
            format!("no complete reply within {} s ({at})", self.timeout.as_secs_f64())
        }
    }

    fn tls(&self, error: &rustls::Error, at: &str) -> String {
        let said = format!("the TLS handshake failed ({at}): {error}");
        match self.tls_help(error) {
            Some(help) => format!("{said}; {help}"),
            None => said,
        }
    }

    #[expect(clippy::wildcard_enum_match_arm, reason = "`rustls::Error` is open")]
    fn tls_help(&self, error: &rustls::Error) -> Option<&'static str> {
        match error {
            rustls::Error::InvalidCertificate(CertificateError::UnknownIssuer) => {
                match self.verify {
                    Verify::CaFile(_) => {
                        Some("neither the CA file in `verify` nor the system vouches for it")
                    }
                    Verify::Enabled(_) => Some(
                        "to trust its issuer, install its CA certificate or name it in `verify`",
                    ),
                }
            }
            // The error inside is not public.
            rustls::Error::InvalidCertificate(CertificateError::Other(other))
                if other.to_string().contains("CaUsedAsEndEntity") =>
            {
                Some(
                    "the server shows a CA certificate as its own, which is refused even if it is \
                     in `verify`: give the server one that its CA issued, or set `verify` to false",
                )
            }
            rustls::Error::InvalidMessage(_) => {
                Some("the server may not speak TLS: is it http://?")
            }
            rustls::Error::AlertReceived(_) => {
                Some("the server refused: it may want a client certificate, `cert`")
            }
            _ => None,
        }
    }
}

/// Why there was no connection, or why it closed before a reply.
fn connection(error: &reqwest::Error, at: &str) -> String {
    let kind = innermost::<io::Error>(error).map(io::Error::kind);
    let hung_up = innermost::<hyper::Error>(error).is_some_and(hyper::Error::is_incomplete_message);
    match kind {
        Some(io::ErrorKind::ConnectionRefused) => {
            format!("connection refused ({at}): nothing listens there")
        }
        Some(io::ErrorKind::ConnectionReset) => format!("connection reset ({at})"),
        Some(io::ErrorKind::ConnectionAborted) => format!("connection aborted ({at})"),
        Some(io::ErrorKind::BrokenPipe) => format!("connection closed ({at})"),
        Some(io::ErrorKind::NetworkUnreachable) => format!("network unreachable ({at})"),
        Some(io::ErrorKind::HostUnreachable) => format!("host unreachable ({at})"),
        _ if hung_up => format!("connection closed without an answer ({at})"),
        _ => format!("no connection ({at}): {}", root_cause(error)),
    }
}

/// The innermost error of type `E` in the chain of sources.
fn innermost<'a, E: Error + 'static>(error: &'a (dyn Error + 'static)) -> Option<&'a E> {
    error_chain::of_type(error).last()
}

fn is_proxied(url: &Url) -> bool {
    Proxies::from_env().is_ok_and(|proxies| proxies.proxy_for(url).is_some())
}

fn host_and_port(url: &Url) -> String {
    let host = url.host_str().unwrap_or_default();
    match url.port_or_known_default() {
        Some(port) => format!("{host}:{port}"),
        None => host.to_owned(),
    }
}
