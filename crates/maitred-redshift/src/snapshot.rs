//! Taking a snapshot of a cluster.

use serde_json::{Value, json};

use super::hook::{Prepared, main_call_after};
use super::{
    CALL_AGAIN, Called, RedshiftHook, Tag, Waiting, aws_operator, call_again, snapshot_waiter,
};
use maitred_core::client::Call;
use maitred_runtime::operator::Flow;
use maitred_runtime::operator::Intent;
use maitred_runtime::operator::Operator;
use maitred_runtime::operator::OperatorContext;
use maitred_runtime::operator::OperatorError;
use maitred_runtime::operator::Reconciled;
use maitred_runtime::operator::Resumed;
use maitred_runtime::operator::UndoCall;
use maitred_runtime::operator::arguments_of;

aws_operator! {
    /// Takes a snapshot of a cluster, which has to be available. It is the snapshot that was made, and no
    /// other of the cluster, that is waited for.
    pub struct CreateClusterSnapshot {
        /// The snapshot's name.
        pub snapshot_identifier: String,
        /// The cluster.
        pub cluster_identifier: String,
        /// For how many days it is kept, 1 to 3653; -1: for ever. Default: -1.
        #[serde(default = "for_ever")]
        pub retention_period: i32,
        /// Tags.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub tags: Option<Vec<Tag>>,
        /// Whether the task ends when the snapshot is available, or as soon as the call is accepted. Default: false.
        #[serde(default)]
        pub wait_for_completion: bool,
        /// Whether the wait leaves the worker. Default: false.
        #[serde(default)]
        pub deferrable: bool,
        /// Seconds between two polls. Default: 15.
        #[serde(default = "default_poll_interval")]
        pub poll_interval: f64,
        /// How many polls at most. Default: 20.
        #[serde(default = "default_max_attempts", alias = "max_attempt")]
        pub max_attempts: u64,
    }
}

fn for_ever() -> i32 {
    -1
}

fn default_poll_interval() -> f64 {
    15.0
}

fn default_max_attempts() -> u64 {
    20
}

const CALL: &str = "create_cluster_snapshot";

impl CreateClusterSnapshot {
    async fn begin(&self, ctx: &OperatorContext, kwargs: &Value) -> Result<Flow, OperatorError> {
        let hook = RedshiftHook::open(ctx.clients(), &self.client_settings()).await?;
        let (snapshot, cluster) = (&self.snapshot_identifier, &self.cluster_identifier);
        let prepare = async {
            let fail = |state: &str| {
                format!("{CALL}: the cluster must be available; cluster {cluster} {state}")
            };
            match hook.cluster_status(cluster).await?.as_deref() {
                Some("available") => {}
                Some(status) => return Err(OperatorError::new(fail(&format!("is {status}")))),
                None => return Err(OperatorError::fatal(fail("does not exist"))),
            }
            let tags = self.tags.as_ref().map(|tags| tags.iter().map(Tag::sdk).collect());
            let call = hook.once().create_cluster_snapshot().snapshot_identifier(snapshot);
            let call = call.cluster_identifier(cluster).set_tags(tags);
            Ok(Prepared::Send(call.manual_snapshot_retention_period(self.retention_period).send()))
        };
        // With the time, so that a snapshot of the same name that was there before is told apart.
        let details = json!({
            "snapshot_identifier": snapshot, "cluster_identifier": cluster, "at": ctx.now(),
        });
        match main_call_after(ctx, CALL, details, prepare).await? {
            Called::Accepted => self.wait(ctx).await,
            Called::Busy(reason) => call_again(ctx, CALL, &reason, kwargs),
            Called::NotFound(reason) | Called::UnderWay(reason) => {
                Err(OperatorError::fatal(reason))
            }
        }
    }

    fn undo(&self) -> UndoCall {
        let input = [
            ("SnapshotIdentifier".to_owned(), Value::from(self.snapshot_identifier.as_str())),
            ("SnapshotClusterIdentifier".to_owned(), Value::from(self.cluster_identifier.as_str())),
        ];
        UndoCall {
            description: format!("delete snapshot {}", self.snapshot_identifier),
            call: Call {
                service: "redshift".to_owned(),
                operation: "DeleteClusterSnapshot".to_owned(),
                input: input.into_iter().collect(),
            },
            client: self.client_settings(),
        }
    }

    async fn wait(&self, ctx: &OperatorContext) -> Result<Flow, OperatorError> {
        if !self.wait_for_completion {
            return Ok(self.finished());
        }
        let (snapshot, cluster) = (&self.snapshot_identifier, &self.cluster_identifier);
        let client = self.client_settings();
        let waiting = Waiting {
            trigger: snapshot_waiter("snapshot_available", snapshot, cluster, client),
            method: "execute_complete",
            deferrable: self.deferrable,
            poll_interval: self.poll_interval,
            max_attempts: self.max_attempts,
            undo: Some(self.undo()),
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

impl Operator for CreateClusterSnapshot {
    const NAME: &'static str = "redshift.create_cluster_snapshot";
    const SUMMARY: &'static str = "Take a snapshot of a cluster";

    fn arguments() -> Value {
        arguments_of::<Self>()
    }

    fn check(&self) -> Result<(), OperatorError> {
        super::check(&self.cluster_identifier, self.poll_interval, self.max_attempts)?;
        super::check_snapshot(&self.snapshot_identifier)?;
        match self.retention_period {
            -1 | 1..=3653 => Ok(()),
            _ => Err(OperatorError::fatal("retention_period is -1, or 1 to 3653 days")),
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

    /// The call was made if there is a snapshot of this name that is not older than the intent.
    async fn reconcile(
        &self,
        ctx: &OperatorContext,
        intent: &Intent,
    ) -> Result<Reconciled, OperatorError> {
        let hook = RedshiftHook::open(ctx.clients(), &self.client_settings()).await?;
        let (name, cluster) = (&self.snapshot_identifier, &self.cluster_identifier);
        let mut snapshot = hook.snapshot(name, cluster).await?;
        if snapshot.is_none() {
            // The service may not show yet what it has just accepted.
            ctx.clock().sleep(super::SETTLE).await;
            snapshot = hook.snapshot(name, cluster).await?;
        }
        let made = snapshot.is_some_and(|snapshot| match snapshot.snapshot_create_time() {
            Some(created) => super::made_since(&intent.details, created.as_secs_f64()),
            None => snapshot.status() == Some("creating"),
        });
        Ok(if made { Reconciled::Found(json!(Called::Accepted)) } else { Reconciled::NotStarted })
    }
}
