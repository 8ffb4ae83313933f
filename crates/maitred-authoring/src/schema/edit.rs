//! Adding a waiter to the text of a file without changing the rest.

use std::ops::Range;

use serde_json::Value;

use super::source::Source;
use maitred_core::diagnostic::{Diagnostic, Invalid, pointer_part};

/// The text of a waiter file with `waiter` added under `name`: it replaces the one of that name, or follows
/// the last one. The rest of the text is unchanged.
///
/// # Errors
/// The text is not a waiter file.
pub fn with_waiter(text: &str, name: &str, waiter: &Value) -> Result<String, Invalid> {
    let mut problems = Vec::new();
    let source = Source::parse(text, &mut problems);
    let Some(source) = source.filter(|_| problems.is_empty()) else {
        return Err(Invalid::new(problems));
    };
    let waiters = source.value().get("waiters").and_then(Value::as_object);
    let (Some(waiters), Some((_, all))) = (waiters, source.place("/waiters")) else {
        let problem = Diagnostic::error("missing-key", "", "the key `waiters` is missing");
        return Err(Invalid::new(vec![problem.with_help("add \"waiters\": {}")]));
    };
    let place = |name: &String| source.place(&format!("/waiters/{}", pointer_part(name)));
    if let Some((key, value)) = waiters.get_key_value(name).and_then(|(name, _)| place(name)) {
        let indent = key.map_or_else(String::new, |key| indent(text, key.start));
        return Ok(replaced(text, value, &pretty(waiter, &indent)));
    }
    let last = waiters.keys().filter_map(place).max_by_key(|(_, value)| value.end);
    let Some((key, value)) = last else {
        let entry = format!("{{\n    {}: {}\n  }}", Value::from(name), pretty(waiter, "    "));
        return Ok(replaced(text, all, &entry));
    };
    let indent = key.map_or_else(String::new, |key| indent(text, key.start));
    let entry = format!(",\n{indent}{}: {}", Value::from(name), pretty(waiter, &indent));
    Ok(replaced(text, value.end..value.end, &entry))
}

fn replaced(text: &str, range: Range<usize>, with: &str) -> String {
    format!("{}{with}{}", &text[..range.start], &text[range.end..])
}

/// The white space before `at` on its line.
fn indent(text: &str, at: usize) -> String {
    let line = text[..at].rfind('\n').map_or(0, |newline| newline + 1);
    let blank = |c: &char| matches!(c, ' ' | '\t');
    text[line..at].chars().take_while(blank).collect()
}

/// Formatted JSON at the indentation `indent`.
fn pretty(value: &Value, indent: &str) -> String {
    format!("{value:#}").replace('\n', &format!("\n{indent}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn the_rest_of_the_text_stays_as_it_is() {
        let text = "{ \"version\": 2,\n  \"waiters\": {\n      \"b\": {\"delay\":  1},\n      \"a\": {}\n  } }\n";
        let added = with_waiter(text, "c", &json!({ "delay": 2 })).unwrap();
        let entry = "\"a\": {},\n      \"c\": {\n        \"delay\": 2\n      }\n  } }\n";
        assert_eq!(added, text.replace("\"a\": {}\n  } }\n", entry));
        let replaced = with_waiter(text, "b", &json!({})).unwrap();
        assert_eq!(replaced, text.replace("{\"delay\":  1}", "{}"));
    }

    #[test]
    fn the_first_waiter_of_a_file_finds_its_place() {
        let added = with_waiter("{\"version\": 2, \"waiters\": {}}", "a", &json!({})).unwrap();
        assert_eq!(added, "{\"version\": 2, \"waiters\": {\n    \"a\": {}\n  }}");
        assert!(with_waiter("{\"version\": 2}", "a", &json!({})).is_err());
        assert!(with_waiter("[", "a", &json!({})).is_err());
    }
}
