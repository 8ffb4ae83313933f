//! Waiter files: text that claims to be one is checked, compiled, or refused with places in it.

use maitred::catalog::parse_lenient;
use maitred::config::WaiterFile;
use maitred::diagnostic::Invalid;
use maitred::schema;
use maitred::waiter::{Options, Waiter};

pub(crate) fn check(input: &[u8]) {
    let Ok(text) = std::str::from_utf8(input) else { return };
    match schema::parse(text) {
        Ok(file) => {
            compile(&file);
            let again = serde_json::to_string(&file).map(|text| schema::parse(&text));
            assert!(matches!(again, Ok(Ok(again)) if again == file), "it changes when written");
        }
        Err(invalid) => check_places(text, &invalid),
    }
    if let Ok(value) = serde_json::from_str(text)
        && let Ok(lenient) = parse_lenient(&value)
    {
        compile(&lenient.file);
    }
}

fn compile(file: &WaiterFile) {
    let plain = Options::default();
    let mut strict = Options::default();
    strict.strict = true;
    for (name, waiter) in &file.waiters {
        let Ok(config) = waiter.resolve() else { continue };
        let given = config.parameters.keys().map(|name| (name.clone(), "x".into()));
        let mut filled = Options::default();
        filled.parameters = given.collect();
        for options in [&plain, &strict, &filled] {
            drop(Waiter::compile("thing", name, &config, options));
        }
    }
}

/// Whoever shows a problem cuts the text at its place.
fn check_places(text: &str, invalid: &Invalid) {
    assert!(!invalid.diagnostics().is_empty(), "it is refused without a reason");
    for problem in invalid.diagnostics() {
        let cut = problem.span.clone().is_none_or(|span| text.get(span).is_some());
        assert!(cut, "{problem:?} has no place in the text");
        assert!(!problem.message.is_empty(), "{problem:?} says nothing");
    }
}
