//! `maitred record`: `maitred wait` that keeps the replies as a case.

use super::exit::Failure;
use super::report::Report;
use super::wait;

const USAGE: &str = "maitred record SERVICE WAITER [--PARAMETER VALUE]… --to FILE [--force]";

const AFTER: &str = "It waits as `maitred wait` does, takes the same options, exits with the same codes, and writes the case
when the wait ends, fails or is interrupted. Beside the waiter's own cases it is a test at once:
tests/waiters/<service>/<waiter>/<case>.json.

Taken out before anything is written: what the service's model calls sensitive; members, headers and
keys of a query called Password, Secret…, Token…, Credentials, Authorization, api_key and the like;
logins in URLs and `auth`; the values of all these wherever else they stand; account ids (they become
123456789012, also in ARNs), access key ids, JSON web tokens, signed queries of URLs, e-mail and IPv4
addresses; ResponseMetadata with its request id and headers, and most headers of HTTP replies. Names,
other ids and texts of your own stay: read the file before you share it.

Example:
  maitred record redshift cluster_paused --cluster-identifier nightly \\
      --to tests/waiters/redshift/cluster_paused/incident.json
  maitred test redshift cluster_paused";

/// `record` with our options and no operation's.
pub(super) fn general() -> clap::Command {
    wait::general()
        .name("record")
        .about("Wait, and write the replies as a case for `maitred test`")
        .override_usage(USAGE)
        .after_help(AFTER)
}

/// Runs `record` with the words after it.
pub(super) fn run(words: &[String]) -> anyhow::Result<Report> {
    let words: Vec<_> = words.iter().map(|word| translated(word)).collect();
    let end = words.iter().position(|word| word == "--").unwrap_or(words.len());
    let help = words[..end].iter().any(|word| word == "--help" || word == "-h");
    let named = words.iter().take_while(|word| !word.starts_with('-')).count() >= 2;
    if help && !named {
        return Ok(Report::text(general().render_help().ansi().to_string()));
    }
    let to = words[..end].iter().any(|word| word == "--record" || word.starts_with("--record="));
    if !to && !help {
        let failure = Failure::usage("record to which file?");
        return Err(failure
            .help("give --to FILE, e.g. --to tests/waiters/redshift/cluster_paused/incident.json")
            .into());
    }
    wait::run(&words)
}

/// `--to` and `--output-file` are `--record` of `maitred wait`.
fn translated(word: &str) -> String {
    let (name, value) =
        word.split_once('=').map_or((word, None), |(name, value)| (name, Some(value)));
    match (name, value) {
        ("--to" | "--output-file", None) => "--record".to_owned(),
        ("--to" | "--output-file", Some(value)) => format!("--record={value}"),
        _ => word.to_owned(),
    }
}
