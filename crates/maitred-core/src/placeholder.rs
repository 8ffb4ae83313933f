//! Placeholders: `{{NAME}}` in a text stands for a value. Values are bound, never pasted into an expression.

use serde_json::{Map, Value};

use crate::expression::Expression;

/// `NAME` if `text` is `{{NAME}}` and nothing else.
#[must_use]
pub fn whole_placeholder(text: &str) -> Option<&str> {
    let name = text.trim().strip_prefix("{{")?.strip_suffix("}}")?;
    (!name.contains("{{") && !name.contains("}}")).then_some(name.trim())
}

/// The value of a text with placeholders. A text that is a single placeholder keeps the type of its value; any other
/// becomes a string.
///
/// # Errors
/// The first error of `value_of`, or a placeholder is not closed.
pub fn substitute(
    text: &str,
    value_of: &dyn Fn(&str) -> Result<Value, String>,
) -> Result<Value, String> {
    if let Some(name) = whole_placeholder(text) {
        return value_of(name);
    }
    let mut bound = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("{{") {
        let Some((name, after)) = after.split_once("}}") else {
            return Err(format!("`{text}` opens a placeholder and does not close it"));
        };
        bound.push_str(before);
        let value = value_of(name.trim())?;
        bound.push_str(&value.as_str().map_or_else(|| value.to_string(), str::to_owned));
        rest = after;
    }
    bound.push_str(rest);
    Ok(Value::String(bound))
}

/// The values that placeholders stand for.
pub trait Scope {
    /// The value of a name; `None` if it has none, such as an optional parameter that is not given.
    ///
    /// # Errors
    /// There is no such name.
    fn value_of(&self, name: &str) -> Result<Option<Value>, String>;

    /// The value of a text with placeholders; `None` if the text is a single placeholder without a value.
    ///
    /// # Errors
    /// A name does not exist, or has no value and stands within a text.
    fn text(&self, text: &str) -> Result<Option<Value>, String> {
        match whole_placeholder(text) {
            Some(name) => self.value_of(name),
            None => substitute(text, &|name| self.required(name)).map(Some),
        }
    }

    /// The value of a name that has to have one.
    ///
    /// # Errors
    /// The name does not exist, or has no value.
    fn required(&self, name: &str) -> Result<Value, String> {
        self.value_of(name)?.ok_or_else(|| format!("`{{{{{name}}}}}` has no value"))
    }

    /// A value with its placeholders bound. Members and items that are a single placeholder without a value are left
    /// out; `None` if the whole value is one.
    ///
    /// # Errors
    /// As for [`Scope::text`].
    fn bind(&self, value: &Value) -> Result<Option<Value>, String> {
        Ok(Some(match value {
            Value::String(text) => return self.text(text),
            Value::Array(items) => {
                let bound = items.iter().filter_map(|item| self.bind(item).transpose());
                Value::Array(bound.collect::<Result<_, _>>()?)
            }
            Value::Object(members) => Value::Object(self.members(members)?),
            Value::Null | Value::Bool(_) | Value::Number(_) => value.clone(),
        }))
    }

    /// The members of an object with their placeholders bound. Those without a value are left out.
    ///
    /// # Errors
    /// As for [`Scope::text`].
    fn members(&self, members: &Map<String, Value>) -> Result<Map<String, Value>, String> {
        let bound = members.iter().filter_map(|(name, value)| {
            Some(self.bind(value).transpose()?.map(|value| (name.clone(), value)))
        });
        bound.collect()
    }

    /// An expression with the placeholders in its literals bound.
    ///
    /// # Errors
    /// A name does not exist or has no value.
    fn expression(&self, expression: &Expression) -> Result<Expression, String> {
        if !expression.as_str().contains("{{") {
            return Ok(expression.clone());
        }
        expression.bind(&|literal| substitute(literal, &|name| self.required(name)))
    }
}

/// The names of the placeholders of a text, in order.
pub fn names(text: &str) -> impl Iterator<Item = &str> {
    text.split("{{").skip(1).filter_map(|after| Some(after.split_once("}}")?.0.trim()))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    struct Values(Value);

    impl Scope for Values {
        fn value_of(&self, name: &str) -> Result<Option<Value>, String> {
            let value = self.0.get(name).ok_or_else(|| format!("no {name}"))?;
            Ok(Some(value.clone()).filter(|value| !value.is_null()))
        }
    }

    fn bound(value: &Value) -> Result<Option<Value>, String> {
        Values(json!({"a": "x", "n": 7, "none": null})).bind(value)
    }

    #[test]
    fn a_member_or_an_item_without_a_value_is_left_out() {
        let value =
            json!({"A": "{{a}}", "N": "{{none}}", "L": ["{{none}}", "{{n}}", {"B": "{{none}}"}]});
        assert_eq!(bound(&value), Ok(Some(json!({"A": "x", "L": [7, {}]}))));
        assert_eq!(bound(&json!("{{none}}")), Ok(None));
    }

    #[test]
    fn a_text_needs_the_values_of_all_its_placeholders() {
        assert_eq!(bound(&json!("{{a}}-{{n}}")), Ok(Some(json!("x-7"))));
        assert_eq!(bound(&json!("{{a}}-{{none}}")).unwrap_err(), "`{{none}}` has no value");
        assert_eq!(bound(&json!(["{{b}}"])).unwrap_err(), "no b");
    }

    #[test]
    fn a_value_cannot_change_the_structure_of_an_expression() {
        let expression = Expression::compile("Jobs[?Name == '{{a}}']").unwrap();
        let scope = Values(json!({"a": "x' || '1' == '1"}));
        let bound = scope.expression(&expression).unwrap();
        assert_eq!(bound.evaluate(&json!({"Jobs": [{"Name": "y"}]})).unwrap(), json!([]));
    }

    #[test]
    fn the_names_of_a_text_are_found() {
        assert_eq!(names("a {{b}} {{ c }} {{d").collect::<Vec<_>>(), ["b", "c"]);
    }
}
