//! Rules about the service, the operation and its input.

use std::sync::Arc;

use super::config::Config;
use super::context::{LintContext, ServiceContext};
use super::model_source::ModelSource;
use super::{input, rule};
use maitred_core::client::HTTP_SERVICE;
use maitred_core::config::WaiterFile;
use maitred_core::diagnostic::{Diagnostic, nearest};
use maitred_core::names::{is_read, same_name};
use maitred_http::METHODS;
use maitred_model::OperationModel;

/// The operations of the service; `None` if it is not known, which is a finding.
pub(super) fn service_operations(
    service: &str,
    file: &WaiterFile,
    models: Option<&dyn ModelSource>,
    config: &Config,
    findings: &mut Vec<Diagnostic>,
) -> Option<Vec<String>> {
    if service == HTTP_SERVICE {
        return Some(METHODS.iter().copied().map(str::to_owned).collect());
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
fn services_meant(service: &str, file: &WaiterFile, models: &dyn ModelSource) -> Vec<String> {
    const SHOWN: usize = 4;
    let services = models.services();
    let first_word = service.split(['-', '_']).next().unwrap_or_default();
    let related = services.iter().filter(|known| {
        same_name(known, service) || (first_word.len() > 2 && known.starts_with(first_word))
    });
    let has_all = |known: &&String| {
        models.operations(known).is_some_and(|operations| {
            file.waiters.values().take(8).all(|waiter| {
                let has = |polled: &String| operations.iter().any(|known| same_name(known, polled));
                waiter.operation.as_ref().is_none_or(has)
            })
        })
    };
    let found: Vec<_> = related.take(16).filter(has_all).take(SHOWN).cloned().collect();
    if !found.is_empty() {
        return found;
    }
    nearest(service, services.iter().map(String::as_str)).map(str::to_owned).into_iter().collect()
}

/// Checks the polled operation, and returns its model.
pub(super) fn check(
    context: &mut LintContext<'_>,
    known: &ServiceContext<'_>,
) -> Option<Arc<OperationModel>> {
    let written = context.waiter.operation.clone()?;
    let name = find(context, known, &written, "/operation")?;
    let read = is_read(context.service, &name);
    if !read && !context.waiter.mutating {
        let message = format!("`{name}` is not read-only, and a poll is repeated");
        let help = "poll an operation that describes, gets or lists; if this one is meant, add \
                    \"mutating\": true";
        context.advise(&rule::MUTATING_OPERATION, "/operation", message, help);
    }
    if read && context.waiter.mutating {
        let message = format!("`{name}` is read-only, so nothing has to be allowed");
        context.report(&rule::USELESS_KEY, "/mutating", message);
    }
    let operation = model(context, known, &name)?;
    let missing = input::check(context, &operation, &context.waiter.input, "/input");
    if !missing.is_empty() {
        let message = format!("the caller has to give {}", missing.join(", "));
        context.report(&rule::REQUIRED_INPUT, "/operation", message);
    }
    Some(operation)
}

/// The service's own name of the operation `written` at `place`; it is a finding if there is none.
pub(super) fn find(
    context: &mut LintContext<'_>,
    known: &ServiceContext<'_>,
    written: &str,
    place: &str,
) -> Option<String> {
    let operations = known.operations?;
    let exact = operations.iter().find(|operation| *operation == written);
    let Some(name) = exact.or_else(|| operations.iter().find(|name| same_name(name, written)))
    else {
        let help = match nearest(written, operations.iter().map(String::as_str)) {
            Some(near) => format!("did you mean `{near}`?"),
            None if context.service == HTTP_SERVICE => {
                format!("the methods are {}", METHODS.join(", "))
            }
            None => format!("`maitred call {} --help` lists the operations", context.service),
        };
        let message = format!("service `{}` has no operation `{written}`", context.service);
        context.advise(&rule::UNKNOWN_OPERATION, place, message, help);
        return None;
    };
    if exact.is_none() {
        let message = format!("the operation is written `{name}`");
        context.report(&rule::OPERATION_CASE, place, message);
    }
    Some(name.clone())
}

/// The model of an operation.
pub(super) fn model(
    context: &LintContext<'_>,
    known: &ServiceContext<'_>,
    operation: &str,
) -> Option<Arc<OperationModel>> {
    known.models.filter(|_| context.service != HTTP_SERVICE)?.operation(context.service, operation)
}
