//! Reading waiter files.

use std::path::Path;

use serde_json::{Map, Value, json};

use super::error::BadFile;
use crate::config::WaiterFile;
use crate::diagnostic::{Diagnostic, Invalid, pointer_part};
use crate::file;
use crate::waiter::Waiter;

/// The largest waiter file, in bytes.
pub const MAX_FILE: usize = 4 * 1024 * 1024;

/// A function that parses and checks the text of a waiter file.
pub type WaiterReader = fn(&str) -> Result<WaiterFile, Invalid>;

/// Parses the text of a waiter file. The keys and values must be those of [`WaiterFile`], and every expression
/// must compile.
///
/// This is for programs that use waiters. For those who write them, `maitred-authoring` checks a text
/// against the JSON Schema: it finds all problems at once, each with its position in the text.
///
/// # Errors
/// The text is not JSON, not a waiter file, or has an invalid waiter.
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
pub fn read(path: &Path, reader: WaiterReader) -> Result<WaiterFile, Box<BadFile>> {
    let bad = |text, problems| BadFile::new(path, text, problems);
    let text = file::text(path, MAX_FILE as u64).map_err(|error| {
        let problem = Diagnostic::error("file", "", error.to_string());
        bad(String::new(), Invalid::new(vec![problem]))
    })?;
    reader(&text).map_err(|problems| bad(text, problems))
}

/// Converts the numbers of a waiter file that have to be integers, such as `60.0`, to integers.
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

/// The largest integer up to which floats are exact.
const EXACT: f64 = 9_007_199_254_740_992.0;

/// Converts a float without a fraction to an integer.
pub fn make_whole(value: Option<&mut Value>) {
    if let Some(value) = value
        && let Some(number) = value.as_f64()
        && (value.is_f64() && number.fract() == 0.0 && (0.0..=EXACT).contains(&number))
    {
        *value = json!(number as u64);
    }
}
