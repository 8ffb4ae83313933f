//! The event of a wait, and the lines of its log.

use maitred_core::diagnostic::shortened;
use maitred_core::document::Document;
use maitred_core::engine::{Outcome, Poll, Status};
use maitred_core::waiter::Waiter;
use serde_json::{Value, json};

use super::WaiterTrigger;
use crate::trigger::{Level, TriggerContext, TriggerEvent, values};

impl WaiterTrigger {
    /// The event of a wait that has ended.
    pub(super) fn event(&self, waiter: &Waiter, outcome: &Outcome) -> TriggerEvent {
        let progress = outcome.progress();
        let acceptor = progress
            .last_matched
            .and_then(|matched| Some(waiter.acceptors().get(matched.acceptor)?.explanation()));
        let message = match (&self.failure_message, outcome.status()) {
            (Some(text), status) if status != Status::Success => {
                format!("{text}: {}", outcome.message())
            }
            _ => outcome.message().to_owned(),
        };
        let mut payload = json!({"status": outcome.status(), "message": message});
        payload[&self.return_key] = self.return_value.clone();
        payload["outcome"] = json!({
            "attempts": progress.attempts,
            "elapsed": outcome.elapsed().as_secs_f64(),
            "shown": progress.shown,
            "acceptor": acceptor,
            "error": progress.last_error,
        });
        if outcome.status() == Status::Success && !self.values.is_empty() {
            let document = outcome.document().map_or(&Value::Null, Document::value);
            match values::read(&self.values, document) {
                Ok(values) => payload["values"] = Value::Object(values),
                Err(message) => {
                    payload["status"] = json!(Status::Error);
                    payload["message"] = message.into();
                }
            }
        }
        if outcome.is_unreachable() {
            payload["outcome"]["unreachable"] = true.into();
        }
        TriggerEvent::new(payload)
    }

    /// Logs a line for each change of the shown value since `before`, and for each error.
    pub(super) fn log_poll(&self, ctx: &TriggerContext, poll: &Poll, before: Option<&Value>) {
        let what = self.status_message.as_deref().unwrap_or("waiting");
        if let Some(error) = poll.seen.error().filter(|_| poll.decision.matched.is_none()) {
            ctx.log(Level::Warning, format!("{what}: attempt {}: {error}", poll.attempt));
        } else if poll.attempt == 1 || poll.shown.as_ref() != before {
            let shown = poll
                .shown
                .as_ref()
                .map_or_else(String::new, |shown| format!(": {}", shortened(&shown.to_string())));
            ctx.log(Level::Info, format!("{what}: attempt {}{shown}", poll.attempt));
        }
    }
}
