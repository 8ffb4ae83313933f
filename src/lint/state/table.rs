//! The states of members that are plain strings in the models.
//!
//! The values are facts of the services, taken from their documentation; `source` says where. Some
//! that are seen in replies and in botocore's waiters are not documented there and are listed too.

use super::StateTable;

const REDSHIFT_CLUSTER: &str =
    "https://docs.aws.amazon.com/redshift/latest/APIReference/API_Cluster.html";
const REDSHIFT_SNAPSHOT: &str =
    "https://docs.aws.amazon.com/redshift/latest/APIReference/API_Snapshot.html";
const RDS_INSTANCE: &str =
    "https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/accessing-monitoring.html";
const RDS_CLUSTER: &str =
    "https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/accessing-monitoring.html";
const DOCDB_INSTANCE: &str = "https://docs.aws.amazon.com/documentdb/latest/developerguide/monitoring_docdb-instance_status.html";
const DOCDB_CLUSTER: &str = "https://docs.aws.amazon.com/documentdb/latest/developerguide/monitoring_docdb-cluster_status.html";
const CACHE_CLUSTER: &str =
    "https://docs.aws.amazon.com/AmazonElastiCache/latest/APIReference/API_CacheCluster.html";
const REPLICATION_GROUP: &str =
    "https://docs.aws.amazon.com/AmazonElastiCache/latest/APIReference/API_ReplicationGroup.html";

const INSTANCE_SETTLED: &[&str] = &[
    "failed",
    "inaccessible-encryption-credentials",
    "incompatible-create",
    "incompatible-network",
    "incompatible-option-group",
    "incompatible-parameters",
    "incompatible-restore",
    "insufficient-capacity",
    "restore-error",
    "storage-full",
];

const INSTANCE_PASSING: &[&str] = &[
    "available",
    "backing-up",
    "backtracking",
    "configuring-associated-roles",
    "configuring-enhanced-monitoring",
    "configuring-iam-database-auth",
    "configuring-log-exports",
    "converting-to-vpc",
    "creating",
    "delete-precheck",
    "deleted",
    "deleting",
    "inaccessible-encryption-credentials-recoverable",
    "maintenance",
    "modifying",
    "moving-to-vpc",
    "rebooting",
    "renaming",
    "resetting-master-credentials",
    "starting",
    "stopped",
    "stopping",
    "storage-config-upgrade",
    "storage-initialization",
    "storage-optimization",
    "upgrading",
];

const CLUSTER_SETTLED: &[&str] = &[
    "cloning-failed",
    "failed",
    "inaccessible-encryption-credentials",
    "incompatible-parameters",
    "incompatible-restore",
    "migration-failed",
];

const CLUSTER_PASSING: &[&str] = &[
    "available",
    "backing-up",
    "backtracking",
    "creating",
    "deleted",
    "deleting",
    "failing-over",
    "inaccessible-encryption-credentials-recoverable",
    "maintenance",
    "migrating",
    "modifying",
    "preparing-data-migration",
    "promoting",
    "rebooting",
    "renaming",
    "resetting-master-credentials",
    "scaling-compute",
    "scaling-storage",
    "starting",
    "stopped",
    "stopping",
    "storage-optimization",
    "update-iam-db-auth",
    "upgrading",
];

const fn instances(service: &'static str, source: &'static str) -> StateTable {
    StateTable {
        service,
        structure: "DBInstance",
        member: "DBInstanceStatus",
        settled: INSTANCE_SETTLED,
        passing: INSTANCE_PASSING,
        source,
    }
}

const fn clusters(service: &'static str, source: &'static str) -> StateTable {
    StateTable {
        service,
        structure: "DBCluster",
        member: "Status",
        settled: CLUSTER_SETTLED,
        passing: CLUSTER_PASSING,
        source,
    }
}

pub(super) static TABLES: &[StateTable] = &[
    StateTable {
        service: "redshift",
        structure: "Cluster",
        member: "ClusterStatus",
        settled: &[
            "hardware-failure",
            "incompatible-hsm",
            "incompatible-network",
            "incompatible-parameters",
            "incompatible-restore",
            "storage-full",
        ],
        passing: &[
            "available",
            "available, prep-for-resize",
            "available, resize-cleanup",
            "cancelling-resize",
            "creating",
            "deleting",
            "final-snapshot",
            "modifying",
            "paused",
            "pausing",
            "rebooting",
            "recovering",
            "renaming",
            "resizing",
            "resuming",
            "rotating-keys",
            "updating-hsm",
        ],
        source: REDSHIFT_CLUSTER,
    },
    StateTable {
        service: "redshift",
        structure: "Snapshot",
        member: "Status",
        settled: &["deleted", "failed"],
        passing: &["available", "copying", "creating", "deleting", "final snapshot"],
        source: REDSHIFT_SNAPSHOT,
    },
    instances("rds", RDS_INSTANCE),
    instances("docdb", DOCDB_INSTANCE),
    // Neptune and DocumentDB share the control plane of RDS, and its states.
    instances("neptune", RDS_INSTANCE),
    clusters("rds", RDS_CLUSTER),
    clusters("docdb", DOCDB_CLUSTER),
    clusters("neptune", RDS_CLUSTER),
    StateTable {
        service: "elasticache",
        structure: "CacheCluster",
        member: "CacheClusterStatus",
        settled: &["create-failed", "deleted", "incompatible-network", "restore-failed"],
        passing: &[
            "available",
            "creating",
            "deleting",
            "modifying",
            "rebooting cluster nodes",
            "snapshotting",
        ],
        source: CACHE_CLUSTER,
    },
    StateTable {
        service: "elasticache",
        structure: "ReplicationGroup",
        member: "Status",
        settled: &["create-failed", "deleted"],
        passing: &["available", "creating", "deleting", "modifying", "snapshotting"],
        source: REPLICATION_GROUP,
    },
];
