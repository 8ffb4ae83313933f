//! The HTTP client of calls, and of the requests for credentials.
//!
//! The SDK's own reads all certificates of the system as soon as a client of its is made, in a call
//! that costs several times what everything else does before the first request. Here that waits for
//! the first request that goes over TLS.

use std::sync::{Mutex, OnceLock, PoisonError};
use std::time::Duration;

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
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;

use super::once::is_sent_once;

/// An HTTP client like the SDK's own, for `aws_config`'s loader, that starts faster. Proxies are those
/// of the environment (`HTTPS_PROXY`, `HTTP_PROXY`, `NO_PROXY`), certificates those of the system.
#[must_use]
pub fn http_client() -> SharedHttpClient {
    SharedHttpClient::new(LazyClient::default())
}

/// What connectors differ by: the time-outs to connect and to read, and whether each request has a
/// connection of its own.
type Kind = (Option<Duration>, Option<Duration>, bool);

/// Keeps a connector, and with it a pool of connections, of each kind.
#[derive(Debug, Default)]
struct LazyClient(Mutex<Vec<(Kind, SharedHttpConnector)>>);

impl HttpClient for LazyClient {
    fn http_connector(
        &self,
        settings: &HttpConnectorSettings,
        components: &RuntimeComponents,
    ) -> SharedHttpConnector {
        let once = is_sent_once(components);
        let kind = (settings.connect_timeout(), settings.read_timeout(), once);
        let mut connectors = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, connector)) = connectors.iter().find(|(known, _)| *known == kind) {
            return connector.clone();
        }
        let mut builder = Connector::builder().connector_settings(settings.clone());
        builder.set_sleep_impl(components.sleep_impl());
        builder.set_proxy_config(Some(ProxyConfig::from_env()));
        if once {
            builder.set_pool_max_idle_per_host(Some(0));
        }
        let connector = SharedHttpConnector::new(LazyConnector {
            builder,
            plain: OnceLock::new(),
            secure: OnceLock::new(),
        });
        connectors.push((kind, connector.clone()));
        connector
    }

    /// For the user agent: what is underneath.
    fn connector_metadata(&self) -> Option<ConnectorMetadata> {
        Some(ConnectorMetadata::new("hyper", Some("1.x".into())))
    }
}

#[derive(Debug)]
struct LazyConnector {
    builder: ConnectorBuilder,
    /// Trusts no certificate, for requests that need none.
    plain: OnceLock<Connector>,
    secure: OnceLock<Connector>,
}

impl LazyConnector {
    fn connector(&self, trusted: TrustStore) -> Connector {
        let tls = TlsContext::builder().with_trust_store(trusted).build();
        let tls = tls.expect("a trust store without certificates of its own is valid");
        self.builder
            .clone()
            .tls_provider(Provider::Rustls(CryptoMode::AwsLc))
            .tls_context(tls)
            .build()
    }
}

impl HttpConnector for LazyConnector {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let connector = if request.uri().starts_with("http://") && !has_proxy() {
            self.plain.get_or_init(|| self.connector(TrustStore::empty()))
        } else {
            self.secure.get_or_init(|| self.connector(TrustStore::default()))
        };
        connector.call(request)
    }
}

/// Whether a plain request may go over a proxy, which may be spoken to over TLS.
fn has_proxy() -> bool {
    let names = ["http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"];
    names.iter().any(|name| std::env::var_os(name).is_some_and(|value| !value.is_empty()))
}
