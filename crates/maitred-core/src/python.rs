//! Python's semantics that are visible in botocore's waiters: equality, order and printing of values.

use std::cmp::Ordering;

use serde_json::{Number, Value};

/// Python's `==`: `true` equals 1 and 1.0, an integer equals the float of the same value exactly,
/// and nothing else crosses types.
pub fn equal(a: &Value, b: &Value) -> bool {
    match (a, b) {
        (Value::Null, Value::Null) => true,
        (Value::String(a), Value::String(b)) => a == b,
        (Value::Array(a), Value::Array(b)) => {
            a.len() == b.len() && a.iter().zip(b).all(|(a, b)| equal(a, b))
        }
        (Value::Object(a), Value::Object(b)) => {
            a.len() == b.len() && a.iter().all(|(key, a)| b.get(key).is_some_and(|b| equal(a, b)))
        }
        _ => match (number(a), number(b)) {
            (Some(a), Some(b)) => compare_numbers(&a, &b) == Some(Ordering::Equal),
            _ => false,
        },
    }
}

/// Like [`equal`], but refuses to guess.
///
/// # Errors
/// The values have numbers beyond 64 bits, which are read as the nearest float and may be different integers.
pub(crate) fn try_equal(a: &Value, b: &Value) -> Result<bool, String> {
    if !equal(a, b) {
        return Ok(false);
    }
    match beyond_64_bits(a) {
        Some(number) => {
            Err(format!("numbers beyond 64 bits, as {number} is, cannot be told apart"))
        }
        None => Ok(true),
    }
}

/// A number in `value` that is beyond 64 bits, so that it may differ from the one in the text.
pub(crate) fn beyond_64_bits(value: &Value) -> Option<&Number> {
    const BEYOND_U64: f64 = 18_446_744_073_709_551_616.0;
    const LEAST_I64: f64 = -9_223_372_036_854_775_808.0;
    match value {
        Value::Number(number) => {
            let float = number.as_f64().filter(|_| number.is_f64())?;
            (float >= BEYOND_U64 || float <= LEAST_I64).then_some(number)
        }
        Value::Array(items) => items.iter().find_map(beyond_64_bits),
        Value::Object(members) => members.values().find_map(beyond_64_bits),
        Value::Null | Value::Bool(_) | Value::String(_) => None,
    }
}

/// A boolean is a number in Python.
fn number(value: &Value) -> Option<Number> {
    match value {
        Value::Bool(value) => Some(Number::from(u8::from(*value))),
        Value::Number(value) => Some(value.clone()),
        Value::Null | Value::String(_) | Value::Array(_) | Value::Object(_) => None,
    }
}

/// The exact order of two numbers; unlike a comparison of floats it distinguishes 2^53 and 2^53 + 1.
pub(crate) fn compare_numbers(a: &Number, b: &Number) -> Option<Ordering> {
    match (integer(a), integer(b)) {
        (Some(a), Some(b)) => Some(a.cmp(&b)),
        (None, None) => a.as_f64()?.partial_cmp(&b.as_f64()?),
        (Some(a), None) => compare_with_float(a, b.as_f64()?),
        (None, Some(b)) => compare_with_float(b, a.as_f64()?).map(Ordering::reverse),
    }
}

fn integer(number: &Number) -> Option<i128> {
    number.as_i64().map(i128::from).or_else(|| number.as_u64().map(i128::from))
}

/// Every i64 and u64 is exact as an i128, and `as` cuts a float to its whole part, at the range's ends
/// to those; what is cut off decides where the whole parts are equal.
fn compare_with_float(integer: i128, float: f64) -> Option<Ordering> {
    let whole = float.trunc();
    Some(integer.cmp(&(whole as i128)).then(0.0.partial_cmp(&(float - whole))?))
}

/// The name of a value's type in Python.
pub fn type_name(value: &Value) -> &'static str {
    match value {
        Value::Null => "NoneType",
        Value::Bool(_) => "bool",
        Value::Number(number) if number.is_f64() => "float",
        Value::Number(_) => "int",
        Value::String(_) => "str",
        Value::Array(_) => "list",
        Value::Object(_) => "dict",
    }
}

/// Python's error for two values that have no order.
pub(crate) fn unordered(operator: &str, left: &Value, right: &Value) -> String {
    let (left, right) = (type_name(left), type_name(right));
    format!("'{operator}' not supported between instances of '{left}' and '{right}'")
}

/// Python's `int(text)`, or else its `float(text)`; `None` if JSON has no such number.
pub(crate) fn parse_number(text: &str) -> Option<Number> {
    let text = text.trim();
    let grouped = text.split('_').all(|part| part.ends_with(|c: char| c.is_ascii_digit()))
        && text.split('_').skip(1).all(|part| part.starts_with(|c: char| c.is_ascii_digit()));
    let digits = if grouped { text.replace('_', "") } else { text.to_owned() };
    if let Ok(integer) = digits.parse::<i128>() {
        return Number::from_i128(integer).or_else(|| Number::from_f64(integer as f64));
    }
    digits.parse::<f64>().ok().and_then(Number::from_f64)
}

/// The ways in which Python prints values.
struct Style {
    null: &'static str,
    booleans: [&'static str; 2],
    comma: &'static str,
    colon: &'static str,
    string: fn(&str) -> String,
}

const JSON: Style = Style {
    null: "null",
    booleans: ["false", "true"],
    comma: ",",
    colon: ":",
    string: dump_string,
};

const REPR: Style = Style {
    null: "None",
    booleans: ["False", "True"],
    comma: ", ",
    colon: ": ",
    string: repr_string,
};

impl Style {
    fn print(&self, value: &Value) -> String {
        match value {
            Value::Null => self.null.to_owned(),
            Value::Bool(value) => self.booleans[usize::from(*value)].to_owned(),
            Value::Number(number) => repr_number(number),
            Value::String(text) => (self.string)(text),
            Value::Array(items) => {
                let items: Vec<_> = items.iter().map(|item| self.print(item)).collect();
                format!("[{}]", items.join(self.comma))
            }
            Value::Object(entries) => {
                let entry = |(key, value): (&String, &Value)| {
                    format!("{}{}{}", (self.string)(key), self.colon, self.print(value))
                };
                let entries: Vec<_> = entries.iter().map(entry).collect();
                format!("{{{}}}", entries.join(self.comma))
            }
        }
    }
}

/// Python's `json.dumps(value, separators=(",", ":"))`.
pub(crate) fn dumps(value: &Value) -> String {
    JSON.print(value)
}

/// JSON in ASCII only.
fn dump_string(text: &str) -> String {
    let mut out = String::new();
    for unit in Value::from(text).to_string().encode_utf16() {
        match u8::try_from(unit) {
            Ok(byte) if byte.is_ascii() && byte != 0x7f => out.push(byte.into()),
            _ => out.push_str(&format!("\\u{unit:04x}")),
        }
    }
    out
}

/// Python's `str()` of a JSON value, as in botocore's messages.
pub fn text(value: &Value) -> String {
    value.as_str().map_or_else(|| REPR.print(value), str::to_owned)
}

/// Python prints the shortest digits that read back as the same float, as Rust does, but turns to
/// an exponent below 1e-4 and from 1e16 on.
fn repr_number(number: &Number) -> String {
    let Some(float) = number.as_f64().filter(|_| number.is_f64()) else {
        return number.to_string();
    };
    if float == 0.0 || (1e-4..1e16).contains(&float.abs()) {
        return format!("{float:?}");
    }
    let scientific = format!("{float:e}");
    let (digits, exponent) = scientific.split_once('e').unwrap_or((&scientific, "0"));
    match exponent.strip_prefix('-') {
        Some(exponent) => format!("{digits}e-{exponent:0>2}"),
        None => format!("{digits}e+{exponent:0>2}"),
    }
}

fn repr_string(text: &str) -> String {
    let quote = if text.contains('\'') && !text.contains('"') { '"' } else { '\'' };
    let mut out = String::from(quote);
    for c in text.chars() {
        match c {
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            c if c == quote => out.extend(['\\', c]),
            c if !is_printable(c) => out.push_str(&match u32::from(c) {
                code @ 0..=0xff => format!("\\x{code:02x}"),
                code @ 0x100..=0xffff => format!("\\u{code:04x}"),
                code => format!("\\U{code:08x}"),
            }),
            c => out.push(c),
        }
    }
    out.push(quote);
    out
}

/// Returns whether `repr` prints a character verbatim. Python escapes separators other than the space, and
/// control, format and private characters.
fn is_printable(c: char) -> bool {
    let format = matches!(c, '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}')
        || matches!(c, '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}');
    let private = matches!(c, '\u{e000}'..='\u{f8ff}' | '\u{f0000}'..);
    c == ' ' || !(c.is_control() || c.is_whitespace() || format || private)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn values_print_as_python_prints_them() {
        let cases = [
            (json!(true), "True"),
            (json!(null), "None"),
            (json!(1.0), "1.0"),
            (json!(1e16), "1e+16"),
            (json!(1.5e-7), "1.5e-07"),
            (json!(0.0001), "0.0001"),
            (json!(["it's", {"a": 1}]), r#"["it's", {'a': 1}]"#),
            (json!("it's"), "it's"),
        ];
        for (value, expected) in cases {
            assert_eq!(text(&value), expected);
        }
    }

    #[test]
    fn numbers_are_equal_by_value_and_nothing_else_crosses_types() {
        let equal = |a: Value, b: Value| super::equal(&a, &b);
        assert!(equal(json!(1), json!(true)));
        assert!(equal(json!(1.0), json!(1)));
        assert!(equal(json!([false]), json!([0])));
        assert!(!equal(json!("1"), json!(1)));
        assert!(!equal(json!(9_007_199_254_740_993_u64), json!(9_007_199_254_740_992.0)));
        assert!(!equal(json!(null), json!(false)));
    }

    #[test]
    fn integers_that_were_read_as_the_same_float_are_not_said_to_be_equal() {
        let read = |text: &str| serde_json::from_str::<Value>(text).unwrap();
        for (one, other, equal) in [
            ("18446744073709551617", "18446744073709551616", None),
            ("-9223372036854775809", "-9223372036854775808.0", None),
            ("[1, {\"a\": 36893488147419103233}]", "[1, {\"a\": 36893488147419103232}]", None),
            ("18446744073709551617", "28446744073709551617", Some(false)),
            ("18446744073709551616", "18446744073709551615", Some(false)),
            ("18446744073709551615", "18446744073709551615", Some(true)),
            ("-9223372036854775808", "-9223372036854775808", Some(true)),
            ("1e15", "1000000000000000", Some(true)),
        ] {
            assert_eq!(try_equal(&read(one), &read(other)).ok(), equal, "{one} {other}");
        }
    }
}
