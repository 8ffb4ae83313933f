//! `maitred record`: `maitred wait` that writes the replies as a test case.

use super::context::Context;
use super::exit::Failure;
use super::report::Report;
use super::wait;
use super::words::Words;

const USAGE: &str = "maitred record SERVICE WAITER [--PARAMETER VALUE]… --to FILE [--force]";

/// `record` with our options and no operation's.
pub(super) fn general() -> clap::Command {
    wait::general()
        .name("record")
        .about("Wait, and write the replies as a case for `maitred test`")
        .override_usage(USAGE)
        .after_help(include_str!("record.txt").trim_end())
}

/// Runs `record` with the words after it.
pub(super) fn run(words: &[String], context: &Context) -> anyhow::Result<Report> {
    let words: Vec<_> = words.iter().map(|word| as_option_of_wait(word)).collect();
    let words = Words::split(&words, &general())?;
    if words.ask_for_help() && words.name.is_none() {
        return Ok(Report::text(general().render_help().ansi().to_string()));
    }
    if !words.has_option(&["--record", "--help", "-h"]) {
        return Err(Failure::usage("record to which file?")
            .help("give --to FILE, e.g. --to tests/waiters/redshift/cluster_paused/incident.json")
            .into());
    }
    wait::run_words(&words, context)
}

/// `--to` and `--output-file` as `--record`, their name in `maitred wait`.
fn as_option_of_wait(word: &str) -> String {
    let name = word.split_once('=').map_or(word, |(name, _)| name);
    match name {
        "--to" | "--output-file" => format!("--record{}", &word[name.len()..]),
        _ => word.to_owned(),
    }
}
