//! Options of a draft.

use maitred_core::config::State;

/// Options of a draft. By default everything is derived from names.
#[derive(Debug, Clone, Default, PartialEq)]
#[non_exhaustive]
pub struct DraftOptions {
    /// The waiter's name. Default: the resource and its first success, e.g. `crawler_ready`.
    pub name: Option<String>,
    /// The path to the state in the output, e.g. `Clusters[].ClusterStatus`.
    pub path: Option<String>,
    /// The success states.
    pub success: Vec<String>,
    /// The failure states.
    pub failure: Vec<String>,
    /// The meaning of an error that says that the resource does not exist. With [`State::Success`] the waiter
    /// waits for a deletion. Default: the error ends the wait.
    pub not_found: Option<State>,
    /// Seconds between two polls. Default: 15 for jobs, 30 for other resources.
    pub delay: Option<f64>,
    /// The most polls. Default: as many as take an hour.
    pub max_attempts: Option<u64>,
    /// Whether the waiter waits for the run after the current one. Default: false.
    pub next_run: bool,
}
