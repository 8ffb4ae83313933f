//! The states of members that are plain strings in the models.
//!
//! The values are taken from the services' documentation at `source`. Some that occur in replies and in
//! botocore's waiters but are not documented are included.

/// The values of a member that is a plain string in the model, from the service's documentation.
#[derive(Debug)]
#[non_exhaustive]
pub struct StateTable {
    /// The service, e.g. `redshift`.
    pub service: &'static str,
    /// The structure, e.g. `Cluster`.
    pub structure: &'static str,
    /// The member, e.g. `ClusterStatus`.
    pub member: &'static str,
    /// The values that change only by a user's action.
    pub settled: &'static [&'static str],
    /// The values that change by themselves.
    pub passing: &'static [&'static str],
    /// Where they are documented.
    pub source: &'static str,
}

impl StateTable {
    /// All values.
    pub fn values(&self) -> Vec<String> {
        self.settled.iter().chain(self.passing).map(|value| (*value).to_owned()).collect()
    }

    /// Whether the state `value` changes only by a user's action; `None` if it is not in the table.
    pub fn is_settled(&self, value: &str) -> Option<bool> {
        let settled = self.settled.contains(&value);
        (settled || self.passing.contains(&value)).then_some(settled)
    }
}

/// The states that services document only in prose.
#[must_use]
pub fn state_tables() -> &'static [StateTable] {
    TABLES
}

/// The table of a member.
pub fn table(service: &str, structure: &str, member: &str) -> Option<&'static StateTable> {
    TABLES.iter().find(|table| {
        table.service == service && table.structure == structure && table.member == member
    })
}

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

const REPLICATION_TASK: &str =
    "https://docs.aws.amazon.com/dms/latest/APIReference/API_ReplicationTask.html";
const REPLICATION_INSTANCE: &str =
    "https://docs.aws.amazon.com/dms/latest/APIReference/API_ReplicationInstance.html";
const DMS_CONNECTION: &str =
    "https://docs.aws.amazon.com/dms/latest/APIReference/API_Connection.html";
const DISTRIBUTION: &str =
    "https://docs.aws.amazon.com/cloudfront/latest/APIReference/API_Distribution.html";
const INVALIDATION: &str =
    "https://docs.aws.amazon.com/cloudfront/latest/APIReference/API_Invalidation.html";
const FORECAST: &str =
    "https://docs.aws.amazon.com/forecast/latest/dg/API_DescribeAutoPredictor.html";
const ECS_TASK: &str =
    "https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task-lifecycle-explanation.html";
const EVENT_SOURCE: &str =
    "https://docs.aws.amazon.com/lambda/latest/api/API_EventSourceMappingConfiguration.html";
const BLUE_GREEN: &str =
    "https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_BlueGreenDeployment.html";
const RDS_EXPORT: &str =
    "https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_ExportTask.html";
const STORE_IMAGE: &str =
    "https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_StoreImageTaskResult.html";

/// The states of Forecast's resources.
const FORECAST_SETTLED: &[&str] = &["CREATE_FAILED", "CREATE_STOPPED", "DELETE_FAILED"];
const FORECAST_PASSING: &[&str] = &[
    "ACTIVE",
    "CREATE_IN_PROGRESS",
    "CREATE_PENDING",
    "CREATE_STOPPING",
    "DELETE_IN_PROGRESS",
    "DELETE_PENDING",
];

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
    // Of CloudHSM Classic, which is no longer documented.
    "incompatible-credentials",
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

const fn forecast(structure: &'static str) -> StateTable {
    StateTable {
        service: "forecast",
        structure,
        member: "Status",
        settled: FORECAST_SETTLED,
        passing: FORECAST_PASSING,
        source: FORECAST,
    }
}

/// A member `Status` or the like with few values.
const fn status(
    (service, structure, member): (&'static str, &'static str, &'static str),
    settled: &'static [&'static str],
    passing: &'static [&'static str],
    source: &'static str,
) -> StateTable {
    StateTable { service, structure, member, settled, passing, source }
}

static TABLES: &[StateTable] = &[
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
    status(
        ("dms", "ReplicationTask", "Status"),
        &["failed", "failed-move"],
        &[
            "creating",
            "deleting",
            "modifying",
            "moving",
            "ready",
            "running",
            "starting",
            "stopped",
            "stopping",
            "testing",
        ],
        REPLICATION_TASK,
    ),
    status(
        ("dms", "ReplicationInstance", "ReplicationInstanceStatus"),
        &["failed", "incompatible-credentials", "incompatible-network", "storage-full"],
        &[
            "available",
            "creating",
            "deleted",
            "deleting",
            "inaccessible-encryption-credentials",
            "maintenance",
            "modifying",
            "rebooting",
            "resetting-master-credentials",
            "upgrading",
        ],
        REPLICATION_INSTANCE,
    ),
    status(
        ("dms", "Connection", "Status"),
        &["failed"],
        &["deleting", "successful", "testing"],
        DMS_CONNECTION,
    ),
    status(
        ("cloudfront", "Distribution", "Status"),
        &[],
        &["Deployed", "InProgress"],
        DISTRIBUTION,
    ),
    status(
        ("cloudfront", "Invalidation", "Status"),
        &[],
        &["Completed", "InProgress"],
        INVALIDATION,
    ),
    forecast("DescribeAutoPredictorResponse"),
    forecast("DescribeDatasetImportJobResponse"),
    forecast("DescribePredictorResponse"),
    forecast("DescribeForecastResponse"),
    forecast("DescribeForecastExportJobResponse"),
    status(
        ("ecs", "Task", "lastStatus"),
        &["STOPPED"],
        &[
            "ACTIVATING",
            "DEACTIVATING",
            "DELETED",
            "DEPROVISIONING",
            "PENDING",
            "PROVISIONING",
            "RUNNING",
            "STOPPING",
        ],
        ECS_TASK,
    ),
    status(
        ("lambda", "EventSourceMappingConfiguration", "State"),
        &[],
        &["Creating", "Deleting", "Disabled", "Disabling", "Enabled", "Enabling", "Updating"],
        EVENT_SOURCE,
    ),
    status(
        ("rds", "BlueGreenDeployment", "Status"),
        &["INVALID_CONFIGURATION", "PROVISIONING_FAILED", "SWITCHOVER_FAILED"],
        &[
            "AVAILABLE",
            "DELETING",
            "PROVISIONING",
            "SWITCHOVER_COMPLETED",
            "SWITCHOVER_IN_PROGRESS",
        ],
        BLUE_GREEN,
    ),
    status(
        ("rds", "ExportTask", "Status"),
        &["CANCELED", "COMPLETE", "FAILED"],
        &["CANCELING", "IN_PROGRESS", "STARTING"],
        RDS_EXPORT,
    ),
    status(
        ("ec2", "StoreImageTaskResult", "StoreTaskState"),
        &["Completed", "Failed"],
        &["InProgress"],
        STORE_IMAGE,
    ),
];
