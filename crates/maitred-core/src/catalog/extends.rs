//! Resolving `extends`: a waiter inherits the keys that it does not have.

use std::sync::Arc;

use super::entry::{Base, Entry, MAX_BASES, WrittenEntry};
use super::error::{BadExtends, BadFile, LookupError, Reason};
use crate::config::PartialWaiter;
use crate::diagnostic::fold;

/// Resolves `extends` of `written`, which was found in `layer`.
///
/// `find_from` finds a service's waiter by name, without the first layers, and its layer.
pub(super) fn resolve(
    find_from: impl Fn(usize, &str, &str) -> Result<(usize, WrittenEntry), LookupError>,
    written: WrittenEntry,
    layer: usize,
) -> Result<Entry, LookupError> {
    let WrittenEntry { service, name, mut waiter, origin } = written;
    let mut seen = vec![(layer, service.clone(), fold(&name))];
    let (mut last, mut bases) = ((format!("{service}.{name}"), origin.clone()), Vec::new());
    while let Some(extends) = waiter.extends.clone() {
        let bad = |reason| BadExtends::new(&last.0, &last.1, &extends, reason);
        let Some((of, named)) = extends.split_once('.') else {
            return Err(bad(Reason::NoId).into());
        };
        if bases.len() >= MAX_BASES {
            return Err(bad(Reason::Depth).into());
        }
        // Its own name refers to the waiter that it replaces.
        let from =
            seen.last().filter(|(_, known, known_name)| known == of && *known_name == fold(named));
        let from = from.map_or(0, |(layer, ..)| layer + 1);
        let (layer, base) =
            find_from(from, of, named).map_err(|error| bad(Reason::Unusable).with_source(error))?;
        let key = (layer, base.service.clone(), fold(&base.name));
        if seen.contains(&key) {
            return Err(bad(Reason::Cycle).into());
        }
        seen.push(key);
        last = (format!("{}.{}", base.service, base.name), base.origin.clone());
        waiter = Arc::new(inherit(&waiter, &base.waiter));
        let acceptors = base.waiter.acceptors.len();
        bases.push(Base { id: last.0.clone(), origin: base.origin, acceptors });
    }
    // A reader that does not check a file may leave keys missing.
    let config = waiter.resolve();
    let unusable = |problems| BadFile::new(origin.to_string(), String::new(), problems);
    let config = Arc::new(config.map_err(|problems| LookupError::BadFile(unusable(problems)))?);
    Ok(Entry { service, name, config, origin, bases })
}

/// The keys of `own`, and those of `base` that `own` does not have.
fn inherit(own: &PartialWaiter, base: &PartialWaiter) -> PartialWaiter {
    let (mut own, base) = (own.clone(), base.clone());
    own.kind = own.kind.or(base.kind);
    own.description = own.description.or(base.description);
    own.extends = base.extends;
    // `mutating` belongs to the operation.
    own.mutating |= own.operation.is_none() && base.mutating;
    own.operation = own.operation.or(base.operation);
    own.delay = own.delay.or(base.delay);
    own.max_attempts = own.max_attempts.or(base.max_attempts);
    own.acceptors.extend(base.acceptors);
    own.input = base.input.into_iter().chain(own.input).collect();
    own.timeout = own.timeout.or(base.timeout);
    own.initial_delay = own.initial_delay.or(base.initial_delay);
    own.backoff = own.backoff.or(base.backoff);
    own.consecutive = own.consecutive.or(base.consecutive);
    own.transient = own.transient.or(base.transient);
    own.show = own.show.or(base.show);
    own.baseline = own.baseline.or(base.baseline);
    own.all_pages = own.all_pages.or(base.all_pages);
    own.parameters = base.parameters.into_iter().chain(own.parameters).collect();
    own.diagnose = if own.diagnose.is_empty() { base.diagnose } else { own.diagnose };
    own
}
