//! The targets of `--for-each`: a waiter for each, all but the input shared.

use std::sync::Arc;

use super::for_each::{ForEach, Need, TargetValue, VariedParameter};
use super::resolved_waiter::ResolvedWaiter;
use crate::cli::exit::Failure;
use crate::cli::{dry_run, report};
use crate::client::HTTP_SERVICE;
use crate::config::WaiterConfig;
use crate::waiter::{Options, Waiter};

/// The maximum number of targets that a message names.
const MAX_NAMED: usize = 5;

/// Everything that is waited for at the same time.
#[derive(Debug)]
pub(super) struct Targets {
    /// The parameter in which they differ.
    pub(super) parameter: String,
    /// The number of targets that have to succeed.
    pub(super) needed: usize,
    pub(super) all: Vec<Target>,
}

/// One target.
#[derive(Debug)]
pub(super) struct Target {
    /// As it was given.
    pub(super) text: String,
    /// As it is shown: one line, without what may be secret in a URL.
    pub(super) label: String,
    pub(super) waiter: Arc<Waiter>,
}

impl Targets {
    /// Makes the waiters. `first` is compiled, from `config` and `options`.
    pub(super) fn new(
        each: ForEach,
        need: Need,
        resolved: &ResolvedWaiter,
        first: &Waiter,
        config: &WaiterConfig,
        mut options: Options,
    ) -> Result<Self, Failure> {
        let needed = need
            .of(each.values.len())
            .map_err(|problem| Failure::usage(format!("--need {problem}")))?;
        let mut all = Vec::with_capacity(each.values.len());
        let mut problems = Vec::new();
        for given in each.values {
            let waiter = waiter(&each.place, &given, resolved, first, config, &mut options)?;
            for mut problem in resolved.signature.check(&waiter.call().input) {
                problem.message += &format!(" (target `{}`)", given.text);
                problems.push(problem);
            }
            let label = label(&each.place, &given, resolved);
            all.push(Target { label, text: given.text, waiter });
        }
        let more = problems.len().saturating_sub(MAX_NAMED);
        problems.truncate(MAX_NAMED);
        if let Some(last) = problems.last_mut().filter(|_| more > 0) {
            last.message += &format!(", and {more} more");
        }
        if !problems.is_empty() {
            return Err(resolved.refused(&problems, None));
        }
        Ok(Self { parameter: each.place.name, needed, all })
    }
}

/// The waiter of one target: the first one with another input where that is enough.
fn waiter(
    place: &VariedParameter,
    given: &TargetValue,
    resolved: &ResolvedWaiter,
    first: &Waiter,
    config: &WaiterConfig,
    options: &mut Options,
) -> Result<Arc<Waiter>, Failure> {
    if !place.is_declared {
        let input = serde_json::Map::from_iter([(place.name.clone(), given.value.clone())]);
        if let Some(waiter) = first.with_input(input) {
            return Ok(Arc::new(waiter));
        }
    }
    place.set(options, given.value.clone());
    Waiter::compile(resolved.signature.service(), &resolved.name, config, options)
        .map(Arc::new)
        .map_err(|invalid| resolved.refused(&[], Some(&invalid)))
}

fn label(place: &VariedParameter, given: &TargetValue, resolved: &ResolvedWaiter) -> String {
    let is_http = resolved.signature.service() == HTTP_SERVICE;
    let is_url = is_http && !place.is_declared && place.name == "url";
    report::one_line(&if is_url {
        dry_run::origin_and_path(&given.text)
    } else {
        given.text.clone()
    })
}
