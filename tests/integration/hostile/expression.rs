//! JMESPath: an expression, a line break, and the JSON document that it is evaluated on.

use maitred::expression::Expression;
use serde_json::{Value, json};

pub(crate) fn check(input: &[u8]) {
    let Ok(text) = std::str::from_utf8(input) else { return };
    let (text, document) = text.split_once('\n').unwrap_or((text, ""));
    let document = serde_json::from_str(document).unwrap_or_else(|_| sample());
    match Expression::compile(text) {
        Ok(expression) => {
            evaluate(&expression, &document);
            let bound = expression.bind(&|text| Ok::<_, ()>(Value::from(format!("<{text}>"))));
            bound.iter().for_each(|bound| evaluate(bound, &document));
        }
        Err(error) => {
            assert!(text.get(error.offset()..).is_some(), "{error} at {}", error.offset());
            assert!(!error.message().is_empty(), "an error says nothing");
        }
    }
}

fn evaluate(expression: &Expression, document: &Value) {
    let value = expression.evaluate(document);
    let again = expression.evaluate(document);
    assert_eq!(value, again, "an expression has two values");
    // Where its answer is one, it is that of the value.
    if let (Ok(is_true), Ok(value)) = (expression.is_true(document), value) {
        assert_eq!(is_true, truth(&value), "{value}");
    }
}

fn truth(value: &Value) -> bool {
    match value {
        Value::Null => false,
        Value::Bool(value) => *value,
        Value::Number(_) => true,
        Value::String(text) => !text.is_empty(),
        Value::Array(items) => !items.is_empty(),
        Value::Object(entries) => !entries.is_empty(),
    }
}

/// What most expressions of the corpus find something in.
fn sample() -> Value {
    json!({
        "a": [1, 2.5, -3, 18_446_744_073_709_551_615_u64, "b", null, true],
        "b": { "c": "x", "d": [{ "e": "y", "f": 1 }, { "e": "z", "f": 2 }], "ä": "ö" },
    })
}
