//! An HTTP client for what the SDK's own cannot do: a CA file, no verification, proxies.

use std::collections::BTreeMap;
use std::fmt;

use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::body::SdkBody;

use maitred_core::client::Verify;
use maitred_net::tls;

use super::connectors::{ConnectionKind, Connectors};

/// An HTTP client on `reqwest`. The default one accepts the certificates of the system, and uses the proxies of the
/// environment.
pub(super) struct ReqwestClient {
    verify: Verify,
    /// The proxies by scheme; those of the environment if it is empty, no proxy at all if it is `None`.
    proxies: Option<BTreeMap<String, String>>,
    connectors: Connectors,
}

impl ReqwestClient {
    /// A client with these settings, which are tried out. The error is a message.
    pub(super) fn new(verify: &Verify, proxies: &BTreeMap<String, String>) -> Result<Self, String> {
        let (verify, proxies) = (verify.clone(), Some(proxies.clone()));
        let client = Self { verify, proxies, ..Self::default() };
        let kind = ConnectionKind { connect_timeout: None, read_timeout: None, sent_once: false };
        client.pool(kind)?;
        Ok(client)
    }

    /// The same without a proxy.
    pub(super) fn direct(&self) -> Self {
        Self { verify: self.verify.clone(), proxies: None, ..Self::default() }
    }

    fn pool(&self, kind: ConnectionKind) -> Result<reqwest::Client, String> {
        let mut builder = tls::client_builder(&self.verify, kind.sent_once)?;
        match &self.proxies {
            Some(proxies) if proxies.is_empty() => {
                builder = tls::with_environment_proxies(builder)?
            }
            Some(_) => {}
            None => builder = builder.no_proxy(),
        }
        for (scheme, url) in self.proxies.iter().flatten() {
            let proxy = match scheme.as_str() {
                "http" => reqwest::Proxy::http(url),
                "https" => reqwest::Proxy::https(url),
                _ => return Err("`proxies` has the keys `http` and `https`".to_owned()),
            };
            builder = builder.proxy(proxy.map_err(|_| format!("`proxies.{scheme}` is not a URL"))?);
        }
        if let Some(connect) = kind.connect_timeout {
            builder = builder.connect_timeout(connect);
        }
        if let Some(read) = kind.read_timeout {
            builder = builder.read_timeout(read);
        }
        builder.build().map_err(|_| "the TLS settings cannot be used; check `verify`".to_owned())
    }
}

impl Default for ReqwestClient {
    fn default() -> Self {
        let (verify, proxies) = (Verify::Enabled(true), Some(BTreeMap::new()));
        Self { verify, proxies, connectors: Connectors::default() }
    }
}

impl fmt::Debug for ReqwestClient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ReqwestClient").field("verify", &self.verify).finish_non_exhaustive()
    }
}

impl HttpClient for ReqwestClient {
    fn http_connector(
        &self,
        settings: &HttpConnectorSettings,
        components: &RuntimeComponents,
    ) -> SharedHttpConnector {
        let kind = ConnectionKind::new(settings, components);
        self.connectors
            .get_or_make(kind, || SharedHttpConnector::new(ReqwestConnector(self.pool(kind))))
    }
}

#[derive(Debug)]
struct ReqwestConnector(Result<reqwest::Client, String>);

impl HttpConnector for ReqwestConnector {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let pool = self.0.clone();
        HttpConnectorFuture::new(async move {
            let pool = pool.map_err(|message| ConnectorError::user(message.into()))?;
            send(&pool, request).await
        })
    }
}

async fn send(
    pool: &reqwest::Client,
    request: HttpRequest,
) -> Result<HttpResponse, ConnectorError> {
    let method = request.method().parse().map_err(|_| ConnectorError::user("no method".into()))?;
    let method: reqwest::Method = method;
    let mut builder = pool.request(method, request.uri());
    for (name, value) in request.headers() {
        builder = builder.header(name, value);
    }
    let body = request.body().bytes().map(<[u8]>::to_vec);
    let body = body.ok_or_else(|| ConnectorError::user("the body is a stream".into()))?;
    let reply = builder.body(body).send().await.map_err(failed)?;
    let status = reply.status().as_u16();
    let headers = reply.headers().clone();
    let status = status.try_into().map_err(|_| ConnectorError::user("no status".into()))?;
    let body = reqwest::Body::from(reply);
    let mut response = HttpResponse::new(status, SdkBody::from_body_1_x(body));
    for (name, value) in &headers {
        // A value that is not UTF-8 is of no header that a service means.
        if let Ok(value) = value.to_str() {
            response.headers_mut().append(name.as_str().to_owned(), value.to_owned());
        }
    }
    Ok(response)
}

fn failed(error: reqwest::Error) -> ConnectorError {
    // The URL of a request may hold a signature.
    let error = error.without_url();
    if error.is_timeout() {
        ConnectorError::timeout(error.into())
    } else {
        ConnectorError::io(error.into())
    }
}
