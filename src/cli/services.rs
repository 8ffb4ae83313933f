//! Services and their names.

use std::sync::Arc;

use super::exit::Failure;
use super::report;
use crate::catalog::Catalog;
use crate::client::HTTP_SERVICE;
use crate::diagnostic::nearest;
use crate::model::{ModelError, Models, Service};
use crate::names::service_named;

/// The names of the services, sorted.
pub(super) fn names(models: &Models) -> Vec<String> {
    let mut services: Vec<_> = models.origins().into_keys().collect();
    services.push(HTTP_SERVICE.to_owned());
    services.sort();
    services
}

/// The service of that name.
pub(super) fn find(models: &Models, name: &str) -> Result<Arc<Service>, Failure> {
    models.service(name).map_err(|error| {
        if !matches!(error, ModelError::UnknownService { .. }) {
            return unusable_model(&error);
        }
        let known = names(models);
        let near = nearest(name, known.iter().map(String::as_str));
        Failure::usage(format!("there is no service `{name}`"))
            .did_you_mean(near, "`maitred call` lists the services")
    })
}

/// A model that cannot be used, as an error of the command.
pub(super) fn unusable_model(error: &ModelError) -> Failure {
    Failure::usage(format!("the service's model cannot be used: {error}"))
}

/// The service that `written` means, in any spelling or by another of its names; `written` itself if it means
/// none. Another name is noted on stderr.
pub(super) fn resolve(catalog: Option<&Catalog>, models: &Models, written: &str) -> String {
    let mut known = catalog.map(Catalog::services).unwrap_or_default();
    known.extend(names(models));
    match service_named(written, &known) {
        Some(service) => {
            note_other_name(written, service);
            service.to_owned()
        }
        None => written.to_owned(),
    }
}

/// Notes which service `written` was taken for, if it is not the service's own name.
pub(super) fn note_other_name(written: &str, service: &str) {
    if !service.eq_ignore_ascii_case(written) {
        report::note(&format!("`{written}` is the service {service}"));
    }
}
