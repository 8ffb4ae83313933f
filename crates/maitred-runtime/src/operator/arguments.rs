//! The arguments of operators: their JSON Schema, and what is said of arguments that cannot be read.

use schemars::JsonSchema;
use serde::de::DeserializeOwned;
use serde_json::Value;

use maitred_core::diagnostic::shortened;

/// The JSON Schema of a type's stored form. Its descriptions are those of the documentation, without the
/// sections and links that are only for readers of Rust.
#[must_use]
pub fn arguments_of<T: JsonSchema>() -> Value {
    let mut schema = schemars::schema_for!(T).to_value();
    simplify_descriptions(&mut schema);
    schema
}

fn simplify_descriptions(schema: &mut Value) {
    match schema {
        Value::Object(keywords) => {
            for (keyword, value) in keywords {
                if let (Value::String(text), "description") = (&mut *value, keyword.as_str()) {
                    *text = plain_text(text);
                } else {
                    simplify_descriptions(value);
                }
            }
        }
        Value::Array(items) => items.iter_mut().for_each(simplify_descriptions),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

/// A documentation comment up to its first heading, without code blocks and the targets of links.
fn plain_text(documentation: &str) -> String {
    let mut in_code = false;
    let mut kept = Vec::new();
    for line in documentation.lines().take_while(|line| !line.starts_with("# ")) {
        let is_fence = line.trim_start().starts_with("```");
        if !is_fence && !in_code {
            kept.push(line);
        }
        in_code ^= is_fence;
    }
    without_links(kept.join("\n").trim_end())
}

/// `[text](target)` and ``[`text`]`` as `text` alone.
fn without_links(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, link)) = rest.split_once('[') {
        plain.push_str(before);
        let Some((label, after)) = link.split_once(']') else {
            plain.push('[');
            rest = link;
            continue;
        };
        let target = after.strip_prefix('(').and_then(|target| target.split_once(')'));
        if target.is_some() || label.starts_with('`') {
            plain.push_str(label);
        } else {
            plain.push_str(&format!("[{label}]"));
        }
        rest = target.map_or(after, |(_, after)| after);
    }
    plain.push_str(rest);
    plain
}

/// Reads arguments as an operator's type.
///
/// # Errors
/// They cannot be read; the message names the argument and what is expected of it, in the words of `schema`
/// and never in those of a Rust type.
pub(super) fn read<T: DeserializeOwned>(args: &Value, schema: &Value) -> Result<T, String> {
    if let Some(place) = misplaced_array(args, schema, schema) {
        let place = if place.is_empty() { place } else { format!("{place}: ") };
        return Err(format!("{place}invalid type: array, expected an object"));
    }
    serde_path_to_error::deserialize(args).map_err(|error| {
        let path = error.path().to_string();
        let segments: Vec<String> = error.path().iter().map(ToString::to_string).collect();
        let message =
            in_plain_words(&error.into_inner().to_string(), || expected(schema, &segments));
        // The message of an unknown or a missing member names it.
        let names_it = message.starts_with("unknown field");
        let parent = path.rsplit_once('.').map_or(".", |(parent, _)| parent);
        match if names_it { parent } else { &path } {
            "." => message,
            place => format!("{place}: {message}"),
        }
    })
}

/// The path of an array where the schema has an object. Serde would take its items for the members, in the
/// order of a Rust type.
fn misplaced_array(value: &Value, root: &Value, schema: &Value) -> Option<String> {
    let schema = resolved(root, schema);
    let properties = schema.get("properties");
    match value {
        Value::Array(_) if properties.is_some() => Some(String::new()),
        Value::Array(items) => {
            let of_items = schema.get("items")?;
            items.iter().enumerate().find_map(|(index, item)| {
                let below = misplaced_array(item, root, of_items)?;
                Some(join(&format!("[{index}]"), &below))
            })
        }
        Value::Object(members) => members.iter().find_map(|(name, member)| {
            let below = misplaced_array(member, root, properties?.get(name)?)?;
            Some(join(name, &below))
        }),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => None,
    }
}

fn join(place: &str, below: &str) -> String {
    let dot = if below.is_empty() || below.starts_with('[') { "" } else { "." };
    format!("{place}{dot}{below}")
}

/// A message of serde's without names of Rust types; `expected` says what such a type is.
fn in_plain_words(message: &str, expected: impl FnOnce() -> String) -> String {
    if message.starts_with("data did not match any variant") {
        return format!("expected {}", expected());
    }
    let Some((found, wanted)) = message.rsplit_once(", expected ") else {
        return message.to_owned();
    };
    let mut found = found.to_owned();
    for (rust, json) in [("map", "object"), ("sequence", "array"), ("unit value", "null")] {
        found =
            found.replacen(&format!("invalid type: {rust}"), &format!("invalid type: {json}"), 1);
    }
    let is_a_type = wanted.split(' ').any(|word| matches!(word, "struct" | "enum" | "variant"));
    let wanted = match wanted {
        _ if is_a_type || wanted == "string or map" => expected(),
        "a map" => "an object".to_owned(),
        "a sequence" => "an array".to_owned(),
        "u8" => "a whole number from 0 to 255".to_owned(),
        "u16" => "a whole number from 0 to 65535".to_owned(),
        "u32" => format!("a whole number from 0 to {}", u32::MAX),
        "u64" | "usize" => "a whole number, 0 or more".to_owned(),
        "i8" | "i16" | "i32" | "i64" | "isize" => "a whole number".to_owned(),
        "f32" | "f64" => "a number".to_owned(),
        wanted => wanted.to_owned(),
    };
    format!("{found}, expected {wanted}")
}

/// The type of the value at a path of an operator's arguments.
fn expected(schema: &Value, path: &[String]) -> String {
    let place = path.iter().try_fold(schema, |at, segment| member(schema, at, segment));
    let kind = place.map_or_else(|| "any".to_owned(), |place| kind(schema, place));
    if kind == "any" { "an object".to_owned() } else { kind }
}

/// The schema of a member of an object, or of an item of an array.
fn member<'a>(root: &'a Value, schema: &'a Value, segment: &str) -> Option<&'a Value> {
    let schema = resolved(root, schema);
    schema.get("properties").and_then(|properties| properties.get(segment)).or_else(|| {
        let is_item = segment.starts_with('[') || segment.parse::<usize>().is_ok();
        schema.get("items").filter(|_| is_item)
    })
}

/// The definition that a schema stands for: behind its references, and without the null of what may be left
/// out.
pub fn resolved<'a>(root: &'a Value, schema: &'a Value) -> &'a Value {
    let alternatives = schema.get("anyOf").or(schema.get("oneOf")).and_then(Value::as_array);
    let is_null = |schema: &&Value| schema.get("type").is_some_and(|kind| kind == "null");
    if let Some(alternatives) = alternatives
        && let mut others = alternatives.iter().filter(|schema| !is_null(schema))
        && let (Some(only), None) = (others.next(), others.next())
    {
        return resolved(root, only);
    }
    let reference = schema.get("$ref").and_then(Value::as_str);
    match reference.and_then(|place| root.pointer(place.trim_start_matches('#'))) {
        Some(target) if !std::ptr::eq(target, schema) => resolved(root, target),
        _ => schema,
    }
}

/// The type of a value in the words of JSON, e.g. `integer or array of integer`; `any` if it may be anything.
pub fn kind(root: &Value, schema: &Value) -> String {
    let schema = resolved(root, schema);
    let alternatives = schema.get("anyOf").or(schema.get("oneOf")).and_then(Value::as_array);
    let kinds: Vec<String> = match (alternatives, schema.get("type"), schema.get("enum")) {
        (Some(alternatives), ..) => alternatives.iter().map(|one| kind(root, one)).collect(),
        (None, _, Some(Value::Array(values))) => values.iter().map(Value::to_string).collect(),
        (None, Some(Value::Array(names)), _) => {
            names.iter().filter_map(Value::as_str).map(str::to_owned).collect()
        }
        (None, ..) if schema.get("const").is_some() => {
            schema.get("const").map(Value::to_string).into_iter().collect()
        }
        (None, Some(Value::String(name)), _) if name == "array" => {
            let items = schema.get("items").map(|items| kind(root, items));
            let items = items.filter(|items| items != "any");
            vec![items.map_or_else(|| name.clone(), |items| format!("array of {items}"))]
        }
        (None, Some(Value::String(name)), _) => vec![name.clone()],
        (None, ..) => Vec::new(),
    };
    let mut words: Vec<String> = Vec::new();
    for kind in kinds.into_iter().filter(|kind| kind != "null") {
        if !words.contains(&kind) {
            words.push(kind);
        }
    }
    if words.is_empty() { "any".to_owned() } else { shortened(&words.join(" or ")) }
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;
    use serde_json::json;

    use super::*;

    /// The arguments of a test.
    ///
    /// Use [`Self::count`] or a [page](https://example.com), but [not] this.
    ///
    /// ```
    /// let rust = "code";
    /// ```
    ///
    /// And this.
    ///
    /// # For Rust
    ///
    /// More.
    #[derive(Debug, Deserialize, JsonSchema)]
    #[serde(deny_unknown_fields)]
    #[expect(dead_code, reason = "only read")]
    struct Arguments {
        #[serde(default)]
        count: Option<u16>,
        #[serde(default)]
        nested: Option<Nested>,
        #[serde(default)]
        tags: Vec<Nested>,
        #[serde(default)]
        either: Option<Either>,
        #[serde(default)]
        word: Option<Word>,
    }

    #[derive(Debug, Deserialize, JsonSchema)]
    #[serde(deny_unknown_fields)]
    #[expect(dead_code, reason = "only read")]
    struct Nested {
        status: u16,
        #[serde(default)]
        inner: Option<Box<Self>>,
    }

    #[derive(Debug, Deserialize, JsonSchema)]
    #[serde(untagged)]
    #[expect(dead_code, reason = "only read")]
    enum Either {
        One(u16),
        Many(Vec<u16>),
    }

    #[derive(Debug, Deserialize, JsonSchema)]
    #[serde(rename_all = "snake_case")]
    enum Word {
        Yes,
        No,
    }

    #[test]
    fn descriptions_have_no_code_and_no_links() {
        let schema = arguments_of::<Arguments>();
        assert_eq!(
            schema["description"],
            "The arguments of a test.\n\nUse `Self::count` or a page, but [not] this.\n\n\nAnd this."
        );
    }

    #[test]
    fn a_mistake_names_its_place_and_no_rust_type() {
        let schema = arguments_of::<Arguments>();
        for (args, said) in [
            (
                json!({"count": "a"}),
                "count: invalid type: string \"a\", expected a whole number from 0 to 65535",
            ),
            (
                json!({"cuont": 1}),
                "unknown field `cuont`, expected one of `count`, `nested`, `tags`, `either`, `word`",
            ),
            (json!({"nested": 5}), "nested: invalid type: integer `5`, expected object"),
            (json!({"nested": {}}), "nested: missing field `status`"),
            (
                json!({"nested": {"status": 1, "x": 1}}),
                "nested: unknown field `x`, expected `status` or `inner`",
            ),
            (
                json!({"nested": {"status": 1, "inner": {"status": []}}}),
                "nested.inner.status: invalid type: array, expected a whole number from 0 to 65535",
            ),
            (json!({"tags": {}}), "tags: invalid type: object, expected an array"),
            (
                json!({"tags": [{"status": 1}, "x"]}),
                "tags[1]: invalid type: string \"x\", expected object",
            ),
            (json!({"either": "x"}), "either: expected integer or array of integer"),
            (json!({"word": "maybe"}), "word: unknown variant `maybe`, expected `yes` or `no`"),
            (json!({"word": 5}), "word: invalid type: integer `5`, expected \"yes\" or \"no\""),
            (json!([1]), "invalid type: array, expected an object"),
            (json!({"nested": [1]}), "nested: invalid type: array, expected an object"),
            (
                json!({"tags": [{"status": 1, "inner": []}]}),
                "tags[0].inner: invalid type: array, expected an object",
            ),
            (json!("x"), "invalid type: string \"x\", expected object"),
        ] {
            let error = read::<Arguments>(&args, &schema).unwrap_err();
            assert_eq!(error, said, "{args}");
        }
    }
}
