//! The HTTP client of calls, and of the requests for credentials.
//!
//! The SDK's own reads all certificates of the system as soon as a client of its is made, in a call
//! that costs several times what everything else does before the first request. Here that waits for
//! the first request that goes over TLS.

use std::sync::OnceLock;

use aws_smithy_http_client::proxy::ProxyConfig;
use aws_smithy_http_client::tls::rustls_provider::CryptoMode;
use aws_smithy_http_client::tls::{Provider, TlsContext, TrustStore};
use aws_smithy_http_client::{Connector, ConnectorBuilder};
use aws_smithy_runtime_api::client::connector_metadata::ConnectorMetadata;
use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpClient,
    SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::base64;

use maitred_net::proxies::Proxies;
use maitred_net::roots;

use super::connectors::{ConnectionKind, Connectors};
use super::limits::with_limits;
use super::reqwest_client::ReqwestClient;

/// A client with the proxies of the environment (`HTTPS_PROXY`, `HTTP_PROXY`, `NO_PROXY`) and the certificates of the
/// system.
pub(super) fn http_client() -> SharedHttpClient {
    match Proxies::from_env() {
        Ok(proxies) if proxies.is_empty() => with_limits(LazyClient::default()),
        Ok(_) | Err(_) => with_limits(ReqwestClient::default()),
    }
}

/// Makes connectors that read the certificates of the system with the first request over TLS, and know no proxies.
#[derive(Debug, Default)]
struct LazyClient {
    connectors: Connectors,
}

impl HttpClient for LazyClient {
    fn http_connector(
        &self,
        settings: &HttpConnectorSettings,
        components: &RuntimeComponents,
    ) -> SharedHttpConnector {
        let kind = ConnectionKind::new(settings, components);
        self.connectors.get_or_make(kind, || {
            let mut builder = Connector::builder().connector_settings(settings.clone());
            builder.set_sleep_impl(components.sleep_impl());
            builder.set_proxy_config(Some(ProxyConfig::disabled()));
            if kind.sent_once {
                builder.set_pool_max_idle_per_host(Some(0));
            }
            let (plain, secure) = (OnceLock::new(), OnceLock::new());
            SharedHttpConnector::new(LazyConnector { builder, plain, secure })
        })
    }

    /// For the user agent: what is underneath.
    fn connector_metadata(&self) -> Option<ConnectorMetadata> {
        Some(ConnectorMetadata::new("hyper", Some("1.x".into())))
    }
}

#[derive(Debug)]
struct LazyConnector {
    builder: ConnectorBuilder,
    plain: OnceLock<SharedHttpConnector>,
    secure: OnceLock<SharedHttpConnector>,
}

impl LazyConnector {
    fn connector(&self, request: &HttpRequest) -> Result<&SharedHttpConnector, String> {
        let is_plain = request.uri().starts_with("http://");
        let made = if is_plain { &self.plain } else { &self.secure };
        if let Some(connector) = made.get() {
            return Ok(connector);
        }
        let trusted = if is_plain { TrustStore::empty() } else { system_roots()? };
        let tls = TlsContext::builder().with_trust_store(trusted).build();
        let tls = tls.map_err(|error| error.to_string())?;
        let builder = self.builder.clone().tls_provider(Provider::Rustls(CryptoMode::AwsLc));
        Ok(made.get_or_init(|| SharedHttpConnector::new(builder.tls_context(tls).build())))
    }
}

/// The certificates of the system. The connector panics at one that cannot be used, or if there is none.
fn system_roots() -> Result<TrustStore, String> {
    let mut pem = String::new();
    for certificate in roots::system_roots()? {
        let text = base64::encode(certificate);
        pem.push_str(&format!("-----BEGIN CERTIFICATE-----\n{text}\n-----END CERTIFICATE-----\n"));
    }
    Ok(TrustStore::empty().with_pem_certificate(pem))
}

impl HttpConnector for LazyConnector {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        match self.connector(&request) {
            Ok(connector) => connector.call(request),
            Err(message) => HttpConnectorFuture::ready(Err(ConnectorError::user(message.into()))),
        }
    }
}
