//! The operator of a file, step by step.

use std::time::Duration;

use maitred_core::clock::BoxFuture;
use maitred_core::operator_file::{CallConfig, RetryConfig, StepConfig};
use maitred_core::placeholder::Scope as _;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::call::{Called, LookedUp, Outcome};
use super::operator::FileOperator;
use super::progress::{At, Progress, PutOff};
use super::read::Looked;
use super::scope::StepScope;
use crate::operator::{
    AnyOperator, ConnectionUse, Deferral, FailureKind, Flow, Intent, Method, OperatorContext,
    OperatorError, Reconciled, Resumed,
};
use crate::trigger::{CancelReason, Level, TimeDeltaTrigger};

/// What a step has come to.
enum Stepped {
    /// It is over.
    Over,
    /// It waits.
    Waits,
    /// It is put off, for this reason.
    PutOff(String),
    /// The task ends as skipped, for this reason.
    Skip(String),
}

impl FileOperator {
    fn step(&self, progress: &Progress) -> Option<&StepConfig> {
        self.definition.config.steps.get(progress.step)
    }

    /// Runs steps from that of `progress` on, up to the next deferral or the end.
    async fn go_on(
        &self,
        ctx: &OperatorContext,
        mut progress: Progress,
    ) -> Result<Flow<At>, OperatorError> {
        let mut has_called = false;
        while let Some(step) = self.step(&progress) {
            if has_called && step.call.is_some() {
                // Each main call has a step of the task, and with it a token, of its own.
                return defer(0.0, At::Step(progress));
            }
            match self.begin(ctx, &mut progress, step).await? {
                Stepped::Over => {}
                Stepped::Skip(reason) => return Ok(Flow::Skip(reason)),
                Stepped::PutOff(reason) => {
                    let delay = put_off(ctx, &mut progress, retry_of(step), &reason)?;
                    return defer(delay, At::Step(progress));
                }
                Stepped::Waits => {
                    if let Some(wait) = step.wait.as_ref().filter(|_| self.waits(&progress)) {
                        return Box::pin(self.wait(ctx, progress, wait)).await;
                    }
                    if step.wait.is_none() {
                        match self.read_after(ctx, &mut progress, step).await? {
                            Stepped::PutOff(reason) => {
                                return self.after_later(ctx, progress, &reason);
                            }
                            Stepped::Skip(reason) => return Ok(Flow::Skip(reason)),
                            Stepped::Over | Stepped::Waits => {}
                        }
                    }
                }
            }
            // The token is that of a call that was made.
            has_called |= !progress.token.is_empty();
            progress.next();
        }
        self.result(ctx, &progress).map(Flow::Done)
    }

    /// True if the wait of the step is waited for: only the last can be left out.
    fn waits(&self, progress: &Progress) -> bool {
        let is_last = self.definition.config.last_wait() == Some(progress.step);
        self.arguments.common.wait_for_completion || !is_last
    }

    /// Looks what there is to do in a step, and makes its call.
    async fn begin(
        &self,
        ctx: &OperatorContext,
        progress: &mut Progress,
        step: &StepConfig,
    ) -> Result<Stepped, OperatorError> {
        if let Some(when) = &step.when
            && !is_wanted(self.scope(ctx, progress).text(when).map_err(OperatorError::fatal)?)
        {
            return Ok(Stepped::Over);
        }
        let recorded = match &step.call {
            Some(_) => ctx.recorded().await?,
            None => None,
        };
        // Once the call is made, what `before` sees is its work.
        if recorded.is_none() {
            match self.reads(ctx, progress, &step.before).await? {
                Looked::GoOn => {}
                Looked::Done => return Ok(Stepped::Over),
                Looked::UnderWay => {
                    ctx.log(Level::Info, "it is under way already");
                    return Ok(Stepped::Waits);
                }
                Looked::Later(reason) => return Ok(Stepped::PutOff(reason)),
                Looked::Skip(reason) => return Ok(Stepped::Skip(reason)),
            }
        }
        let Some(call) = &step.call else { return Ok(Stepped::Waits) };
        let called = match recorded {
            Some(recorded) => Called::recorded(recorded, progress),
            None => self.call_once(ctx, progress, call).await?,
        };
        self.take_call(ctx, progress, step, call, called)
    }

    /// Takes in what a main call has come to.
    fn take_call(
        &self,
        ctx: &OperatorContext,
        progress: &mut Progress,
        step: &StepConfig,
        call: &CallConfig,
        called: Called,
    ) -> Result<Stepped, OperatorError> {
        let stepped = match called.outcome {
            // It is made anew then, in another step of the task, and so with another token.
            Outcome::Later(reason) => return Ok(Stepped::PutOff(reason)),
            Outcome::Started | Outcome::UnderWay => Stepped::Waits,
            Outcome::Done => Stepped::Over,
            Outcome::Skipped(ref reason) => Stepped::Skip(reason.clone()),
        };
        if refers_to_input(step) {
            progress.input = self.main_call(ctx, progress, call)?.input;
        }
        progress.token.clone_from(&ctx.task.token);
        progress.values = called.values;
        if called.outcome == Outcome::Started {
            self.take_undo(ctx, progress, step)?;
        }
        Ok(stepped)
    }

    async fn read_after(
        &self,
        ctx: &OperatorContext,
        progress: &mut Progress,
        step: &StepConfig,
    ) -> Result<Stepped, OperatorError> {
        Ok(match self.reads(ctx, progress, &step.after).await? {
            Looked::GoOn | Looked::Done | Looked::UnderWay => Stepped::Over,
            Looked::Later(reason) => Stepped::PutOff(reason),
            Looked::Skip(reason) => Stepped::Skip(reason),
        })
    }

    fn after_later(
        &self,
        ctx: &OperatorContext,
        mut progress: Progress,
        reason: &str,
    ) -> Result<Flow<At>, OperatorError> {
        let delay = put_off(ctx, &mut progress, RetryConfig::default(), reason)?;
        defer(delay, At::After(progress))
    }

    /// Goes on with what a step reads after its wait, and with the next steps.
    pub(super) async fn after_wait(
        &self,
        ctx: &OperatorContext,
        mut progress: Progress,
    ) -> Result<Flow<At>, OperatorError> {
        if let Some(step) = self.step(&progress) {
            match self.read_after(ctx, &mut progress, step).await? {
                Stepped::Over | Stepped::Waits => progress.next(),
                Stepped::PutOff(reason) => return self.after_later(ctx, progress, &reason),
                Stepped::Skip(reason) => return Ok(Flow::Skip(reason)),
            }
        }
        self.go_on(ctx, progress).await
    }

    fn result(&self, ctx: &OperatorContext, progress: &Progress) -> Result<Value, OperatorError> {
        let Some(result) = &self.definition.config.result else {
            return Ok(Value::Object(progress.values.clone()));
        };
        let scope = self.scope(ctx, progress);
        bind_result(&scope, result).map_err(OperatorError::fatal)
    }

    async fn resumed(
        &self,
        ctx: &OperatorContext,
        at: At,
        with: Resumed,
    ) -> Result<Flow<At>, OperatorError> {
        match at {
            At::Step(progress) => {
                with.event()?;
                self.go_on(ctx, progress).await
            }
            At::After(progress) => {
                with.event()?;
                self.after_wait(ctx, progress).await
            }
            At::Waited(mut progress) => {
                let step = self.step(&progress).and_then(|step| step.wait.as_ref());
                let wait = step.ok_or_else(|| OperatorError::missing("the step has no wait"))?;
                self.take_wait(ctx, &mut progress, wait, with).await?;
                self.after_wait(ctx, progress).await
            }
        }
    }

    async fn reconciled(
        &self,
        ctx: &OperatorContext,
        intent: &Intent,
    ) -> Result<Reconciled, OperatorError> {
        let Ok(details) = Details::deserialize(&intent.details) else {
            // An undo after a failure: it is not sent again.
            return Ok(Reconciled::Found(json!("nobody knows whether it was sent")));
        };
        let progress =
            Progress { step: details.step, values: details.values, ..Progress::default() };
        let step = self.step(&progress).and_then(|step| step.call.as_ref());
        let Some(call) = step else { return Ok(Reconciled::InDoubt) };
        Ok(match self.look_up(ctx, &progress, call, details.called).await? {
            LookedUp::NotMade => Reconciled::NotStarted,
            LookedUp::Made(called) => Reconciled::Found(json!(called)),
            LookedUp::Unknown => Reconciled::InDoubt,
        })
    }
}

/// What the intent of a main call holds.
#[derive(Deserialize)]
struct Details {
    step: usize,
    values: Map<String, Value>,
    called: u64,
}

/// A result with null for what has no value.
fn bind_result(scope: &StepScope<'_>, value: &Value) -> Result<Value, String> {
    match value {
        Value::Array(items) => items.iter().map(|item| bind_result(scope, item)).collect(),
        Value::Object(members) => {
            let bound =
                members.iter().map(|(name, value)| Ok((name.clone(), bind_result(scope, value)?)));
            bound.collect::<Result<Map<_, _>, String>>().map(Value::Object)
        }
        Value::String(_) | Value::Null | Value::Bool(_) | Value::Number(_) => {
            Ok(scope.bind(value)?.unwrap_or_default())
        }
    }
}

/// True if something in a step refers to the input of its call.
fn refers_to_input(step: &StepConfig) -> bool {
    serde_json::to_string(step).is_ok_and(|text| text.contains("{{input."))
}

fn is_wanted(when: Option<Value>) -> bool {
    match when {
        None | Some(Value::Null | Value::Bool(false)) => false,
        Some(Value::String(text)) => !text.is_empty() && text != "false",
        Some(Value::Array(items)) => !items.is_empty(),
        Some(Value::Object(members)) => !members.is_empty(),
        Some(Value::Bool(true) | Value::Number(_)) => true,
    }
}

fn retry_of(step: &StepConfig) -> RetryConfig {
    step.call.as_ref().and_then(|call| call.retry.clone()).unwrap_or_default()
}

/// Notes that a step is put off; returns the seconds until it is tried again.
fn put_off(
    ctx: &OperatorContext,
    progress: &mut Progress,
    retry: RetryConfig,
    reason: &str,
) -> Result<f64, OperatorError> {
    let before = progress.put_off.take().unwrap_or(PutOff { times: 0, since: ctx.now() });
    let RetryConfig { delay, max_delay, timeout, .. } = retry;
    let timeout = Duration::try_from_secs_f64(timeout).unwrap_or(Duration::MAX);
    if ctx.now().since(before.since) >= timeout {
        let message = format!("it could not be done within {} s: {reason}", timeout.as_secs());
        return Err(OperatorError::new(message).with_kind(FailureKind::GaveUp));
    }
    #[expect(clippy::cast_possible_wrap, reason = "at most 64")]
    let delay = (delay * 1.5_f64.powi(before.times.min(64) as i32)).min(max_delay);
    ctx.log(Level::Info, format!("not now, again in {delay:.0} s: {reason}"));
    progress.put_off = Some(PutOff { times: before.times.saturating_add(1), since: before.since });
    Ok(delay)
}

fn defer(delay: f64, at: At) -> Result<Flow<At>, OperatorError> {
    let undo = match &at {
        At::Step(progress) | At::Waited(progress) | At::After(progress) => {
            super::wait::chained(&progress.undo)
        }
    };
    let mut deferral = Deferral::new(&TimeDeltaTrigger::new(delay), at)?;
    deferral.undo = undo;
    Ok(Flow::Defer(deferral))
}

/// A step of an operator of a file.
type Step<'a> = BoxFuture<'a, Result<Flow<Method>, OperatorError>>;

impl AnyOperator for FileOperator {
    fn check(&self) -> Result<(), OperatorError> {
        Ok(())
    }

    fn connections(&self) -> Vec<ConnectionUse> {
        ConnectionUse::named(self.arguments.common.connection()).into_iter().collect()
    }

    fn start_from_trigger(&self) -> Result<Option<Deferral<Method>>, OperatorError> {
        Ok(None)
    }

    fn execute<'a>(&'a self, ctx: &'a OperatorContext) -> Step<'a> {
        Box::pin(async { self.go_on(ctx, Progress::default()).await?.erased() })
    }

    fn resume<'a>(&'a self, ctx: &'a OperatorContext, at: &'a Method, with: Resumed) -> Step<'a> {
        Box::pin(async { self.resumed(ctx, at.read()?, with).await?.erased() })
    }

    fn reconcile<'a>(
        &'a self,
        ctx: &'a OperatorContext,
        intent: &'a Intent,
    ) -> BoxFuture<'a, Result<Reconciled, OperatorError>> {
        Box::pin(self.reconciled(ctx, intent))
    }

    fn on_cancel<'a>(&'a self, _: &'a OperatorContext, _: CancelReason) -> BoxFuture<'a, ()> {
        Box::pin(async {})
    }
}
