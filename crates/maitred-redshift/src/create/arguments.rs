//! The arguments of a new cluster.

use aws_sdk_redshift::operation::create_cluster::builders::CreateClusterFluentBuilder;
use aws_sdk_redshift::types::AquaConfigurationStatus;
use maitred_runtime::connection::{Secret, SecretRef};
use serde::{Deserialize, Serialize};

use crate::arguments::{Tag, aws_operator, number, polls, seconds, yes};
use crate::hook::RedshiftHook;

/// The number of nodes that a cluster may have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
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
        /// The number of nodes of a multi-node cluster; not sent for a single-node one. Default: 1.
        #[serde(default = "number::<1>")]
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
        /// The time of maintenance, in UTC, e.g. `sun:03:30-sun:04:00`.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub preferred_maintenance_window: Option<String>,
        /// The parameter group.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub cluster_parameter_group_name: Option<String>,
        /// For how many days automated snapshots are kept; 0: there are none. Default: 1.
        #[serde(default = "number::<1>")]
        pub automated_snapshot_retention_period: i32,
        /// For how many days manual snapshots are kept; -1: for ever.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub manual_snapshot_retention_period: Option<i32>,
        /// Default: 5439.
        #[serde(default = "number::<5439>")]
        pub port: i32,
        /// Default: `1.0`.
        #[serde(default = "default_cluster_version")]
        pub cluster_version: String,
        /// Installs major versions as they come. Default: true.
        #[serde(default = "yes")]
        pub allow_version_upgrade: bool,
        /// Can be reached from outside of its VPC. Default: true, as in Airflow.
        #[serde(default = "yes")]
        pub publicly_accessible: bool,
        /// Encrypts its data at rest.
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
        /// Routes COPY and UNLOAD through the VPC.
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
        /// Allows to move it to another availability zone.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub availability_zone_relocation: Option<bool>,
        /// `enabled`, `disabled` or `auto`; the service does nothing with it any more.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub aqua_configuration_status: Option<String>,
        /// The role that it takes by default.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub default_iam_role_arn: Option<String>,
        /// Ends the task when the cluster is available, and not as soon as the call is accepted. Default: false.
        #[serde(default)]
        pub wait_for_completion: bool,
        /// Defers the wait to the triggerer. Default: false.
        #[serde(default)]
        pub deferrable: bool,
        /// Seconds between two polls. Default: 60.
        #[serde(default = "seconds::<60>")]
        pub poll_interval: f64,
        /// The largest number of polls. Default: 30. (Airflow's 5 are over before most clusters are there.)
        #[serde(default = "polls::<30>", alias = "max_attempt")]
        pub max_attempts: u64,
        /// Deletes the cluster, without a last snapshot, if the wait for it does not succeed.
        /// Default: true.
        #[serde(default = "yes")]
        pub delete_cluster_on_failure: bool,
        /// For how many seconds that is tried while the cluster is busy. Default: 300.
        #[serde(default = "seconds::<300>")]
        pub cleanup_timeout_seconds: f64,
    }
}

fn default_cluster_type() -> ClusterType {
    ClusterType::MultiNode
}

fn default_db_name() -> String {
    "dev".to_owned()
}

fn default_cluster_version() -> String {
    "1.0".to_owned()
}

impl CreateCluster {
    /// The call that creates the cluster.
    pub(super) fn call(
        &self,
        hook: &RedshiftHook,
        password: &Secret,
    ) -> CreateClusterFluentBuilder {
        let nodes = (self.cluster_type == ClusterType::MultiNode).then_some(self.number_of_nodes);
        let aqua = self.aqua_configuration_status.as_deref().map(AquaConfigurationStatus::from);
        let tags = self.tags.as_ref().map(|tags| tags.iter().map(Tag::sdk).collect());
        hook.once
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
}
