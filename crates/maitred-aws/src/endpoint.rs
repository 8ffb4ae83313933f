//! The endpoint of a call: an interpreter of endpoint rule sets.
//!
//! The rules and their functions are those of
//! <https://smithy.io/2.0/additional-specs/rules-engine/specification.html>.

use serde::Deserialize;
use serde_json::{Map, Value};

mod functions;

pub(super) use functions::{
    EndpointError, Partitions, is_ip, is_valid_host_label, parse_url, split_port, uri_encode,
};

/// The longest text that a template may make, in bytes: rules could double a text until the memory is used
/// up.
const MAX_TEXT: usize = 64 * 1024;

/// A service's rules.
#[derive(Debug, Deserialize)]
pub(super) struct RuleSet {
    #[serde(default)]
    parameters: Map<String, Value>,
    rules: Vec<Rule>,
}

#[derive(Debug, Deserialize)]
struct Rule {
    #[serde(default)]
    conditions: Vec<Value>,
    #[serde(flatten)]
    then: Then,
}

#[derive(Debug, Deserialize)]
#[serde(tag = "type", rename_all = "lowercase")]
enum Then {
    Endpoint { endpoint: EndpointRule },
    Error { error: Value },
    Tree { rules: Vec<Rule> },
}

#[derive(Debug, Deserialize)]
struct EndpointRule {
    url: Value,
    #[serde(default)]
    properties: Value,
    #[serde(default)]
    headers: Value,
}

/// The endpoint of a call.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct ResolvedEndpoint {
    pub(super) url: String,
    /// `authSchemes` and the like.
    pub(super) properties: Map<String, Value>,
    /// Headers to send along, a list of values each.
    pub(super) headers: Map<String, Value>,
}

impl RuleSet {
    /// Reads the JSON of a rule set.
    pub(super) fn parse(text: &str) -> Result<Self, EndpointError> {
        serde_json::from_str(text).map_err(|error| EndpointError(error.to_string()))
    }

    /// The endpoint for these parameters (`Region`, `UseFIPS`, `Endpoint`, …); ones that the rule
    /// set does not have are ignored. The rules can end with an error.
    pub(super) fn resolve(
        &self,
        partitions: &Partitions,
        parameters: &Map<String, Value>,
    ) -> Result<ResolvedEndpoint, EndpointError> {
        let mut scope = Scope { variables: Vec::new(), partitions };
        for (name, definition) in &self.parameters {
            let given = parameters.get(name).or_else(|| definition.get("default"));
            match given {
                Some(value) => scope.variables.push((name, value.clone())),
                None if definition.get("required") == Some(&Value::Bool(true)) => {
                    return Err(EndpointError(format!("the endpoint needs a value for {name}")));
                }
                None => {}
            }
        }
        let resolved = scope.first_of(&self.rules)?;
        resolved.ok_or_else(|| EndpointError("no rule has an endpoint for this call".to_owned()))
    }
}

/// The variables that a rule sees. Those of a rule are dropped when it ends.
struct Scope<'a> {
    variables: Vec<(&'a str, Value)>,
    partitions: &'a Partitions,
}

impl<'a> Scope<'a> {
    fn first_of(&mut self, rules: &'a [Rule]) -> Result<Option<ResolvedEndpoint>, EndpointError> {
        for rule in rules {
            let mark = self.variables.len();
            let resolved = self.rule(rule)?;
            self.variables.truncate(mark);
            if resolved.is_some() {
                return Ok(resolved);
            }
        }
        Ok(None)
    }

    fn rule(&mut self, rule: &'a Rule) -> Result<Option<ResolvedEndpoint>, EndpointError> {
        for condition in &rule.conditions {
            let holds = self.call(condition)?;
            if matches!(holds, Value::Null | Value::Bool(false)) {
                return Ok(None);
            }
            if let Some(name) = condition.get("assign").and_then(Value::as_str) {
                self.variables.push((name, holds));
            }
        }
        match &rule.then {
            Then::Tree { rules } => self.first_of(rules),
            Then::Error { error } => Err(EndpointError(text_of(&self.value(error)?))),
            Then::Endpoint { endpoint } => {
                let object = |value: &Value| {
                    let value = self.nested(value)?;
                    Ok::<_, EndpointError>(value.as_object().cloned().unwrap_or_default())
                };
                Ok(Some(ResolvedEndpoint {
                    url: text_of(&self.value(&endpoint.url)?),
                    headers: object(&endpoint.headers)?,
                    properties: object(&endpoint.properties)?,
                }))
            }
        }
    }

    fn call(&self, function: &Value) -> Result<Value, EndpointError> {
        let name = function.get("fn").and_then(Value::as_str).unwrap_or_default();
        let arguments = function.get("argv").and_then(Value::as_array);
        let arguments = arguments.into_iter().flatten().map(|argument| self.value(argument));
        let arguments = arguments.collect::<Result<Vec<_>, _>>()?;
        functions::call(name, &arguments, self.partitions)
    }

    fn value(&self, value: &Value) -> Result<Value, EndpointError> {
        match value {
            Value::Object(object) if object.contains_key("fn") => self.call(value),
            Value::Object(object) => {
                let name = object.get("ref").and_then(Value::as_str);
                Ok(name.and_then(|name| self.variable(name)).cloned().unwrap_or_default())
            }
            Value::String(template) => self.template(template).map(Value::String),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::Array(_) => Ok(value.clone()),
        }
    }

    /// Properties and headers are literals, apart from templates.
    fn nested(&self, value: &Value) -> Result<Value, EndpointError> {
        match value {
            Value::Array(items) => {
                let items = items.iter().map(|item| self.nested(item));
                Ok(Value::Array(items.collect::<Result<_, _>>()?))
            }
            Value::Object(entries) => {
                let entries =
                    entries.iter().map(|(key, value)| Ok((key.clone(), self.nested(value)?)));
                Ok(Value::Object(entries.collect::<Result<_, EndpointError>>()?))
            }
            Value::String(template) => self.template(template).map(Value::String),
            Value::Null | Value::Bool(_) | Value::Number(_) => Ok(value.clone()),
        }
    }

    fn variable(&self, name: &str) -> Option<&Value> {
        let found = self.variables.iter().rev().find(|(known, _)| *known == name);
        found.map(|(_, value)| value)
    }

    /// Puts values in the place of `{Name}` and `{Name#attribute}`; `{{` and `}}` are braces.
    fn template(&self, template: &str) -> Result<String, EndpointError> {
        let mut text = String::with_capacity(template.len());
        let mut rest = template;
        while let Some(at) = rest.find(['{', '}']) {
            let (before, brace) = rest.split_at(at);
            text.push_str(before);
            if brace.starts_with("{{") || brace.starts_with("}}") {
                text.push_str(&brace[..1]);
                rest = &brace[2..];
                continue;
            }
            let end = brace.strip_prefix('{').and_then(|inner| inner.split_once('}'));
            let (reference, after) =
                end.ok_or_else(|| EndpointError(format!("`{template}` is not a template")))?;
            let mut path = reference.split('#');
            let start = path.next().and_then(|name| self.variable(name));
            let found = path.fold(start, |value, key| value.and_then(|value| value.get(key)));
            let found =
                found.ok_or_else(|| EndpointError(format!("`{reference}` has no value")))?;
            text.push_str(&text_of(found));
            if text.len() > MAX_TEXT {
                return Err(EndpointError(format!("`{reference}` makes a text too long")));
            }
            rest = after;
        }
        text.push_str(rest);
        Ok(text)
    }
}

fn text_of(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn rules_that_double_a_text_end_in_an_error() {
        let double = json!({ "fn": "uriEncode", "argv": ["{a}{a}"], "assign": "a" });
        let rules = json!({
            "parameters": { "a": { "default": "x" } },
            "rules": [{
                "conditions": vec![double; 60],
                "type": "endpoint",
                "endpoint": { "url": "https://{a}" },
            }],
        });
        let partitions = json!({ "partitions": [
            { "id": "aws", "regionRegex": "", "regions": {}, "outputs": {} },
        ] });
        let partitions = Partitions::parse(&partitions.to_string()).unwrap();
        let rules = RuleSet::parse(&rules.to_string()).unwrap();
        let error = rules.resolve(&partitions, &Map::new()).unwrap_err();
        assert_eq!(error.0, "`a` makes a text too long");
    }

    fn resolved(rules: &Value, parameters: Value) -> Result<ResolvedEndpoint, String> {
        let partitions = json!({ "partitions": [
            { "id": "aws", "regionRegex": "", "regions": {}, "outputs": {} },
        ] });
        let partitions = Partitions::parse(&partitions.to_string()).unwrap();
        let rules = RuleSet::parse(&rules.to_string()).unwrap();
        let Value::Object(parameters) = parameters else { panic!("{parameters}") };
        rules.resolve(&partitions, &parameters).map_err(|error| error.0)
    }

    #[test]
    fn a_variable_is_seen_by_its_own_rule_only_and_the_innermost_wins() {
        let is_set = |name: &str, assign: &str| json!({ "fn": "uriEncode", "argv": [{ "ref": name }], "assign": assign });
        let missing = json!({ "fn": "isSet", "argv": [{ "ref": "Missing" }] });
        let rules = json!({
            "parameters": {
                "Given": { "type": "string" }, "Default": { "default": "d" },
                "Needed": { "required": true },
            },
            "rules": [
                { "conditions": [is_set("Given", "Inner"), missing], "type": "error", "error": "never" },
                { "conditions": [is_set("Default", "Needed")], "type": "tree", "rules": [
                    { "conditions": [{ "fn": "isSet", "argv": [{ "ref": "Inner" }] }],
                      "type": "error", "error": "Inner is still seen" },
                    { "conditions": [], "type": "endpoint", "endpoint": {
                        "url": "https://{Needed}.{Default}/{{x}}",
                        "headers": { "x-a": ["{Needed}"] },
                        "properties": { "authSchemes": [{ "name": "sigv4", "n": 1 }] },
                    } },
                ] },
            ],
        });
        let endpoint = resolved(&rules, json!({ "Given": "g", "Needed": "n", "Odd": 1 })).unwrap();
        assert_eq!(endpoint.url, "https://d.d/{x}");
        assert_eq!(Value::Object(endpoint.headers), json!({ "x-a": ["d"] }));
        let schemes = json!({ "authSchemes": [{ "name": "sigv4", "n": 1 }] });
        assert_eq!(Value::Object(endpoint.properties), schemes);
        let error = resolved(&rules, json!({ "Given": "g" })).unwrap_err();
        assert_eq!(error, "the endpoint needs a value for Needed");
    }

    #[test]
    fn a_template_that_cannot_be_filled_is_an_error() {
        let rules = |url: &str| {
            json!({
                "parameters": { "A": { "default": "x" } },
                "rules": [{ "conditions": [], "type": "endpoint", "endpoint": { "url": url } }],
            })
        };
        for (url, said) in [
            ("{B}", "`B` has no value"),
            ("{A#b}", "`A#b` has no value"),
            ("{A", "`{A` is not a template"),
            ("A}", "`A}` is not a template"),
        ] {
            assert_eq!(resolved(&rules(url), json!({})).unwrap_err(), said);
        }
        assert_eq!(resolved(&rules("{A#b}"), json!({ "A": { "b": 7 } })).unwrap().url, "7");
        let none = json!({ "rules": [] });
        let said = "no rule has an endpoint for this call";
        assert_eq!(resolved(&none, json!({})).unwrap_err(), said);
    }
}
