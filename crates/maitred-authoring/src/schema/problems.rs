//! The problems of a file.

use maitred_core::diagnostic::{Diagnostic, Invalid};

/// The most problems of one file that are reported.
pub const MAX_PROBLEMS: usize = 1000;

/// The parsed value, or the problems in the order of the text.
pub(super) fn finish<T>(read: Option<T>, mut problems: Vec<Diagnostic>) -> Result<T, Invalid> {
    in_order(&mut problems);
    match read {
        Some(read) if problems.is_empty() => Ok(read),
        _ => Err(Invalid::new(problems)),
    }
}

pub(super) fn in_order(problems: &mut Vec<Diagnostic>) {
    problems.sort_by_key(|problem| problem.span.as_ref().map_or(0, |span| span.start));
    if problems.len() > MAX_PROBLEMS {
        problems.truncate(MAX_PROBLEMS);
        let message = format!("there are more problems; these are the first {MAX_PROBLEMS}");
        problems.push(Diagnostic::error("too-many", "", message));
    }
}
