//! `maitred completions`: completion scripts for shells.

use clap::builder::{PossibleValuesParser, TypedValueParser as _};
use clap_complete::Shell;

use super::context::Context;
use super::report::Report;
use super::services;

/// Print a completion script for a shell
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  maitred completions bash > ~/.local/share/bash-completion/completions/maitred
  maitred completions zsh  > ~/.zfunc/_maitred      (with ~/.zfunc in $fpath)
  maitred completions fish > ~/.config/fish/completions/maitred.fish")]
pub(super) struct Args {
    /// The shell
    #[arg(value_parser = PossibleValuesParser::new(["bash", "zsh", "fish"]).try_map(|name| name.parse::<Shell>()))]
    shell: Shell,
}

/// The commands whose first word is a service, and what clap calls that word.
const TAKE_A_SERVICE: [(&str, &str); 4] =
    [("wait", "SERVICE"), ("call", "SERVICE"), ("list", "words"), ("explain", "service")];

/// The services as the values of the first word after the commands that take one.
fn with_services(mut command: clap::Command, services: &[String]) -> clap::Command {
    for (name, word) in TAKE_A_SERVICE {
        let values = PossibleValuesParser::new(services.to_vec());
        command = command
            .mut_subcommand(name, |command| command.mut_arg(word, |arg| arg.value_parser(values)));
    }
    command
}

/// The same for fish, for which clap_complete leaves the values of plain words out.
fn fish_services(services: &[String]) -> String {
    let services = services.join(" ");
    let line = |(command, _)| {
        format!(
            "complete -c maitred -n \"__fish_maitred_using_subcommand {command}; \
             and test (count (commandline -opc)) -eq 2\" -f -a \"{services}\"\n"
        )
    };
    TAKE_A_SERVICE.map(line).concat()
}

/// `tree` is the whole command line.
pub(super) fn run(args: &Args, tree: clap::Command, context: &Context) -> anyhow::Result<Report> {
    let mut script = Vec::new();
    let services = services::names(&context.models(&[]));
    let mut command = with_services(tree, &services);
    clap_complete::generate(args.shell, &mut command, "maitred", &mut script);
    let mut script = String::from_utf8(script)?;
    if args.shell == Shell::Fish {
        script.push_str(&fish_services(&services));
    }
    Ok(Report::verbatim(script))
}
