//! Checks of the polled operation.

use super::options::{Options, extension};
use crate::config::WaiterConfig;
use crate::diagnostic::Diagnostic;
use crate::names::is_read;

/// Reports an operation that is not read-only, unless both the file and the caller allow it.
pub(super) fn check_read(
    service: &str,
    config: &WaiterConfig,
    options: &Options,
    problems: &mut Vec<Diagnostic>,
) {
    let operation = config.operation.as_str();
    if is_read_of(service, operation)
        || (options.allow_mutating && (config.mutating || options.strict))
    {
        return;
    }
    let message = format!("polling {operation} may change something: it is not read-only");
    let help = if config.mutating {
        "if that is meant, give --allow-mutating"
    } else {
        "if that is meant, the waiter says \"mutating\": true, and the caller allows it"
    };
    problems.push(Diagnostic::error("mutating", "/operation", message).with_help(help));
}

/// Whether an operation is read-only.
pub(super) fn is_read_of(service: &str, operation: &str) -> bool {
    match service {
        "http" => ["GET", "HEAD"].iter().any(|method| method.eq_ignore_ascii_case(operation)),
        _ => is_read(service, operation),
    }
}

/// Whether all pages are merged. botocore's waiters see only the first page.
pub(super) fn all_pages(
    service: &str,
    config: &WaiterConfig,
    options: &Options,
    problems: &mut Vec<Diagnostic>,
) -> bool {
    let wanted = options.all_pages || extension(options, config.all_pages).unwrap_or(false);
    let message = match (wanted, service, options.strict) {
        (true, "http", _) => "a reply of service http does not come in pages",
        (true, _, true) => "strict mode sees the first page only, as botocore does",
        (true, _, false) | (false, ..) => return wanted,
    };
    problems.push(Diagnostic::error("all-pages", "/allPages", message));
    false
}
