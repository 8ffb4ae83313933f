//! The rule about the input of service `http`.

use super::context::LintContext;
use super::rule;
use maitred_core::client::HTTP_SERVICE;
use maitred_http::check_input;

/// Checks the members of the input that hold no placeholders. What is missing, the caller can give.
pub(super) fn check(context: &mut LintContext<'_>) {
    if context.service != HTTP_SERVICE {
        return;
    }
    let mut input = context.waiter.input.clone();
    input.retain(|_, value| !value.to_string().contains("{{"));
    for problem in check_input(&input) {
        let member = problem.path.split(['.', '[']).next().unwrap_or_default();
        if input.contains_key(member) {
            let message = format!("`{}` {}", problem.path, problem.message);
            context.add(&rule::BAD_INPUT, &format!("/input/{member}"), message, problem.help, None);
        }
    }
}
