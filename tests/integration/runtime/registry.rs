//! What the registry tells of operators.

use serde_json::{Value, json};

#[test]
fn every_argument_that_is_told_is_taken_and_no_other() {
    let registry = maitred::registry();
    for (name, summary) in &registry.operators() {
        assert!(!summary.is_empty(), "{name}");
        let schema = registry.arguments(name).unwrap();
        // Operators of files take the members of their main call, too.
        if registry.operator_files().find(name).is_none() {
            assert_eq!(schema["additionalProperties"], json!(false), "{name}");
        }
        let arguments = schema["properties"].as_object().unwrap();
        assert!(arguments.len() > 5, "{name}: {arguments:?}");
        for (argument, property) in arguments {
            let told = property["description"].as_str().unwrap_or_default();
            assert!(!told.is_empty(), "{name}: {argument}");
            let alone = Value::Object([(argument.clone(), Value::Null)].into_iter().collect());
            if let Err(error) = registry.check(name, &alone) {
                assert!(!error.to_string().contains("unknown field"), "{name}: {error}");
            }
        }
        let error = registry.check(name, &json!({"no_such_argument": 1})).unwrap_err();
        assert!(error.to_string().contains("unknown field `no_such_argument`"), "{name}: {error}");
    }
    assert!(registry.arguments("http.requests").is_err());
}
