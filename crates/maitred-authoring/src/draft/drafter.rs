//! Drafting the parts of a waiter.

use super::error::DraftError;
use super::options::DraftOptions;
use super::state_path::{StatePath, Step};
use super::{message, related_members, resource_name, sample, state_path, words};
use maitred_core::config::{AcceptorConfig, MatcherKind, Show, State, WaiterConfig};
use maitred_core::diagnostic::nearest;
use maitred_model::states::{self, Meaning, Wanted};
use maitred_model::{OperationModel, ServiceModel};

/// Drafts a waiter for an operation.
pub(super) struct Drafter<'a> {
    pub(super) service: &'a ServiceModel,
    pub(super) operation: &'a OperationModel,
    /// The name of the resource that the operation describes.
    pub(super) resource: String,
    strings: Vec<StatePath>,
}

impl<'a> Drafter<'a> {
    pub(super) fn new(service: &'a ServiceModel, operation: &'a OperationModel) -> Self {
        let resource = resource_name::resource_name(&operation.name);
        Self {
            service,
            operation,
            resource,
            strings: state_path::strings(&service.name, operation),
        }
    }

    /// The members that may be a state, the likeliest first, and whether each may be used by default.
    pub(super) fn states(&self) -> Vec<(StatePath, bool)> {
        let rank = |path: &'_ StatePath| path.rank(self.operation, &self.resource);
        let mut ranked: Vec<_> =
            self.strings.iter().filter_map(|path| Some((rank(path)?, path))).collect();
        ranked.sort_by_key(|(rank, _)| *rank);
        let completed = |path| related_members::completed(path, self.operation, &self.resource);
        ranked.into_iter().map(|(rank, path)| (completed(path), !rank.far)).collect()
    }

    pub(super) fn find_path(
        &self,
        states: &[(StatePath, bool)],
        options: &DraftOptions,
    ) -> Result<StatePath, DraftError> {
        const SHOWN: usize = 30;
        let name = self.operation.name.clone();
        let all = states.iter().map(|(path, _)| path).chain(&self.strings);
        let mut expressions: Vec<String> = Vec::new();
        for expression in all.map(StatePath::expression) {
            if !expressions.contains(&expression) {
                expressions.push(expression);
            }
        }
        let candidates = || expressions.iter().take(SHOWN).cloned().collect();
        let Some(wanted) = &options.path else {
            let first = states.first().filter(|(_, near)| *near).map(|(path, _)| path.clone());
            let listed = first.as_ref().is_none_or(StatePath::is_of_list);
            if resource_name::is_history(&name) && listed {
                return Err(DraftError::History { operation: name });
            }
            return first
                .ok_or_else(|| DraftError::NoState { operation: name, candidates: candidates() });
        };
        let plain = |expression: &str| expression.replace("[]", "");
        let same = |path: &&StatePath| plain(&path.expression()) == plain(wanted);
        if let Some(found) = self.strings.iter().find(same) {
            return Ok(related_members::completed(found, self.operation, &self.resource));
        }
        let near = nearest(wanted, expressions.iter().map(String::as_str)).map(str::to_owned);
        let (path, candidates) = (wanted.clone(), candidates());
        Err(DraftError::UnknownPath { path, operation: name, near, candidates })
    }

    /// Classifies the states: by the options, and the others by name.
    pub(super) fn classify(
        &self,
        path: &StatePath,
        options: &DraftOptions,
    ) -> Result<Vec<(String, Meaning)>, DraftError> {
        let said = || options.success.iter().chain(&options.failure);
        if path.values.is_empty() {
            let meaning = |value: &String| match options.success.contains(value) {
                true => (value.clone(), Meaning::Success),
                false => (value.clone(), Meaning::Failure),
            };
            return Ok(said().map(meaning).collect());
        }
        if let Some(value) = said().find(|value| !path.values.contains(value)) {
            let (path, values) = (path.expression(), path.values.clone());
            return Err(DraftError::UnknownValue { value: value.clone(), path, values });
        }
        let gone = options.not_found == Some(State::Success);
        let wanted = if gone { Wanted::Gone } else { Wanted::Values(&options.success) };
        let (service, member) = (&self.service.name, path.name());
        let table = state_path::documented(service, self.operation, &path.structures, member);
        let proposed = states::classify(&path.values, wanted, table);
        let state = |(value, proposed): (&String, Meaning)| {
            let meaning = match proposed {
                _ if options.success.contains(value) => Meaning::Success,
                _ if options.failure.contains(value) => Meaning::Failure,
                Meaning::Success if !options.success.is_empty() => Meaning::Retry,
                Meaning::Failure if !options.failure.is_empty() => Meaning::Retry,
                Meaning::Success | Meaning::Failure | Meaning::Retry | Meaning::Unknown => proposed,
            };
            (value.clone(), meaning)
        };
        Ok(path.values.iter().zip(proposed).map(state).collect())
    }

    /// The path that identifies a run, if a success state does not.
    pub(super) fn run(&self, path: &StatePath, success: &[&str]) -> Option<Vec<Step>> {
        // Work is done once; `UPDATE_COMPLETE` may be so of the update before.
        let once = |value: &&str| states::is_done(value) && states::words(value).len() == 1;
        let again = !success.is_empty() && !success.iter().any(once);
        related_members::run(path, self.operation).filter(|_| again)
    }

    pub(super) fn waiter(
        &self,
        path: &StatePath,
        states: &[(String, Meaning)],
        not_found: Option<AcceptorConfig>,
        options: &DraftOptions,
    ) -> WaiterConfig {
        let success = states.iter().find(|(_, meaning)| *meaning == Meaning::Success);
        let done = success.is_some_and(|(value, _)| states::is_done(value));
        let (delay, max_attempts) = if done { (15.0, 240) } else { (30.0, 120) };
        let mut acceptors: Vec<_> = not_found.into_iter().collect();
        acceptors.extend(self.path_acceptors(path, states));
        // Success comes first, then failure.
        acceptors.sort_by_key(|acceptor| match acceptor.state {
            State::Success => 0,
            State::Failure => 1,
            State::Retry => 2,
        });
        let mut config = WaiterConfig::new(
            self.operation.name.as_str(),
            options.delay.unwrap_or(delay),
            options.max_attempts.unwrap_or(max_attempts),
            acceptors,
        );
        config.show = Some(Show::One(show(path)));
        config
    }

    fn path_acceptors(
        &self,
        path: &StatePath,
        states: &[(String, Meaning)],
    ) -> Vec<AcceptorConfig> {
        let list = path.is_of_list();
        let acceptor = |(value, meaning): &(String, Meaning)| {
            let (state, matcher) = match meaning {
                Meaning::Success if list => (State::Success, MatcherKind::PathAll),
                Meaning::Success => (State::Success, MatcherKind::Path),
                Meaning::Failure if list => (State::Failure, MatcherKind::PathAny),
                Meaning::Failure => (State::Failure, MatcherKind::Path),
                Meaning::Retry | Meaning::Unknown if list => (State::Retry, MatcherKind::PathAny),
                Meaning::Retry | Meaning::Unknown => (State::Retry, MatcherKind::Path),
            };
            let mut acceptor = AcceptorConfig::new(state, matcher, value.as_str());
            acceptor.argument = Some(path.expression());
            acceptor.message =
                (state == State::Failure).then(|| message::failure(&self.resource, path, value));
            acceptor
        };
        states.iter().map(acceptor).collect()
    }

    /// The acceptor of the error for a resource that does not exist.
    pub(super) fn not_found(&self, state: State) -> Result<AcceptorConfig, DraftError> {
        let says = ["notfound", "nosuch", "doesnotexist", "notexist"];
        let resource = self.resource.replace('_', "");
        let codes = self.operation.error_codes().filter(|code| {
            let code = code.to_lowercase();
            says.iter().any(|says| code.contains(says))
        });
        let code = codes.max_by_key(|code| {
            let code = code.to_lowercase();
            (code.contains(&resource), code.contains("resource"))
        });
        let operation = || self.operation.name.clone();
        let code = code.ok_or_else(|| DraftError::NoNotFound { operation: operation() })?;
        let mut acceptor = AcceptorConfig::new(state, MatcherKind::Error, code);
        acceptor.message = (state == State::Failure).then(|| message::not_found(&self.resource));
        Ok(acceptor)
    }

    /// `<thing>_<state>`, as botocore names its waiters; without a state, `<thing>_deleted`.
    pub(super) fn name(&self, success: Option<&str>) -> String {
        let success = success.unwrap_or("deleted");
        // An export whose state is `EXPORT_COMPLETE` is no `export_export_complete`.
        let last = self.resource.rsplit('_').next().unwrap_or_default();
        let rest = success.strip_prefix(last).and_then(|rest| rest.strip_prefix('_'));
        format!("{}_{}", self.resource, rest.unwrap_or(success))
    }

    pub(super) fn description(&self, success: Option<&str>, next_run: bool) -> String {
        let resource = self.resource.replace('_', " ");
        let article = if resource.starts_with(['a', 'e', 'i', 'o', 'u']) { "an" } else { "a" };
        let phrase = success.map_or_else(|| "is gone".to_owned(), words::phrase);
        let again = if next_run { " again" } else { "" };
        let members: Vec<_> = sample::identifying(self.operation).collect();
        let list =
            members.iter().any(|member| state_path::element(self.operation, &member.target).1);
        let members: Vec<_> = members.iter().map(|member| member.name.as_str()).collect();
        let give = match members.as_slice() {
            [] => String::new(),
            all if list => format!(" Give {}.", all.join(" and ")),
            [one] => format!(" Give its {one}."),
            [all @ .., last] => format!(" Give its {} and {last}.", all.join(", ")),
        };
        format!("Waits until {article} {resource} {phrase}{again}.{give}")
    }
}

fn show(path: &StatePath) -> String {
    let expression = path.expression();
    if path.in_list() > 0 { format!("join(', ', {expression})") } else { expression }
}
