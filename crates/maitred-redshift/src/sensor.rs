//! Waiting for a cluster that somebody else changes.

use serde_json::Value;

use super::arguments::{aws_operator, check};
use super::waiters::cluster_waiter;
use maitred_core::config::AcceptorConfig;
use maitred_core::config::MatcherKind;
use maitred_core::config::State;
use maitred_core::diagnostic::nearest;
use maitred_runtime::operator::ConnectionUse;
use maitred_runtime::operator::Deferral;
use maitred_runtime::operator::ExecuteComplete;
use maitred_runtime::operator::Flow;
use maitred_runtime::operator::Operator;
use maitred_runtime::operator::OperatorContext;
use maitred_runtime::operator::OperatorError;
use maitred_runtime::operator::Resumed;
use maitred_runtime::operator::arguments_of;
use maitred_runtime::trigger::WaiterTrigger;

aws_operator! {
    /// Waits until a cluster is in a status. One that cannot get there any more is a failure at once; one
    /// that does not exist yet is waited for.
    pub struct ClusterSensor {
        /// The cluster.
        pub cluster_identifier: String,
        /// The status, e.g. `paused`, or `cluster_not_found`. Default: `available`.
        #[serde(default = "default_target_status")]
        pub target_status: String,
        /// Seconds between two polls. Default: 60.
        #[serde(default = "default_poke_interval")]
        pub poke_interval: f64,
        /// Seconds that it may take. Default: 604800, a week.
        #[serde(default = "default_timeout")]
        pub timeout: f64,
        /// Whether the wait leaves the worker. Default: false.
        #[serde(default)]
        pub deferrable: bool,
        /// Whether the task is skipped, and not failed, if the status is not reached within `timeout`. Any other
        /// failure, such as access denied or a bad connection, still fails it. Default: false.
        #[serde(default)]
        pub soft_fail: bool,
    }
}

fn default_target_status() -> String {
    "available".to_owned()
}

fn default_poke_interval() -> f64 {
    60.0
}

fn default_timeout() -> f64 {
    604_800.0
}

/// What the sensor waits for where the cluster is to be gone.
const NOT_FOUND: &str = "cluster_not_found";

/// The statuses that are documented
/// (<https://docs.aws.amazon.com/redshift/latest/APIReference/API_Cluster.html>), the two that the service
/// tells while it pauses and resumes, and [`NOT_FOUND`].
const STATUSES: [&str; 23] = [
    "available",
    "available, prep-for-resize",
    "available, resize-cleanup",
    "cancelling-resize",
    NOT_FOUND,
    "creating",
    "deleting",
    "final-snapshot",
    "hardware-failure",
    "incompatible-hsm",
    "incompatible-network",
    "incompatible-parameters",
    "incompatible-restore",
    "modifying",
    "paused",
    "pausing",
    "rebooting",
    "renaming",
    "resizing",
    "resuming",
    "rotating-keys",
    "storage-full",
    "updating-hsm",
];

impl ClusterSensor {
    fn trigger(&self) -> WaiterTrigger {
        let cluster = &self.cluster_identifier;
        let mut trigger = cluster_waiter("cluster_in_status", cluster, self.client_settings());
        trigger.parameters.insert("STATUS".to_owned(), self.target_status.as_str().into());
        trigger.overrides.delay = Some(self.poke_interval);
        trigger.overrides.timeout = Some(self.timeout);
        if self.target_status == NOT_FOUND {
            let gone = AcceptorConfig::new(State::Success, MatcherKind::Error, "ClusterNotFound");
            trigger.overrides.acceptors = vec![gone];
        }
        trigger
    }

    fn complete(&self, with: Resumed) -> Result<Flow<ExecuteComplete>, OperatorError> {
        maitred_runtime::operator::sensor::sensed(with, self.soft_fail)
    }
}

impl Operator for ClusterSensor {
    const NAME: &'static str = "redshift.cluster_sensor";
    type Resume = ExecuteComplete;
    const SUMMARY: &'static str = "Wait until a cluster is in a status";

    fn arguments() -> Value {
        arguments_of::<Self>()
    }

    fn connections(&self) -> Vec<ConnectionUse> {
        self.used_connections()
    }

    fn check(&self) -> Result<(), OperatorError> {
        check(&self.cluster_identifier, self.poke_interval, 1)
            .map_err(|error| OperatorError::fatal(error.to_string().replace("poll_", "poke_")))?;
        maitred_runtime::operator::sensor::check_timeout(self.timeout)?;
        if STATUSES.contains(&self.target_status.as_str()) {
            return Ok(());
        }
        let near = nearest(&self.target_status, STATUSES.iter().copied());
        let help = near.map_or_else(
            || format!("it is one of {}", STATUSES.join("; ")),
            |near| format!("did you mean `{near}`?"),
        );
        let status = &self.target_status;
        Err(OperatorError::fatal(format!(
            "target_status `{status}` is not a status of a cluster: {help}"
        )))
    }

    /// A sensor starts nothing, so it needs no worker before its trigger.
    fn start_from_trigger(&self) -> Result<Option<Deferral<ExecuteComplete>>, OperatorError> {
        if !self.deferrable {
            return Ok(None);
        }
        maitred_runtime::operator::sensor::sensing(&self.trigger(), self.timeout).map(Some)
    }

    async fn execute(&self, ctx: &OperatorContext) -> Result<Flow<ExecuteComplete>, OperatorError> {
        self.complete(ctx.run_trigger(&self.trigger()).await)
    }

    async fn resume(
        &self,
        _ctx: &OperatorContext,
        _resume: ExecuteComplete,
        with: Resumed,
    ) -> Result<Flow<ExecuteComplete>, OperatorError> {
        self.complete(with)
    }
}
