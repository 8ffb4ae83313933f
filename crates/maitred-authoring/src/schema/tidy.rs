//! Simplifies a generated schema: plain enumerations, no `null` where a key can be left out, no number formats
//! of Rust.

use serde_json::{Map, Value};

/// Tidies a generated schema.
pub(super) fn tidy(mut schema: Value) -> Value {
    let enumerations = take_enumerations(&mut schema);
    for_each_object(&mut schema, &mut |keywords| {
        without_null(keywords);
        // A property may be called so, too.
        if keywords.get("format").is_some_and(Value::is_string) {
            keywords.shift_remove("format");
        }
        if let Some(Value::String(text)) = keywords.get_mut("description") {
            *text = text.replace('\n', " ");
        }
        inline(keywords, &enumerations);
    });
    first(schema, &["$schema", "$id", "title", "description"])
}

/// Definitions that list strings, as `enum` with the meaning of each value in the description.
fn take_enumerations(schema: &mut Value) -> Map<String, Value> {
    let mut enumerations = Map::new();
    if let Some(definitions) = schema.get_mut("$defs").and_then(Value::as_object_mut) {
        for (name, definition) in std::mem::take(definitions) {
            match enumeration(&definition) {
                Some(plain) => enumerations.insert(format!("#/$defs/{name}"), plain),
                None => definitions.insert(name, definition),
            };
        }
    }
    enumerations
}

fn enumeration(definition: &Value) -> Option<Value> {
    let options = definition.get("oneOf")?.as_array()?;
    let values: Vec<_> =
        options.iter().map(|option| option.get("const")?.as_str()).collect::<Option<_>>()?;
    let each: Vec<_> = options
        .iter()
        .map(|option| Some(option.get("description")?.as_str()?.replace('\n', " ")))
        .collect::<Option<_>>()?;
    let meanings: String = values
        .iter()
        .zip(&each)
        .map(|(value, meaning)| format!("\n- `{value}`: {meaning}"))
        .collect();
    Some(serde_json::json!({
        "type": "string", "enum": values, "markdownEnumDescriptions": each, "description": meanings,
    }))
}

/// Applies `change` to each object of a schema, from the root down.
pub(super) fn for_each_object(schema: &mut Value, change: &mut dyn FnMut(&mut Map<String, Value>)) {
    match schema {
        Value::Object(keywords) => {
            change(keywords);
            keywords.values_mut().for_each(|value| for_each_object(value, change));
        }
        Value::Array(items) => items.iter_mut().for_each(|item| for_each_object(item, change)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

/// Removes the `null` of an optional key, which is left out in a file.
fn without_null(keywords: &mut Map<String, Value>) {
    if let Some(Value::Array(types)) = keywords.get_mut("type")
        && let [only, null] = types.as_slice()
        && null == "null"
    {
        let only = only.clone();
        keywords.insert("type".to_owned(), only);
    }
    let Some(Value::Array(options)) = keywords.get("anyOf") else { return };
    if let [Value::Object(only), null] = options.as_slice()
        && null.get("type").is_some_and(|kind| kind == "null")
    {
        let mut plain = only.clone();
        keywords.shift_remove("anyOf");
        plain.append(keywords);
        *keywords = plain;
    }
}

fn inline(keywords: &mut Map<String, Value>, enumerations: &Map<String, Value>) {
    let target = keywords.get("$ref").and_then(Value::as_str);
    let Some(Value::Object(plain)) = target.and_then(|target| enumerations.get(target)) else {
        return;
    };
    keywords.shift_remove("$ref");
    for (keyword, value) in plain {
        match (keywords.get_mut(keyword), value) {
            (Some(Value::String(text)), Value::String(meanings)) => text.push_str(meanings),
            _ => drop(keywords.insert(keyword.clone(), value.clone())),
        }
    }
}

/// The same object with `keys` at its beginning.
fn first(schema: Value, keys: &[&str]) -> Value {
    let Value::Object(mut rest) = schema else { return schema };
    let mut ordered = Map::new();
    for key in keys {
        ordered.extend(rest.shift_remove_entry(*key));
    }
    ordered.append(&mut rest);
    Value::Object(ordered)
}
