//! What waiters take from others, and what is found in it.

use std::cell::OnceCell;
use std::path::Path;

use crate::catalog::LookupError;
use crate::cli::clients::SourceArgs;
use crate::config::WaiterFile;
use crate::diagnostic::Diagnostic;

/// The file with what its waiters take from others in its place, and why that cannot be found.
pub(super) fn with_bases(
    service: &str,
    file: &WaiterFile,
    path: Option<&Path>,
) -> (WaiterFile, Vec<Diagnostic>) {
    let mut whole = file.clone();
    let mut problems = Vec::new();
    let user = path.filter(|path| path.is_file()).map(Path::to_owned);
    let sources = SourceArgs { waiters: user.into_iter().collect(), ..SourceArgs::default() };
    let catalog = OnceCell::new();
    whole.waiters.retain(|name, waiter| {
        if waiter.extends.is_none() {
            return true;
        }
        // That maitred.toml can be used, the command has found out before.
        let catalog = catalog.get_or_init(|| sources.catalog().unwrap_or_default());
        match catalog.find(service, name) {
            Ok(entry) => {
                waiter.clone_from(&entry.config);
                true
            }
            Err(LookupError::Extends(bad)) => {
                let place = name.replace('~', "~0").replace('/', "~1");
                let pointer = format!("/waiters/{place}/extends");
                let problem = Diagnostic::error("extends", pointer, bad.to_string());
                problems.push(match bad.help() {
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
        let waiter = name.replace('~', "~0").replace('/', "~1");
        (finding.pointer, finding.offset) = (format!("/waiters/{waiter}/extends"), None);
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
