//! The options of `maitred wait`.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use serde_json::{Map, Value};

use super::for_each::ForEachArgs;
use crate::cli::clients::ConnectionArgs;
use crate::cli::report::{self, Format};
use crate::cli::source_args::SourceArgs;
use crate::cli::{duration, number, values};
use crate::client::InputProblem;
use crate::config::{Show, WaiterConfig};
use crate::waiter::Options;

/// Our own options of `wait`.
#[derive(Debug, Clone, clap::Args)]
pub(super) struct WaitArgs {
    #[command(flatten)]
    pub(super) condition: ConditionArgs,
    #[command(flatten)]
    pub(super) each: ForEachArgs,
    #[command(flatten)]
    pub(super) pace: PaceArgs,
    #[command(flatten)]
    pub(super) connection: ConnectionArgs,
    #[command(flatten)]
    pub(super) sources: SourceArgs,
    #[command(flatten)]
    pub(super) output: OutputArgs,
}

#[derive(Debug, Clone, clap::Args)]
#[command(next_help_heading = "Conditions")]
pub(super) struct ConditionArgs {
    /// Succeed when this JMESPath expression is true, e.g. "Clusters[0].ClusterStatus == 'paused'".
    /// @FILE reads it from a file. May be repeated; any of them suffices. On service http it waits, at
    /// the stated pace, while the server cannot be reached or answers 404, 408, 429 or 5xx.
    #[arg(long, value_name = "EXPR")]
    pub(super) until: Vec<String>,
    /// Fail when this JMESPath expression is true; evaluated before everything else. May be repeated.
    #[arg(long, value_name = "EXPR")]
    pub(super) fail_if: Vec<String>,
    /// The old value of the waiter's baseline: success and failure count only once the value differs from it.
    /// JSON, or else a string; default: the value at the first poll.
    #[arg(long, value_name = "VALUE", allow_hyphen_values = true)]
    pub(super) baseline: Option<String>,
    /// The JMESPath expression whose value has to change before success or failure counts, e.g.
    /// Crawler.LastCrawl.StartTime; instead of the waiter's own.
    #[arg(long, value_name = "EXPR")]
    pub(super) baseline_expression: Option<String>,
    /// Fetch all pages of a paginated operation at every poll and merge them; by default only the first page is
    /// fetched.
    #[arg(long)]
    pub(super) all_pages: bool,
    /// A value for one of the waiter's own parameters. May be repeated.
    #[arg(long, value_name = "NAME=VALUE")]
    pub(super) parameter: Vec<String>,
    /// Follow botocore's rules and messages exactly.
    #[arg(long)]
    pub(super) strict: bool,
    /// Poll even if a condition uses a member that the service's model does not have, or compares it with
    /// another type: for a service that is newer than its model.
    #[arg(long)]
    pub(super) allow_unknown: bool,
    /// Poll an operation that is not read-only: one that the waiter file marks "mutating", or the one
    /// that --until polls.
    #[arg(long)]
    pub(super) allow_mutating: bool,
}

#[derive(Debug, Clone, clap::Args)]
#[command(next_help_heading = "Pace and bounds")]
pub(super) struct PaceArgs {
    /// Time between two polls, e.g. 5, 0.5, 1m. A longer Retry-After of the server wins.
    #[arg(long, value_name = "TIME", value_parser = duration::parse, allow_negative_numbers = true)]
    pub(super) delay: Option<Duration>,
    /// The maximum number of polls.
    #[arg(long, value_name = "N", value_parser = number::from_one::<u64>, allow_negative_numbers = true)]
    pub(super) max_attempts: Option<u64>,
    /// The maximum time to wait, e.g. 90s, 20m, 1h30m; the only limit unless --max-attempts is given. The last
    /// poll is sent when it is over and may take 2 s more.
    #[arg(long, value_name = "TIME", value_parser = duration::parse, allow_negative_numbers = true)]
    pub(super) timeout: Option<Duration>,
    /// Poll once, and exit with 0 for success, 1 for failure, or 3 for neither.
    #[arg(long)]
    pub(super) once: bool,
    /// Print the request, the endpoint and where credentials would come from; send nothing.
    #[arg(long)]
    pub(super) dry_run: bool,
}

#[derive(Debug, Clone, clap::Args)]
#[command(next_help_heading = "Output")]
pub(super) struct OutputArgs {
    /// The JMESPath expression whose value is shown, and printed at the end. May be repeated. A waiter
    /// may have one of its own; a wait with --until alone prints nothing without it.
    #[arg(long, value_name = "EXPR")]
    pub(super) show: Vec<String>,
    /// text prints the shown value of a success; json prints one object, however the wait ends.
    #[arg(long = "output", value_enum, default_value_t, value_name = "FORMAT")]
    pub(super) format: Format,
    /// Print only errors on stderr.
    #[arg(short, long)]
    pub(super) quiet: bool,
    /// Write the wait as a case for `maitred test`, without secrets and account ids;
    /// `maitred record --help` says what is taken out.
    #[arg(long, value_name = "FILE", conflicts_with = "for_each")]
    pub(super) record: Option<PathBuf>,
    /// Let --record overwrite a file.
    #[arg(long, requires = "record")]
    pub(super) force: bool,
    /// Print for every poll what each acceptor saw, expected and decided.
    #[arg(short, long, conflicts_with = "quiet", action = clap::ArgAction::Count)]
    pub(super) verbose: u8,
}

impl WaitArgs {
    /// The options for the engine. Adds to `problems` what is wrong with them.
    pub(super) fn engine_options(
        &self,
        config: &WaiterConfig,
        input: Map<String, Value>,
        problems: &mut Vec<InputProblem>,
    ) -> Options {
        let show = match self.output.show.as_slice() {
            [] => None,
            [one] => Some(Show::One(one.clone())),
            many => Some(Show::Many(many.to_vec())),
        };
        let condition = &self.condition;
        let mut options = Options::with_input(input);
        options.parameters = self.parameters(config, problems);
        options.delay = self.pace.delay;
        options.max_attempts = if self.pace.once { Some(1) } else { self.pace.max_attempts };
        options.timeout = self.pace.timeout;
        options.until = expressions("--until", &condition.until, problems);
        options.fail_if = expressions("--fail-if", &condition.fail_if, problems);
        options.show = show;
        options.baseline.clone_from(&condition.baseline_expression);
        options.baseline_value = condition.baseline.as_deref().map(values::baseline);
        options.all_pages = condition.all_pages;
        options.strict = condition.strict;
        options.allow_mutating = condition.allow_mutating;
        options
    }

    /// The values of the waiter's own parameters.
    pub(super) fn parameters(
        &self,
        config: &WaiterConfig,
        problems: &mut Vec<InputProblem>,
    ) -> BTreeMap<String, Value> {
        let mut parameters = BTreeMap::new();
        for pair in &self.condition.parameter {
            match pair.split_once('=') {
                Some((name, text)) => {
                    let value = values::waiter_parameter(config, name, text);
                    report::known().add_of(name, &value);
                    parameters.insert(name.to_owned(), value);
                }
                None => {
                    let message = format!("takes NAME=VALUE, not `{pair}`");
                    problems.push(InputProblem::new("--parameter", message));
                }
            }
        }
        parameters
    }
}

/// The expressions, with those of `@FILE` read from the file, without a newline at the end.
fn expressions(flag: &str, texts: &[String], problems: &mut Vec<InputProblem>) -> Vec<String> {
    let mut read = |text: &String| {
        let Some(path) = text.strip_prefix('@') else { return Some(text.clone()) };
        // `@` alone is JMESPath's current node, and so is what it begins, e.g. `@.state`.
        if path.is_empty() || path.starts_with(['.', '[', ' ', '|', '=', '&', '!', '<', '>']) {
            return Some(text.clone());
        }
        match values::contents(&format!("file://{path}")) {
            Ok(contents) => Some(contents.trim_end().to_owned()),
            Err(message) => {
                problems.push(InputProblem::new(flag, message));
                None
            }
        }
    };
    texts.iter().filter_map(&mut read).collect()
}
