//! The main call of a step.

use maitred_core::client::{Call, CallErrorKind, CallMode, Observation};
use maitred_core::engine::is_transient;
use maitred_core::names::snake_name;
use maitred_core::operator_file::{CallConfig, FindConfig, StepState, decide, reason};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::find::Found;
use super::operator::FileOperator;
use super::progress::Progress;
use super::read::{bound, call, document};
use super::values;
use crate::operator::{MainCallError, OperatorContext, OperatorError};
use crate::trigger::send;

/// What came of a main call. It is stored with the call.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Called {
    pub(super) outcome: Outcome,
    /// All values that are known by now.
    pub(super) values: Map<String, Value>,
}

/// The meaning of a main call's reply.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Outcome {
    /// It has started the work.
    Started,
    /// Nothing is left to do.
    Done,
    /// The work was under way before.
    UnderWay,
    /// It was refused for now, for this reason.
    Later(String),
    /// The task ends as skipped, for this reason.
    Skipped(String),
}

/// What became of a main call whose reply was lost.
#[derive(Debug, PartialEq)]
pub(super) enum LookedUp {
    /// It was not made.
    NotMade,
    /// It was made.
    Made(Called),
    /// Nobody can tell.
    Unknown,
}

impl Called {
    /// What was recorded. A user who settles a call (`maitred tasks settle --made RESULT`) gives its values.
    pub(super) fn recorded(recorded: Value, progress: &Progress) -> Self {
        if let Ok(called) = Self::deserialize(&recorded) {
            return called;
        }
        let mut values = progress.values.clone();
        if let Value::Object(given) = recorded {
            values.extend(given);
        }
        Self { outcome: Outcome::Started, values }
    }
}

impl FileOperator {
    /// The main call of the step that `progress` is in, with its token.
    pub(super) fn main_call(
        &self,
        ctx: &OperatorContext,
        progress: &Progress,
        config: &CallConfig,
    ) -> Result<Call, OperatorError> {
        let service = config.service.as_deref().unwrap_or(&self.definition.service);
        let scope = self.scope(ctx, progress);
        let mut call = call(service, &config.operation, &config.input, &scope)?;
        if self.definition.config.main_step() == Some(progress.step) {
            call.input.extend(self.arguments.members.clone());
        }
        let token = Value::from(ctx.task.token.as_str());
        if let Some(member) = &config.token {
            call.input.insert(member.clone(), token.clone());
        }
        if let [member, path @ ..] = config.marker.as_slice() {
            let place = call.input.entry(member.clone()).or_insert(Value::Null);
            mark(place, path, token).map_err(|error| {
                let path = config.marker.join(".");
                OperatorError::fatal(format!("{path} cannot hold a marker: {error}"))
            })?;
        }
        Ok(call.with_mode(CallMode::Once))
    }

    /// Makes the main call of a step once, or gives what is recorded of it.
    pub(super) async fn call_once(
        &self,
        ctx: &OperatorContext,
        progress: &Progress,
        config: &CallConfig,
    ) -> Result<Called, OperatorError> {
        let call = self.main_call(ctx, progress, config)?;
        let details = json!({
            "step": progress.step,
            "values": progress.values,
            "called": ctx.now().as_millis(),
        });
        ctx.main_call(&snake_name(&config.operation), details, || {
            self.send(ctx, progress, config, call)
        })
        .await
    }

    /// Sends a main call, and says what its reply means.
    pub(super) async fn send(
        &self,
        ctx: &OperatorContext,
        progress: &Progress,
        config: &CallConfig,
        call: Call,
    ) -> Result<Called, MainCallError> {
        let settings = self.arguments.common.client(&call.service);
        let input = call.input.clone();
        let seen = send(&ctx.services.clients, &settings, call).await;
        let seen = seen.map_err(|error| MainCallError::Refused(error.into()))?;
        let refused = MainCallError::Refused;
        let mut scope = self.scope(ctx, progress);
        scope.input = Some(&input);
        let acceptors = bound(&config.acceptors, &scope).map_err(refused)?;
        let mut values = progress.values.clone();
        let decided = decide(&acceptors, &seen);
        let outcome = match decided
            .map(|acceptor| (acceptor.acceptor.state, reason(acceptor, &seen)))
        {
            Some((StepState::Failure, reason)) => return Err(refused(OperatorError::new(reason))),
            Some((StepState::Retry, reason)) => Outcome::Later(reason),
            Some((StepState::Skip, reason)) => Outcome::Skipped(reason),
            Some((StepState::Success, _)) => Outcome::Done,
            Some((StepState::Wait, _)) => Outcome::UnderWay,
            Some((StepState::Find, reason)) => {
                let found = self.found(ctx, progress, config).await.map_err(refused)?;
                let Found::One(found) = found else {
                    let message = format!("{reason}; and it cannot be found");
                    return Err(refused(OperatorError::new(message)));
                };
                values.extend(found);
                Outcome::UnderWay
            }
            None => match seen.error() {
                Some(error) if is_put_off(error) => Outcome::Later(error.to_string()),
                Some(error) => return Err(error.clone().into()),
                None => Outcome::Started,
            },
        };
        if let Observation::Output(_) = &seen
            && seen.error().is_none()
        {
            let read = values::read(&config.values, document(&seen), &scope);
            values.extend(read.map_err(|error| unreadable(&outcome, error))?);
        }
        Ok(Called { outcome, values })
    }

    /// What became of a call whose reply was lost, by its `find`.
    pub(super) async fn look_up(
        &self,
        ctx: &OperatorContext,
        progress: &Progress,
        config: &CallConfig,
        called: u64,
    ) -> Result<LookedUp, OperatorError> {
        match &config.find {
            FindConfig::Cannot => Ok(LookedUp::Unknown),
            FindConfig::Again => {
                let call = self.main_call(ctx, progress, config)?;
                match self.send(ctx, progress, config, call).await {
                    Ok(Called { outcome: Outcome::Later(reason), .. })
                    | Err(MainCallError::Ambiguous(reason)) => Err(OperatorError::new(reason)),
                    Ok(called) => Ok(LookedUp::Made(called)),
                    // The service knows nothing of an earlier one: it would have said the same as then.
                    Err(MainCallError::Refused(_)) => Ok(LookedUp::NotMade),
                }
            }
            FindConfig::Read(find) => {
                Ok(match self.find(ctx, progress, config, find, called).await? {
                    Found::None => LookedUp::NotMade,
                    Found::Several => LookedUp::Unknown,
                    Found::One(found) => {
                        let mut values = progress.values.clone();
                        values.extend(found);
                        LookedUp::Made(Called { outcome: Outcome::Started, values })
                    }
                })
            }
        }
    }
}

/// True for an error with which a service has refused a call for now.
fn is_put_off(error: &maitred_core::client::CallError) -> bool {
    let is_no = error.status().is_some_and(|status| (400..500).contains(&status));
    error.kind() == CallErrorKind::Service && is_no && is_transient(error, &[])
}

/// The call was made, but its reply does not have what the file says: nobody can tell what was started.
fn unreadable(outcome: &Outcome, error: OperatorError) -> MainCallError {
    match outcome {
        Outcome::Started => MainCallError::Ambiguous(error.to_string()),
        Outcome::Done | Outcome::UnderWay | Outcome::Later(_) | Outcome::Skipped(_) => {
            MainCallError::Refused(error)
        }
    }
}

/// Sets the member at `path` below `place` to the marker.
fn mark(place: &mut Value, path: &[String], marker: Value) -> Result<(), String> {
    let Some((member, rest)) = path.split_first() else {
        *place = marker;
        return Ok(());
    };
    if place.is_null() {
        *place = Value::Object(Map::new());
    }
    let members = place.as_object_mut().ok_or_else(|| "it is not an object".to_owned())?;
    mark(members.entry(member.clone()).or_insert(Value::Null), rest, marker)
}
