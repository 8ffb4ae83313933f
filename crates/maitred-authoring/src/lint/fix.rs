//! Repairs that do not change the meaning of a file.

use super::rule;
use crate::schema;
use maitred_core::config::WaiterFile;
use maitred_core::diagnostic::Diagnostic;

/// The text with safe repairs for `findings`; `None` if there are none.
///
/// It corrects the casing of operations, removes unused arguments, and adds the `$schema` for editors to a file
/// that has none. The rest of the text is unchanged.
#[must_use]
pub fn fixed(text: &str, findings: &[Diagnostic]) -> Option<String> {
    let mut edits: Vec<_> = findings.iter().filter_map(|finding| edit(text, finding)).collect();
    // From the end, so that what is before stays where it is.
    edits.sort_by_key(|(range, _)| std::cmp::Reverse(range.start));
    let mut fixed = text.to_owned();
    let mut untouched = text.len();
    for (range, new) in &edits {
        if range.end <= untouched {
            fixed.replace_range(range.clone(), new);
            untouched = range.start;
        }
    }
    let fixed = with_schema(&fixed).unwrap_or(fixed);
    (fixed != text).then_some(fixed)
}

/// The text with its JSON Schema as the first key; `None` if it has one, or is no waiter file.
fn with_schema(text: &str) -> Option<String> {
    let file: WaiterFile = serde_json::from_str(text).ok()?;
    let (before, rest) = text.split_once('{').filter(|_| file.schema.is_none())?;
    // The next key begins as the first one did.
    let blanks = &rest[..rest.len() - rest.trim_start().len()];
    let gap = if blanks.is_empty() { " " } else { "" };
    let key = format!("\"$schema\": \"{}\",", schema::SCHEMA_ID);
    Some(format!("{before}{{{blanks}{key}{gap}{rest}"))
}

fn edit(text: &str, finding: &Diagnostic) -> Option<(std::ops::Range<usize>, String)> {
    let span = finding.span.clone()?;
    let written = text.get(span.clone())?;
    if finding.rule == rule::OPERATION_CASE.name {
        // The message is the one place that has the name.
        let name = finding.message.split('`').nth(1)?;
        return written.starts_with('"').then(|| (span, format!("\"{name}\"")));
    }
    let argument = finding.rule == rule::USELESS_KEY.name && finding.pointer.ends_with("/argument");
    let range = argument.then(|| entry(text, &span))??;
    Some((range, String::new()))
}

/// The whole of an entry of an object whose value is at `value`: its key, and one comma.
fn entry(text: &str, value: &std::ops::Range<usize>) -> Option<std::ops::Range<usize>> {
    let before = text[..value.start].trim_end().strip_suffix(':')?.trim_end();
    let key = before.strip_suffix('"')?.rfind('"')?;
    let after = &text[value.end..];
    let blanks = after.len() - after.trim_start().len();
    if after.trim_start().starts_with(',') {
        // With what is between this entry and the next.
        let rest = &after[blanks + 1..];
        let next = rest.len() - rest.trim_start().len();
        return Some(key..value.end + blanks + 1 + next);
    }
    // The last entry goes with the comma before it.
    let comma = text[..key].trim_end().strip_suffix(',')?.len();
    Some(comma..value.end)
}
