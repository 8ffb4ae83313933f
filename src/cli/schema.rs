//! `maitred schema`: the JSON Schemas of waiter files and of cases.

use super::report::{self, Report};
use crate::schema;

/// Print the JSON Schema of waiter files or of cases, for editors and other tools
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  maitred schema > waiters.schema.json
  maitred schema case > case.schema.json

A waiter file names its schema, and editors then check and complete it:
  { \"$schema\": \"./waiters.schema.json\", \"version\": 2, \"waiters\": { … } }")]
pub(super) struct Args {
    /// The kind of file
    #[arg(value_enum, default_value_t)]
    of: Of,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, clap::ValueEnum)]
enum Of {
    /// Waiter files
    #[default]
    Waiters,
    /// The cases that `maitred test` runs
    Case,
}

pub(super) fn run(args: &Args) -> Report {
    let schema = match args.of {
        Of::Waiters => schema::json_schema(),
        Of::Case => schema::case_schema(),
    };
    Report::text(report::json(schema))
}
