//! Checks tasks against the connections that are defined here, before they are submitted.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::cli::report;
use crate::connection::{Connection, ConnectionError, Connections, HTTP_DEFAULT, Origin};
use crate::runtime::NewTask;

/// Refuses a task that is certain to fail: one that has nowhere to send its request.
pub(super) fn can_succeed(task: &NewTask, connections: &Connections) -> Result<(), String> {
    let NewTask { operator, args, .. } = task;
    let endpoint = args.get("endpoint").and_then(Value::as_str).unwrap_or_default();
    if !matches!(operator.as_str(), "http.request" | "http.sensor") || !endpoint.is_empty() {
        return Ok(());
    }
    let named = args.get("http_conn_id").and_then(Value::as_str).filter(|id| !id.is_empty());
    let id = named.unwrap_or(HTTP_DEFAULT);
    let has_no_host = |connection: &Connection| {
        // One that is named may be defined where the triggerer runs.
        let is_defined = *connection.origin() != Origin::BuiltIn || named.is_none();
        connection.host().is_none() && is_defined
    };
    if connections.get(id).is_ok_and(|connection| has_no_host(&connection)) {
        return Err(format!(
            "{operator} has no endpoint, and the connection {id} has no host: there is nowhere to \
             send it"
        ));
    }
    Ok(())
}

/// Warns of connections of tasks that are not defined here.
pub(super) fn warn(tasks: &[NewTask], connections: &Connections) {
    let ids: BTreeSet<_> = tasks.iter().flat_map(connection_ids).collect();
    let undefined = |id: &&str| matches!(connections.get(id), Err(ConnectionError::Undefined(_)));
    for id in ids.into_iter().filter(undefined) {
        report::note(&format!(
            "warning: the connection {id} is not defined here; the triggerer will need it, or the \
             task is blocked"
        ));
    }
}

/// The connections that a task names.
fn connection_ids(task: &NewTask) -> impl Iterator<Item = &str> {
    let named = ["/aws_conn_id", "/http_conn_id", "/client/connection"];
    let ids = named.into_iter().filter_map(|place| task.args.pointer(place)?.as_str());
    ids.filter(|id| !id.is_empty())
}
