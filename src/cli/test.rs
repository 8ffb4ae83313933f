//! `maitred test`: runs the cases of waiters, offline.

use super::context::Context;
use super::exit::Exit;
use super::report::{self, Format, Report};

mod json;
mod suite;
mod test_args;
mod text;

use suite::Suite;
pub(super) use test_args::Args;

pub(super) fn run(args: &Args, context: &Context) -> anyhow::Result<Report> {
    args.sources.check()?;
    let suite = Suite::run(args, context)?;
    let exit = if suite.is_well() { Exit::Success } else { Exit::Failure };
    let report = match args.output {
        Format::Text => Report::text(text::text(&suite, args.quiet)),
        Format::Json => Report::text(report::json(json::json(&suite))),
    };
    Ok(report.with_exit(exit))
}
