//! Waiters that take from another what they do not say themselves.

use std::fmt;
use std::sync::Arc;

use super::{Catalog, Entry, LookupError, Origin};
use crate::config::WaiterConfig;
use crate::diagnostic::fold;

/// The most waiters that one can build upon, one upon the other.
pub const MAX_BASES: usize = 8;

/// A waiter that another one extends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Base {
    /// `service.name`.
    pub id: String,
    /// Where it comes from.
    pub origin: Origin,
    /// How many of the acceptors, which are in the order in which they are asked, are its own.
    pub acceptors: usize,
}

/// A waiter whose `extends` leads nowhere.
#[derive(Debug, Clone)]
pub struct BadExtends {
    /// The waiter that says `extends`.
    id: String,
    origin: Origin,
    extends: String,
    reason: Reason,
}

#[derive(Debug, Clone)]
enum Reason {
    NoId,
    Lookup(LookupError),
    Cycle,
    Depth,
}

impl BadExtends {
    fn error(id: &str, origin: &Origin, extends: &str, reason: Reason) -> LookupError {
        let (id, extends) = (id.to_owned(), extends.to_owned());
        LookupError::Extends(Box::new(Self { id, origin: origin.clone(), extends, reason }))
    }

    /// What to do about it, where that can be told.
    #[must_use]
    pub fn help(&self) -> Option<String> {
        match &self.reason {
            Reason::NoId => Some("name it as SERVICE.NAME".to_owned()),
            Reason::Lookup(LookupError::Unknown(unknown)) => {
                match (unknown.near(), unknown.names()) {
                    (Some(near), _) => Some(format!("did you mean `{}.{near}`?", unknown.service)),
                    (None, []) => None,
                    (None, names) => Some(format!("{} has {}", unknown.service, names.join(", "))),
                }
            }
            Reason::Lookup(_) | Reason::Cycle | Reason::Depth => None,
        }
    }

    pub(super) fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match &self.reason {
            Reason::Lookup(error) => Some(error),
            Reason::NoId | Reason::Cycle | Reason::Depth => None,
        }
    }
}

impl fmt::Display for BadExtends {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { id, origin, extends, .. } = self;
        write!(f, "{id} ({origin}) extends `{extends}`, ")?;
        match &self.reason {
            Reason::NoId => f.write_str("which names no waiter"),
            Reason::Lookup(LookupError::Unknown(_)) => f.write_str("which does not exist"),
            Reason::Lookup(_) => f.write_str("which cannot be used"),
            Reason::Cycle => f.write_str("which in the end extends itself"),
            Reason::Depth => write!(f, "the last of more than {MAX_BASES} in a row"),
        }
    }
}

/// `entry`, which was found in `layer`, with everything that it takes from others.
pub(super) fn resolve(
    catalog: &Catalog,
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
        // Its own name stands for the waiter that it replaces.
        let from = seen
            .last()
            .filter(|(_, known, known_name)| known == service && *known_name == fold(name));
        let from = from.map_or(0, |(layer, ..)| layer + 1);
        let (layer, base) =
            catalog.find_from(from, service, name).map_err(|error| bad(Reason::Lookup(error)))?;
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

/// What `own` says, and for the rest what `base` says.
fn inherit(own: &WaiterConfig, base: &WaiterConfig) -> WaiterConfig {
    let missing = own.missing();
    let takes = |key| missing.contains(&key);
    let (own, base) = (own.clone(), base.clone());
    let mut merged = WaiterConfig {
        kind: own.kind.or(base.kind),
        description: own.description.or(base.description),
        extends: base.extends,
        // Whether a poll changes something goes with the operation.
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
