//! Limits of an HTTP exchange: its time, and the size of its reply.
//!
//! They apply to everything that the AWS client sends: calls, and requests for credentials (STS, IAM
//! Identity Center, containers, instance metadata).

use std::time::Duration;

use aws_smithy_runtime_api::box_error::BoxError;
use aws_smithy_runtime_api::client::connector_metadata::ConnectorMetadata;
use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpClient,
    SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::body::SdkBody;
use aws_smithy_types::byte_stream::ByteStream;

/// The largest reply that is read, in bytes, before and after decompression. A larger one is a
/// [`ResponseError`](maitred_core::client::transport::RESPONSE).
pub const MAX_REPLY_BYTES: usize = 64 * 1024 * 1024;

/// The time for an exchange where the configuration has no read time-out. botocore waits as long for
/// each part of a reply.
pub(super) const DEFAULT_TIMEOUT: Duration = Duration::from_secs(60);

/// An HTTP client with limits. The read time-out covers the whole exchange, up to the last byte of the
/// body.
#[derive(Debug)]
struct LimitedClient(SharedHttpClient);

/// Adds limits to `client`.
pub(super) fn with_limits(client: impl HttpClient + 'static) -> SharedHttpClient {
    SharedHttpClient::new(LimitedClient(SharedHttpClient::new(client)))
}

impl HttpClient for LimitedClient {
    fn http_connector(
        &self,
        settings: &HttpConnectorSettings,
        components: &RuntimeComponents,
    ) -> SharedHttpConnector {
        SharedHttpConnector::new(LimitedConnector {
            connector: self.0.http_connector(settings, components),
            timeout: settings.read_timeout().unwrap_or(DEFAULT_TIMEOUT),
        })
    }

    fn connector_metadata(&self) -> Option<ConnectorMetadata> {
        self.0.connector_metadata()
    }
}

#[derive(Debug)]
struct LimitedConnector {
    connector: SharedHttpConnector,
    timeout: Duration,
}

impl HttpConnector for LimitedConnector {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let timeout = self.timeout;
        let sent = self.connector.call(request);
        let exchange = async { whole(sent.await?).await };
        HttpConnectorFuture::new(async move {
            let ended = tokio::time::timeout(timeout, exchange).await;
            ended.unwrap_or_else(|_| Err(ConnectorError::timeout(TooSlow(timeout).into())))
        })
    }
}

/// The response with its body in memory.
async fn whole(mut response: HttpResponse) -> Result<HttpResponse, ConnectorError> {
    let status = response.status().as_u16();
    let mut stream = ByteStream::new(response.take_body());
    let mut body = Vec::new();
    while let Some(chunk) = stream.next().await {
        let chunk = chunk.map_err(|error| {
            let cause = BodyError::CutOff { status, source: error.into() };
            ConnectorError::io(cause.into())
        })?;
        if body.len() + chunk.len() > MAX_REPLY_BYTES {
            // It would be as large the next time, so that it is not tried again.
            return Err(ConnectorError::other(BodyError::TooLarge { status }.into(), None));
        }
        body.extend_from_slice(&chunk);
    }
    *response.body_mut() = SdkBody::from(body);
    Ok(response)
}

/// A reply that has begun and cannot be used.
#[derive(Debug, thiserror::Error)]
pub(super) enum BodyError {
    #[error("the body was cut off")]
    CutOff { status: u16, source: BoxError },
    #[error("the reply is larger than {} MiB", MAX_REPLY_BYTES / 1024 / 1024)]
    TooLarge { status: u16 },
}

impl BodyError {
    pub(super) fn status(&self) -> u16 {
        match self {
            Self::CutOff { status, .. } | Self::TooLarge { status } => *status,
        }
    }
}

/// An exchange that did not end in time.
#[derive(Debug, thiserror::Error)]
#[error("the reply did not end within {0:?}")]
struct TooSlow(Duration);
