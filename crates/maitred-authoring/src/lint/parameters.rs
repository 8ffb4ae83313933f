//! Rules about parameters.

use std::collections::HashSet;

use serde_json::Value;

use super::context::LintContext;
use super::{input, rule};
use maitred_core::config::Show;
use maitred_core::diagnostic::pointer_part;
use maitred_model::OperationModel;

/// Checks that declared parameters are used, and used ones declared.
pub(super) fn check(context: &mut LintContext<'_>, operation: Option<&OperationModel>) {
    let texts = texts(context);
    if let Some(operation) = operation {
        for (place, text) in &texts {
            let names: Vec<_> = placeholders(text).collect();
            input::check_references(context, operation, place, &names);
        }
        let input = context.waiter.input.clone();
        input::check_placeholders(context, operation, operation, &input, "/input");
    }
    let declared = &context.waiter.parameters;
    let used: HashSet<_> = texts.iter().flat_map(|(_, text)| placeholders(text)).collect();
    for name in declared.keys() {
        if !used.contains(name.as_str()) {
            let message = format!("nothing uses the parameter `{name}`");
            let help = format!("write {{{{{name}}}}} where its value belongs, or remove it");
            let place = format!("/parameters/{}", pointer_part(name));
            context.advise(&rule::UNUSED_PARAMETER, &place, message, help);
        }
    }
    if !declared.is_empty() {
        // The compiler rejects undeclared ones.
        return;
    }
    let mut known = HashSet::new();
    for (place, text) in &texts {
        let undeclared = |name: &&str| !name.starts_with("input.") && !known.contains(*name);
        if let Some(name) = placeholders(text).find(undeclared) {
            known.insert(name);
            let message = format!("`{{{{{name}}}}}` stands for itself: nothing declares it");
            let help = format!("add \"parameters\": {{\"{name}\": {{}}}}");
            context.advise(&rule::UNDECLARED_PARAMETER, place, message, help);
        }
    }
}

/// The texts in which placeholders stand for values.
fn texts(context: &LintContext<'_>) -> Vec<(String, String)> {
    let waiter = context.waiter;
    let mut texts = Vec::new();
    for (index, acceptor) in waiter.acceptors.iter().enumerate() {
        let place = |key: &str| format!("/acceptors/{index}/{key}");
        texts.extend(acceptor.argument.clone().map(|text| (place("argument"), text)));
        texts.extend(acceptor.message.clone().map(|text| (place("message"), text)));
        texts.push((place("expected"), written(&acceptor.expected)));
    }
    texts.extend(waiter.baseline.clone().map(|text| ("/baseline".to_owned(), text)));
    for (index, asked) in waiter.diagnose.iter().enumerate() {
        let place = |name: &str| format!("/diagnose/{index}/input/{name}");
        texts.extend(asked.input.iter().map(|(name, value)| (place(name), written(value))));
    }
    let input = waiter.input.iter();
    texts.extend(input.map(|(key, value)| (format!("/input/{key}"), written(value))));
    let show = waiter.show.as_ref().map_or(&[][..], Show::expressions);
    texts.extend(show.iter().map(|text| ("/show".to_owned(), text.clone())));
    texts
}

fn written(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// The names in `{{…}}`.
fn placeholders(text: &str) -> impl Iterator<Item = &str> {
    text.split("{{").skip(1).filter_map(|after| Some(after.split_once("}}")?.0.trim()))
}
