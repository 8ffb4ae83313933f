//! Operators for Amazon Redshift.
//!
//! Names, arguments and defaults are those of Airflow's Amazon provider. Main calls go through the
//! official SDK and are never sent twice; waits are [`WaiterTrigger`]s on the shipped Redshift waiters.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use maitred_runtime::Registry;
use maitred_runtime::connection::ClientSettings;
use maitred_runtime::operator::{Deferral, Flow, OperatorContext, OperatorError, Resumed};
use maitred_runtime::trigger::TimeDeltaTrigger;
use maitred_runtime::trigger::WaiterTrigger;

mod create;
mod delete;
mod hook;
mod pause;
mod sensor;
mod snapshot;
mod snapshot_delete;

pub use create::{ClusterType, CreateCluster};
pub use delete::DeleteCluster;
pub use hook::RedshiftHook;
pub use pause::{PauseCluster, ResumeCluster};
pub use sensor::ClusterSensor;
pub use snapshot::CreateClusterSnapshot;
pub use snapshot_delete::DeleteClusterSnapshot;

/// `registry` with the operators of this module.
#[must_use]
pub fn register(registry: Registry) -> Registry {
    registry
        .with_operator::<ClusterSensor>()
        .with_operator::<CreateCluster>()
        .with_operator::<CreateClusterSnapshot>()
        .with_operator::<DeleteCluster>()
        .with_operator::<DeleteClusterSnapshot>()
        .with_operator::<PauseCluster>()
        .with_operator::<ResumeCluster>()
}

/// An operator's struct with the arguments that all operators for AWS have.
macro_rules! aws_operator {
    (
        $(#[$meta:meta])*
        pub struct $name:ident { $($(#[$field_meta:meta])* pub $field:ident: $type:ty,)* }
    ) => {
        $(#[$meta])*
        #[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
        #[serde(deny_unknown_fields)]
        pub struct $name {
            $($(#[$field_meta])* pub $field: $type,)*
            /// The connection. Default: `aws_default`.
            #[serde(default, skip_serializing_if = "Option::is_none")]
            pub aws_conn_id: Option<String>,
            /// The region. Default: the connection's.
            #[serde(default, skip_serializing_if = "Option::is_none")]
            pub region_name: Option<String>,
            /// The endpoint. Default: the connection's, else the service's own.
            #[serde(default, skip_serializing_if = "Option::is_none")]
            pub endpoint_url: Option<String>,
            /// Which certificates are accepted. Default: the connection's.
            #[serde(default, skip_serializing_if = "Option::is_none")]
            pub verify: Option<maitred_core::client::Verify>,
            /// Time-outs, retries and the like. Default: the connection's.
            #[serde(default, skip_serializing_if = "Option::is_none")]
            pub botocore_config: Option<maitred_core::client::ClientConfig>,
        }

        impl $name {
            /// Which client this operator and its triggers use.
            fn client_settings(&self) -> maitred_runtime::connection::ClientSettings {
                maitred_runtime::connection::ClientSettings {
                    connection: self.aws_conn_id.clone(),
                    region: self.region_name.clone(),
                    profile: None,
                    endpoint_url: self.endpoint_url.clone(),
                    verify: self.verify.clone(),
                    config: self.botocore_config.clone(),
                }
            }
        }
    };
}
use aws_operator;

/// What became of a main call.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Called {
    /// The service has accepted it.
    Accepted,
    /// The cluster is busy with something else, or the service throttles: nothing was started.
    Busy(String),
    /// There is no such cluster or snapshot: there was nothing to call.
    NotFound(String),
    /// It was not made, because what it is for is under way already.
    UnderWay(String),
}

/// A tag of a cluster or a snapshot: `{"Key": "team", "Value": "data"}`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "PascalCase")]
pub struct Tag {
    /// The key.
    #[serde(alias = "key")]
    pub key: String,
    /// The value. Default: none.
    #[serde(alias = "value", default, skip_serializing_if = "Option::is_none")]
    pub value: Option<String>,
}

impl Tag {
    fn sdk(&self) -> aws_sdk_redshift::types::Tag {
        let tag = aws_sdk_redshift::types::Tag::builder().key(&self.key);
        tag.set_value(self.value.clone()).build()
    }
}

/// How often a call is made again that finds the cluster busy, and how long is waited in between: 15 s,
/// growing to 2 min, for a little over an hour in all.
const BUSY_TRIES: u32 = 36;
const BUSY_DELAY: f64 = 15.0;
const BUSY_MAX_DELAY: f64 = 120.0;

/// The method at which an operator makes its main call again.
const CALL_AGAIN: &str = "call_again";

/// Lets a busy cluster come to rest, in a trigger and not on a worker, before the call is made again.
fn call_again(
    ctx: &OperatorContext,
    what: &str,
    reason: &str,
    kwargs: &Value,
) -> Result<Flow, OperatorError> {
    let tries = kwargs.get("tries").and_then(Value::as_u64).unwrap_or(0);
    let tries = u32::try_from(tries).unwrap_or(u32::MAX).saturating_add(1);
    if tries > BUSY_TRIES {
        return Err(OperatorError::new(format!(
            "{what}: still refused after {tries} tries: {reason}"
        )));
    }
    let delta = (BUSY_DELAY * 1.5_f64.powi(tries.min(16) as i32 - 1)).min(BUSY_MAX_DELAY);
    let message = format!("{what}: not now, again in {delta:.0} s: {reason}");
    ctx.log(maitred_runtime::trigger::Level::Info, message);
    let deferral = Deferral::new(&TimeDeltaTrigger { delta }, CALL_AGAIN)?;
    Ok(Flow::Defer(deferral.with_kwargs(json!({ "tries": tries }))))
}

/// How an operator waits for what it has started.
struct Waiting {
    trigger: WaiterTrigger,
    /// The method that gets the event.
    method: &'static str,
    deferrable: bool,
    poll_interval: f64,
    max_attempts: u64,
    undo: Option<maitred_runtime::operator::UndoCall>,
}

impl Waiting {
    /// Waits in a trigger, or on the worker if the operator is not deferrable.
    async fn begin(
        mut self,
        ctx: &OperatorContext,
    ) -> Result<Result<Deferral, Resumed>, OperatorError> {
        self.trigger.overrides.delay = Some(self.poll_interval);
        self.trigger.overrides.max_attempts = Some(self.max_attempts);
        if !self.deferrable {
            return Ok(Err(ctx.run_trigger(&self.trigger).await));
        }
        // The trigger ends by itself; this is the end of a trigger that hangs.
        let budget = self.poll_interval * self.max_attempts as f64 + 60.0;
        let timeout = std::time::Duration::try_from_secs_f64(budget).map_err(|_| {
            OperatorError::fatal(format!("{budget} is no number of seconds that can be waited"))
        })?;
        let mut deferral = Deferral::new(&self.trigger, self.method)?.with_timeout(timeout);
        deferral.undo = self.undo;
        Ok(Ok(deferral))
    }
}

/// A waiter trigger on one cluster.
fn cluster_waiter(waiter: &str, cluster: &str, client: ClientSettings) -> WaiterTrigger {
    let mut trigger =
        WaiterTrigger::new("redshift", waiter).with_input("ClusterIdentifier", cluster);
    trigger.client = client;
    trigger.return_key = "cluster_identifier".to_owned();
    trigger.return_value = cluster.into();
    trigger
}

/// A waiter trigger on one snapshot, and no other of its cluster.
fn snapshot_waiter(
    waiter: &str,
    snapshot: &str,
    cluster: &str,
    client: ClientSettings,
) -> WaiterTrigger {
    let mut trigger = WaiterTrigger::new("redshift", waiter)
        .with_input("SnapshotIdentifier", snapshot)
        .with_input("ClusterIdentifier", cluster);
    trigger.client = client;
    trigger.return_key = "snapshot_identifier".to_owned();
    trigger.return_value = snapshot.into();
    trigger
}

fn default_poll_interval() -> f64 {
    30.0
}

fn default_max_attempts() -> u64 {
    30
}

/// How far the service's clock and this one may be apart.
const CLOCK_SKEW: std::time::Duration = std::time::Duration::from_secs(60);

/// Whether something that was made at `created` (seconds since 1970) may have been made by a call whose
/// intent has these details.
fn made_since(details: &Value, created: f64) -> bool {
    let at = details.get("at").and_then(Value::as_f64).unwrap_or_default();
    created + CLOCK_SKEW.as_secs_f64() >= at / 1000.0
}

/// How long the service may take to show what it has accepted.
const SETTLE: std::time::Duration = std::time::Duration::from_secs(3);

/// What all operators on a cluster check before their task is accepted.
fn check(cluster: &str, poll_interval: f64, max_attempts: u64) -> Result<(), OperatorError> {
    if cluster.is_empty() {
        return Err(OperatorError::fatal("cluster_identifier is empty"));
    }
    if !(poll_interval > 0.0 && poll_interval.is_finite()) {
        return Err(OperatorError::fatal("poll_interval is a number of seconds above 0"));
    }
    if max_attempts == 0 {
        return Err(OperatorError::fatal("max_attempts is at least 1"));
    }
    Ok(())
}

fn check_snapshot(snapshot: &str) -> Result<(), OperatorError> {
    if snapshot.is_empty() {
        return Err(OperatorError::fatal("snapshot_identifier is empty"));
    }
    Ok(())
}
