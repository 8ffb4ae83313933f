//! Questions to the user, each with a default.

use std::io::BufRead as _;

use crate::cli::exit::Failure;
use crate::cli::{duration, report};
use crate::draft::{self, DraftOptions, Meaning};
use crate::model::{OperationModel, ServiceModel};

/// Who answers the questions.
pub(super) trait Respondent {
    /// The answer to `question`; `None` at the end of the answers.
    fn answer(&mut self, question: &str) -> Option<String>;
}

/// The user at the terminal.
pub(super) struct Terminal;

impl Respondent for Terminal {
    fn answer(&mut self, question: &str) -> Option<String> {
        report::note(question);
        let mut line = String::new();
        let read = std::io::stdin().lock().read_line(&mut line).ok()?;
        (read > 0).then(|| line.trim().to_owned())
    }
}

/// Asks for the options that are not given.
pub(super) fn ask(
    service: &ServiceModel,
    operation: &OperationModel,
    options: &mut DraftOptions,
    respondent: &mut dyn Respondent,
) -> Result<(), Failure> {
    if options.path.is_none() {
        let paths = draft::state_paths(service, operation);
        if let [first, others @ ..] = paths.as_slice() {
            let also: Vec<_> = others.iter().take(8).map(draft::StatePath::expression).collect();
            let also =
                if also.is_empty() { String::new() } else { format!(" (or {})", also.join(", ")) };
            let question = format!("Which member tells the state?{also}");
            options.path = Some(line(respondent, &question, &first.expression())?);
        }
    }
    // Why there is no draft is reported once all questions are answered.
    let proposed = draft::draft(service, operation, options).ok();
    let of = |meaning: Meaning| {
        let states = proposed.iter().flat_map(|draft| &draft.states);
        let states = states.filter(|(_, it)| *it == meaning).map(|(state, _)| state.clone());
        states.collect::<Vec<_>>()
    };
    if options.success.is_empty() {
        options.success = list(respondent, "Which states are a success?", &of(Meaning::Success))?;
    }
    if options.failure.is_empty() {
        options.failure = list(respondent, "Which states are a failure?", &of(Meaning::Failure))?;
    }
    let Ok(proposed) = draft::draft(service, operation, options) else { return Ok(()) };
    if let Some(run) = proposed.run.as_deref().filter(|_| !options.next_run) {
        let question =
            format!("Wait for the run after the one that is there, until {run} changes?");
        let answer = line(respondent, &question, "no")?;
        options.next_run = answer.to_lowercase().starts_with('y');
    }
    if options.name.is_none() {
        options.name = Some(line(respondent, "What is the waiter called?", &proposed.name)?);
    }
    if options.delay.is_none() {
        let delay = proposed.config.delay.to_string();
        let answer = line(respondent, "How many seconds are between two polls?", &delay)?;
        options.delay = Some(duration::parse_seconds(&answer).map_err(Failure::usage)?);
    }
    Ok(())
}

fn line(respondent: &mut dyn Respondent, question: &str, default: &str) -> Result<String, Failure> {
    let answer = respondent.answer(&format!("{question} [{default}]"));
    match answer.as_deref() {
        None => Err(Failure::usage("there is no answer").help("--yes asks nothing")),
        Some("") => Ok(default.to_owned()),
        Some(answer) => Ok(answer.to_owned()),
    }
}

fn list(
    respondent: &mut dyn Respondent,
    question: &str,
    default: &[String],
) -> Result<Vec<String>, Failure> {
    let answer = line(respondent, question, &default.join(","))?;
    let states = answer.split(',').map(str::trim).filter(|state| !state.is_empty());
    Ok(states.map(str::to_owned).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Models;

    struct Script(Vec<&'static str>);

    impl Respondent for Script {
        fn answer(&mut self, _: &str) -> Option<String> {
            (!self.0.is_empty()).then(|| self.0.remove(0).to_owned())
        }
    }

    #[test]
    fn an_empty_answer_is_the_proposal() {
        let service = Models::embedded().service("glue").unwrap();
        let operation = service.operation("GetCrawler").unwrap();
        let mut options = DraftOptions::default();
        let mut script = Script(vec!["", "", "STOPPING", "yes", "crawler_idle", "45"]);
        ask(service.model(), &operation, &mut options, &mut script).unwrap();
        assert_eq!(options.path.as_deref(), Some("Crawler.State"));
        assert_eq!(options.success, ["READY"]);
        assert_eq!(options.failure, ["STOPPING"]);
        assert_eq!(options.name.as_deref(), Some("crawler_idle"));
        assert_eq!(options.delay, Some(45.0));
        assert!(options.next_run);
        let none =
            ask(service.model(), &operation, &mut DraftOptions::default(), &mut Script(vec![]));
        assert_eq!(none.unwrap_err().to_string(), "there is no answer");
    }
}
