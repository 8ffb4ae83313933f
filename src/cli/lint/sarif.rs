//! Findings as SARIF 2.1.0 (<https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html>).

use std::collections::BTreeMap;
use std::path::Path;

use serde_json::{Value, json};

use crate::cli::findings::Findings;
use crate::lint;

/// The log of one run.
pub(super) fn log(checked: &[Findings]) -> Value {
    let mut rules = BTreeMap::new();
    for finding in checked.iter().flat_map(|file| &file.diagnostics) {
        rules.entry(finding.rule).or_insert_with(|| descriptor(finding.rule));
    }
    let results = checked.iter().flat_map(|file| {
        let places = file.to_json();
        let results = file.diagnostics.iter().zip(places);
        results.map(|(finding, place)| {
            let message = finding.message.clone();
            let message = finding.help.iter().fold(message, |text, help| text + "\n" + help);
            json!({
                "ruleId": finding.rule,
                "ruleIndex": rules.keys().position(|rule| *rule == finding.rule),
                "level": finding.severity,
                "message": {"text": message},
                "locations": [{
                    "physicalLocation": location(&file.name, &place),
                    "logicalLocations": [{"fullyQualifiedName": finding.pointer}],
                }],
            })
        })
    });
    let results: Vec<_> = results.collect();
    json!({
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [{
            "tool": {"driver": {
                "name": "maitred",
                "version": env!("CARGO_PKG_VERSION"),
                "informationUri": env!("CARGO_PKG_REPOSITORY"),
                "rules": rules.into_values().collect::<Vec<_>>(),
            }},
            "columnKind": "unicodeCodePoints",
            "results": results,
        }],
    })
}

fn descriptor(name: &str) -> Value {
    match lint::find(name) {
        Ok(rule) => json!({
            "id": name,
            "shortDescription": {"text": rule.summary()},
            "fullDescription": {"text": rule.explanation()},
            "defaultConfiguration": {"level": rule.severity},
        }),
        Err(_) => json!({"id": name}),
    }
}

fn location(file: &str, place: &Value) -> Value {
    let mut location = json!({"artifactLocation": {"uri": uri(file)}});
    if place["line"].is_u64() {
        location["region"] = json!({
            "startLine": place["line"],
            "startColumn": place["column"],
            "endLine": place["endLine"],
            "endColumn": place["endColumn"],
        });
    }
    location
}

/// A path as a URI reference (RFC 3986), relative to where the command runs, as code scanning wants it.
fn uri(path: &str) -> String {
    let here = std::env::current_dir().unwrap_or_default();
    let path = Path::new(path);
    let path = path.strip_prefix(here).unwrap_or(path);
    let scheme = if path.is_absolute() { "file://" } else { "" };
    let path = path.to_string_lossy().replace('\\', "/");
    let mut uri = scheme.to_owned();
    for byte in path.trim_start_matches("./").bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~/".contains(&byte) {
            uri.push(char::from(byte));
        } else {
            uri.push_str(&format!("%{byte:02X}"));
        }
    }
    uri
}
