//! Extensions of a schema for language servers: descriptions in Markdown, descriptions of enum values, and
//! snippets. Validators ignore them.
//!
//! `tests/editor` shows the results in an editor.

use serde_json::{Map, Value};

use super::tidy::for_each_object;

/// Adds what editors need. `snippets` is JSON: by pointer into the schema, the snippets with label and body.
/// `^` before the placeholder of a number prevents quotes.
pub(super) fn for_editors(mut schema: Value, snippets: &str) -> Value {
    inline_described_references(&mut schema);
    let snippets: Map<String, Value> =
        serde_json::from_str(snippets).expect("the tests read the snippets");
    for (pointer, bodies) in snippets {
        if let Some(Value::Object(keywords)) = schema.pointer_mut(&pointer) {
            keywords.insert("defaultSnippets".to_owned(), bodies);
        }
    }
    schema
}

/// Inlines the definitions of keys that have their own description: a language server shows the description of
/// the definition instead.
fn inline_described_references(schema: &mut Value) {
    let definitions = schema.get("$defs").cloned().unwrap_or_default();
    for_each_object(schema, &mut |keywords| {
        inline_reference(keywords, &definitions);
        add_markdown(keywords);
    });
    let text = schema.to_string();
    if let Some(Value::Object(definitions)) = schema.get_mut("$defs") {
        definitions.retain(|name, _| text.contains(&format!("\"#/$defs/{name}\"")));
    }
}

fn inline_reference(keywords: &mut Map<String, Value>, definitions: &Value) {
    let target = keywords.get("$ref").and_then(Value::as_str);
    let name = target.and_then(|target| target.strip_prefix("#/$defs/"));
    let definition = name.and_then(|name| definitions.get(name)).and_then(Value::as_object);
    let (Some(definition), true) = (definition, keywords.contains_key("description")) else {
        return;
    };
    let mut whole = definition.clone();
    keywords.shift_remove("$ref");
    whole.append(keywords);
    *keywords = whole;
}

/// Adds `markdownDescription`, as editors show `description` as plain text.
fn add_markdown(keywords: &mut Map<String, Value>) {
    // A property may be called `description`, too.
    if let Some(Value::String(text)) = keywords.get("description")
        && text.contains(['`', '<', '\n'])
    {
        let text = Value::from(text.as_str());
        keywords.insert("markdownDescription".to_owned(), text);
    }
}
