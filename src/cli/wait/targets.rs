//! What `--for-each` waits for: a waiter for each target, all but the input shared.

use std::sync::Arc;

use super::for_each::{ForEach, Need, TargetValue, VariedParameter};
use super::resolved_waiter::ResolvedWaiter;
use crate::cli::exit::Failure;
use crate::cli::{dry_run, report};
use crate::client::HTTP_SERVICE;
use crate::config::WaiterConfig;
use crate::waiter::{Options, Waiter};

/// How many targets are named in one message.
const NAMED: usize = 5;

/// Everything that is waited for at the same time.
#[derive(Debug)]
pub(super) struct Targets {
    /// The parameter in which they differ.
    pub(super) parameter: String,
    /// How many have to succeed.
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
        options: Options,
    ) -> Result<Self, Failure> {
        let needed = need
            .of(each.values.len())
            .map_err(|problem| Failure::usage(format!("--need {problem}")))?;
        let mut options = options;
        let mut all = Vec::with_capacity(each.values.len());
        let mut problems = Vec::new();
        for given in each.values {
            let waiter = waiter(&each.place, &given, resolved, first, config, &mut options)?;
            let wrong = resolved.signature.check(&waiter.call().input);
            problems.extend(wrong.into_iter().map(|problem| (given.text.clone(), problem)));
            all.push(Target {
                label: label(&each.place, &given, resolved),
                text: given.text,
                waiter,
            });
        }
        let more = problems.len().saturating_sub(NAMED);
        let mut problems: Vec<_> = problems
            .into_iter()
            .take(NAMED)
            .map(|(text, mut problem)| {
                problem.message = format!("{} (target `{text}`)", problem.message);
                problem
            })
            .collect();
        if more > 0
            && let Some(last) = problems.last_mut()
        {
            last.message = format!("{}, and {more} more", last.message);
        }
        if !problems.is_empty() {
            return Err(resolved.refused(&problems, None));
        }
        Ok(Self { parameter: each.place.name().to_owned(), needed, all })
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
    if let VariedParameter::Input(name) = place {
        let input = serde_json::Map::from_iter([(name.clone(), given.value.clone())]);
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
    let http = resolved.signature.service() == HTTP_SERVICE;
    let text = match place {
        VariedParameter::Input(name) if http && name == "url" => {
            dry_run::origin_and_path(&given.text)
        }
        VariedParameter::Input(_) | VariedParameter::Parameter(_) => given.text.clone(),
    };
    report::one_line(&text)
}
