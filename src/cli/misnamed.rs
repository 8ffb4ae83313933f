//! Waiter files that do not say of which service they are: the file's name then stands for one.

use std::path::Path;

use crate::catalog;
use crate::catalog::Catalog;
use crate::catalog::Entry;
use crate::catalog::WaiterOrigin;
use crate::model::Models;

use super::exit::Failure;
use super::signature;

/// Why a service does not exist that a waiter's file has as its name, if that is why.
pub(super) fn service(models: &Models, entry: &Entry) -> Option<Failure> {
    let WaiterOrigin::File(path) = &entry.origin else { return None };
    let is_known = || signature::services(models).contains(&entry.service);
    if catalog::file_service(path) != entry.service || is_known() {
        return None;
    }
    let message =
        format!("{} is a waiter of `{}`, which is no service", entry.snake_name(), entry.service);
    Some(Failure::usage(message).help(name_the_service(path, &entry.service)))
}

fn name_the_service(path: &Path, service: &str) -> String {
    format!(
        "{} does not say of which service its waiters are, so that it is taken for one of \
         `{service}`; add \"service\": \"http\" (or another) to it",
        path.display()
    )
}

/// A file that has the waiter, but under the name of the file instead of a service.
pub(super) fn other_service(catalog: &Catalog, models: &Models, name: &str) -> Option<String> {
    let known = signature::services(models);
    let names = catalog.services().into_iter().filter(|service| !known.contains(service));
    names.into_iter().find_map(|service| {
        let entry = catalog.find(&service, name).ok()?;
        let WaiterOrigin::File(path) = &entry.origin else { return None };
        (catalog::file_service(path) == service).then(|| name_the_service(path, &service))
    })
}
