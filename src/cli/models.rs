//! `maitred models`: the service models that calls and parameters are checked against.

use std::path::PathBuf;

use anyhow::Context as _;

use super::report::Report;
use crate::client::aws::Models;
use crate::client::aws::archive::build;

/// Show the service models in this program, or build an archive of others
#[derive(Debug, clap::Args)]
#[command(args_conflicts_with_subcommands = true)]
#[command(after_help = "\
Example:
  maitred models build --from botocore/data --service redshift --output models.bin")]
pub(super) struct Args {
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    Build(Build),
}

/// Convert botocore's service models, rule sets and waiters to one compact archive
///
/// The archive in this program was made with this command from the version of botocore that `maitred
/// models` names.
#[derive(Debug, clap::Args)]
struct Build {
    /// The `data` folder of an installed botocore
    #[arg(long, value_name = "DIR")]
    from: PathBuf,
    /// A service to take, by the name of its folder; all if none is given. May be repeated
    #[arg(long, value_name = "NAME")]
    service: Vec<String>,
    /// Where to write the archive
    #[arg(long, value_name = "FILE")]
    output: PathBuf,
}

pub(super) fn run(args: &Args) -> anyhow::Result<Report> {
    match &args.command {
        None => Ok(Report::text(show(&Models::embedded()))),
        Some(Command::Build(args)) => run_build(args),
    }
}

fn show(models: &Models) -> String {
    let mut text = format!("from {}\n", models.source());
    for service in models.services() {
        text.push_str(service);
        text.push('\n');
    }
    text
}

fn run_build(args: &Build) -> anyhow::Result<Report> {
    let archive = build::build(&args.from, &args.service)
        .with_context(|| format!("the models in {} cannot be read", args.from.display()))?;
    let size = archive.len();
    std::fs::write(&args.output, archive)
        .with_context(|| format!("{} cannot be written", args.output.display()))?;
    Ok(Report::text(format!("wrote {} ({size} bytes)\n", args.output.display())))
}
