//! The wait of a step, and what undoes the step.

use maitred_core::client::Call;
use maitred_core::operator_file::{StepConfig, UndoConfig, UndoOn, WaitConfig};
use maitred_core::placeholder::Scope as _;
use serde_json::{Value, json};

use super::operator::FileOperator;
use super::progress::{At, Progress};
use super::read::call;
use super::values;
use crate::operator::{
    Deferral, FailureKind, Flow, MainCallError, OperatorContext, OperatorError, Resumed, UndoCall,
    send_once,
};
use crate::trigger::{Level, WaiterTrigger};

impl FileOperator {
    /// Takes in what undoes a step whose call this task has made.
    pub(super) fn take_undo(
        &self,
        ctx: &OperatorContext,
        progress: &mut Progress,
        step: &StepConfig,
    ) -> Result<(), OperatorError> {
        let of = |on| self.undo_calls(ctx, progress, step, on);
        let (on_cancel, on_failure) = (of(UndoOn::Cancel)?, of(UndoOn::Failure)?);
        progress.undo_on_timeout = of(UndoOn::Timeout)?;
        progress.undo_on_failure = on_failure;
        progress.undo.splice(0..0, on_cancel);
        Ok(())
    }

    fn undo_calls(
        &self,
        ctx: &OperatorContext,
        progress: &Progress,
        step: &StepConfig,
        on: UndoOn,
    ) -> Result<Vec<UndoCall>, OperatorError> {
        let wanted = step.undo.iter().filter(|undo| undo.on.contains(&on));
        wanted.map(|undo| self.undo_call(ctx, progress, undo)).collect()
    }

    fn undo_call(
        &self,
        ctx: &OperatorContext,
        progress: &Progress,
        undo: &UndoConfig,
    ) -> Result<UndoCall, OperatorError> {
        let scope = self.scope(ctx, progress);
        let service = undo.service.as_deref().unwrap_or(&self.definition.service);
        let call: Call = call(service, &undo.operation, &undo.input, &scope)?;
        let description = scope.text(&undo.description).map_err(OperatorError::fatal)?;
        let description = description.unwrap_or_default();
        let description =
            description.as_str().map_or_else(|| description.to_string(), str::to_owned);
        Ok(UndoCall::new(description, call, self.arguments.common.client(service)))
    }

    fn trigger(
        &self,
        ctx: &OperatorContext,
        progress: &Progress,
        wait: &WaitConfig,
    ) -> Result<WaiterTrigger, OperatorError> {
        let scope = self.scope(ctx, progress);
        let wrong = |error: String| OperatorError::fatal(format!("the wait: {error}"));
        let (service, name) = wait.service_and_name().unwrap_or(("", &wait.waiter));
        let mut trigger = WaiterTrigger::new(service, name);
        trigger.input = scope.members(&wait.input).map_err(wrong)?;
        for (name, value) in &wait.parameters {
            if let Some(value) = scope.bind(value).map_err(wrong)? {
                trigger.parameters.insert(name.clone(), value);
            }
        }
        for acceptor in &wait.acceptors {
            let mut acceptor = acceptor.clone();
            acceptor.expected = scope.bind(&acceptor.expected).map_err(wrong)?.unwrap_or_default();
            trigger.overrides.acceptors.push(acceptor);
        }
        for (name, value) in &wait.values {
            trigger.values.insert(name.clone(), value.expression().to_owned());
        }
        let common = &self.arguments.common;
        if self.definition.config.last_wait() == Some(progress.step) {
            trigger.overrides.delay = common.poll_interval;
            trigger.overrides.max_attempts = common.max_attempts;
        }
        trigger.client = common.client(service);
        Ok(trigger)
    }

    /// Defers onto the wait of a step, or waits here if the task is not deferrable.
    pub(super) async fn wait(
        &self,
        ctx: &OperatorContext,
        mut progress: Progress,
        wait: &WaitConfig,
    ) -> Result<Flow<At>, OperatorError> {
        let trigger = self.trigger(ctx, &progress, wait)?;
        if !self.arguments.common.deferrable {
            let ended = ctx.run_trigger(&trigger).await;
            self.take_wait(ctx, &mut progress, wait, ended).await?;
            return self.after_wait(ctx, progress).await;
        }
        let undo = chained(&progress.undo);
        let mut deferral = Deferral::new(&trigger, At::Waited(progress))?;
        deferral.undo = undo;
        Ok(Flow::Defer(deferral))
    }

    /// Takes in the end of a wait.
    pub(super) async fn take_wait(
        &self,
        ctx: &OperatorContext,
        progress: &mut Progress,
        wait: &WaitConfig,
        ended: Resumed,
    ) -> Result<(), OperatorError> {
        match ended.success() {
            Ok(mut event) => {
                for (name, config) in &wait.values {
                    let place = format!("/values/{}", name.replace('~', "~0").replace('/', "~1"));
                    let value = event.payload.pointer_mut(&place).map(Value::take);
                    values::insert(&mut progress.values, name, config, value.unwrap_or_default());
                }
                Ok(())
            }
            Err(error) => {
                let undo = match error.kind() {
                    Some(FailureKind::GaveUp) => &progress.undo_on_timeout,
                    _ => &progress.undo_on_failure,
                };
                for undo in undo {
                    self.undo_now(ctx, undo).await?;
                }
                Err(error)
            }
        }
    }

    /// Sends a call that undoes a step whose wait has failed: once, and whatever becomes of it the task fails for the
    /// reason of the wait.
    async fn undo_now(&self, ctx: &OperatorContext, undo: &UndoCall) -> Result<(), OperatorError> {
        let refused: Option<String> = ctx
            .main_call("undo", json!(undo.description), || async {
                let sent = send_once(&ctx.services.clients, &undo.client, undo.call.clone()).await;
                match sent {
                    Ok(output) => Ok(output.error.map(|error| error.to_string())),
                    Err(MainCallError::Refused(error)) => Ok(Some(error.to_string())),
                    Err(error @ MainCallError::Ambiguous(_)) => Err(error),
                }
            })
            .await?;
        let (level, text) = match refused {
            None => (Level::Info, format!("undone: {}", undo.description)),
            Some(why) => (Level::Warning, format!("could not undo ({}): {why}", undo.description)),
        };
        ctx.log(level, text);
        Ok(())
    }
}

/// The first of these calls, with the others after it.
pub(super) fn chained(undo: &[UndoCall]) -> Option<UndoCall> {
    let (first, rest) = undo.split_first()?;
    Some(UndoCall { then: rest.to_vec(), ..first.clone() })
}
