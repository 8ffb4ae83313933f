//! Waiting for a cluster that somebody else changes.

use super::arguments::{aws_operator, check_cluster};
use super::waiters::cluster_waiter;
use maitred_core::config::{AcceptorConfig, MatcherKind, State};
use maitred_core::diagnostic::nearest;
use maitred_runtime::operator::sensor::{self, Sensing, Sensor};
use maitred_runtime::operator::{ConnectionUse, OperatorError};
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
        #[serde(default = "sensor::a_minute")]
        pub poke_interval: f64,
        /// Seconds that it may take. Default: 604800, a week.
        #[serde(default = "sensor::a_week")]
        pub timeout: f64,
        /// Defers the wait to the triggerer. Default: false.
        #[serde(default)]
        pub deferrable: bool,
        /// Skips the task, in place of failing it, if the status is not reached within `timeout`. Any other
        /// failure, such as access denied or a bad connection, still fails it. Default: false.
        #[serde(default)]
        pub soft_fail: bool,
    }
}

fn default_target_status() -> String {
    "available".to_owned()
}

/// The target status for a cluster that is to be gone.
const NOT_FOUND: &str = "cluster_not_found";

/// The statuses that are documented
/// (<https://docs.aws.amazon.com/redshift/latest/APIReference/API_Cluster.html>), the two that the service
/// tells while it pauses and resumes, and [`NOT_FOUND`].
const STATUSES: &str = include_str!("statuses.txt");

impl Sensor for ClusterSensor {
    const OPERATOR: &'static str = "redshift.cluster_sensor";
    const DESCRIPTION: &'static str = "Wait until a cluster is in a status";

    fn trigger(&self) -> WaiterTrigger {
        let cluster = &self.cluster_identifier;
        let mut trigger = cluster_waiter("cluster_in_status", cluster, self.client_settings());
        trigger.parameters.insert("STATUS".to_owned(), self.target_status.as_str().into());
        if self.target_status == NOT_FOUND {
            let gone = AcceptorConfig::new(State::Success, MatcherKind::Error, "ClusterNotFound");
            trigger.overrides.acceptors = vec![gone];
        }
        trigger
    }

    fn sensing(&self) -> Sensing {
        let mut sensing = Sensing::default();
        sensing.poke_interval = self.poke_interval;
        sensing.timeout = self.timeout;
        sensing.deferrable = self.deferrable;
        sensing.soft_fail = self.soft_fail;
        sensing
    }

    fn connections(&self) -> Vec<ConnectionUse> {
        self.used_connections()
    }

    fn check_arguments(&self) -> Result<(), OperatorError> {
        check_cluster(&self.cluster_identifier)?;
        if STATUSES.lines().any(|status| status == self.target_status) {
            return Ok(());
        }
        let near = nearest(&self.target_status, STATUSES.lines());
        let help = near.map_or_else(
            || format!("it is one of {}", STATUSES.lines().collect::<Vec<_>>().join("; ")),
            |near| format!("did you mean `{near}`?"),
        );
        let status = &self.target_status;
        Err(OperatorError::fatal(format!(
            "target_status `{status}` is not a status of a cluster: {help}"
        )))
    }
}
