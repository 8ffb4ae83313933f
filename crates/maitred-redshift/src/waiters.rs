//! Triggers on the shipped waiters.

use maitred_runtime::connection::ClientSettings;
use maitred_runtime::trigger::WaiterTrigger;

/// A waiter trigger on one cluster.
pub(super) fn cluster_waiter(waiter: &str, cluster: &str, client: ClientSettings) -> WaiterTrigger {
    let mut trigger =
        WaiterTrigger::new("redshift", waiter).with_input("ClusterIdentifier", cluster);
    trigger.client = client;
    trigger.return_key = "cluster_identifier".to_owned();
    trigger.return_value = cluster.into();
    trigger
}

/// A waiter trigger on one snapshot, and no other of its cluster.
pub(super) fn snapshot_waiter(
    waiter: &str,
    snapshot: &str,
    cluster: &str,
    client: ClientSettings,
) -> WaiterTrigger {
    let trigger = cluster_waiter(waiter, cluster, client);
    let mut trigger = trigger.with_input("SnapshotIdentifier", snapshot);
    trigger.return_key = "snapshot_identifier".to_owned();
    trigger.return_value = snapshot.into();
    trigger
}
