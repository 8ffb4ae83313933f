//! Deleting a snapshot.

use maitred_runtime::operator::{Intent, OperatorContext, OperatorError};
use maitred_runtime::trigger::WaiterTrigger;
use serde_json::{Value, json};

use super::arguments::{aws_operator, check_snapshot, polls, seconds, yes};
use super::frame::{MainCall, main_call_operator};
use super::hook::{Called, RedshiftHook};
use super::waiters::snapshot_waiter;

aws_operator! {
    /// Deletes a manual snapshot. One that cannot be deleted yet is deleted as soon as it can be; one that
    /// does not exist is a failure, unless an earlier try of this task has been at it.
    pub struct DeleteClusterSnapshot {
        /// The snapshot.
        pub snapshot_identifier: String,
        /// The cluster that it was taken of.
        pub cluster_identifier: String,
        /// Ends the task when the snapshot is gone, and not as soon as the call is accepted. Default: true.
        #[serde(default = "yes")]
        pub wait_for_completion: bool,
        /// Defers the wait to the triggerer. Default: false.
        #[serde(default)]
        pub deferrable: bool,
        /// Seconds between two polls. Default: 10.
        #[serde(default = "seconds::<10>")]
        pub poll_interval: f64,
        /// The largest number of polls. Default: 120. (Airflow has no bound.)
        #[serde(default = "polls::<120>")]
        pub max_attempts: u64,
    }
}

impl MainCall for DeleteClusterSnapshot {
    const CALL: &'static str = "delete_cluster_snapshot";
    const GONE_IS_DONE: bool = true;
    const WAITER: &'static str = "snapshot_deleted";

    fn check_arguments(&self) -> Result<(), OperatorError> {
        check_snapshot(&self.snapshot_identifier)
    }

    fn result(&self) -> Value {
        json!({
            "snapshot_identifier": self.snapshot_identifier,
            "cluster_identifier": self.cluster_identifier,
        })
    }

    async fn send(
        &self,
        ctx: &OperatorContext,
        hook: &RedshiftHook,
    ) -> Result<Called, OperatorError> {
        let call = hook.once.delete_cluster_snapshot();
        let call = call.snapshot_identifier(&self.snapshot_identifier);
        let call = call.snapshot_cluster_identifier(&self.cluster_identifier);
        hook.main_call(ctx, Self::CALL, self.result(), call.send()).await
    }

    /// The call was made if the snapshot is gone, or marked as deleted. While it is still there, it is
    /// safe to ask for its end again: that ends as the first call would.
    async fn was_made(&self, hook: &RedshiftHook, _: &Intent) -> Result<bool, OperatorError> {
        let (snapshot, cluster) = (&self.snapshot_identifier, &self.cluster_identifier);
        let snapshot = hook.snapshot(snapshot, cluster).await?;
        Ok(snapshot.is_none_or(|snapshot| matches!(snapshot.status(), None | Some("deleted"))))
    }

    fn waiter(&self) -> WaiterTrigger {
        let (snapshot, cluster) = (&self.snapshot_identifier, &self.cluster_identifier);
        snapshot_waiter(Self::WAITER, snapshot, cluster, self.client_settings())
    }
}

main_call_operator!(
    DeleteClusterSnapshot,
    "redshift.delete_cluster_snapshot",
    "Delete a snapshot of a cluster"
);
