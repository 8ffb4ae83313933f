//! The hook: Redshift's own calls through the official SDK, and what their failures mean.

use std::error::Error;

use aws_credential_types::provider::error::CredentialsError;
use aws_sdk_redshift::Client;
use aws_sdk_redshift::config::http::HttpResponse;
use aws_sdk_redshift::config::retry::RetryConfig;
use aws_sdk_redshift::error::{DisplayErrorContext, ProvideErrorMetadata, SdkError};
use aws_sdk_redshift::types::{Cluster, Snapshot};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use maitred_aws::SentOnce;
use maitred_aws::connections::aws_client;
use maitred_net::delivery::is_never_sent;
use maitred_runtime::connection::{ClientSettings, Clients};
use maitred_runtime::operator::{MainCallError, OperatorContext, OperatorError};

/// The outcome of a main call.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Called {
    /// The service has accepted it.
    Accepted,
    /// The cluster is busy with something else, or the service throttles: nothing was started.
    Busy(String),
    /// There is no such cluster or snapshot: there was nothing to call.
    NotFound(String),
    /// It was not made, because what it is for is under way already.
    UnderWay(String),
    /// It was not made, because what it is for is done already.
    NotNeeded(String),
}

/// Redshift's calls.
pub(super) struct RedshiftHook {
    /// The SDK's client, with its retries: for reads.
    client: Client,
    /// The SDK's client without retries, over new connections: for calls that must not be sent twice.
    pub(super) once: Client,
}

impl RedshiftHook {
    /// The hook of a connection.
    pub(super) async fn open(
        clients: &Clients,
        settings: &ClientSettings,
    ) -> Result<Self, OperatorError> {
        let client = aws_client(clients, "redshift", settings).await?;
        let once = aws_sdk_redshift::config::Builder::from(client.config())
            .retry_config(RetryConfig::disabled())
            .interceptor(SentOnce)
            .build();
        Ok(Self { client: Client::new(client.config()), once: Client::from_conf(once) })
    }

    /// A cluster; `None` if there is no such cluster.
    pub(super) async fn cluster(&self, identifier: &str) -> Result<Option<Cluster>, OperatorError> {
        let reply = self.client.describe_clusters().cluster_identifier(identifier).send().await;
        let clusters = found("DescribeClusters", reply)?.and_then(|reply| reply.clusters);
        Ok(clusters.and_then(|clusters| clusters.into_iter().next()))
    }

    /// The status of a cluster, e.g. `available`; `None` if there is no such cluster.
    pub(super) async fn cluster_status(
        &self,
        identifier: &str,
    ) -> Result<Option<String>, OperatorError> {
        Ok(self.cluster(identifier).await?.and_then(|cluster| cluster.cluster_status))
    }

    /// A snapshot of `cluster`; `None` if there is no such snapshot.
    pub(super) async fn snapshot(
        &self,
        identifier: &str,
        cluster: &str,
    ) -> Result<Option<Snapshot>, OperatorError> {
        let call = self.client.describe_cluster_snapshots();
        let call = call.snapshot_identifier(identifier).cluster_identifier(cluster);
        let reply = found("DescribeClusterSnapshots", call.send().await)?;
        let snapshots = reply.and_then(|reply| reply.snapshots);
        Ok(snapshots.and_then(|snapshots| snapshots.into_iter().next()))
    }
}

/// The reply of a read; `None` if there is no such cluster or snapshot.
fn found<T, E>(
    what: &str,
    reply: Result<T, SdkError<E, HttpResponse>>,
) -> Result<Option<T>, OperatorError>
where
    E: ProvideErrorMetadata + Error + 'static,
{
    match reply {
        Ok(reply) => Ok(Some(reply)),
        Err(error) if is_not_found(&error) => Ok(None),
        Err(error) => Err(failure(what, &error)),
    }
}

/// A failed read, or a main call that was refused.
pub(super) fn failure<E>(what: &str, error: &SdkError<E, HttpResponse>) -> OperatorError
where
    E: ProvideErrorMetadata + Error + 'static,
{
    match (error.code(), error.message()) {
        (Some(code), message) => {
            OperatorError::new(format!("{what}: {code}: {}", message.unwrap_or("(no message)")))
        }
        (None, _) => OperatorError::new(format!("{what}: {}", DisplayErrorContext(error))),
    }
}

/// The outcome of a look right before a main call.
pub(super) enum Prepared<F> {
    /// Nothing stands against it.
    Send(F),
    /// It is not made, and counts as this.
    Already(Called),
}

/// Makes a main call once, and tells what its failure means.
pub(super) async fn main_call<T, E>(
    ctx: &OperatorContext,
    name: &str,
    details: Value,
    send: impl Future<Output = Result<T, SdkError<E, HttpResponse>>> + Send,
) -> Result<Called, OperatorError>
where
    T: Send,
    E: ProvideErrorMetadata + Error + Send + Sync + 'static,
{
    main_call_after(ctx, name, details, async { Ok(Prepared::Send(send)) }).await
}

/// The same with a look before it, which is left out where the call is known to have been made: by
/// then it would see what the call has done.
pub(super) async fn main_call_after<T, E, F>(
    ctx: &OperatorContext,
    name: &str,
    details: Value,
    prepare: impl Future<Output = Result<Prepared<F>, OperatorError>> + Send,
) -> Result<Called, OperatorError>
where
    T: Send,
    E: ProvideErrorMetadata + Error + Send + Sync + 'static,
    F: Future<Output = Result<T, SdkError<E, HttpResponse>>> + Send,
{
    let called = ctx.main_call(name, details, || async {
        let send = match prepare.await.map_err(MainCallError::Refused)? {
            Prepared::Send(send) => send,
            Prepared::Already(called) => return Ok(Some(called)),
        };
        match send.await {
            Ok(_) => Ok(Some(Called::Accepted)),
            Err(error) if is_busy(&error) => {
                Ok(Some(Called::Busy(failure(name, &error).to_string())))
            }
            Err(error) if is_not_found(&error) => {
                Ok(Some(Called::NotFound(failure(name, &error).to_string())))
            }
            Err(error) if may_have_happened(&error) => {
                Err(MainCallError::Ambiguous(failure(name, &error).to_string()))
            }
            Err(error) => Err(MainCallError::Refused(failure(name, &error))),
        }
    });
    // A user who says that it was made gives null for its result.
    Ok(called.await?.unwrap_or(Called::Accepted))
}

/// There is no such cluster or snapshot.
fn is_not_found<E: ProvideErrorMetadata>(error: &SdkError<E, HttpResponse>) -> bool {
    matches!(
        error.code(),
        Some(
            "ClusterNotFound"
                | "ClusterNotFoundFault"
                | "ClusterSnapshotNotFound"
                | "ClusterSnapshotNotFoundFault"
        )
    )
}

/// Nothing has happened, and it may be accepted later.
fn is_busy<E: ProvideErrorMetadata>(error: &SdkError<E, HttpResponse>) -> bool {
    matches!(
        error.code(),
        Some(
            "InvalidClusterState"
                | "InvalidClusterStateFault"
                | "InvalidClusterSnapshotState"
                | "Throttling"
                | "ThrottlingException"
                | "RequestLimitExceeded"
                | "DependentServiceRequestThrottlingFault"
        )
    )
}

/// True if the service may have done what it was asked although it did not say so.
fn may_have_happened<E: Error + 'static>(error: &SdkError<E, HttpResponse>) -> bool {
    match error {
        SdkError::ConstructionFailure(_) => false,
        SdkError::TimeoutError(_) | SdkError::ResponseError(_) => true,
        SdkError::DispatchFailure(failure) => {
            let unsent = failure.is_user() || is_of_credentials(error) || is_never_sent(error);
            !unsent
        }
        SdkError::ServiceError(reply) => reply.raw().status().is_server_error(),
        _ => true,
    }
}

fn is_of_credentials(error: &(dyn Error + 'static)) -> bool {
    let mut cause = Some(error);
    while let Some(error) = cause {
        if error.is::<CredentialsError>() {
            return true;
        }
        cause = error.source();
    }
    false
}

/// The largest difference between the service's clock and this one.
pub(super) const CLOCK_SKEW: std::time::Duration = std::time::Duration::from_secs(60);

/// True if something that was made at `created` (seconds since 1970) may have been made by a call whose
/// intent has these details.
pub(super) fn made_since(details: &Value, created: f64) -> bool {
    let at = details.get("at").and_then(Value::as_f64).unwrap_or_default();
    created + CLOCK_SKEW.as_secs_f64() >= at / 1000.0
}

/// True if a cluster of this status (`None`: it does not exist) is on its way out.
pub(super) fn is_leaving(status: Option<&str>) -> bool {
    matches!(status, None | Some("deleting" | "final-snapshot"))
}
