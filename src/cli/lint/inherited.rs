//! Waiters with what they inherit by `extends`, and the findings in it.

use std::cell::OnceCell;
use std::path::Path;

use crate::catalog::LookupError;
use crate::cli::context::Context;
use crate::cli::source_args::SourceArgs;
use crate::config::{WaiterConfig, WaiterFile};
use crate::diagnostic::{Diagnostic, pointer_part};
use crate::schema::MAX_PROBLEMS;

/// The maximum number of failed look-ups that get a suggestion, which compares with every known name.
const MAX_SUGGESTIONS: usize = 20;

/// The maximum number of acceptors that the waiters of a file may inherit in all: a few lines can inherit many.
const MAX_INHERITED: usize = 20_000;

/// The file with what its waiters inherit in place, and the problems of waiters whose base cannot be used.
pub(super) fn with_bases(
    service: &str,
    file: &WaiterFile,
    path: Option<&Path>,
    context: &Context,
) -> (WaiterFile, Vec<Diagnostic>) {
    let mut whole = file.clone();
    let (mut problems, mut inherited) = (Vec::new(), 0);
    let user = path.filter(|path| path.is_file()).map(Path::to_owned);
    let sources = SourceArgs { waiters: user.into_iter().collect(), ..SourceArgs::default() };
    let catalog = OnceCell::new();
    whole.waiters.retain(|name, waiter| {
        if waiter.extends.is_none() {
            return true;
        }
        if problems.len() >= MAX_PROBLEMS || inherited > MAX_INHERITED {
            return false;
        }
        // The command has already checked that maitred.toml can be used.
        let catalog = catalog.get_or_init(|| sources.catalog(context).unwrap_or_default());
        match catalog.find(service, name) {
            Ok(entry) => {
                inherited += entry.config.acceptors.len() - waiter.acceptors.len();
                if inherited > MAX_INHERITED {
                    problems.push(too_many(name));
                    return false;
                }
                *waiter = WaiterConfig::clone(&entry.config).into();
                true
            }
            Err(LookupError::Extends(bad)) => {
                let problem = Diagnostic::error("extends", place_of(name), bad.to_string());
                let help = if problems.len() < MAX_SUGGESTIONS { bad.help() } else { None };
                problems.push(match help {
                    Some(help) => problem.with_help(help),
                    None => problem,
                });
                false
            }
            // Another finding says why.
            Err(_) => false,
        }
    });
    (whole, problems)
}

/// The place of `extends` in the waiter `name`.
fn place_of(name: &str) -> String {
    format!("/waiters/{}/extends", pointer_part(name))
}

fn too_many(name: &str) -> Diagnostic {
    let message =
        format!("up to here the waiters of this file inherit more than {MAX_INHERITED} acceptors");
    Diagnostic::error("extends", place_of(name), message)
        .with_help("divide the file; the waiters from here on are not checked")
}

/// Moves the findings in inherited acceptors to the `extends` that inherits them. Own acceptors may cover
/// inherited ones, which is what `extends` is for, so that is not a finding.
pub(super) fn at_extends(file: &WaiterFile, findings: Vec<Diagnostic>) -> Vec<Diagnostic> {
    let moved = |mut finding: Diagnostic| {
        let Some((name, index)) = acceptor(&finding.pointer) else { return Some(finding) };
        let waiter = file.waiters.get(&name).filter(|waiter| waiter.extends.is_some());
        let Some(waiter) = waiter.filter(|waiter| index >= waiter.acceptors.len()) else {
            return Some(finding);
        };
        if matches!(finding.rule, "unreachable-acceptor" | "contradictory-acceptors") {
            return None;
        }
        let number = index - waiter.acceptors.len() + 1;
        finding.message = format!("in inherited acceptor {number}: {}", finding.message);
        (finding.pointer, finding.offset) = (place_of(&name), None);
        Some(finding)
    };
    findings.into_iter().filter_map(moved).collect()
}

/// The waiter and the number of the acceptor that a pointer points into.
fn acceptor(pointer: &str) -> Option<(String, usize)> {
    let (waiter, rest) = pointer.strip_prefix("/waiters/")?.split_once('/')?;
    let index = rest.strip_prefix("acceptors/")?.split('/').next()?;
    Some((waiter.replace("~1", "/").replace("~0", "~"), index.parse().ok()?))
}
