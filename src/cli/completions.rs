//! `maitred completions`: completion scripts for shells.

use clap_complete::Shell;

use super::report::Report;

/// Print a completion script for a shell
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  maitred completions bash > ~/.local/share/bash-completion/completions/maitred
  maitred completions zsh  > ~/.zfunc/_maitred      (with ~/.zfunc in $fpath)
  maitred completions fish > ~/.config/fish/completions/maitred.fish")]
pub(super) struct Args {
    /// The shell
    #[arg(value_enum)]
    shell: SupportedShell,
}

/// The shells that are supported.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum SupportedShell {
    Bash,
    Zsh,
    Fish,
}

pub(super) fn run(args: &Args) -> anyhow::Result<Report> {
    let shell = match args.shell {
        SupportedShell::Bash => Shell::Bash,
        SupportedShell::Zsh => Shell::Zsh,
        SupportedShell::Fish => Shell::Fish,
    };
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut super::command(), "maitred", &mut script);
    Ok(Report::text(String::from_utf8(script)?))
}
