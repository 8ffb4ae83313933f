//! The words after `wait`, `call` and `record`. Service and name decide which flags there are, so these words
//! are split before anything is parsed.

use super::exit::Failure;
use super::operation_flags::drop_unknown;

/// The words of a command line, taken apart.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Words {
    pub(super) service: Option<String>,
    /// The waiter or operation.
    pub(super) name: Option<String>,
    /// Everything else, in order.
    pub(super) rest: Vec<String>,
}

impl Words {
    /// Takes the first two words that are neither flags nor values of the flags of `command` for the service
    /// and the name.
    pub(super) fn split(words: &[String], command: &clap::Command) -> Result<Self, Failure> {
        let mut found = Self::default();
        let mut words = words.iter();
        while let Some(word) = words.next() {
            if found.name.is_some() || !word.starts_with('-') {
                found.place(word);
                continue;
            }
            found.rest.push(word.clone());
            match value_of(word, command) {
                ValueOf::Next => found.rest.extend(words.next().cloned()),
                ValueOf::Nothing => {}
                ValueOf::Unknown if found.ask_for_help() => {}
                ValueOf::Unknown => {
                    let message = format!("`{word}` comes before the service and the name");
                    let help = format!(
                        "write `maitred {} SERVICE NAME {word} …`: the name decides which \
                         parameters there are",
                        command.get_name()
                    );
                    return Err(Failure::usage(message).help(help));
                }
            }
        }
        Ok(found)
    }

    /// True if `--help` is among the words.
    pub(super) fn ask_for_help(&self) -> bool {
        self.has_option(&["--help", "-h"])
    }

    /// True if one of these options is among the words, with or without `=VALUE`.
    pub(super) fn has_option(&self, names: &[&str]) -> bool {
        let mut words = self.rest.iter().take_while(|word| *word != "--");
        words.any(|word| names.contains(&word.split_once('=').map_or(&**word, |(name, _)| name)))
    }

    /// The options of `T`, which decide what the other words mean and are therefore read before them.
    /// Everything else is ignored.
    pub(super) fn options_ahead<T: clap::Args>(&self) -> anyhow::Result<T> {
        let command = clap::Command::new("ahead").no_binary_name(true).disable_help_flag(true);
        let command = T::augment_args(command);
        let (known, _) = drop_unknown(&self.rest, &command, "");
        let known = known.into_iter().take_while(|word| word != "--");
        let known = known.filter(|word| word.starts_with("--") || !word.starts_with('-'));
        let matches = command.ignore_errors(true).try_get_matches_from(known)?;
        Ok(T::from_arg_matches(&matches)?)
    }

    fn place(&mut self, word: &str) {
        match (&self.service, &self.name) {
            (None, _) => self.service = Some(word.to_owned()),
            (Some(_), None) => self.name = Some(word.to_owned()),
            (Some(_), Some(_)) => self.rest.push(word.to_owned()),
        }
    }
}

/// True if the words ask for JSON, even where they cannot be split or parsed.
pub(super) fn ask_for_json(words: &[String]) -> bool {
    words.iter().any(|word| word == "--output=json")
        || words.windows(2).any(|pair| pair[0] == "--output" && pair[1] == "json")
}

enum ValueOf {
    /// The flag's value is the next word.
    Next,
    /// The flag has none, or its own after `=`.
    Nothing,
    Unknown,
}

fn value_of(word: &str, command: &clap::Command) -> ValueOf {
    let (name, value) =
        word.split_once('=').map_or((word, None), |(name, value)| (name, Some(value)));
    let arg = command.get_arguments().find(|arg| match name.strip_prefix("--") {
        Some(long) => arg.get_long() == Some(long),
        None => arg.get_short().is_some_and(|short| name[1..].chars().all(|c| c == short)),
    });
    match arg {
        None if matches!(word, "-h" | "--help") => ValueOf::Nothing,
        None => ValueOf::Unknown,
        Some(arg) if arg.get_action().takes_values() && value.is_none() => ValueOf::Next,
        Some(_) => ValueOf::Nothing,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::source_args::DataArgs;
    use clap::{Arg, ArgAction, Command};

    fn split(words: &[&str]) -> Result<Words, Failure> {
        let command = Command::new("wait")
            .arg(Arg::new("region").long("region"))
            .arg(Arg::new("verbose").short('v').action(ArgAction::Count));
        Words::split(&words.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>(), &command)
    }

    #[test]
    fn our_options_may_stand_anywhere() {
        let words = split(&["--region", "eu", "-vv", "redshift", "up", "--x", "1", "y"]).unwrap();
        assert_eq!(words.service.as_deref(), Some("redshift"));
        assert_eq!(words.name.as_deref(), Some("up"));
        assert_eq!(words.rest, ["--region", "eu", "-vv", "--x", "1", "y"]);
        let words = split(&["redshift", "--region=eu", "up"]).unwrap();
        assert_eq!(words.name.as_deref(), Some("up"));
    }

    #[test]
    fn options_are_read_ahead_of_words_that_are_not_known_yet() {
        let words =
            ["redshift", "up", "--x", "1", "--botocore-data", "a", "--botocore-data=b", "-v"];
        let words = split(&[&words[..], &["--", "--botocore-data", "c"]].concat()).unwrap();
        let data: DataArgs = words.options_ahead().unwrap();
        assert_eq!(data.botocore_data, ["a", "b"].map(std::path::PathBuf::from));
    }

    #[test]
    fn an_operations_flag_before_the_name_is_explained() {
        let error = split(&["--cluster", "x", "redshift", "up"]).unwrap_err();
        assert_eq!(error.to_string(), "`--cluster` comes before the service and the name");
    }
}
