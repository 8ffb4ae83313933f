//! Rules about the calls of `diagnose`, which find out why a wait failed.

use super::context::{LintContext, ServiceContext};
use super::{expressions, input, operation, rule};
use maitred_core::names::is_read;
use maitred_model::OperationModel;

/// Checks the operations, their inputs and what is shown of their outputs. `polled` is what the
/// waiter itself polls.
pub(super) fn check(
    context: &mut LintContext<'_>,
    known: &ServiceContext<'_>,
    polled: Option<&OperationModel>,
) {
    let waiter = context.waiter;
    for (index, asked) in waiter.diagnose.iter().enumerate() {
        let place = format!("/diagnose/{index}");
        let at_operation = format!("{place}/operation");
        let Some(name) = operation::find(context, known, &asked.operation, &at_operation) else {
            continue;
        };
        if !is_read(context.service, &name) {
            let message =
                format!("`{name}` is not read-only, and a diagnosis must not change anything");
            let help = "call an operation that describes, gets or lists";
            context.advise(&rule::MUTATING_OPERATION, &at_operation, message, help);
        }
        let Some(model) = operation::model(context, known, &name) else { continue };
        let at_input = format!("{place}/input");
        let missing = input::check(context, &model, &asked.input, &at_input);
        if !missing.is_empty() {
            let message = format!("the input lacks {}", missing.join(", "));
            let help = "the waiter's own input is not passed on: write {{input.NAME}}";
            context.advise(&rule::BAD_INPUT, &at_operation, message, help);
        }
        if let Some(polled) = polled {
            input::check_placeholders(context, &model, polled, &asked.input, &at_input);
        }
        expressions::check_shown(context, &model, &asked.show, &format!("{place}/show"));
    }
}
