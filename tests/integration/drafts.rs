//! What `maitred new` proposes for all the operations there are: that it lints clean, that its cases
//! pass, and that it names every state.
//!
//! `support::sample` says which services are looked at. All of them, and everything that is proposed for them printed:
//!
//! ```text
//! MAITRED_TEST_SERVICES=all cargo test --test integration drafts -- --nocapture
//! ```

use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::fmt::Write as _;

use maitred::catalog::parse_lenient;
use maitred::config::{State, WaiterConfig, WaiterFile};
use maitred::diagnostic::Severity;
use maitred::draft::{self, Draft, DraftError, DraftOptions, Meaning, StatePath};
use maitred::lint::{Config, lint};
use maitred::model::Models;
use maitred::model::{OperationModel, ServiceModel, ShapeKind, ShapeRef};
use maitred::names::same_name;
use maitred::replay;
use maitred::schema;
use maitred::waiter::Waiter;
use serde_json::json;

use crate::support::sample::{self, Services};

/// Services of many kinds, for the default lane.
const SAMPLE: [&str; 6] = ["batch", "cloudformation", "ecs", "glue", "mediaconvert", "redshift"];

/// Whether a state that the model lists is in the output.
fn has_state(operation: &OperationModel) -> bool {
    fn look(operation: &OperationModel, reference: &ShapeRef, above: &mut Vec<usize>) -> bool {
        const MAX_DEPTH: usize = 6;
        if above.len() >= MAX_DEPTH || above.contains(&reference.shape) {
            return false;
        }
        above.push(reference.shape);
        let found = operation.members(reference).iter().any(|member| {
            let mut target = &member.target;
            if let ShapeKind::List(element) = &operation.shape(target).kind {
                target = element;
            }
            let name = member.name.to_lowercase();
            let named = ["status", "state", "phase"].iter().any(|end| name.ends_with(end));
            named && !operation.shape(target).enum_values().is_empty()
                || look(operation, target, above)
        });
        above.pop();
        found
    }
    operation.output.as_ref().is_some_and(|output| look(operation, output, &mut Vec::new()))
}

/// What was found out about all drafts.
#[derive(Default)]
struct Survey {
    operations: usize,
    drafts: usize,
    unknown: usize,
    states: usize,
    refused: BTreeMap<&'static str, Vec<String>>,
    problems: BTreeMap<&'static str, Vec<String>>,
    listing: String,
}

impl Survey {
    fn look(&mut self, models: &Models, service: &ServiceModel, operation: &OperationModel) {
        self.operations += 1;
        let at = format!("{} {}", service.name, operation.name);
        match draft::draft(service, operation, &DraftOptions::default()) {
            Ok(draft) => {
                self.drafts += 1;
                self.list(&at, &draft);
                let mut problems = problems(models, service, &draft);
                problems.extend(disagreements(models, service, &draft));
                for (kind, text) in problems {
                    self.problems.entry(kind).or_default().push(format!("{at}: {text}"));
                }
            }
            Err(error) => {
                let kind = match &error {
                    DraftError::NoState { .. } => "no state",
                    DraftError::NoSuccess { values, .. } if values.is_empty() => "plain string",
                    DraftError::NoSuccess { .. } => "no success",
                    DraftError::History { .. } => "history",
                    DraftError::NoRun { .. }
                    | DraftError::UnknownPath { .. }
                    | DraftError::UnknownValue { .. }
                    | DraftError::NoNotFound { .. }
                    | _ => "other",
                };
                let mut text = format!("{at}: {error}");
                if let DraftError::NoSuccess { values, .. } = &error {
                    write!(text, " {}", values.join(" ")).unwrap();
                }
                self.refused.entry(kind).or_default().push(text);
            }
        }
    }

    fn list(&mut self, at: &str, draft: &Draft) {
        write!(self.listing, "{at} {} {}", draft.name, draft.path.expression()).unwrap();
        for (meaning, mark) in [
            (Meaning::Success, "+"),
            (Meaning::Failure, "-"),
            (Meaning::Retry, "~"),
            (Meaning::Unknown, "?"),
        ] {
            for (state, _) in draft.states.iter().filter(|(_, it)| *it == meaning) {
                write!(self.listing, " {mark}{state}").unwrap();
                self.unknown += usize::from(meaning == Meaning::Unknown);
                self.states += 1;
            }
        }
        self.listing.push('\n');
    }
}

/// The states that the coverage rule calls final where only the successes of a draft have an acceptor.
fn final_by_lint(models: &Models, service: &ServiceModel, draft: &Draft) -> BTreeSet<String> {
    let mut waiter = draft.to_json();
    let acceptors = waiter["acceptors"].as_array_mut().unwrap();
    acceptors.retain(|acceptor| acceptor["state"] == "success");
    let file = json!({ "version": 2, "waiters": { draft.name.as_str(): waiter } });
    let file: WaiterFile = schema::parse(&file.to_string()).unwrap();
    let findings = lint(&service.name, &file, Some(models), &Config::default());
    let finding = findings.iter().find(|finding| finding.rule == "uncovered-final-state");
    let named = finding.and_then(|finding| finding.message.split_once(" of `"));
    let named = named.map_or("", |(values, _)| values);
    named.split('`').skip(1).step_by(2).map(str::to_owned).collect()
}

/// Whether the name says that something else follows by itself: a wait that goes on in it ends, if late. The
/// coverage rule passes over it, and a draft fails at once.
fn is_on_its_way(state: &str) -> bool {
    let state = state.to_lowercase().replace(['_', '-'], "");
    [
        "ing",
        "progress",
        "pending",
        "requested",
        "scheduled",
        "initiated",
        "queued",
        "retry",
        "delete",
        "staged",
    ]
    .iter()
    .any(|word| state.contains(word))
}

/// Whether the name is about one step of several, as `UPDATE_FAILED` is: where another is waited for, the coverage
/// rule says nothing of it.
fn is_of_a_step(state: &str) -> bool {
    let state = state.to_lowercase();
    ["creat", "updat", "upload", "import", "start", "stop", "detach", "disassociat", "deregist"]
        .iter()
        .any(|step| state.contains(step))
}

/// States that a draft and the coverage rule judge differently.
fn disagreements(
    models: &Models,
    service: &ServiceModel,
    draft: &Draft,
) -> Vec<(&'static str, String)> {
    let found = final_by_lint(models, service, draft);
    let mut problems = Vec::new();
    for (state, meaning) in &draft.states {
        let is_final = found.contains(state);
        let agree = match meaning {
            Meaning::Success => true,
            Meaning::Failure => is_final || is_on_its_way(state) || is_of_a_step(state),
            Meaning::Retry | Meaning::Unknown => !is_final,
        };
        if !agree {
            problems.push(("final", format!("{state} {meaning:?}")));
        }
    }
    problems
}

/// What is wrong with a draft.
fn problems(models: &Models, service: &ServiceModel, draft: &Draft) -> Vec<(&'static str, String)> {
    let mut problems = Vec::new();
    let file = json!({ "version": 2, "waiters": { draft.name.as_str(): draft.to_json() } });
    let file: WaiterFile = match schema::parse(&file.to_string()) {
        Ok(file) => file,
        Err(invalid) => return vec![("invalid", invalid.to_string())],
    };
    let findings = lint(&service.name, &file, Some(models), &Config::default());
    // Which run is meant only a person knows: to give a `baseline` is left to the one who asked for the draft.
    let counts = |rule: &str| rule != "earlier-run";
    let findings = findings.iter().filter(|finding| finding.severity != Severity::Note);
    for finding in findings.filter(|finding| counts(finding.rule)) {
        problems.push(("lint", format!("{}: {}", finding.rule, finding.message)));
    }
    let config = &file.waiters[&draft.name].resolve().unwrap();
    for (state, _) in &draft.states {
        if !config.acceptors.iter().any(|acceptor| acceptor.expected == *state) {
            problems.push(("state without acceptor", state.clone()));
        }
    }
    let mut reached = BTreeSet::new();
    for (name, case) in &draft.cases {
        let options = replay::options(case).unwrap();
        let waiter = match Waiter::compile(&service.name, &draft.name, config, &options) {
            Ok(waiter) => waiter,
            Err(invalid) => return vec![("invalid", invalid.to_string())],
        };
        for problem in replay::check(case, &waiter, Some(models)) {
            problems.push(("case", format!("{name}: {}", problem.message)));
        }
        let replayed = replay::replay(case, &waiter);
        for difference in replayed.differences(&case.expect) {
            problems.push(("case", format!("{name}: {difference:?}")));
        }
        reached.extend(replayed.reached);
    }
    for (index, acceptor) in config.acceptors.iter().enumerate() {
        if !reached.contains(&index) {
            problems.push(("unreached", format!("{index} {}", acceptor.expected)));
        }
    }
    problems
}

#[test]
#[expect(clippy::print_stdout, reason = "a run by hand is for what it prints")]
fn every_draft_lints_clean_and_passes_its_cases() {
    let models = Models::embedded();
    let services = sample::services();
    let chosen = !matches!(services, Services::Sample);
    let mut survey = Survey::default();
    for service in services.names(SAMPLE, models.services()) {
        let service = models.service(&service).unwrap();
        for name in &service.model().operations {
            if service.model().is_read(name) {
                let operation = service.operation(name).unwrap();
                if has_state(&operation) {
                    survey.look(&models, service.model(), &operation);
                }
            }
        }
    }
    if chosen {
        print!("{}", survey.listing);
        for (kind, list) in &survey.refused {
            println!("refused, {kind}: {}\n  {}", list.len(), list.join("\n  "));
        }
        for (kind, list) in &survey.problems {
            println!("problem, {kind}: {}\n  {}", list.len(), list.join("\n  "));
        }
    }
    let Survey { operations, drafts, states, unknown, .. } = survey;
    println!("{operations} operations, {drafts} drafts, {states} states, {unknown} unclear");
    assert!(survey.problems.is_empty(), "{:#?}", survey.problems);
}

/// What a waiter says of a state: where it is, and what is a success and a failure.
struct Judged {
    path: String,
    success: Vec<String>,
    failure: Vec<String>,
    retry: Vec<String>,
}

/// The state that most acceptors of `config` ask for, if a success does.
fn judged(config: &WaiterConfig) -> Option<Judged> {
    let is_plain = |path: &str| path.chars().all(|c| c.is_alphanumeric() || "_.[]".contains(c));
    let mut all: BTreeMap<&str, Judged> = BTreeMap::new();
    for acceptor in &config.acceptors {
        let path = acceptor.argument.as_deref().filter(|path| is_plain(path));
        let (Some(path), Some(value)) = (path, acceptor.expected.as_str()) else { continue };
        let new = || Judged {
            path: path.to_owned(),
            success: Vec::new(),
            failure: Vec::new(),
            retry: Vec::new(),
        };
        let judged = all.entry(path).or_insert_with(new);
        let list = match acceptor.state {
            State::Success => &mut judged.success,
            State::Failure => &mut judged.failure,
            State::Retry => &mut judged.retry,
        };
        list.push(value.to_owned());
    }
    let judged = all.into_values().filter(|judged| !judged.success.is_empty());
    judged.max_by_key(|judged| judged.success.len() + judged.failure.len())
}

/// How drafts and known waiters agree.
#[derive(Default)]
struct Agreement {
    waiters: usize,
    /// Those whose goal is what a draft proposes unasked.
    same_goal: usize,
    same_name: usize,
    failures: usize,
    /// Failures of theirs that a draft for the same success goes on in.
    missed: Vec<String>,
    /// States that they go on in, or succeed with, and a draft for the same success fails in.
    strict: Vec<String>,
    other_path: Vec<String>,
}

impl Agreement {
    fn compare(
        &mut self,
        service: &ServiceModel,
        operation: &OperationModel,
        name: &str,
        theirs: &Judged,
    ) {
        let at = format!("{}.{name}", service.name);
        let unasked = draft::draft(service, operation, &DraftOptions::default());
        let mut options = DraftOptions::default();
        options.path = Some(theirs.path.clone());
        options.success = theirs.success.clone();
        let Ok(asked) = draft::draft(service, operation, &options) else { return };
        self.waiters += 1;
        let first = draft::state_paths(service, operation);
        let first = first.first().map(StatePath::expression);
        if first.as_deref() != Some(&theirs.path) {
            self.other_path.push(format!(
                "{at}: {} not {:?}",
                theirs.path,
                first.unwrap_or_default()
            ));
        }
        if let Ok(unasked) = unasked {
            let of = |state: &&(String, Meaning)| state.1 == Meaning::Success;
            let success: Vec<_> = unasked.states.iter().filter(of).map(|state| &state.0).collect();
            let same = theirs.success.iter().any(|value| success.contains(&value));
            self.same_goal += usize::from(same && unasked.path.expression() == theirs.path);
            self.same_name += usize::from(same_name(&unasked.name, name));
        }
        let meaning = |value: &String| {
            asked.states.iter().find(|state| state.0 == *value).map(|state| state.1)
        };
        for value in &theirs.failure {
            match meaning(value) {
                Some(Meaning::Failure) => self.failures += 1,
                Some(_) => {
                    self.missed.push(format!("{at} ({}): {value}", theirs.success.join(" ")))
                }
                None => {}
            }
        }
        for value in theirs.retry.iter().chain(&theirs.success) {
            if meaning(value) == Some(Meaning::Failure) {
                self.strict.push(format!("{at} ({}): {value}", theirs.success.join(" ")));
            }
        }
    }
}

/// The share, in percent, of the failures of known waiters that a draft has for the same success.
const AGREEING: usize = 80;

#[test]
#[expect(clippy::print_stdout, reason = "the judgement is by eye")]
fn drafts_fail_where_known_waiters_do() {
    let models = Models::embedded();
    let services = sample::services().names(SAMPLE, models.services());
    for own in [false, true] {
        let mut agreement = Agreement::default();
        for name in &services {
            let file = if own {
                let text = maitred::catalog::shipped().find(|(service, _)| service == name);
                text.map(|(_, text)| schema::parse(text).unwrap())
            } else {
                let file = models.waiters(name).ok().flatten();
                file.map(|file| parse_lenient(&file).unwrap().file)
            };
            let Some(file) = file else { continue };
            let service = models.service(name).unwrap();
            for (waiter, partial) in &file.waiters {
                let config = &partial.resolve().unwrap();
                let (Some(theirs), Ok(operation)) =
                    (judged(config), service.operation(&config.operation))
                else {
                    continue;
                };
                agreement.compare(service.model(), &operation, waiter, &theirs);
            }
        }
        let Agreement { waiters, same_goal, same_name, failures, missed, strict, other_path } =
            agreement;
        println!(
            "{}: {waiters} waiters, {same_goal} are what is proposed unasked, {same_name} by the same \
             name; {failures} of {} failures are failures, {} other states are",
            if own { "ours" } else { "botocore's" },
            failures + missed.len(),
            strict.len()
        );
        println!("missed:\n  {}", missed.join("\n  "));
        println!("strict:\n  {}", strict.join("\n  "));
        println!("other state:\n  {}", other_path.join("\n  "));
        assert!(failures * 100 >= (failures + missed.len()) * AGREEING, "{missed:#?}");
    }
}
