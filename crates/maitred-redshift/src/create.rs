//! Creating a cluster.

use std::time::Duration;

use maitred_core::client::Call;
use maitred_runtime::connection::ConnectionError;
use maitred_runtime::operator::{Deferral, Flow, Intent, OperatorContext, OperatorError, UndoCall};
use maitred_runtime::trigger::{Level, TimeDeltaTrigger};
use serde_json::{Value, json};

use super::frame::{Cleanup, MainCall, Resume, main_call_operator};
use super::hook::{Called, Prepared, RedshiftHook, is_leaving, made_since};

mod arguments;

pub use arguments::{ClusterType, CreateCluster};

/// The pause between two tries of a cleanup.
const CLEANUP_DELAY: Duration = Duration::from_secs(20);

impl MainCall for CreateCluster {
    const CALL: &'static str = "create_cluster";
    const WAITER: &'static str = "cluster_available";

    fn check_arguments(&self) -> Result<(), OperatorError> {
        let wrong = |message: &str| Err(OperatorError::fatal(message));
        if self.node_type.is_empty() {
            return wrong("node_type is empty");
        }
        if self.master_username.is_empty() {
            return wrong("master_username is empty");
        }
        if self.number_of_nodes < 1 {
            return wrong("number_of_nodes is at least 1");
        }
        if Duration::try_from_secs_f64(self.cleanup_timeout_seconds).is_err() {
            return wrong("cleanup_timeout_seconds is a number of seconds, at least 0");
        }
        match self.aqua_configuration_status.as_deref() {
            None | Some("enabled" | "disabled" | "auto") => Ok(()),
            Some(_) => wrong("aqua_configuration_status is `enabled`, `disabled` or `auto`"),
        }
    }

    async fn send(
        &self,
        ctx: &OperatorContext,
        hook: &RedshiftHook,
    ) -> Result<Called, OperatorError> {
        let prepare = async {
            let password =
                ctx.services.clients.connections().secret(&self.master_user_password).await;
            let password = password.map_err(ConnectionError::from)?;
            Ok(Prepared::Send(self.call(hook, &password).send()))
        };
        // With the time, so that a cluster of the same name that was there before is told apart.
        let details = json!({ "cluster_identifier": self.cluster_identifier, "at": ctx.now() });
        hook.main_call_after(ctx, Self::CALL, details, prepare).await
    }

    /// The call was made if there is a cluster of this name that is not older than the intent. An older one
    /// means that the call was refused, and will be again.
    async fn was_made(&self, hook: &RedshiftHook, intent: &Intent) -> Result<bool, OperatorError> {
        let cluster = hook.cluster(&self.cluster_identifier).await?;
        if intent.name != Self::CALL {
            return Ok(is_leaving(cluster.as_ref().and_then(|cluster| cluster.cluster_status())));
        }
        Ok(cluster.is_some_and(|cluster| match cluster.cluster_create_time() {
            Some(created) => made_since(&intent.details, created.as_secs_f64()),
            None => cluster.cluster_status() == Some("creating"),
        }))
    }

    fn undo(&self) -> Option<UndoCall> {
        let input = [
            ("ClusterIdentifier", Value::from(self.cluster_identifier.as_str())),
            ("SkipFinalClusterSnapshot", Value::from(true)),
        ];
        Some(UndoCall::new(
            format!("delete cluster {}", self.cluster_identifier),
            Call::new("redshift", "DeleteCluster", input),
            self.client_settings(),
        ))
    }

    async fn failed(
        &self,
        ctx: &OperatorContext,
        error: OperatorError,
    ) -> Result<Flow<Resume>, OperatorError> {
        if !self.delete_cluster_on_failure {
            return Err(error);
        }
        let timeout = Duration::try_from_secs_f64(self.cleanup_timeout_seconds);
        let until = ctx.now().plus(timeout.unwrap_or_default());
        let error = error.to_string();
        ctx.log(Level::Warning, format!("{error}; deleting the cluster"));
        self.clean_up(ctx, Cleanup { error, until }).await
    }

    /// Deletes the cluster, and then fails with the error that led here.
    async fn clean_up(
        &self,
        ctx: &OperatorContext,
        cleanup: Cleanup,
    ) -> Result<Flow<Resume>, OperatorError> {
        let hook = RedshiftHook::open(&ctx.services.clients, &self.client_settings()).await?;
        let call = hook.once.delete_cluster().cluster_identifier(&self.cluster_identifier);
        let call = call.skip_final_cluster_snapshot(true);
        let end = match hook.main_call(ctx, "delete_cluster", self.result(), call.send()).await {
            Ok(Called::Accepted) => "the cluster is being deleted".to_owned(),
            Ok(Called::NotFound(_)) => "the cluster is gone".to_owned(),
            Ok(Called::Busy(reason) | Called::UnderWay(reason) | Called::NotNeeded(reason)) => {
                let left = cleanup.until.since(ctx.now());
                if !left.is_zero() {
                    ctx.log(Level::Info, format!("{reason}; again soon"));
                    let delta = left.min(CLEANUP_DELAY).as_secs_f64();
                    let trigger = TimeDeltaTrigger::new(delta);
                    let mut deferral = Deferral::new(&trigger, Resume::Cleanup(cleanup))?;
                    deferral.undo = self.undo();
                    return Ok(Flow::Defer(deferral));
                }
                let seconds = self.cleanup_timeout_seconds;
                format!("the cluster could not be deleted within {seconds} s: {reason}")
            }
            Err(error) if error.is_in_doubt() => return Err(error),
            Err(error) => format!("the cluster could not be deleted: {error}"),
        };
        Err(OperatorError::new(format!("{}; {end}", cleanup.error)))
    }
}

main_call_operator!(CreateCluster, "redshift.create_cluster", "Create a cluster");
