//! Messages of failure acceptors: the resource, its state and the reason.

use super::state_path;
use super::state_path::{StatePath, Step};

/// A literal of JMESPath.
fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\\', "\\\\").replace('\'', "\\'"))
}

/// A message such as `the job run jr-1 is FAILED: out of memory`, as far as the output has the parts.
pub(super) fn failure(resource: &str, path: &StatePath, value: &str) -> String {
    let thing = format!("the {}", resource.replace('_', " "));
    let stands = format!("is {value}");
    let stands = match path.id.as_deref().and_then(|id| member_expression(path, id, value)) {
        Some(id) => {
            let parts = format!("[{}, {id}, {}]", quoted(&thing), quoted(&stands));
            format!("join(' ', {parts}[?@])")
        }
        None => quoted(&format!("{thing} {stands}")),
    };
    match path.reason.as_deref().and_then(|reason| member_expression(path, reason, value)) {
        Some(reason) => format!("join(': ', [{stands}, {reason}][?@])"),
        None => stands,
    }
}

/// The message of a failure by an error for a resource that does not exist.
pub(super) fn not_found(resource: &str) -> String {
    let stands = quoted(&format!("the {} does not exist", resource.replace('_', " ")));
    format!("join(': ', [{stands}, Error.Message][?@])")
}

/// The expression for a member of the resources whose state is `value`.
fn member_expression(path: &StatePath, member: &[Step], value: &str) -> Option<String> {
    let list = path.in_list();
    if list == 0 {
        return Some(state_path::expression(member));
    }
    // A list of plain states has no other members.
    if list == path.steps.len() {
        return None;
    }
    let things = state_path::expression(&path.steps[..list]);
    let things = things.strip_suffix("[]").unwrap_or(&things);
    let state = state_path::expression(&path.steps[list..]);
    let nested = path.steps[..list].iter().filter(|step| step.list).count() > 1;
    let flat = if nested { " | []" } else { "" };
    let inner = state_path::expression(member.get(list..)?);
    Some(format!("join(', ', {things}[?{state} == {}].{inner}{flat})", quoted(value)))
}
