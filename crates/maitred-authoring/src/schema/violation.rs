//! Messages for violations of the schema.

use jsonschema::ValidationError;
use jsonschema::error::{TypeKind, ValidationErrorKind};
use serde_json::Value;

use maitred_core::diagnostic::{Diagnostic, cut, nearest, pointer_part};

/// The most problems of one file that are reported.
pub const MAX_PROBLEMS: usize = 1000;

/// The diagnostics of one violation of `schema`.
#[expect(clippy::wildcard_enum_match_arm, reason = "the schema uses few of the many keywords")]
pub(super) fn explain(
    error: &ValidationError<'_>,
    root: &Value,
    schema: &Value,
) -> Vec<Diagnostic> {
    let pointer = error.instance_path().as_str();
    let key = pointer.rsplit('/').next().unwrap_or_default();
    match error.kind() {
        ValidationErrorKind::AdditionalProperties { unexpected } => {
            let known = known_keys(error, schema);
            let unexpected = unexpected.iter().take(MAX_PROBLEMS + 1);
            unexpected.map(|name| unknown_key(name, pointer, &known)).collect()
        }
        ValidationErrorKind::Required { property } => vec![missing(property, pointer, root)],
        ValidationErrorKind::Constant { .. } if pointer == "/version" => vec![version(error)],
        // A wrong type is already reported.
        ValidationErrorKind::Enum { .. } if !error.instance().is_string() => Vec::new(),
        ValidationErrorKind::Enum { options } => vec![not_listed(key, error, options, pointer)],
        ValidationErrorKind::Type { kind } => {
            let message = format!(
                "{} must be {}, not {}",
                subject(key),
                type_names(kind),
                described(error.instance())
            );
            vec![Diagnostic::error("type", pointer, message)]
        }
        ValidationErrorKind::Minimum { limit } => {
            let message = format!("`{key}` must be at least {limit}, not {}", error.instance());
            vec![Diagnostic::error("range", pointer, message)]
        }
        ValidationErrorKind::Maximum { limit } => {
            let message = format!("`{key}` must be at most {limit}, not {}", error.instance());
            vec![Diagnostic::error("range", pointer, message)]
        }
        ValidationErrorKind::MinLength { .. } => {
            vec![Diagnostic::error("type", pointer, format!("`{key}` must not be empty"))]
        }
        ValidationErrorKind::Pattern { .. } if key == "extends" => {
            let message = "`extends` must name a waiter as SERVICE.NAME";
            let help = "e.g. \"redshift.cluster_available\"";
            vec![Diagnostic::error("extends", pointer, message).with_help(help)]
        }
        ValidationErrorKind::AnyOf { .. } if key == "show" => {
            let message = "`show` must be a JMESPath expression or a list of them";
            vec![Diagnostic::error("type", pointer, message)]
        }
        ValidationErrorKind::OneOfNotValid { .. }
        | ValidationErrorKind::OneOfMultipleValid { .. }
            if pointer.starts_with("/replies/") || pointer.starts_with("/diagnose/") =>
        {
            let message = "a reply is one of `output`, `error` and `transport`";
            let reply = Diagnostic::error("reply", pointer, message);
            vec![reply.with_help("e.g. { \"output\": { … } }")]
        }
        ValidationErrorKind::MinItems { .. } => {
            vec![Diagnostic::error("type", pointer, format!("`{key}` must not be empty"))]
        }
        _ => vec![Diagnostic::error(
            "schema",
            pointer,
            format!("{}: {}", subject(key), short(&error.to_string())),
        )],
    }
}

/// The last part of a pointer, as the subject of a sentence.
fn subject(key: &str) -> String {
    match key {
        "" => "the file".to_owned(),
        key if key.bytes().all(|byte| byte.is_ascii_digit()) => "this".to_owned(),
        key => format!("`{key}`"),
    }
}

fn unknown_key(name: &str, pointer: &str, known: &[&str]) -> Diagnostic {
    let help = match nearest(name, known.iter().copied()) {
        Some(near) => format!("did you mean `{near}`?"),
        None if known.is_empty() => "remove it".to_owned(),
        None => format!("the keys here are {}", known.join(", ")),
    };
    let at = format!("{pointer}/{}", pointer_part(name));
    Diagnostic::error("unknown-key", at, format!("there is no key `{name}` here")).with_help(help)
}

/// The keys in `properties` beside the violated keyword.
fn known_keys<'a>(error: &ValidationError<'_>, schema: &'a Value) -> Vec<&'a str> {
    let beside = error.schema_path().as_str().rsplit_once('/').map_or("", |(beside, _)| beside);
    let properties = schema.pointer(&format!("{beside}/properties")).and_then(Value::as_object);
    properties.into_iter().flat_map(|keys| keys.keys().map(String::as_str)).collect()
}

fn missing(property: &Value, pointer: &str, root: &Value) -> Diagnostic {
    let name = property.as_str().unwrap_or_default();
    let message = match (name, root.pointer(pointer).and_then(|object| object.get("matcher"))) {
        ("argument", Some(matcher)) => {
            format!("matcher {matcher} needs an `argument`, the JMESPath expression to evaluate")
        }
        _ => format!("the key `{name}` is missing"),
    };
    let help = match name {
        "version" => "add \"version\": 2",
        "waiters" => "add \"waiters\": { … }",
        "operation" => "name the operation to poll, e.g. \"operation\": \"DescribeClusters\"",
        "delay" => "add the seconds between two polls, e.g. \"delay\": 30",
        "maxDelay" => "add the longest delay in seconds, e.g. \"maxDelay\": 120",
        "maxAttempts" => "add the number of polls, e.g. \"maxAttempts\": 60",
        "acceptors" => "say which response means what: \"acceptors\": [ … ]",
        "state" => "add \"state\": \"success\", \"failure\" or \"retry\"",
        "matcher" => "add \"matcher\": \"path\", \"pathAll\", \"pathAny\", \"status\" or \"error\"",
        "argument" => "e.g. \"argument\": \"Clusters[].ClusterStatus\"",
        "show" => "add the expression whose value says why, e.g. \"show\": \"Events[0].Message\"",
        "expected" => "add the value to match, e.g. \"expected\": \"available\"",
        "replies" => "add the replies that come: \"replies\": [{ \"output\": { … } }]",
        "expect" => "say what becomes of the wait: \"expect\": { \"outcome\": \"success\" }",
        "outcome" => "say how the wait ends, e.g. \"outcome\": \"success\"",
        "code" => "add the error code, e.g. \"code\": \"ClusterNotFound\"",
        _ => "add it",
    };
    Diagnostic::error("missing-key", pointer, message).with_help(help)
}

fn version(error: &ValidationError<'_>) -> Diagnostic {
    let message = format!("`version` must be 2, not {}", error.instance());
    Diagnostic::error("version", "/version", message)
        .with_help("2 is the only version of waiter files that botocore and maitred read")
}

fn not_listed(
    key: &str,
    error: &ValidationError<'_>,
    options: &Value,
    pointer: &str,
) -> Diagnostic {
    let options: Vec<_> =
        options.as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    let given = error.instance();
    let near = given.as_str().and_then(|given| nearest(given, options.iter().copied()));
    let article = if key.starts_with(['a', 'e', 'i', 'o', 'u']) { "an" } else { "a" };
    let help = match near {
        Some(near) => format!("did you mean \"{near}\"?"),
        None => format!("it is one of {}", options.join(", ")),
    };
    Diagnostic::error(
        key_rule(key),
        pointer,
        format!("{} is not {article} `{key}`", short(&given.to_string())),
    )
    .with_help(help)
}

fn key_rule(key: &str) -> &'static str {
    match key {
        "state" => "state",
        "matcher" => "matcher",
        _ => "value",
    }
}

fn type_names(kind: &TypeKind) -> String {
    match kind {
        TypeKind::Single(one) => with_article(one.as_str()),
        TypeKind::Multiple(many) => {
            many.iter().map(|one| with_article(one.as_str())).collect::<Vec<_>>().join(" or ")
        }
    }
}

fn with_article(name: &str) -> String {
    match name {
        "null" => "null".to_owned(),
        "array" => "a list".to_owned(),
        "integer" => "a whole number".to_owned(),
        "object" => "an object".to_owned(),
        name => format!("a {name}"),
    }
}

fn described(value: &Value) -> String {
    match value {
        Value::Null => "null".to_owned(),
        Value::Array(_) => "a list".to_owned(),
        Value::Object(_) => "an object".to_owned(),
        Value::Bool(_) | Value::Number(_) | Value::String(_) => {
            let text = short(&value.to_string());
            if value.is_string() { format!("the string {text}") } else { text }
        }
    }
}

/// The beginning of a value, short enough for a sentence.
pub(super) fn short(text: &str) -> String {
    cut(text, 60)
}
