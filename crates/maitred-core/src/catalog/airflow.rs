//! Names of waiters in Airflow's Amazon provider.

use std::sync::LazyLock;

use crate::diagnostic::fold;

/// Service, Airflow's name, and the name of the equivalent waiter here.
static NAMES: LazyLock<Vec<(&str, &str, &str)>> = LazyLock::new(|| {
    let lines = include_str!("airflow.txt").lines().map(str::split_whitespace);
    lines.filter_map(|mut words| Some((words.next()?, words.next()?, words.next()?))).collect()
});

/// The name of the waiter of `service` that is equivalent to Airflow's `name`.
pub(super) fn of_airflow(service: &str, name: &str) -> Option<&'static str> {
    let wanted = fold(name);
    let found = NAMES.iter().find(|(known, theirs, _)| *known == service && fold(theirs) == wanted);
    found.map(|(_, _, ours)| *ours)
}

/// Airflow's names for the waiter `name` of `service`.
pub fn airflow_names(service: &str, name: &str) -> impl Iterator<Item = &'static str> {
    let wanted = fold(name);
    let same =
        move |(known, _, ours): &&(&str, &str, &str)| *known == service && fold(ours) == wanted;
    NAMES.iter().filter(same).map(|(_, theirs, _)| *theirs)
}
