//! Operators for Amazon Redshift.
//!
//! Names, arguments and defaults are those of Airflow's Amazon provider. Main calls go through the
//! official SDK and are never sent twice; waits are waiter triggers on the shipped Redshift waiters.

mod arguments;
mod hook;
mod waiters;
mod frame;
mod create;
mod delete;
mod pause;
mod sensor;
mod snapshot;
mod snapshot_delete;

use maitred_runtime::Registry;

pub use arguments::Tag;
pub use create::{ClusterType, CreateCluster};
pub use delete::DeleteCluster;
pub use frame::{Cleanup, Resume};
pub use pause::{PauseCluster, ResumeCluster};
pub use sensor::ClusterSensor;
pub use snapshot::CreateClusterSnapshot;
pub use snapshot_delete::DeleteClusterSnapshot;

/// `registry` with the operators of this module.
#[must_use]
pub fn register(registry: Registry) -> Registry {
    registry
        .with_operator::<ClusterSensor>()
        .with_operator::<CreateCluster>()
        .with_operator::<CreateClusterSnapshot>()
        .with_operator::<DeleteCluster>()
        .with_operator::<DeleteClusterSnapshot>()
        .with_operator::<PauseCluster>()
        .with_operator::<ResumeCluster>()
}
