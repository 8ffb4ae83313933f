//! The results of the cases, for people.

use serde_json::Value;

use super::suite::{Tested, TestedCase};
use crate::cli::report;
use crate::cli::text_layout::counted;

pub(super) fn text(waiters: &[Tested], quiet: bool) -> String {
    let mut text: String = waiters.iter().map(|waiter| of_waiter(waiter, quiet)).collect();
    text += &summary(waiters);
    text
}

fn of_waiter(waiter: &Tested, quiet: bool) -> String {
    let mut text = String::new();
    for case in waiter.cases.iter().filter(|case| !quiet || !case.ok) {
        text += &of_case(waiter, case);
    }
    let not_reached = waiter.acceptors.iter().filter(|acceptor| !acceptor.reached);
    for acceptor in not_reached.filter(|_| !waiter.cases.is_empty() && !quiet) {
        text += &format!("  not reached: acceptor {}, {}\n", acceptor.index + 1, acceptor.acceptor);
    }
    if waiter.origin.is_some() && waiter.cases.is_empty() && !quiet {
        text += "  no cases\n";
    }
    if let Some(problem) = &waiter.problem {
        text += &format!("  FAILED  {problem}\n");
    }
    if text.is_empty() { text } else { format!("{}.{}\n{text}\n", waiter.service, waiter.name) }
}

fn of_case(waiter: &Tested, case: &TestedCase) -> String {
    let word = if case.ok { "ok    " } else { "FAILED" };
    let mut text = format!("  {word}  {}", case.name);
    match &case.message {
        Some(message) if case.ok => {
            let id = format!("{}.{} ", waiter.service, waiter.name);
            let message = message.strip_prefix(&id).unwrap_or(message);
            text += &format!("  ({})\n", report::printable(message));
        }
        Some(_) => text += &format!("  {}\n", case.file),
        None => text.push('\n'),
    }
    for difference in &case.differences {
        text += &format!("            {}\n", difference.what);
        text += &format!("              expected  {}\n", shown(&difference.expected));
        text += &format!("              actual    {}\n", shown(&difference.actual));
    }
    if let Some(message) = &case.message
        && !case.ok
        && !case.differences.iter().any(|difference| difference.what == "message")
    {
        text += &format!("            it ended so: {}\n", report::printable(message));
    }
    if !case.findings.diagnostics.is_empty() {
        text += &format!("{}\n", case.findings.to_text());
    }
    text
}

fn shown(value: &Value) -> String {
    report::printable(&value.to_string())
}

fn summary(waiters: &[Tested]) -> String {
    let cases = || waiters.iter().flat_map(|waiter| &waiter.cases);
    let failed = cases().filter(|case| !case.ok).count();
    let acceptors = waiters.iter().map(|waiter| waiter.acceptors.len()).sum();
    let reached: usize = waiters.iter().map(Tested::reached).sum();
    let missing = waiters.iter().filter(|waiter| waiter.origin.is_none()).count();
    let problems = waiters.iter().filter(|waiter| waiter.problem.is_some()).count();
    let short = problems - missing;
    let counts = [
        (failed, format!("{failed} FAILED")),
        (missing, format!("{} not found", counted(missing, "waiter"))),
        (short, format!("{} with too few cases", counted(short, "waiter"))),
    ];
    let bad = counts.into_iter().filter(|(count, _)| *count > 0).map(|(_, text)| text);
    let bad = bad.collect::<Vec<_>>().join(", ");
    let verdict = if bad.is_empty() { "all ok" } else { &bad };
    let help = if missing == 0 {
        String::new()
    } else {
        report::advice("--waiters PATH, or `waiters` of maitred.toml, says where the waiters are")
    };
    format!(
        "{} of {}: {verdict}; {reached} of {} reached{help}",
        counted(cases().count(), "case"),
        counted(waiters.len(), "waiter"),
        counted(acceptors, "acceptor"),
    )
}
