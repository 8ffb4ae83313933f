//! Questions to the user, each with a default.

use std::io::BufRead as _;

use crate::cli::exit::Failure;
use crate::cli::{duration, report};
use crate::draft::{self, DraftOptions, Meaning};
use crate::model::{OperationModel, ServiceModel};

/// The answer to a question; `None` at the end of the answers.
type Answer<'a> = &'a mut dyn FnMut(&str) -> Option<String>;

/// The answer of the user at the terminal.
pub(super) fn from_terminal(question: &str) -> Option<String> {
    report::note(question);
    let mut line = String::new();
    let read = std::io::stdin().lock().read_line(&mut line).ok()?;
    (read > 0).then(|| line.trim().to_owned())
}

/// Asks for the options that are not given.
pub(super) fn ask(
    service: &ServiceModel,
    operation: &OperationModel,
    options: &mut DraftOptions,
    answer: Answer<'_>,
) -> Result<(), Failure> {
    if options.path.is_none() {
        let paths = draft::state_paths(service, operation);
        if let [first, others @ ..] = paths.as_slice() {
            let also: Vec<_> = others.iter().take(8).map(draft::StatePath::expression).collect();
            let also =
                if also.is_empty() { String::new() } else { format!(" (or {})", also.join(", ")) };
            let question = format!("Which member tells the state?{also}");
            options.path = Some(line(answer, &question, &first.expression())?);
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
        options.success = list(answer, "Which states are a success?", &of(Meaning::Success))?;
    }
    if options.failure.is_empty() {
        options.failure = list(answer, "Which states are a failure?", &of(Meaning::Failure))?;
    }
    let Ok(proposed) = draft::draft(service, operation, options) else { return Ok(()) };
    if let Some(run) = proposed.run.as_deref().filter(|_| !options.next_run) {
        let question =
            format!("Wait for the run after the one that is there, until {run} changes?");
        options.next_run = line(answer, &question, "no")?.to_lowercase().starts_with('y');
    }
    if options.name.is_none() {
        options.name = Some(line(answer, "What is the waiter called?", &proposed.name)?);
    }
    if options.delay.is_none() {
        let delay = proposed.config.delay.to_string();
        let seconds = line(answer, "How many seconds are between two polls?", &delay)?;
        options.delay = Some(duration::parse_seconds(&seconds).map_err(Failure::usage)?);
    }
    Ok(())
}

fn line(answer: Answer<'_>, question: &str, default: &str) -> Result<String, Failure> {
    match answer(&format!("{question} [{default}]")).as_deref() {
        None => Err(Failure::usage("there is no answer").help("--yes asks nothing")),
        Some("") => Ok(default.to_owned()),
        Some(answer) => Ok(answer.to_owned()),
    }
}

fn list(answer: Answer<'_>, question: &str, default: &[String]) -> Result<Vec<String>, Failure> {
    let line = line(answer, question, &default.join(","))?;
    let states = line.split(',').map(str::trim).filter(|state| !state.is_empty());
    Ok(states.map(str::to_owned).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Models;

    #[test]
    fn an_empty_answer_is_the_proposal() {
        let service = Models::embedded().service("glue").unwrap();
        let operation = service.operation("GetCrawler").unwrap();
        let mut options = DraftOptions::default();
        let mut script = ["", "", "STOPPING", "yes", "crawler_idle", "45"].into_iter();
        let mut answer = |_: &str| script.next().map(str::to_owned);
        ask(service.model(), &operation, &mut options, &mut answer).unwrap();
        assert_eq!(options.path.as_deref(), Some("Crawler.State"));
        assert_eq!(options.success, ["READY"]);
        assert_eq!(options.failure, ["STOPPING"]);
        assert_eq!(options.name.as_deref(), Some("crawler_idle"));
        assert_eq!(options.delay, Some(45.0));
        assert!(options.next_run);
        let none = ask(service.model(), &operation, &mut DraftOptions::default(), &mut |_| None);
        assert_eq!(none.unwrap_err().to_string(), "there is no answer");
    }
}
