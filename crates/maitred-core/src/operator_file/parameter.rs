//! The parameters of operators.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// An argument of an operator. It is required unless it has a default or is optional.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct OperatorParameter {
    /// The type of the value. Default: `string`.
    #[serde(rename = "type", default)]
    pub kind: OperatorParameterType,
    /// A description of the value, in a sentence.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// The value if the caller gives none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub default: Option<Value>,
    /// Declares that the caller may leave it out; so is then every member that it alone stands for. Default: false.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub optional: bool,
}

impl OperatorParameter {
    /// True if the caller has to give it.
    #[must_use]
    pub fn is_required(&self) -> bool {
        self.default.is_none() && !self.optional
    }
}

/// The type of an argument. Callers match it exhaustively: a new variant is a breaking change.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub enum OperatorParameterType {
    /// Any string.
    #[default]
    String,
    /// A number.
    Number,
    /// `true` or `false`.
    Boolean,
    /// Any JSON value.
    Json,
    /// Any JSON value; the request gets its text. A string is taken as that text.
    JsonText,
    /// An object of names and values; the request gets `[{"Key", "Value"}]`. A list is taken as it is.
    Tags,
    /// A list; any other value is a list of one.
    List,
}

impl OperatorParameterType {
    /// The name as in files.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::String => "string",
            Self::Number => "number",
            Self::Boolean => "boolean",
            Self::Json => "json",
            Self::JsonText => "jsonText",
            Self::Tags => "tags",
            Self::List => "list",
        }
    }

    /// The form of an argument of this type in requests.
    ///
    /// # Errors
    /// The type that was expected.
    pub fn convert(self, value: &Value) -> Result<Value, &'static str> {
        let same = |is_typed: bool, wanted| is_typed.then(|| value.clone()).ok_or(wanted);
        match self {
            Self::String => same(value.is_string(), "a string"),
            Self::Number => same(value.is_number(), "a number"),
            Self::Boolean => same(value.is_boolean(), "`true` or `false`"),
            Self::Json => Ok(value.clone()),
            Self::JsonText if value.is_string() => Ok(value.clone()),
            Self::JsonText => Ok(value.to_string().into()),
            Self::List if value.is_array() => Ok(value.clone()),
            Self::List => Ok(json!([value])),
            Self::Tags => match value {
                Value::Array(_) => Ok(value.clone()),
                Value::Object(tags) => Ok(tags
                    .iter()
                    .map(|(key, value)| json!({"Key": key, "Value": value}))
                    .collect()),
                Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {
                    Err("an object of tags, or a list of `{\"Key\", \"Value\"}`")
                }
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use OperatorParameterType as Type;

    #[test]
    fn an_argument_has_the_form_that_requests_need() {
        let object = json!({"team": "data"});
        for (kind, value, converted) in [
            (Type::String, json!("a"), Ok(json!("a"))),
            (Type::String, json!(1), Err("a string")),
            (Type::Number, json!(1.5), Ok(json!(1.5))),
            (Type::Number, json!("1"), Err("a number")),
            (Type::Boolean, json!(true), Ok(json!(true))),
            (Type::Boolean, json!("true"), Err("`true` or `false`")),
            (Type::Json, object.clone(), Ok(object.clone())),
            (Type::JsonText, object.clone(), Ok(json!("{\"team\":\"data\"}"))),
            (Type::JsonText, json!("[1]"), Ok(json!("[1]"))),
            (Type::List, json!("a"), Ok(json!(["a"]))),
            (Type::List, json!(["a", "b"]), Ok(json!(["a", "b"]))),
            (Type::Tags, object, Ok(json!([{"Key": "team", "Value": "data"}]))),
            (Type::Tags, json!([{"Name": "a"}]), Ok(json!([{"Name": "a"}]))),
        ] {
            assert_eq!(kind.convert(&value), converted, "{kind:?} {value}");
        }
        assert!(Type::Tags.convert(&json!("a=b")).is_err());
    }
}
