//! The arguments of `maitred test`.

use std::path::PathBuf;

use crate::cli::report::Format;
use crate::cli::source_args::SourceArgs;

/// Run the cases of waiters: saved replies, and what is to come of them
#[derive(Debug, clap::Args)]
#[command(after_help = "\
A case is DIR/<service>/<waiter>/<case>.json; `maitred schema case` prints its schema, `maitred new` and
`maitred record` write cases. Nothing is sent and nobody sleeps: a wait of a day takes milliseconds.
What is tested is the waiters of --waiters, or else those of ./waiters, and any other that has cases.

Exit code: 0 all is well, 1 a case failed or too few acceptors are reached, 2 there is nothing to test.

Examples:
  maitred test
  maitred test redshift cluster_paused
  maitred test --min-coverage 100")]
pub(crate) struct Args {
    /// Only the waiters of this service; SERVICE.WAITER is one waiter
    #[arg(value_name = "SERVICE")]
    pub(super) service: Option<String>,
    /// Only this waiter
    #[arg(value_name = "WAITER", requires = "service")]
    pub(super) waiter: Option<String>,
    /// The folder of the cases [default: `tests` of maitred.toml, else tests/waiters]
    #[arg(long, value_name = "DIR")]
    pub(super) cases: Option<PathBuf>,
    /// How many percent of the acceptors of each waiter must be reached; each also needs a case in
    /// which it goes on waiting
    #[arg(long, value_name = "PERCENT", value_parser = clap::value_parser!(u8).range(0..=100))]
    pub(super) min_coverage: Option<u8>,
    /// Say nothing of what is well
    #[arg(short, long)]
    pub(super) quiet: bool,
    /// How the report is written
    #[arg(long, value_enum, default_value_t)]
    pub(super) output: Format,
    #[command(flatten)]
    pub(super) sources: SourceArgs,
}
