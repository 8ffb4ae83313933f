//! The parts of the JSON Schema that the types alone do not say.

use serde_json::Value;

pub(super) fn extends_rule() -> Value {
    serde_json::json!({ "required": ["extends"] })
}

pub(super) fn required_rule() -> Value {
    serde_json::json!({ "required": ["operation", "delay", "maxAttempts", "acceptors"] })
}

pub(super) fn version_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
    schemars::json_schema!({ "const": 2 })
}

pub(super) fn any_value_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
    schemars::json_schema!({
        "type": ["string", "number", "boolean", "object", "array", "null"],
        "examples": ["available", true, 404]
    })
}

/// The path matchers cannot do without `argument`.
pub(super) fn argument_rule() -> Value {
    serde_json::json!({
        "if": {
            "properties": { "matcher": { "enum": ["path", "pathAll", "pathAny"] } },
            "required": ["matcher"]
        },
        "then": { "required": ["argument"] }
    })
}
