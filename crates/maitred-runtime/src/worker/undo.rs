//! The call that undoes what a cancelled task has started.

use serde_json::Value;

use super::workplace::Workplace;
use crate::journal::{JournalError, StepId};
use crate::operator::{Begun, Intent, MainCallError, Settled, UndoCall, send_once};
use crate::task::Task;
use crate::trigger::Level;

/// The index of the first call that undoes a step's work: after all calls of the operator itself. Further ones count down.
const UNDO: u32 = u32::MAX;

impl Workplace {
    async fn send_undo(&self, undo: &UndoCall) -> Result<(), MainCallError> {
        let output = send_once(&self.services.clients, &undo.client, undo.call.clone()).await?;
        output.error.map_or(Ok(()), |error| Err(error.into()))
    }

    /// Sends the calls that undo a task's work, each once, and returns their results for people.
    pub(super) async fn undo(&self, task: &Task, undo: UndoCall) -> Result<String, JournalError> {
        let then = undo.then.clone();
        let mut texts = Vec::new();
        for (undo, ordinal) in std::iter::once(undo).chain(then).zip((0..=UNDO).rev()) {
            texts.push(self.undo_one(task, undo, ordinal).await?);
        }
        Ok(texts.join("; "))
    }

    async fn undo_one(
        &self,
        task: &Task,
        undo: UndoCall,
        ordinal: u32,
    ) -> Result<String, JournalError> {
        let (id, step) = (task.id, StepId::of(task));
        let intent = Intent::new(ordinal, "undo", Value::from(undo.description.as_str()));
        match self.journal.begin(step, intent).await {
            Ok(Begun::Go) => {}
            Ok(Begun::Recorded(text)) => return Ok(text.as_str().unwrap_or_default().to_owned()),
            Err(JournalError::Unsettled(_)) => {
                return Ok(unclear_undo(&undo));
            }
            Err(JournalError::NotRunning(_)) => return Ok("it has ended already".to_owned()),
            Err(error) => return Err(error),
        }
        self.log.push(id, Level::Info, format!("undo: {}", undo.description));
        let text = match self.send_undo(&undo).await {
            Ok(()) => format!("undone: {}", undo.description),
            Err(MainCallError::Refused(error)) => {
                format!("could not undo ({}): {error}", undo.description)
            }
            Err(MainCallError::Ambiguous(error)) => {
                format!("{}: {error}", unclear_undo(&undo))
            }
        };
        match self.settle(step, ordinal, Settled::Done(Value::from(text.as_str()))).await {
            Ok(()) | Err(JournalError::NotRunning(_)) => Ok(text),
            Err(error) => Err(error),
        }
    }
}

/// The text for a call that may or may not have undone a task's work. It is not sent again.
fn unclear_undo(undo: &UndoCall) -> String {
    format!("it is unclear whether this was undone, look: {}", undo.description)
}
