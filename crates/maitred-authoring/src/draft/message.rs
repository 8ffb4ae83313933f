//! What a failure says: which thing it is, its state, and why.

use super::path;
use super::path::{StatePath, Step};

/// A literal of JMESPath.
fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\\', "\\\\").replace('\'', "\\'"))
}

/// `the job run jr-1 is FAILED: out of memory`, so far as the service tells.
pub(super) fn failure(noun: &str, path: &StatePath, value: &str) -> String {
    let thing = format!("the {}", noun.replace('_', " "));
    let stands = format!("is {value}");
    let stands = match path.id.as_deref().and_then(|id| told(path, id, value)) {
        Some(id) => {
            let parts = format!("[{}, {id}, {}]", quoted(&thing), quoted(&stands));
            format!("join(' ', {parts}[?@])")
        }
        None => quoted(&format!("{thing} {stands}")),
    };
    match path.reason.as_deref().and_then(|reason| told(path, reason, value)) {
        Some(reason) => format!("join(': ', [{stands}, {reason}][?@])"),
        None => stands,
    }
}

/// What a failure says if the error means that there is no such thing.
pub(super) fn not_found(noun: &str) -> String {
    let stands = quoted(&format!("the {} does not exist", noun.replace('_', " ")));
    format!("join(': ', [{stands}, Error.Message][?@])")
}

/// What a member of the thing whose state is `value` says; of each such thing in a list.
fn told(path: &StatePath, member: &[Step], value: &str) -> Option<String> {
    let list = path.in_list();
    if list == 0 {
        return Some(path::expression(member));
    }
    // The states themselves are in the list: nothing is beside them.
    if list == path.steps.len() {
        return None;
    }
    let things = path::expression(&path.steps[..list]);
    let things = things.strip_suffix("[]").unwrap_or(&things);
    let state = path::expression(&path.steps[list..]);
    let nested = path.steps[..list].iter().filter(|step| step.list).count() > 1;
    let flat = if nested { " | []" } else { "" };
    let inner = path::expression(member.get(list..)?);
    Some(format!("join(', ', {things}[?{state} == {}].{inner}{flat})", quoted(value)))
}
