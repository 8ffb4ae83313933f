//! From the text of a waiter file to a [`WaiterFile`].

use std::path::Path;

use serde_json::{Map, Value, json};

use super::lookup::BadFile;
use crate::config::WaiterFile;
use crate::diagnostic::Diagnostic;
use crate::diagnostic::Invalid;
use crate::diagnostic::pointer_part;
use crate::file;
use crate::waiter::Waiter;

/// The largest waiter file, in bytes.
pub const MAX_FILE: usize = 4 * 1024 * 1024;

/// Reads the text of a waiter file and checks all of it.
pub type Reader = fn(&str) -> Result<WaiterFile, Invalid>;

/// Reads the text of a waiter file: the keys and values must be those of [`WaiterFile`], and every expression
/// must compile.
///
/// This is for programs that read waiters. `maitred-authoring`, for those who write them, checks a text
/// against the JSON Schema: it gives every problem its place in the text, and finds them all in one go.
///
/// # Errors
/// The text is not JSON, is not a waiter file, or has a waiter that cannot be used.
pub fn parse(text: &str) -> Result<WaiterFile, Invalid> {
    let problem = |rule, message: String| Invalid::new(vec![Diagnostic::error(rule, "", message)]);
    if text.len() > MAX_FILE {
        return Err(problem("size", format!("the file is larger than {MAX_FILE} bytes")));
    }
    let value: Value = serde_json::from_str(text)
        .map_err(|error| problem("json", format!("this is not JSON: {error}")))?;
    let file: WaiterFile = serde_json::from_value(with_whole_numbers(value))
        .map_err(|error| problem("type", error.to_string()))?;
    let problems: Vec<_> = file
        .waiters
        .iter()
        .flat_map(|(name, waiter)| {
            let under = format!("/waiters/{}", pointer_part(name));
            Waiter::check(waiter).into_iter().map(move |mut problem| {
                problem.pointer.insert_str(0, &under);
                problem
            })
        })
        .collect();
    if problems.is_empty() { Ok(file) } else { Err(Invalid::new(problems)) }
}

/// Reads one waiter file with `reader`.
///
/// # Errors
/// The file cannot be read, or is not valid.
pub fn read(path: &Path, reader: Reader) -> Result<WaiterFile, Box<BadFile>> {
    let bad = |text, problems| Box::new(BadFile { path: path.to_owned(), text, problems });
    let text = file::text(path, MAX_FILE as u64).map_err(|error| {
        let problem = Diagnostic::error("file", "", error.to_string());
        bad(String::new(), Invalid::new(vec![problem]))
    })?;
    reader(&text).map_err(|problems| bad(text, problems))
}

/// A waiter file with whole numbers as such where one is meant: for JSON `60.0` is the same as `60`.
#[must_use]
pub fn with_whole_numbers(mut file: Value) -> Value {
    make_whole(file.get_mut("version"));
    let waiters = file.get_mut("waiters").and_then(Value::as_object_mut);
    for waiter in waiters.into_iter().flat_map(Map::values_mut) {
        make_whole(waiter.get_mut("maxAttempts"));
        make_whole(waiter.get_mut("consecutive"));
        make_whole(waiter.pointer_mut("/transient/maxConsecutive"));
    }
    file
}

/// The largest whole number up to which a float is exact.
const EXACT: f64 = 9_007_199_254_740_992.0;

/// Makes a whole number of a float that is one.
pub fn make_whole(value: Option<&mut Value>) {
    if let Some(value) = value
        && let Some(number) = value.as_f64()
        && (value.is_f64() && number.fract() == 0.0 && (0.0..=EXACT).contains(&number))
    {
        *value = json!(number as u64);
    }
}

/// The service that the text of a waiter file names, however broken it is: the value of the key `service` in the
/// outermost object.
pub(super) fn service_in_text(text: &str) -> Option<String> {
    let (mut depth, mut rest) = (0_usize, text);
    while let Some(at) = rest.find(['{', '[', '}', ']', '"']) {
        let (sign, after) = rest[at..].split_at(1);
        rest = after;
        match sign {
            "{" | "[" => depth += 1,
            "}" | "]" => depth = depth.saturating_sub(1),
            _ => {
                let (key, after) = quoted(rest)?;
                rest = after;
                let value = rest.trim_start().strip_prefix(':').map(str::trim_start);
                if depth == 1
                    && key == "service"
                    && let Some(value) = value.and_then(|value| value.strip_prefix('"'))
                {
                    return quoted(value).map(|(service, _)| service.to_owned());
                }
            }
        }
    }
    None
}

/// What stands before the closing quote, as it is written, and what follows it.
fn quoted(text: &str) -> Option<(&str, &str)> {
    let mut escaped = false;
    let end = text.find(|c: char| {
        let ends = c == '"' && !escaped;
        escaped = c == '\\' && !escaped;
        ends
    })?;
    Some((&text[..end], &text[end + 1..]))
}
