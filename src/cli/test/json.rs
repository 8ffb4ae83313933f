//! What became of the cases, for programs.

use serde_json::{Value, json};

use super::suite::{Ran, Suite, Tested};
use crate::cli::findings::Findings;

pub(super) fn json(suite: &Suite) -> Value {
    json!({
        "version": 1,
        "ok": suite.is_well(),
        "waiters": suite.waiters.iter().map(|it| waiter(suite, it)).collect::<Vec<_>>(),
    })
}

fn waiter(suite: &Suite, waiter: &Tested) -> Value {
    let acceptor = |(index, (acceptor, reached)): (usize, &(String, bool))| json!({ "index": index, "acceptor": acceptor, "reached": reached });
    json!({
        "service": waiter.service,
        "waiter": waiter.name,
        "origin": waiter.origin.as_ref().ok(),
        "problem": waiter.origin.as_ref().err().cloned().or_else(|| suite.shortage(waiter)),
        "coverage": waiter.coverage(),
        "waits": waiter.waits,
        "acceptors": waiter.acceptors.iter().enumerate().map(acceptor).collect::<Vec<_>>(),
        "cases": waiter.cases.iter().map(case).collect::<Vec<_>>(),
    })
}

fn case(case: &Ran) -> Value {
    let path = case.path.display().to_string();
    let difference = |it: &crate::replay::Difference| json!({ "what": it.what, "expected": it.expected, "actual": it.actual });
    json!({
        "case": case.name,
        "file": path,
        "ok": case.is_well(),
        "message": case.ending.as_ref().map(|(message, _)| message),
        "attempts": case.ending.as_ref().map(|(_, attempts)| attempts),
        "differences": case.differences.iter().map(difference).collect::<Vec<_>>(),
        "findings": Findings::new(&path, &case.text, &case.diagnostics).to_json(),
    })
}
