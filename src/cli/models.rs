//! `maitred models`: the service models that calls and parameters are checked against.

use std::path::PathBuf;

use anyhow::Context as _;
use serde_json::{Value, json};

use super::context::Context;
use super::report::{Format, Report};
use super::source_args::DataArgs;
use super::text_layout::table;
use crate::model::archive::build;
use crate::model::{ModelOrigin, Models};

/// Show the service models in this program, or build an archive of others
#[derive(Debug, clap::Args)]
#[command(args_conflicts_with_subcommands = true)]
#[command(after_help = "\
Examples:
  maitred models
  maitred models --output json | jq -r '.services[] | select(.origin.kind == \"file\") | .name'
  maitred models build --from botocore/data --service redshift --output models.bin

Models in the folders of AWS_DATA_PATH, then in ~/.aws/models, then in those of --botocore-data win over
the built-in ones: SERVICE/API-VERSION/service-2.json (or .json.gz), endpoint-rule-set-1.json beside
it, and what service-2.sdk-extras.json merges in.")]
pub(super) struct Args {
    #[command(subcommand)]
    command: Option<Command>,
    /// Output format
    #[arg(long, value_enum, default_value_t)]
    output: Format,
    #[command(flatten)]
    data: DataArgs,
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
    /// The file to write the archive to
    #[arg(long, value_name = "FILE")]
    output: PathBuf,
}

pub(super) fn run(args: &Args, context: &Context) -> anyhow::Result<Report> {
    match &args.command {
        None => {
            args.data.check()?;
            let models = args.data.models(context);
            Ok(args.output.report(|| text(&models), || json(&models)))
        }
        Some(Command::Build(args)) => run_build(args),
    }
}

/// A service a line, and where its model comes from.
fn text(models: &Models) -> String {
    let rows: Vec<_> = models
        .origins()
        .into_iter()
        .map(|(service, origin)| match origin {
            ModelOrigin::File(path) => [service, path.display().to_string()],
            ModelOrigin::Archive | _ => [service, "built in".to_owned()],
        })
        .collect();
    format!("built in: {}\n{}", models.source(), table(&rows))
}

fn json(models: &Models) -> Value {
    let services = models.origins().into_iter().map(|(name, origin)| {
        let origin = match origin {
            ModelOrigin::File(path) => {
                json!({ "kind": "file", "path": path.display().to_string() })
            }
            ModelOrigin::Archive | _ => json!({ "kind": "builtIn" }),
        };
        json!({ "name": name, "origin": origin })
    });
    let services = services.collect::<Vec<_>>();
    json!({ "version": 1, "builtIn": models.source(), "services": services })
}

fn run_build(args: &Build) -> anyhow::Result<Report> {
    let archive = build::build(&args.from, &args.service)
        .with_context(|| format!("the models in {} cannot be read", args.from.display()))?;
    let size = archive.len();
    std::fs::write(&args.output, archive)
        .with_context(|| format!("{} cannot be written", args.output.display()))?;
    Ok(Report::text(format!("wrote {} ({size} bytes)\n", args.output.display())))
}
