//! What became of the cases, for people.

use std::fmt::Write as _;

use serde_json::Value;

use super::suite::{Ran, Suite, Tested};
use crate::cli::findings::Findings;
use crate::cli::report;
use crate::cli::text_layout::counted;

pub(super) fn text(suite: &Suite, quiet: bool) -> String {
    let mut text = String::new();
    for waiter in &suite.waiters {
        write_waiter(&mut text, suite, waiter, quiet);
    }
    text.push_str(&summary(suite));
    text
}

fn write_waiter(text: &mut String, suite: &Suite, waiter: &Tested, quiet: bool) {
    let mut body = String::new();
    for case in waiter.cases.iter().filter(|case| !quiet || !case.is_well()) {
        write_case(&mut body, waiter, case);
    }
    let not_reached = waiter.acceptors.iter().enumerate().filter(|(_, (_, reached))| !reached);
    for (index, (acceptor, _)) in not_reached.filter(|_| !waiter.cases.is_empty() && !quiet) {
        let _ = writeln!(body, "  not reached: acceptor {}, {acceptor}", index + 1);
    }
    if let Err(missing) = &waiter.origin {
        let _ = writeln!(body, "  FAILED  {missing}");
    } else if waiter.cases.is_empty() && !quiet {
        let _ = writeln!(body, "  no cases");
    }
    if let Some(shortage) = suite.shortage(waiter) {
        let _ = writeln!(body, "  FAILED  {shortage}");
    }
    if !body.is_empty() {
        let _ = writeln!(text, "{}.{}\n{body}", waiter.service, waiter.name);
    }
}

fn write_case(text: &mut String, waiter: &Tested, case: &Ran) {
    let word = if case.is_well() { "ok    " } else { "FAILED" };
    let _ = write!(text, "  {word}  {}", case.name);
    match &case.ending {
        Some((message, _)) if case.is_well() => {
            let id = format!("{}.{} ", waiter.service, waiter.name);
            let message = message.strip_prefix(&id).unwrap_or(message);
            let _ = writeln!(text, "  ({})", report::printable(message));
        }
        Some(_) => {
            let _ = writeln!(text, "  {}", case.path.display());
        }
        None => text.push('\n'),
    }
    for difference in &case.differences {
        let _ = writeln!(text, "            {}", difference.what);
        let _ = writeln!(text, "              expected  {}", shown(&difference.expected));
        let _ = writeln!(text, "              actual    {}", shown(&difference.actual));
    }
    if let Some((message, _)) = &case.ending
        && !case.differences.is_empty()
        && !case.differences.iter().any(|difference| difference.what == "message")
    {
        let _ = writeln!(text, "            it ended so: {}", report::printable(message));
    }
    if !case.diagnostics.is_empty() {
        let name = case.path.display().to_string();
        let _ = writeln!(text, "{}", Findings::new(&name, &case.text, &case.diagnostics).to_text());
    }
}

fn shown(value: &Value) -> String {
    report::printable(&value.to_string())
}

fn summary(suite: &Suite) -> String {
    let cases = suite.waiters.iter().map(|waiter| waiter.cases.len()).sum();
    let all = suite.waiters.iter().flat_map(|waiter| &waiter.cases);
    let failed = all.filter(|case| !case.is_well()).count();
    let acceptors: usize = suite.waiters.iter().map(|waiter| waiter.acceptors.len()).sum();
    let reached: usize = suite.waiters.iter().map(Tested::reached).sum();
    let missing = suite.waiters.iter().filter(|waiter| waiter.origin.is_err()).count();
    let short = suite.waiters.iter().filter(|waiter| suite.shortage(waiter).is_some()).count();
    let counts = [
        (failed, format!("{failed} FAILED")),
        (missing, format!("{} not found", counted(missing, "waiter"))),
        (short, format!("{} with too few cases", counted(short, "waiter"))),
    ];
    let bad: Vec<_> = counts.into_iter().filter(|(count, _)| *count > 0).collect();
    let bad: Vec<_> = bad.into_iter().map(|(_, text)| text).collect();
    let verdict = if bad.is_empty() { "all ok".to_owned() } else { bad.join(", ") };
    let help = if missing == 0 {
        String::new()
    } else {
        report::advice("--waiters PATH, or `waiters` of maitred.toml, says where the waiters are")
    };
    format!(
        "{} of {}: {verdict}; {reached} of {} reached{help}",
        counted(cases, "case"),
        counted(suite.waiters.len(), "waiter"),
        counted(acceptors, "acceptor"),
    )
}
