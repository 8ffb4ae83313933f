//! Services as people name them.

use super::report;
use super::signature;
use crate::catalog::Catalog;
use crate::model::Models;
use crate::names::service_named;

/// The service that `written` means: one of the waiters', or of the models', in any spelling or by another
/// name, which is told; as it is written if it means none.
pub(super) fn meant(catalog: Option<&Catalog>, models: &Models, written: &str) -> String {
    let mut known = catalog.map(Catalog::services).unwrap_or_default();
    known.extend(signature::services(models));
    match service_named(written, &known) {
        Some(service) => {
            tell(written, service);
            service.to_owned()
        }
        None => written.to_owned(),
    }
}

/// Says what `written` was taken for, if that is another word.
pub(super) fn tell(written: &str, service: &str) {
    if !service.eq_ignore_ascii_case(written) {
        report::note(&format!("`{written}` is the service {service}"));
    }
}
