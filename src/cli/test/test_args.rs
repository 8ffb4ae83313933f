//! The arguments of `maitred test`.

use std::path::PathBuf;

use crate::cli::number;
use crate::cli::report::Format;
use crate::cli::source_args::SourceArgs;

/// Run the test cases of waiters: saved replies and their expected outcomes
#[derive(Debug, clap::Args)]
#[command(after_help = include_str!("test_args.txt").trim_end())]
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
    #[arg(long, value_name = "PERCENT", value_parser = number::percentage, allow_negative_numbers = true)]
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
