//! Taking a snapshot of a cluster.

use maitred_core::client::Call;
use maitred_runtime::operator::{Intent, OperatorContext, OperatorError, UndoCall};
use maitred_runtime::trigger::WaiterTrigger;
use serde_json::{Value, json};

use super::arguments::{Tag, aws_operator, check_snapshot, number, polls, seconds};
use super::frame::{MainCall, main_call_operator};
use super::hook::{Called, Prepared, RedshiftHook, made_since};
use super::waiters::snapshot_waiter;

aws_operator! {
    /// Takes a snapshot of a cluster, which has to be available. It is the snapshot that was made, and no
    /// other of the cluster, that is waited for.
    pub struct CreateClusterSnapshot {
        /// The snapshot's name.
        pub snapshot_identifier: String,
        /// The cluster.
        pub cluster_identifier: String,
        /// For how many days it is kept, 1 to 3653; -1: for ever. Default: -1.
        #[serde(default = "number::<-1>")]
        pub retention_period: i32,
        /// Tags.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub tags: Option<Vec<Tag>>,
        /// Ends the task when the snapshot is available, and not as soon as the call is accepted. Default: false.
        #[serde(default)]
        pub wait_for_completion: bool,
        /// Defers the wait to the triggerer. Default: false.
        #[serde(default)]
        pub deferrable: bool,
        /// Seconds between two polls. Default: 15.
        #[serde(default = "seconds::<15>")]
        pub poll_interval: f64,
        /// The largest number of polls. Default: 20.
        #[serde(default = "polls::<20>", alias = "max_attempt")]
        pub max_attempts: u64,
    }
}

impl MainCall for CreateClusterSnapshot {
    const CALL: &'static str = "create_cluster_snapshot";
    const WAITER: &'static str = "snapshot_available";

    fn check_arguments(&self) -> Result<(), OperatorError> {
        check_snapshot(&self.snapshot_identifier)?;
        match self.retention_period {
            -1 | 1..=3653 => Ok(()),
            _ => Err(OperatorError::fatal("retention_period is -1, or 1 to 3653 days")),
        }
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
        let (snapshot, cluster) = (&self.snapshot_identifier, &self.cluster_identifier);
        let prepare = async {
            let fail = |state: &str| {
                let call = Self::CALL;
                format!("{call}: the cluster must be available; cluster {cluster} {state}")
            };
            match hook.cluster_status(cluster).await?.as_deref() {
                Some("available") => {}
                Some(status) => return Err(OperatorError::new(fail(&format!("is {status}")))),
                None => return Err(OperatorError::fatal(fail("does not exist"))),
            }
            let tags = self.tags.as_ref().map(|tags| tags.iter().map(Tag::sdk).collect());
            let call = hook.once.create_cluster_snapshot().snapshot_identifier(snapshot);
            let call = call.cluster_identifier(cluster).set_tags(tags);
            Ok(Prepared::Send(call.manual_snapshot_retention_period(self.retention_period).send()))
        };
        // With the time, so that a snapshot of the same name that was there before is told apart.
        let mut details = self.result();
        details["at"] = json!(ctx.now());
        hook.main_call_after(ctx, Self::CALL, details, prepare).await
    }

    /// The call was made if there is a snapshot of this name that is not older than the intent.
    async fn was_made(&self, hook: &RedshiftHook, intent: &Intent) -> Result<bool, OperatorError> {
        let found = hook.snapshot(&self.snapshot_identifier, &self.cluster_identifier).await?;
        Ok(found.is_some_and(|snapshot| match snapshot.snapshot_create_time() {
            Some(created) => made_since(&intent.details, created.as_secs_f64()),
            None => snapshot.status() == Some("creating"),
        }))
    }

    fn waiter(&self) -> WaiterTrigger {
        let (snapshot, cluster) = (&self.snapshot_identifier, &self.cluster_identifier);
        snapshot_waiter(Self::WAITER, snapshot, cluster, self.client_settings())
    }

    fn undo(&self) -> Option<UndoCall> {
        let input = [
            ("SnapshotIdentifier", self.snapshot_identifier.as_str()),
            ("SnapshotClusterIdentifier", self.cluster_identifier.as_str()),
        ];
        Some(UndoCall::new(
            format!("delete snapshot {}", self.snapshot_identifier),
            Call::new("redshift", "DeleteClusterSnapshot", input),
            self.client_settings(),
        ))
    }
}

main_call_operator!(
    CreateClusterSnapshot,
    "redshift.create_cluster_snapshot",
    "Take a snapshot of a cluster"
);
