//! Resolving `extends`: a waiter inherits the keys that it does not have.

use std::sync::Arc;

use super::entry::{Base, Entry, MAX_BASES};
use super::error::{BadExtends, LookupError, Reason};
use crate::config::WaiterConfig;
use crate::diagnostic::fold;

/// Resolves `extends` of `entry`, which was found in `layer`.
///
/// `find_from` finds a service's waiter by name, without the first layers, and its layer.
pub(super) fn resolve(
    find_from: impl Fn(usize, &str, &str) -> Result<(usize, Entry), LookupError>,
    mut entry: Entry,
    layer: usize,
) -> Result<Entry, LookupError> {
    let mut seen = vec![(layer, entry.service.clone(), fold(&entry.name))];
    let mut last = (format!("{}.{}", entry.service, entry.name), entry.origin.clone());
    while let Some(extends) = entry.config.extends.clone() {
        let bad = |reason| BadExtends::error(&last.0, &last.1, &extends, reason);
        let Some((service, name)) = extends.split_once('.') else { return Err(bad(Reason::NoId)) };
        if entry.bases.len() >= MAX_BASES {
            return Err(bad(Reason::Depth));
        }
        // Its own name refers to the waiter that it replaces.
        let from = seen
            .last()
            .filter(|(_, known, known_name)| known == service && *known_name == fold(name));
        let from = from.map_or(0, |(layer, ..)| layer + 1);
        let (layer, base) =
            find_from(from, service, name).map_err(|error| bad(Reason::Lookup(error)))?;
        let key = (layer, base.service.clone(), fold(&base.name));
        if seen.contains(&key) {
            return Err(bad(Reason::Cycle));
        }
        seen.push(key);
        last = (format!("{}.{}", base.service, base.name), base.origin.clone());
        entry.config = Arc::new(inherit(&entry.config, &base.config));
        entry.bases.push(Base {
            id: last.0.clone(),
            origin: base.origin,
            acceptors: base.config.acceptors.len(),
        });
    }
    Ok(entry)
}

/// The keys of `own`, and those of `base` that `own` does not have.
fn inherit(own: &WaiterConfig, base: &WaiterConfig) -> WaiterConfig {
    let missing = own.missing();
    let takes = |key| missing.contains(&key);
    let (own, base) = (own.clone(), base.clone());
    let mut merged = WaiterConfig {
        kind: own.kind.or(base.kind),
        description: own.description.or(base.description),
        extends: base.extends,
        // `mutating` belongs to the operation.
        mutating: own.mutating || (takes("operation") && base.mutating),
        operation: if takes("operation") { base.operation } else { own.operation },
        delay: if takes("delay") { base.delay } else { own.delay },
        max_attempts: if takes("maxAttempts") { base.max_attempts } else { own.max_attempts },
        acceptors: own.acceptors,
        input: base.input,
        timeout: own.timeout.or(base.timeout),
        initial_delay: own.initial_delay.or(base.initial_delay),
        backoff: own.backoff.or(base.backoff),
        consecutive: own.consecutive.or(base.consecutive),
        transient: own.transient.or(base.transient),
        show: own.show.or(base.show),
        baseline: own.baseline.or(base.baseline),
        all_pages: own.all_pages.or(base.all_pages),
        parameters: base.parameters,
        diagnose: if own.diagnose.is_empty() { base.diagnose } else { own.diagnose },
    };
    merged.acceptors.extend(base.acceptors);
    merged.input.extend(own.input);
    merged.parameters.extend(own.parameters);
    merged
}
