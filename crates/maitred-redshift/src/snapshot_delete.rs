//! Deleting a snapshot.

use serde_json::{Value, json};

use super::hook::{Prepared, main_call_after};
use super::{CALL_AGAIN, Called, RedshiftHook, Waiting, aws_operator, call_again, snapshot_waiter};
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
    /// Deletes a manual snapshot. One that cannot be deleted yet is deleted as soon as it can be; one that
    /// does not exist is a failure, unless an earlier try of this task has been at it.
    pub struct DeleteClusterSnapshot {
        /// The snapshot.
        pub snapshot_identifier: String,
        /// The cluster that it was taken of.
        pub cluster_identifier: String,
        /// Whether the task ends when the snapshot is gone, or as soon as the call is accepted. Default: true.
        #[serde(default = "yes")]
        pub wait_for_completion: bool,
        /// Whether the wait leaves the worker. Default: false.
        #[serde(default)]
        pub deferrable: bool,
        /// Seconds between two polls. Default: 10.
        #[serde(default = "default_poll_interval")]
        pub poll_interval: f64,
        /// How many polls at most. Default: 120. (Airflow has no bound.)
        #[serde(default = "default_max_attempts")]
        pub max_attempts: u64,
    }
}

fn yes() -> bool {
    true
}

fn default_poll_interval() -> f64 {
    10.0
}

fn default_max_attempts() -> u64 {
    120
}

const CALL: &str = "delete_cluster_snapshot";

impl DeleteClusterSnapshot {
    async fn begin(&self, ctx: &OperatorContext, kwargs: &Value) -> Result<Flow, OperatorError> {
        let hook = RedshiftHook::open(ctx.clients(), &self.client_settings()).await?;
        let (snapshot, cluster) = (&self.snapshot_identifier, &self.cluster_identifier);
        let prepare = async {
            let call = hook.once().delete_cluster_snapshot().snapshot_identifier(snapshot);
            Ok(Prepared::Send(call.snapshot_cluster_identifier(cluster).send()))
        };
        let details = json!({ "snapshot_identifier": snapshot, "cluster_identifier": cluster });
        // What an earlier step or try has called for may be done by now.
        let been_at_it = !kwargs.is_null() || ctx.task().try_number > 1;
        match main_call_after(ctx, CALL, details, prepare).await? {
            Called::Accepted => self.wait(ctx).await,
            Called::Busy(reason) => call_again(ctx, CALL, &reason, kwargs),
            Called::NotFound(reason) if been_at_it => {
                ctx.log(Level::Info, reason);
                Ok(self.finished())
            }
            Called::NotFound(reason) | Called::UnderWay(reason) => {
                Err(OperatorError::fatal(reason))
            }
        }
    }

    async fn wait(&self, ctx: &OperatorContext) -> Result<Flow, OperatorError> {
        if !self.wait_for_completion {
            return Ok(self.finished());
        }
        let (snapshot, cluster) = (&self.snapshot_identifier, &self.cluster_identifier);
        let client = self.client_settings();
        let waiting = Waiting {
            trigger: snapshot_waiter("snapshot_deleted", snapshot, cluster, client),
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
        Flow::Done(json!({
            "snapshot_identifier": self.snapshot_identifier,
            "cluster_identifier": self.cluster_identifier,
        }))
    }
}

impl Operator for DeleteClusterSnapshot {
    const NAME: &'static str = "redshift.delete_cluster_snapshot";
    const SUMMARY: &'static str = "Delete a snapshot of a cluster";

    fn arguments() -> Value {
        arguments_of::<Self>()
    }

    fn check(&self) -> Result<(), OperatorError> {
        super::check(&self.cluster_identifier, self.poll_interval, self.max_attempts)?;
        super::check_snapshot(&self.snapshot_identifier)
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

    /// The call was made if the snapshot is gone, or marked as deleted. While it is still there, it is
    /// safe to ask for its end again: that ends as the first call would.
    async fn reconcile(
        &self,
        ctx: &OperatorContext,
        _intent: &Intent,
    ) -> Result<Reconciled, OperatorError> {
        let hook = RedshiftHook::open(ctx.clients(), &self.client_settings()).await?;
        let gone = |status: &Option<String>| matches!(status.as_deref(), None | Some("deleted"));
        let (name, cluster) = (&self.snapshot_identifier, &self.cluster_identifier);
        let mut status = hook.snapshot_status(name, cluster).await?;
        if !gone(&status) {
            // The service may not show yet what it has just accepted.
            ctx.clock().sleep(super::SETTLE).await;
            status = hook.snapshot_status(name, cluster).await?;
        }
        if gone(&status) {
            return Ok(Reconciled::Found(json!(Called::Accepted)));
        }
        Ok(Reconciled::NotStarted)
    }
}
