//! `maitred test`: runs the cases of waiters, offline.

use serde_json::json;

use super::context::Context;
use super::exit::Exit;
use super::report::Report;

mod suite;
mod test_args;
mod text;

use suite::Tested;
pub(super) use test_args::Args;

pub(super) fn run(args: &Args, context: &Context) -> anyhow::Result<Report> {
    args.sources.check()?;
    let waiters = suite::run(args, context)?;
    let ok = waiters.iter().all(Tested::is_ok);
    let report = args.output.report(
        || text::text(&waiters, args.quiet),
        || json!({ "version": 1, "ok": ok, "waiters": waiters }),
    );
    Ok(report.with_exit(if ok { Exit::Success } else { Exit::Failure }))
}
