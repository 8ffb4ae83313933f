//! The hook: Redshift's own calls through the official SDK, and what their failures mean.

use std::error::Error;

use aws_sdk_redshift::Client;
use aws_sdk_redshift::config::http::HttpResponse;
use aws_sdk_redshift::config::retry::RetryConfig;
use aws_sdk_redshift::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_redshift::types::{Cluster, Snapshot};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use maitred_aws::connections::aws_client;
use maitred_aws::{SentOnce, call_error};
use maitred_core::client::{Call, CallError};
use maitred_runtime::connection::{ClientSettings, Clients};
use maitred_runtime::operator::{FailureKind, MainCallError, OperatorContext, OperatorError};

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
    /// The address that both send to.
    url: String,
}

impl RedshiftHook {
    /// The hook of a connection.
    pub(super) async fn open(
        clients: &Clients,
        settings: &ClientSettings,
    ) -> Result<Self, OperatorError> {
        let client = aws_client(clients, "redshift", settings).await?;
        let call = Call::new("redshift", "DescribeClusters", Map::new());
        let url = client.prepare(&call)?.url();
        let once = aws_sdk_redshift::config::Builder::from(client.config())
            .retry_config(RetryConfig::disabled())
            .interceptor(SentOnce)
            .build();
        Ok(Self { client: Client::new(client.config()), once: Client::from_conf(once), url })
    }

    /// A cluster; `None` if there is no such cluster.
    pub(super) async fn cluster(&self, identifier: &str) -> Result<Option<Cluster>, OperatorError> {
        let reply = self.client.describe_clusters().cluster_identifier(identifier).send().await;
        let clusters = self.found("DescribeClusters", reply)?.and_then(|reply| reply.clusters);
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
        let reply = self.found("DescribeClusterSnapshots", call.send().await)?;
        let snapshots = reply.and_then(|reply| reply.snapshots);
        Ok(snapshots.and_then(|snapshots| snapshots.into_iter().next()))
    }

    /// The reply of a read; `None` if there is no such cluster or snapshot.
    fn found<T, E>(
        &self,
        what: &str,
        reply: Result<T, SdkError<E, HttpResponse>>,
    ) -> Result<Option<T>, OperatorError>
    where
        E: ProvideErrorMetadata + Error + 'static,
    {
        match reply {
            Ok(reply) => Ok(Some(reply)),
            Err(error) if is_not_found(&error) => Ok(None),
            Err(error) => Err(failure(what, &call_error(&error, &self.url))),
        }
    }

    /// Makes a main call once, and tells what its failure means.
    pub(super) async fn main_call<T, E>(
        &self,
        ctx: &OperatorContext,
        name: &str,
        details: Value,
        send: impl Future<Output = Result<T, SdkError<E, HttpResponse>>> + Send,
    ) -> Result<Called, OperatorError>
    where
        T: Send,
        E: ProvideErrorMetadata + Error + Send + Sync + 'static,
    {
        self.main_call_after(ctx, name, details, async { Ok(Prepared::Send(send)) }).await
    }

    /// The same with a look before it, which is left out where the call is known to have been made: by
    /// then it would see what the call has done.
    pub(super) async fn main_call_after<T, E, F>(
        &self,
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
            let error = match send.await {
                Ok(_) => return Ok(Some(Called::Accepted)),
                Err(error) => error,
            };
            let call_error = call_error(&error, &self.url);
            let failure = failure(name, &call_error);
            if is_busy(&error) {
                return Ok(Some(Called::Busy(failure.to_string())));
            }
            if is_not_found(&error) {
                return Ok(Some(Called::NotFound(failure.to_string())));
            }
            Err(match MainCallError::from(call_error) {
                MainCallError::Refused(_) => MainCallError::Refused(failure),
                ambiguous @ MainCallError::Ambiguous(_) => ambiguous,
            })
        });
        // A user who says that it was made gives null for its result.
        Ok(called.await?.unwrap_or(Called::Accepted))
    }
}

/// The outcome of a look right before a main call.
pub(super) enum Prepared<F> {
    /// Nothing stands against it.
    Send(F),
    /// It is not made, and counts as this.
    Already(Called),
}

/// A failed read, or a main call that was refused.
fn failure(what: &str, error: &CallError) -> OperatorError {
    OperatorError::new(format!("{what}: {error}")).with_kind(FailureKind::of_call(error))
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
