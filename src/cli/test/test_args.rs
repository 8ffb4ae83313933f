//! The arguments of `maitred test`.

use std::path::PathBuf;

use crate::cli::report::Format;
use crate::cli::source_args::SourceArgs;

/// Run the test cases of waiters: saved replies and their expected outcomes
#[derive(Debug, clap::Args)]
#[command(after_help = "\
A case is DIR/<service>/<waiter>/<case>.json; `maitred schema case` prints its schema, `maitred new` and
`maitred record` write cases. Nothing is sent and no time passes: a wait of a day takes milliseconds.
It tests the waiters of --waiters, or else of ./waiters, and all others that have cases.

Exit code: 0 all passed, 1 a case failed or too few acceptors are reached, 2 nothing to test.

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
    /// The percentage of each waiter's acceptors that its cases have to reach; one case also has to go on
    /// waiting after a poll
    #[arg(long, value_name = "PERCENT", value_parser = clap::value_parser!(u8).range(0..=100))]
    pub(super) min_coverage: Option<u8>,
    /// Print only failures
    #[arg(short, long)]
    pub(super) quiet: bool,
    /// Output format
    #[arg(long, value_enum, default_value_t)]
    pub(super) output: Format,
    #[command(flatten)]
    pub(super) sources: SourceArgs,
}
