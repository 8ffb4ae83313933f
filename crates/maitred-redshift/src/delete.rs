//! Deleting a cluster.

use serde_json::{Value, json};

use super::hook::{Prepared, main_call_after};
use super::{
    CALL_AGAIN, Called, RedshiftHook, Waiting, aws_operator, call_again, cluster_waiter,
    default_max_attempts, default_poll_interval,
};
use maitred_runtime::operator::Flow;
use maitred_runtime::operator::Intent;
use maitred_runtime::operator::Operator;
use maitred_runtime::operator::OperatorContext;
use maitred_runtime::operator::OperatorError;
use maitred_runtime::operator::Reconciled;
use maitred_runtime::operator::Resumed;
use maitred_runtime::operator::arguments_of;
use maitred_runtime::trigger::Level;

aws_operator! {
    /// Deletes a cluster. One that is busy with something else is deleted as soon as it has come to rest;
    /// one that is being deleted already is waited for; one that does not exist is a failure, unless an
    /// earlier try of this task has been at it.
    pub struct DeleteCluster {
        /// The cluster.
        pub cluster_identifier: String,
        /// Whether it goes without a last snapshot. Default: true.
        #[serde(default = "yes")]
        pub skip_final_cluster_snapshot: bool,
        /// The name of the last snapshot; needed if it is not skipped. Default: none.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub final_cluster_snapshot_identifier: Option<String>,
        /// Whether the task ends when the cluster is gone, or as soon as the call is accepted. Default: true.
        #[serde(default = "yes")]
        pub wait_for_completion: bool,
        /// Whether the wait leaves the worker. Default: false.
        #[serde(default)]
        pub deferrable: bool,
        /// Seconds between two polls. Default: 30.
        #[serde(default = "default_poll_interval")]
        pub poll_interval: f64,
        /// How many polls at most. Default: 30.
        #[serde(default = "default_max_attempts")]
        pub max_attempts: u64,
    }
}

fn yes() -> bool {
    true
}

const CALL: &str = "delete_cluster";

/// Whether a cluster of this status (`None`: it does not exist) is on its way out.
pub(super) fn is_leaving(status: Option<&str>) -> bool {
    matches!(status, None | Some("deleting" | "final-snapshot"))
}

/// What became of a DeleteCluster whose reply was not seen.
pub(super) async fn reconcile_delete(
    ctx: &OperatorContext,
    hook: &RedshiftHook,
    cluster: &str,
) -> Result<Reconciled, OperatorError> {
    let mut status = hook.cluster_status(cluster).await?;
    if !is_leaving(status.as_deref()) {
        // The service may not show yet what it has just accepted.
        ctx.clock().sleep(super::SETTLE).await;
        status = hook.cluster_status(cluster).await?;
    }
    if is_leaving(status.as_deref()) {
        return Ok(Reconciled::Found(json!(Called::Accepted)));
    }
    Ok(Reconciled::NotStarted)
}

impl DeleteCluster {
    async fn begin(&self, ctx: &OperatorContext, kwargs: &Value) -> Result<Flow, OperatorError> {
        let hook = RedshiftHook::open(ctx.clients(), &self.client_settings()).await?;
        let cluster = &self.cluster_identifier;
        let prepare = async {
            let status = hook.cluster_status(cluster).await?;
            Ok(match status.as_deref() {
                None => {
                    let message = format!("{CALL}: there is no cluster {cluster}");
                    Prepared::Already(Called::NotFound(message))
                }
                Some(status) if is_leaving(Some(status)) => {
                    let message = format!("cluster {cluster} is being deleted already: {status}");
                    Prepared::Already(Called::UnderWay(message))
                }
                Some(_) => Prepared::Send(
                    hook.once()
                        .delete_cluster()
                        .cluster_identifier(cluster)
                        .skip_final_cluster_snapshot(self.skip_final_cluster_snapshot)
                        .set_final_cluster_snapshot_identifier(
                            self.final_cluster_snapshot_identifier.clone(),
                        )
                        .send(),
                ),
            })
        };
        let details = json!({ "cluster_identifier": cluster });
        // What an earlier step or try has called for may be done by now.
        let been_at_it = !kwargs.is_null() || ctx.task().try_number > 1;
        match main_call_after(ctx, CALL, details, prepare).await? {
            Called::Accepted => self.wait(ctx).await,
            Called::UnderWay(reason) => {
                ctx.log(Level::Info, reason);
                self.wait(ctx).await
            }
            Called::Busy(reason) => call_again(ctx, CALL, &reason, kwargs),
            Called::NotFound(reason) if been_at_it => {
                ctx.log(Level::Info, reason);
                Ok(self.finished())
            }
            Called::NotFound(reason) => Err(OperatorError::fatal(reason)),
        }
    }

    async fn wait(&self, ctx: &OperatorContext) -> Result<Flow, OperatorError> {
        if !self.wait_for_completion {
            return Ok(self.finished());
        }
        let client = self.client_settings();
        let waiting = Waiting {
            trigger: cluster_waiter("cluster_deleted", &self.cluster_identifier, client),
            method: "execute_complete",
            deferrable: self.deferrable,
            poll_interval: self.poll_interval,
            max_attempts: self.max_attempts,
            undo: None,
        };
        match waiting.begin(ctx).await? {
            Ok(deferral) => Ok(Flow::Defer(deferral)),
            Err(resumed) => self.complete(resumed),
        }
    }

    fn complete(&self, with: Resumed) -> Result<Flow, OperatorError> {
        with.success()?;
        Ok(self.finished())
    }

    fn finished(&self) -> Flow {
        Flow::Done(json!({ "cluster_identifier": self.cluster_identifier }))
    }
}

impl Operator for DeleteCluster {
    const NAME: &'static str = "redshift.delete_cluster";
    const SUMMARY: &'static str = "Delete a cluster";

    fn arguments() -> Value {
        arguments_of::<Self>()
    }

    fn check(&self) -> Result<(), OperatorError> {
        super::check(&self.cluster_identifier, self.poll_interval, self.max_attempts)?;
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

    async fn execute(&self, ctx: &OperatorContext) -> Result<Flow, OperatorError> {
        self.begin(ctx, &Value::Null).await
    }

    async fn resume(
        &self,
        ctx: &OperatorContext,
        method: &str,
        kwargs: Value,
        with: Resumed,
    ) -> Result<Flow, OperatorError> {
        if method == CALL_AGAIN {
            with.event()?;
            return self.begin(ctx, &kwargs).await;
        }
        self.complete(with)
    }

    async fn reconcile(
        &self,
        ctx: &OperatorContext,
        _intent: &Intent,
    ) -> Result<Reconciled, OperatorError> {
        let hook = RedshiftHook::open(ctx.clients(), &self.client_settings()).await?;
        reconcile_delete(ctx, &hook, &self.cluster_identifier).await
    }
}
