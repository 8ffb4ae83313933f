//! Rules about the service, the operation and its input.

use std::sync::Arc;

use super::known::HTTP;
use super::rule;
use super::{Config, Known, Models, Subject};
use crate::config::WaiterFile;
use crate::diagnostic::Diagnostic;
use crate::diagnostic::nearest;
use crate::model::OperationModel;
use crate::model::is_read;
use crate::model::same_name;

/// The operations of service `http`.
const METHODS: [&str; 7] = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"];

/// The operations of the service; `None` if it is not known, which is a finding.
pub(super) fn service_operations(
    service: &str,
    file: &WaiterFile,
    models: Option<&dyn Models>,
    config: &Config,
    findings: &mut Vec<Diagnostic>,
) -> Option<Vec<String>> {
    if service == HTTP {
        return Some(METHODS.map(str::to_owned).to_vec());
    }
    let models = models?;
    let operations = models.operations(service);
    if operations.is_none()
        && let Some(severity) = config.severity(&rule::UNKNOWN_SERVICE)
    {
        let pointer = if file.service.is_some() { "/service" } else { "" };
        let message = format!("there is no service `{service}`");
        let meant = services_meant(service, file, models);
        let help = match meant.as_slice() {
            [] => "`maitred models` lists the services".to_owned(),
            [near] => format!("did you mean `{near}`?"),
            several => format!("there are {}", several.join(", ")),
        };
        let mut finding = Diagnostic::error(rule::UNKNOWN_SERVICE.name, pointer, message);
        finding.severity = severity;
        findings.push(finding.with_help(help));
    }
    operations
}

/// Of the services with a similar name those that have the file's operations.
fn services_meant(service: &str, file: &WaiterFile, models: &dyn Models) -> Vec<String> {
    const SHOWN: usize = 4;
    let services = models.services();
    let first_word = service.split(['-', '_']).next().unwrap_or_default();
    let related = services.iter().filter(|known| {
        same_name(known, service) || (first_word.len() > 2 && known.starts_with(first_word))
    });
    let has_all = |known: &&String| {
        models.operations(known).is_some_and(|operations| {
            file.waiters.values().take(8).all(|waiter| {
                operations.iter().any(|operation| same_name(operation, &waiter.operation))
            })
        })
    };
    let found: Vec<_> = related.take(16).filter(has_all).take(SHOWN).cloned().collect();
    if !found.is_empty() {
        return found;
    }
    nearest(service, services.iter().map(String::as_str)).map(str::to_owned).into_iter().collect()
}

/// Checks what is polled, and looks it up.
pub(super) fn check(subject: &mut Subject<'_>, known: &Known<'_>) -> Option<Arc<OperationModel>> {
    let operations = known.operations?;
    let written = &subject.waiter.operation;
    let exact = operations.iter().find(|operation| *operation == written);
    let Some(name) = exact.or_else(|| operations.iter().find(|name| same_name(name, written)))
    else {
        let help = match nearest(written, operations.iter().map(String::as_str)) {
            Some(near) => format!("did you mean `{near}`?"),
            None if subject.service == HTTP => format!("the methods are {}", METHODS.join(", ")),
            None => format!("`maitred call {} --help` lists the operations", subject.service),
        };
        let message = format!("service `{}` has no operation `{written}`", subject.service);
        subject.advise(&rule::UNKNOWN_OPERATION, "/operation", message, help);
        return None;
    };
    if exact.is_none() {
        let message = format!("the operation is written `{name}`");
        subject.report(&rule::OPERATION_CASE, "/operation", message);
    }
    check_read(subject, name);
    let models = known.models.filter(|_| subject.service != HTTP)?;
    let operation = models.operation(subject.service, name)?;
    check_input(subject, &operation);
    Some(operation)
}

fn check_read(subject: &mut Subject<'_>, operation: &str) {
    let read = match subject.service {
        HTTP => matches!(operation, "GET" | "HEAD"),
        service => is_read(service, operation),
    };
    if !read && !subject.waiter.mutating {
        let message = format!("`{operation}` is not a read, and a poll is repeated");
        let help = "poll an operation that describes, gets or lists; if this one is meant, add \
                    \"mutating\": true";
        subject.advise(&rule::MUTATING_OPERATION, "/operation", message, help);
    }
}

fn check_input(subject: &mut Subject<'_>, operation: &OperationModel) {
    // A placeholder has the type that the caller's value has.
    let mut input = subject.waiter.input.clone();
    input.retain(|_, value| !value.to_string().contains("{{"));
    let missing = |path: &str| {
        operation.input_members().iter().any(|member| {
            member.required && member.name == path && !subject.waiter.input.contains_key(path)
        })
    };
    let (required, wrong): (Vec<_>, Vec<_>) =
        operation.check_input(&input).into_iter().partition(|problem| missing(&problem.path));
    let given = |path: &str| subject.waiter.input.contains_key(path) && !input.contains_key(path);
    let wrong: Vec<_> = wrong.into_iter().filter(|problem| !given(&problem.path)).collect();
    if !required.is_empty() {
        let names: Vec<_> = required.iter().map(|problem| problem.path.as_str()).collect();
        let message = format!("the caller has to give {}", names.join(", "));
        subject.report(&rule::REQUIRED_INPUT, "/operation", message);
    }
    let hints = operation.enum_hints(&input);
    let found = wrong.into_iter().map(|problem| (&rule::BAD_INPUT, problem));
    for (rule, problem) in found.chain(hints.into_iter().map(|h| (&rule::UNKNOWN_INPUT_VALUE, h))) {
        let first = problem.path.split(['.', '[']).next().unwrap_or_default();
        let message = format!("`{}` {}", problem.path, problem.message);
        let place = format!("/input/{first}");
        subject.add(rule, &place, message, problem.help, None);
    }
}
