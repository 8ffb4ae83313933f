//! Pausing and resuming a cluster.

use maitred_core::client::Call;
use maitred_runtime::operator::{Intent, OperatorContext, OperatorError, UndoCall};

use super::arguments::{aws_operator, polls, seconds};
use super::frame::{MainCall, main_call_operator};
use super::hook::{Called, RedshiftHook};

/// A cluster in one of these states never gets to another one that can be paused or resumed.
const LOST: [&str; 3] = ["deleting", "final-snapshot", "hardware-failure"];

/// The reason not to send the call to a cluster of this status, if there is one.
fn before(
    call: &str,
    cluster: &str,
    status: Option<&str>,
    [done, under_way]: [&str; 2],
) -> Result<Option<Called>, OperatorError> {
    let already = |status: &str| format!("cluster {cluster} is {status} already");
    match status {
        None => Err(OperatorError::fatal(format!("{call}: there is no cluster {cluster}"))),
        Some(status) if status == done => Ok(Some(Called::NotNeeded(already(status)))),
        Some(status) if status == under_way => Ok(Some(Called::UnderWay(already(status)))),
        Some(status) if LOST.contains(&status) => {
            Err(OperatorError::fatal(format!("{call}: cluster {cluster} is {status}")))
        }
        Some(_) => Ok(None),
    }
}

/// The two operators are mirror images: the operation, the waiter, the status at which there is nothing left to do
/// and that on the way there, and what undoes it.
macro_rules! pause_or_resume {
    (
        $(#[$meta:meta])*
        pub struct $operator:ident {
            $(#[$wait_for_completion:meta])*
        }
        $call:ident, $waiter:literal, $statuses:expr, $undo:expr
    ) => {
        aws_operator! {
            $(#[$meta])*
            pub struct $operator {
                /// The cluster.
                pub cluster_identifier: String,
                $(#[$wait_for_completion])*
                #[serde(default)]
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

        impl MainCall for $operator {
            const CALL: &'static str = stringify!($call);
            const WAITER: &'static str = $waiter;

            async fn send(
                &self,
                ctx: &OperatorContext,
                hook: &RedshiftHook,
            ) -> Result<Called, OperatorError> {
                let cluster = &self.cluster_identifier;
                let status = hook.cluster_status(cluster).await?;
                if let Some(called) = before(Self::CALL, cluster, status.as_deref(), $statuses)? {
                    return Ok(called);
                }
                let call = hook.once.$call().cluster_identifier(cluster);
                hook.main_call(ctx, Self::CALL, self.result(), call.send()).await
            }

            /// The call was made if the cluster is where it leads, or on the way there.
            async fn was_made(&self, hook: &RedshiftHook, _: &Intent) -> Result<bool, OperatorError> {
                let status = hook.cluster_status(&self.cluster_identifier).await?;
                Ok(status.is_some_and(|status| $statuses.contains(&status.as_str())))
            }

            fn undo(&self) -> Option<UndoCall> {
                let (verb, operation) = $undo;
                let cluster = self.cluster_identifier.as_str();
                let call = Call::new("redshift", operation, [("ClusterIdentifier", cluster)]);
                let description = format!("{verb} cluster {cluster}");
                Some(UndoCall::new(description, call, self.client_settings()))
            }
        }
    };
}

pause_or_resume! {
    /// Pauses a cluster. A cluster that is paused already is a success; one that cannot be paused is a
    /// failure at once.
    pub struct PauseCluster {
        /// Ends the task when the cluster is paused, and not as soon as the call is accepted. Default: false.
    }
    pause_cluster, "cluster_paused", ["paused", "pausing"], ("resume", "ResumeCluster")
}
main_call_operator!(PauseCluster, "redshift.pause_cluster", "Pause a cluster");

pause_or_resume! {
    /// Resumes a paused cluster. A cluster that is available already is a success; one that cannot be
    /// resumed is a failure at once.
    pub struct ResumeCluster {
        /// Ends the task when the cluster is available, and not as soon as the call is accepted. Default: false.
    }
    resume_cluster, "cluster_resumed", ["available", "resuming"], ("pause", "PauseCluster")
}
main_call_operator!(ResumeCluster, "redshift.resume_cluster", "Resume a paused cluster");
