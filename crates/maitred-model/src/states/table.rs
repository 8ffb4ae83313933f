//! The states of members that are plain strings in the models.

use std::sync::LazyLock;

use serde::Deserialize;

/// The values of members that are plain strings in the models, from the services' documentation. Some that
/// occur in replies and in botocore's waiters but are not documented are included.
#[derive(Debug, Deserialize)]
#[non_exhaustive]
pub struct StateTable {
    /// The service, the structure and the member of each, e.g. `redshift`, `Cluster` and `ClusterStatus`.
    members: Vec<[String; 3]>,
    /// The values that change only by a user's action.
    settled: Vec<String>,
    /// The values that change by themselves.
    passing: Vec<String>,
    /// The URL of the documentation.
    pub source: String,
}

impl StateTable {
    /// The table of a member, if the service documents its values only in prose.
    pub fn of(service: &str, structure: &str, member: &str) -> Option<&'static Self> {
        static TABLES: LazyLock<Vec<StateTable>> = LazyLock::new(|| {
            let tables = include_str!("tables.json");
            serde_json::from_str(tables).expect("the tests read the tables")
        });
        let member = [service, structure, member];
        TABLES.iter().find(|table| table.members.iter().any(|known| *known == member))
    }

    /// Whether the state `value` changes only by a user's action; `None` if it is not in the table.
    pub fn is_settled(&self, value: &str) -> Option<bool> {
        let has = |values: &[String]| values.iter().any(|known| known == value);
        let settled = has(&self.settled);
        (settled || has(&self.passing)).then_some(settled)
    }
}

/// The values of a member: those of its enum in the model, or else those in `table`.
pub fn known_values(model: &[String], table: Option<&StateTable>) -> Vec<String> {
    match table {
        Some(table) if model.is_empty() => [&*table.settled, &*table.passing].concat(),
        Some(_) | None => model.to_vec(),
    }
}
