//! The HTTP client of calls, and of the requests for credentials.
//!
//! The SDK's own reads all certificates of the system as soon as a client of its is made, in a call
//! that costs several times what everything else does before the first request. Here that waits for
//! the first request that goes over TLS.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Mutex, PoisonError};

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

use maitred_net::delivery::Delivery;
use maitred_net::proxies::Proxies;
use maitred_net::roots;

use super::connectors::{ConnectionKind, Connectors};
use super::limits::with_limits;

/// An HTTP client like the SDK's own, for `aws_config`'s loader, that starts faster. Proxies are those
/// of the environment (`HTTPS_PROXY`, `HTTP_PROXY`, `NO_PROXY`), certificates those of the system.
///
/// Requests for the credentials of a container and for instance metadata go to no proxy. A reply may
/// have [`MAX_REPLY_BYTES`](super::MAX_REPLY_BYTES), and has to end within the read time-out (default 60 s).
#[must_use]
pub fn http_client() -> SharedHttpClient {
    with_limits(LazyClient::default(), LazyClient { is_direct: true, ..LazyClient::default() })
}

/// Makes connectors that read the certificates of the system with the first request over TLS.
#[derive(Debug, Default)]
struct LazyClient {
    /// Whether requests go through no proxy.
    is_direct: bool,
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
            if kind.delivery == Delivery::Once {
                builder.set_pool_max_idle_per_host(Some(0));
            }
            SharedHttpConnector::new(LazyConnector {
                builder,
                is_direct: self.is_direct,
                proxies: Proxies::from_env(),
                made: Mutex::default(),
            })
        })
    }

    /// For the user agent: what is underneath.
    fn connector_metadata(&self) -> Option<ConnectorMetadata> {
        Some(ConnectorMetadata::new("hyper", Some("1.x".into())))
    }
}

struct LazyConnector {
    builder: ConnectorBuilder,
    is_direct: bool,
    proxies: Result<Proxies, String>,
    /// One for each route to a server.
    made: Mutex<HashMap<Route, SharedHttpConnector>>,
}

/// What a connection to a server depends on.
#[derive(Clone, Default, PartialEq, Eq, Hash)]
struct Route {
    proxy: Option<String>,
    /// Whether certificates of the system are needed.
    is_secure: bool,
}

impl LazyConnector {
    fn connector(&self, request: &HttpRequest) -> Result<SharedHttpConnector, String> {
        let route = self.route(request)?;
        // A connector is inserted whole or not at all, so a poisoned map is still good.
        let mut made = self.made.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(connector) = made.get(&route) {
            return Ok(connector.clone());
        }
        let proxy = match &route.proxy {
            Some(url) => ProxyConfig::all(url.as_str())
                .map_err(|_| "the proxy of the environment cannot be used".to_owned())?,
            None => ProxyConfig::disabled(),
        };
        let trusted = if route.is_secure { system_roots()? } else { TrustStore::empty() };
        let tls = TlsContext::builder().with_trust_store(trusted).build();
        let tls = tls.map_err(|error| error.to_string())?;
        let mut builder = self.builder.clone();
        builder.set_proxy_config(Some(proxy));
        let builder = builder.tls_provider(Provider::Rustls(CryptoMode::AwsLc)).tls_context(tls);
        Ok(made.entry(route).or_insert(SharedHttpConnector::new(builder.build())).clone())
    }

    fn route(&self, request: &HttpRequest) -> Result<Route, String> {
        let proxy = match &self.proxies {
            _ if self.is_direct => None,
            Ok(proxies) => proxies.proxy_for(request.uri()).map(str::to_owned),
            Err(message) => return Err(message.clone()),
        };
        let over_tls = proxy.as_ref().is_some_and(|url| !url.starts_with("http://"));
        let is_plain = request.uri().starts_with("http://");
        Ok(Route { proxy, is_secure: over_tls || !is_plain })
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

impl fmt::Debug for LazyConnector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The URL of a proxy may hold a login.
        f.debug_struct("LazyConnector").finish_non_exhaustive()
    }
}
