//! What waiters take from others, and what is found in it.

use std::cell::OnceCell;
use std::path::Path;

use crate::catalog::LookupError;
use crate::cli::clients::SourceArgs;
use crate::config::WaiterFile;
use crate::diagnostic::Diagnostic;
use crate::diagnostic::pointer_part;
use crate::schema::MAX_PROBLEMS;

/// Of no more look-ups that fail is it told what was meant: that compares with every name there is.
const HELPED: usize = 20;

/// So many acceptors may the waiters of a file take from others together: a few lines can take many.
const MOST_TAKEN: usize = 20_000;

/// The file with what its waiters take from others in its place, and why that cannot be found.
pub(super) fn with_bases(
    service: &str,
    file: &WaiterFile,
    path: Option<&Path>,
) -> (WaiterFile, Vec<Diagnostic>) {
    let mut whole = file.clone();
    let (mut problems, mut taken) = (Vec::new(), 0);
    let user = path.filter(|path| path.is_file()).map(Path::to_owned);
    let sources = SourceArgs { waiters: user.into_iter().collect(), ..SourceArgs::default() };
    let catalog = OnceCell::new();
    whole.waiters.retain(|name, waiter| {
        if waiter.extends.is_none() {
            return true;
        }
        if problems.len() >= MAX_PROBLEMS || taken > MOST_TAKEN {
            return false;
        }
        // That maitred.toml can be used, the command has found out before.
        let catalog = catalog.get_or_init(|| sources.catalog().unwrap_or_default());
        match catalog.find(service, name) {
            Ok(entry) => {
                taken += entry.config.acceptors.len() - waiter.acceptors.len();
                if taken > MOST_TAKEN {
                    problems.push(too_many(name));
                    return false;
                }
                waiter.clone_from(&entry.config);
                true
            }
            Err(LookupError::Extends(bad)) => {
                let problem = Diagnostic::error("extends", place_of(name), bad.to_string());
                let help = if problems.len() < HELPED { bad.help() } else { None };
                problems.push(match help {
                    Some(help) => problem.with_help(help),
                    None => problem,
                });
                false
            }
            // The rest of the file says why.
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
    let message = format!(
        "up to here the waiters of this file take more than {MOST_TAKEN} acceptors from others"
    );
    Diagnostic::error("extends", place_of(name), message)
        .with_help("divide the file; the waiters from here on are not checked")
}

/// The findings of a file whose waiters were checked with what they take from others. To put its own
/// acceptors before those is what `extends` is for, so that they cover them is no finding; anything
/// else is the finding of the line that takes them.
pub(super) fn placed(file: &WaiterFile, findings: Vec<Diagnostic>) -> Vec<Diagnostic> {
    let placed = |mut finding: Diagnostic| {
        let Some((name, index)) = acceptor(&finding.pointer) else { return Some(finding) };
        let waiter = file.waiters.get(&name).filter(|waiter| waiter.extends.is_some());
        let Some(waiter) = waiter.filter(|waiter| index >= waiter.acceptors.len()) else {
            return Some(finding);
        };
        if matches!(finding.rule, "unreachable-acceptor" | "contradictory-acceptors") {
            return None;
        }
        let number = index - waiter.acceptors.len() + 1;
        finding.message = format!("in acceptor {number} taken from there: {}", finding.message);
        (finding.pointer, finding.offset) = (place_of(&name), None);
        Some(finding)
    };
    findings.into_iter().filter_map(placed).collect()
}

/// The waiter and the number of the acceptor that a pointer points into.
fn acceptor(pointer: &str) -> Option<(String, usize)> {
    let (waiter, rest) = pointer.strip_prefix("/waiters/")?.split_once('/')?;
    let index = rest.strip_prefix("acceptors/")?.split('/').next()?;
    Some((waiter.replace("~1", "/").replace("~0", "~"), index.parse().ok()?))
}
