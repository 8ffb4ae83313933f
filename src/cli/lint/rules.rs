//! The rules in words.

use serde_json::{Value, json};

use crate::cli::exit::Failure;
use crate::cli::report::Report;
use crate::diagnostic::RuleLevel;
use crate::lint::{self, Rule};

/// `--explain RULE`
pub(super) fn explain(name: &str) -> anyhow::Result<Report> {
    if let Some((name, summary)) = lint::file_rules().iter().find(|(known, _)| *known == name) {
        return Ok(Report::text(format!(
            "{name} (error)\n\n{summary}\nA file with it is not a waiter file, so this is always an error.\n"
        )));
    }
    let rule = lint::find(name).map_err(|near| {
        Failure::usage(format!("there is no rule `{name}`"))
            .did_you_mean(near, "`maitred lint --list-rules` lists the rules")
    })?;
    let Rule { name, severity, bad, good, .. } = rule;
    let (severity, summary, explanation) = (severity.as_str(), rule.summary(), rule.explanation());
    Ok(Report::text(format!(
        "{name} ({severity})\n\n{summary}\n{explanation}\n\nFinds something:\n\n{bad}\nFinds nothing:\n\n{good}"
    )))
}

/// `--rule RULE=LEVEL`
pub(super) fn level(text: &str) -> Result<(String, RuleLevel), String> {
    let (name, level) = text.split_once('=').ok_or("write RULE=LEVEL")?;
    let level = serde_json::from_value(level.into())
        .map_err(|_| format!("`{level}` is not one of off, note, warning, error"))?;
    Ok((name.to_owned(), level))
}

/// The rules, a line each.
pub(super) fn text() -> String {
    let rules =
        lint::rules().iter().map(|rule| (rule.name, rule.severity.as_str(), rule.summary()));
    let file_rules = lint::file_rules().iter().map(|(name, summary)| (*name, "error", *summary));
    let line = |(name, severity, summary)| format!("{name:<25} {severity:<8} {summary}\n");
    rules.chain(file_rules).map(line).collect()
}

pub(super) fn json() -> Value {
    let rules = lint::rules().iter().map(|rule| {
        json!({
            "name": rule.name,
            "severity": rule.severity,
            "summary": rule.summary(),
            "explanation": rule.explanation(),
        })
    });
    let file_rules = lint::file_rules().iter();
    let file_rules = file_rules
        .map(|(name, summary)| json!({"name": name, "severity": "error", "summary": summary}));
    json!({
        "version": 1,
        "rules": rules.collect::<Vec<_>>(),
        "fileRules": file_rules.collect::<Vec<_>>(),
    })
}

/// The rules as a page.
pub(super) fn markdown() -> String {
    let mut page = "# Rules of `maitred lint`\n\n\
        Written by `maitred lint --list-rules --output markdown`. Each rule can be set to `off`, \
        `note`, `warning` or `error` under `[lint.rules]` in `maitred.toml`.\n\n\
        | rule | severity | finds |\n|---|---|---|\n"
        .to_owned();
    for rule in lint::rules() {
        let summary = rule.summary().replace('|', "\\|");
        page.push_str(&format!(
            "| [{0}](#{0}) | {1} | {summary} |\n",
            rule.name,
            rule.severity.as_str()
        ));
    }
    page.push_str(
        "\nThese find files that are not waiter files. They are always errors.\n\n| rule | finds |\n|---|---|\n",
    );
    for (name, summary) in lint::file_rules() {
        page.push_str(&format!("| {name} | {summary} |\n"));
    }
    for rule in lint::rules() {
        let Rule { name, bad, good, .. } = rule;
        let (summary, explanation) = (rule.summary(), rule.explanation());
        page.push_str(&format!(
            "\n## {name}\n\n{summary} {explanation}\n\nFinds something:\n\n```json\n{}\n```\n\n\
             Finds nothing:\n\n```json\n{}\n```\n",
            bad.trim_end(),
            good.trim_end()
        ));
    }
    page
}
