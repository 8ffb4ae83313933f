//! `maitred man`: the manual pages.

use super::exit::Failure;
use super::report::Report;

/// Print the manual page of maitred, or of one of its commands
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  maitred man | man -l -
  maitred man wait > maitred-wait.1")]
pub(super) struct Args {
    /// The command, e.g. wait
    command: Option<String>,
}

/// `tree` is the whole command line.
pub(super) fn run(args: &Args, mut tree: clap::Command) -> anyhow::Result<Report> {
    tree.build();
    let page = match &args.command {
        None => tree,
        Some(name) => {
            let found = tree.find_subcommand(name).cloned();
            // Its own name, and not that of a command called `wait`.
            let page = found.map(|command| command.display_name(format!("maitred-{name}")));
            page.ok_or_else(|| Failure::usage(format!("there is no command `{name}`")))?
        }
    };
    let mut text = Vec::new();
    clap_mangen::Man::new(page)
        .source(concat!("maitred ", env!("CARGO_PKG_VERSION")))
        .render(&mut text)?;
    Ok(Report::verbatim(String::from_utf8(text)?))
}
