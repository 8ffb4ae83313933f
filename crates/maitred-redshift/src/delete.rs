//! Deleting a cluster.

use maitred_runtime::operator::{Intent, OperatorContext, OperatorError};

use super::arguments::{aws_operator, polls, seconds, yes};
use super::frame::{MainCall, main_call_operator};
use super::hook::{Called, Prepared, RedshiftHook, is_leaving};

aws_operator! {
    /// Deletes a cluster. One that is busy with something else is deleted as soon as it has come to rest;
    /// one that is being deleted already is waited for; one that does not exist is a failure, unless an
    /// earlier try of this task has been at it.
    pub struct DeleteCluster {
        /// The cluster.
        pub cluster_identifier: String,
        /// Deletes it without a last snapshot. Default: true.
        #[serde(default = "yes")]
        pub skip_final_cluster_snapshot: bool,
        /// The name of the last snapshot; needed if it is not skipped. Default: none.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub final_cluster_snapshot_identifier: Option<String>,
        /// Ends the task when the cluster is gone, and not as soon as the call is accepted. Default: true.
        #[serde(default = "yes")]
        pub wait_for_completion: bool,
        /// Defers the wait to the triggerer. Default: false.
        #[serde(default)]
        pub deferrable: bool,
        /// Seconds between two polls. Default: 30.
        #[serde(default = "seconds::<30>")]
        pub poll_interval: f64,
        /// The largest number of polls. Default: 30.
        #[serde(default = "polls::<30>")]
        pub max_attempts: u64,
    }
}

impl MainCall for DeleteCluster {
    const CALL: &'static str = "delete_cluster";
    const GONE_IS_DONE: bool = true;
    const WAITER: &'static str = "cluster_deleted";

    fn check_arguments(&self) -> Result<(), OperatorError> {
        match (self.skip_final_cluster_snapshot, &self.final_cluster_snapshot_identifier) {
            (false, None) => Err(OperatorError::fatal(
                "skip_final_cluster_snapshot is false, so final_cluster_snapshot_identifier is needed",
            )),
            (true, Some(_)) => Err(OperatorError::fatal(
                "final_cluster_snapshot_identifier needs skip_final_cluster_snapshot to be false",
            )),
            (true, None) | (false, Some(_)) => Ok(()),
        }
    }

    async fn send(
        &self,
        ctx: &OperatorContext,
        hook: &RedshiftHook,
    ) -> Result<Called, OperatorError> {
        let cluster = &self.cluster_identifier;
        let prepare = async {
            let status = hook.cluster_status(cluster).await?;
            Ok(match status.as_deref() {
                None => {
                    let message = format!("{}: there is no cluster {cluster}", Self::CALL);
                    Prepared::Already(Called::NotFound(message))
                }
                Some(status) if is_leaving(Some(status)) => {
                    let message = format!("cluster {cluster} is being deleted already: {status}");
                    Prepared::Already(Called::UnderWay(message))
                }
                Some(_) => {
                    let snapshot = self.final_cluster_snapshot_identifier.clone();
                    let call = hook.once.delete_cluster().cluster_identifier(cluster);
                    let call = call.skip_final_cluster_snapshot(self.skip_final_cluster_snapshot);
                    let call = call.set_final_cluster_snapshot_identifier(snapshot);
                    Prepared::Send(call.send())
                }
            })
        };
        hook.main_call_after(ctx, Self::CALL, self.result(), prepare).await
    }

    async fn was_made(&self, hook: &RedshiftHook, _: &Intent) -> Result<bool, OperatorError> {
        let status = hook.cluster_status(&self.cluster_identifier).await?;
        Ok(is_leaving(status.as_deref()))
    }
}

main_call_operator!(DeleteCluster, "redshift.delete_cluster", "Delete a cluster");
