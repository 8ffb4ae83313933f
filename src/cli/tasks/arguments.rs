//! The arguments of an operator, as JSON, in a file or on standard input.

use std::path::Path;

use serde_json::Value;

use crate::cli::exit::Failure;
use crate::cli::values::MAX_FILE;
use crate::file;

/// Reads a JSON object, `@FILE`, or `-` for standard input.
pub(super) fn read(text: &str) -> Result<Value, Failure> {
    let wrong = |message: String| {
        Failure::usage(message).help("give a JSON object, @FILE, or - for standard input")
    };
    let (place, text) = match text.strip_prefix('@') {
        Some(path) => {
            let text = file::named(Path::new(path), MAX_FILE).and_then(file::as_text);
            (path, text.map_err(|error| wrong(format!("--args: {path} {error}")))?)
        }
        None if text == "-" => {
            let text = file::all(std::io::stdin().lock(), MAX_FILE).and_then(file::as_text);
            let wrong = |error| wrong(format!("--args: standard input {error}"));
            ("standard input", text.map_err(wrong)?)
        }
        None => ("--args", text.to_owned()),
    };
    if text.trim().is_empty() {
        return Err(wrong(format!("{place} is empty, where the operator's arguments should be")));
    }
    match serde_json::from_str(&text) {
        Ok(value @ Value::Object(_)) => Ok(value),
        Ok(_) => Err(wrong(format!("{place} is JSON, but no object"))),
        Err(error) => Err(wrong(format!("{place} is not JSON: {error}"))),
    }
}
