//! Creating a cluster.

use std::time::Duration;

use aws_sdk_redshift::operation::create_cluster::builders::CreateClusterFluentBuilder;
use aws_sdk_redshift::types::AquaConfigurationStatus;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::delete::reconcile_delete;
use super::hook::{Prepared, main_call, main_call_after};
use super::{
    CALL_AGAIN, Called, RedshiftHook, Tag, Waiting, aws_operator, call_again, cluster_waiter,
    default_max_attempts,
};
use maitred_core::client::Call;
use maitred_core::clock::Timestamp;
use maitred_runtime::connection::Secret;
use maitred_runtime::connection::SecretRef;
use maitred_runtime::operator::Deferral;
use maitred_runtime::operator::Flow;
use maitred_runtime::operator::Intent;
use maitred_runtime::operator::Operator;
use maitred_runtime::operator::OperatorContext;
use maitred_runtime::operator::OperatorError;
use maitred_runtime::operator::Reconciled;
use maitred_runtime::operator::Resumed;
use maitred_runtime::operator::UndoCall;
use maitred_runtime::operator::arguments_of;
use maitred_runtime::trigger::Level;
use maitred_runtime::trigger::TimeDeltaTrigger;

/// How many nodes a cluster may have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum ClusterType {
    /// One.
    SingleNode,
    /// Several: `number_of_nodes`.
    MultiNode,
}

impl ClusterType {
    fn as_str(self) -> &'static str {
        match self {
            Self::SingleNode => "single-node",
            Self::MultiNode => "multi-node",
        }
    }
}

aws_operator! {
    /// Creates a cluster. What is given is sent, false and zero too; what has no default and is not given
    /// is left to the service.
    pub struct CreateCluster {
        /// The cluster's name.
        pub cluster_identifier: String,
        /// The type of its nodes, e.g. `ra3.xlplus`.
        pub node_type: String,
        /// The name of its administrator.
        pub master_username: String,
        /// A reference to the administrator's password, e.g. `{"$secret": "env:REDSHIFT_PASSWORD"}`.
        pub master_user_password: SecretRef,
        /// Default: `multi-node`.
        #[serde(default = "default_cluster_type")]
        pub cluster_type: ClusterType,
        /// The name of the first database. Default: `dev`.
        #[serde(default = "default_db_name")]
        pub db_name: String,
        /// How many nodes a multi-node cluster has; not sent for a single-node one. Default: 1.
        #[serde(default = "default_number_of_nodes")]
        pub number_of_nodes: i32,
        /// Security groups, for a cluster outside of a VPC.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub cluster_security_groups: Option<Vec<String>>,
        /// Security groups of the VPC.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub vpc_security_group_ids: Option<Vec<String>>,
        /// The subnet group.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub cluster_subnet_group_name: Option<String>,
        /// The availability zone.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub availability_zone: Option<String>,
        /// When maintenance may happen, in UTC, e.g. `sun:03:30-sun:04:00`.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub preferred_maintenance_window: Option<String>,
        /// The parameter group.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub cluster_parameter_group_name: Option<String>,
        /// For how many days automated snapshots are kept; 0: there are none. Default: 1.
        #[serde(default = "default_automated_snapshot_retention_period")]
        pub automated_snapshot_retention_period: i32,
        /// For how many days manual snapshots are kept; -1: for ever.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub manual_snapshot_retention_period: Option<i32>,
        /// Default: 5439.
        #[serde(default = "default_port")]
        pub port: i32,
        /// Default: `1.0`.
        #[serde(default = "default_cluster_version")]
        pub cluster_version: String,
        /// Whether major versions are installed as they come. Default: true.
        #[serde(default = "yes")]
        pub allow_version_upgrade: bool,
        /// Whether it can be reached from outside of its VPC. Default: true, as in Airflow.
        #[serde(default = "yes")]
        pub publicly_accessible: bool,
        /// Whether its data is encrypted at rest.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub encrypted: Option<bool>,
        /// The client certificate for the hardware security module.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub hsm_client_certificate_identifier: Option<String>,
        /// The configuration of the hardware security module.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub hsm_configuration_identifier: Option<String>,
        /// The elastic IP address.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub elastic_ip: Option<String>,
        /// Tags.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub tags: Option<Vec<Tag>>,
        /// The key of its encryption.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub kms_key_id: Option<String>,
        /// Whether COPY and UNLOAD go through the VPC.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub enhanced_vpc_routing: Option<bool>,
        /// Reserved by the service.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub additional_info: Option<String>,
        /// The roles that it may take.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub iam_roles: Option<Vec<String>>,
        /// The maintenance track.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub maintenance_track_name: Option<String>,
        /// The schedule of its snapshots.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub snapshot_schedule_identifier: Option<String>,
        /// Whether it may be moved to another availability zone.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub availability_zone_relocation: Option<bool>,
        /// `enabled`, `disabled` or `auto`; the service does nothing with it any more.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub aqua_configuration_status: Option<String>,
        /// The role that it takes by default.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub default_iam_role_arn: Option<String>,
        /// Whether the task ends when the cluster is available, or as soon as the call is accepted. Default: false.
        #[serde(default)]
        pub wait_for_completion: bool,
        /// Whether the wait leaves the worker. Default: false.
        #[serde(default)]
        pub deferrable: bool,
        /// Seconds between two polls. Default: 60.
        #[serde(default = "minute")]
        pub poll_interval: f64,
        /// How many polls at most. Default: 30. (Airflow's 5 are over before most clusters are there.)
        #[serde(default = "default_max_attempts", alias = "max_attempt")]
        pub max_attempts: u64,
        /// Whether the cluster is deleted, without a last snapshot, if the wait for it does not succeed.
        /// Default: true.
        #[serde(default = "yes")]
        pub delete_cluster_on_failure: bool,
        /// For how many seconds that is tried while the cluster is busy. Default: 300.
        #[serde(default = "default_cleanup_timeout")]
        pub cleanup_timeout_seconds: f64,
    }
}

fn default_cluster_type() -> ClusterType {
    ClusterType::MultiNode
}

fn default_db_name() -> String {
    "dev".to_owned()
}

fn default_number_of_nodes() -> i32 {
    1
}

fn default_automated_snapshot_retention_period() -> i32 {
    1
}

fn default_port() -> i32 {
    5439
}

fn default_cluster_version() -> String {
    "1.0".to_owned()
}

fn minute() -> f64 {
    60.0
}

fn default_cleanup_timeout() -> f64 {
    300.0
}

fn yes() -> bool {
    true
}

const CALL: &str = "create_cluster";

/// The method at which a failed creation is cleaned up.
const CLEANUP: &str = "cleanup";

/// How long is waited between two tries of a cleanup.
const CLEANUP_DELAY: Duration = Duration::from_secs(20);

/// A cleanup under way: what the task fails with in the end, and until when a busy cluster is tried.
#[derive(Debug, Serialize, Deserialize)]
struct Cleanup {
    error: String,
    until: Timestamp,
}

impl CreateCluster {
    async fn begin(&self, ctx: &OperatorContext, kwargs: &Value) -> Result<Flow, OperatorError> {
        let hook = RedshiftHook::open(ctx.clients(), &self.client_settings()).await?;
        let prepare = async {
            let password = ctx.clients().connections().secret(&self.master_user_password).await;
            let password = password.map_err(|error| OperatorError::new(error.to_string()))?;
            Ok(Prepared::Send(self.call(&hook, &password).send()))
        };
        // With the time, so that a cluster of the same name that was there before is told apart.
        let details = json!({ "cluster_identifier": self.cluster_identifier, "at": ctx.now() });
        match main_call_after(ctx, CALL, details, prepare).await? {
            Called::Accepted => self.wait(ctx).await,
            Called::Busy(reason) => call_again(ctx, CALL, &reason, kwargs),
            Called::NotFound(reason) | Called::UnderWay(reason) => {
                Err(OperatorError::fatal(reason))
            }
        }
    }

    fn call(&self, hook: &RedshiftHook, password: &Secret) -> CreateClusterFluentBuilder {
        let nodes = (self.cluster_type == ClusterType::MultiNode).then_some(self.number_of_nodes);
        let aqua = self.aqua_configuration_status.as_deref().map(AquaConfigurationStatus::from);
        let tags = self.tags.as_ref().map(|tags| tags.iter().map(Tag::sdk).collect());
        hook.once()
            .create_cluster()
            .cluster_identifier(&self.cluster_identifier)
            .node_type(&self.node_type)
            .master_username(&self.master_username)
            .master_user_password(password.expose())
            .cluster_type(self.cluster_type.as_str())
            .db_name(&self.db_name)
            .set_number_of_nodes(nodes)
            .set_cluster_security_groups(self.cluster_security_groups.clone())
            .set_vpc_security_group_ids(self.vpc_security_group_ids.clone())
            .set_cluster_subnet_group_name(self.cluster_subnet_group_name.clone())
            .set_availability_zone(self.availability_zone.clone())
            .set_preferred_maintenance_window(self.preferred_maintenance_window.clone())
            .set_cluster_parameter_group_name(self.cluster_parameter_group_name.clone())
            .automated_snapshot_retention_period(self.automated_snapshot_retention_period)
            .set_manual_snapshot_retention_period(self.manual_snapshot_retention_period)
            .port(self.port)
            .cluster_version(&self.cluster_version)
            .allow_version_upgrade(self.allow_version_upgrade)
            .publicly_accessible(self.publicly_accessible)
            .set_encrypted(self.encrypted)
            .set_hsm_client_certificate_identifier(self.hsm_client_certificate_identifier.clone())
            .set_hsm_configuration_identifier(self.hsm_configuration_identifier.clone())
            .set_elastic_ip(self.elastic_ip.clone())
            .set_tags(tags)
            .set_kms_key_id(self.kms_key_id.clone())
            .set_enhanced_vpc_routing(self.enhanced_vpc_routing)
            .set_additional_info(self.additional_info.clone())
            .set_iam_roles(self.iam_roles.clone())
            .set_maintenance_track_name(self.maintenance_track_name.clone())
            .set_snapshot_schedule_identifier(self.snapshot_schedule_identifier.clone())
            .set_availability_zone_relocation(self.availability_zone_relocation)
            .set_aqua_configuration_status(aqua)
            .set_default_iam_role_arn(self.default_iam_role_arn.clone())
    }

    fn undo(&self) -> UndoCall {
        let input = [
            ("ClusterIdentifier".to_owned(), Value::from(self.cluster_identifier.as_str())),
            ("SkipFinalClusterSnapshot".to_owned(), Value::from(true)),
        ];
        UndoCall {
            description: format!("delete cluster {}", self.cluster_identifier),
            call: Call {
                service: "redshift".to_owned(),
                operation: "DeleteCluster".to_owned(),
                input: input.into_iter().collect(),
            },
            client: self.client_settings(),
        }
    }

    async fn wait(&self, ctx: &OperatorContext) -> Result<Flow, OperatorError> {
        if !self.wait_for_completion {
            return Ok(self.finished());
        }
        let client = self.client_settings();
        let waiting = Waiting {
            trigger: cluster_waiter("cluster_available", &self.cluster_identifier, client),
            method: "execute_complete",
            deferrable: self.deferrable,
            poll_interval: self.poll_interval,
            max_attempts: self.max_attempts,
            undo: Some(self.undo()),
        };
        match waiting.begin(ctx).await? {
            Ok(deferral) => Ok(Flow::Defer(deferral)),
            Err(resumed) => self.complete(ctx, resumed).await,
        }
    }

    async fn complete(&self, ctx: &OperatorContext, with: Resumed) -> Result<Flow, OperatorError> {
        match with.success() {
            Ok(_) => Ok(self.finished()),
            Err(error) if self.delete_cluster_on_failure => {
                let timeout = Duration::try_from_secs_f64(self.cleanup_timeout_seconds);
                let until = ctx.now().plus(timeout.unwrap_or_default());
                let error = error.to_string();
                ctx.log(Level::Warning, format!("{error}; deleting the cluster"));
                self.clean_up(ctx, Cleanup { error, until }).await
            }
            Err(error) => Err(error),
        }
    }

    /// Deletes the cluster, and then fails with the error that led here.
    async fn clean_up(
        &self,
        ctx: &OperatorContext,
        cleanup: Cleanup,
    ) -> Result<Flow, OperatorError> {
        let hook = RedshiftHook::open(ctx.clients(), &self.client_settings()).await?;
        let cluster = &self.cluster_identifier;
        let call = hook.once().delete_cluster().cluster_identifier(cluster);
        let call = call.skip_final_cluster_snapshot(true);
        let details = json!({ "cluster_identifier": cluster });
        let end = match main_call(ctx, "delete_cluster", details, call.send()).await {
            Ok(Called::Accepted) => "the cluster is being deleted".to_owned(),
            Ok(Called::NotFound(_)) => "the cluster is gone".to_owned(),
            Ok(Called::Busy(reason) | Called::UnderWay(reason)) => {
                let left = cleanup.until.since(ctx.now());
                if !left.is_zero() {
                    ctx.log(Level::Info, format!("{reason}; again soon"));
                    let delta = left.min(CLEANUP_DELAY).as_secs_f64();
                    let deferral = Deferral::new(&TimeDeltaTrigger { delta }, CLEANUP)?;
                    let deferral = deferral.with_kwargs(json!(cleanup)).with_undo(self.undo());
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

    fn finished(&self) -> Flow {
        Flow::Done(json!({ "cluster_identifier": self.cluster_identifier }))
    }
}

impl Operator for CreateCluster {
    const NAME: &'static str = "redshift.create_cluster";
    const SUMMARY: &'static str = "Create a cluster";

    fn arguments() -> Value {
        arguments_of::<Self>()
    }

    fn check(&self) -> Result<(), OperatorError> {
        super::check(&self.cluster_identifier, self.poll_interval, self.max_attempts)?;
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
        match method {
            CALL_AGAIN => {
                with.event()?;
                self.begin(ctx, &kwargs).await
            }
            CLEANUP => {
                let cleanup = serde_json::from_value(kwargs).map_err(|error| {
                    OperatorError::fatal(format!("the stored cleanup cannot be read: {error}"))
                })?;
                self.clean_up(ctx, cleanup).await
            }
            _ => self.complete(ctx, with).await,
        }
    }

    /// The call was made if there is a cluster of this name that is not older than the intent.
    async fn reconcile(
        &self,
        ctx: &OperatorContext,
        intent: &Intent,
    ) -> Result<Reconciled, OperatorError> {
        let hook = RedshiftHook::open(ctx.clients(), &self.client_settings()).await?;
        if intent.name != CALL {
            return reconcile_delete(ctx, &hook, &self.cluster_identifier).await;
        }
        let mut cluster = hook.cluster(&self.cluster_identifier).await?;
        if cluster.is_none() {
            // The service may not show yet what it has just accepted.
            ctx.clock().sleep(super::SETTLE).await;
            cluster = hook.cluster(&self.cluster_identifier).await?;
        }
        let made = cluster.is_some_and(|cluster| match cluster.cluster_create_time() {
            Some(created) => super::made_since(&intent.details, created.as_secs_f64()),
            None => cluster.cluster_status() == Some("creating"),
        });
        // An older cluster of this name means that the call was refused, and will be again.
        Ok(if made { Reconciled::Found(json!(Called::Accepted)) } else { Reconciled::NotStarted })
    }
}
