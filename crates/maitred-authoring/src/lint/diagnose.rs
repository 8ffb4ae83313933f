//! Rules about the calls that tell why a wait failed: they are made when nobody looks.

use super::input;
use super::operation;
use super::paths;
use super::rule;
use super::{Known, Subject};
use maitred_model::OperationModel;

/// Checks the operations, their inputs and what is shown of their outputs. `polled` is what the
/// waiter itself polls.
pub(super) fn check(subject: &mut Subject<'_>, known: &Known<'_>, polled: Option<&OperationModel>) {
    let waiter = subject.waiter;
    for (index, asked) in waiter.diagnose.iter().enumerate() {
        let place = format!("/diagnose/{index}");
        let at_operation = format!("{place}/operation");
        let Some(name) = operation::find(subject, known, &asked.operation, &at_operation) else {
            continue;
        };
        if !operation::is_read_of(subject.service, &name) {
            let message = format!("`{name}` is not a read, and a failure is to change nothing");
            let help = "ask an operation that describes, gets or lists";
            subject.advise(&rule::MUTATING_OPERATION, &at_operation, message, help);
        }
        let Some(model) = operation::model(subject, known, &name) else { continue };
        let at_input = format!("{place}/input");
        let missing = input::check(subject, &model, &asked.input, &at_input);
        if !missing.is_empty() {
            let message = format!("the input lacks {}", missing.join(", "));
            let help = "nothing of the waiter's own input goes in by itself: write {{input.NAME}}";
            subject.advise(&rule::BAD_INPUT, &at_operation, message, help);
        }
        if let Some(polled) = polled {
            input::check_placeholders(subject, &model, polled, &asked.input, &at_input);
        }
        paths::look_at_all(subject, &model, &asked.show, &format!("{place}/show"));
    }
}
