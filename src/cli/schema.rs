//! `maitred schema`: the JSON Schema of waiter files.

use super::report::{self, Report};
use crate::schema;

/// Print the JSON Schema of waiter files, for editors and other tools
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Example:
  maitred schema > waiters.schema.json

A waiter file names its schema, and editors then check and complete it:
  { \"$schema\": \"./waiters.schema.json\", \"version\": 2, \"waiters\": { … } }")]
pub(super) struct Args {}

#[expect(clippy::unnecessary_wraps, reason = "every command may fail")]
pub(super) fn run(_: &Args) -> anyhow::Result<Report> {
    Ok(Report::text(report::json(&schema::json_schema())))
}
