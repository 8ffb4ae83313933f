//! Expressions within limits: any text is answered by a value or an error, on a small stack and in
//! bounded memory.

use maitred::expression::{Expression, MAX_OPERATORS};
use serde_json::{Value, json};

/// Runs on a stack as small as those that tests and tokio's workers have.
fn on_a_small_stack(test: impl FnOnce() + Send + 'static) {
    std::thread::Builder::new().stack_size(2 << 20).spawn(test).unwrap().join().unwrap();
}

#[test]
fn the_deepest_expressions_there_can_be_fit_on_a_small_stack() {
    on_a_small_stack(|| {
        let half = MAX_OPERATORS / 2;
        let shapes = [
            vec!["a"; MAX_OPERATORS].join("."),
            vec!["a"; MAX_OPERATORS].join("|"),
            vec!["a"; half].join("||"),
            "!".repeat(MAX_OPERATORS) + "a",
            "&".repeat(MAX_OPERATORS) + "a",
            "[]".repeat(half),
            "(".repeat(MAX_OPERATORS),
            "[".repeat(MAX_OPERATORS),
            "f(".repeat(MAX_OPERATORS),
            "(".repeat(half) + "a" + &")".repeat(half),
            "[".repeat(half) + "a" + &"]".repeat(half),
            "not_null(".repeat(half) + "a" + &")".repeat(half),
            "a[?".repeat(MAX_OPERATORS / 3) + "a" + &"]".repeat(MAX_OPERATORS / 3),
            "{a:".repeat(MAX_OPERATORS / 3) + "a" + &"}".repeat(MAX_OPERATORS / 3),
        ];
        let mut document = json!("x");
        for _ in 0..100 {
            document = json!({ "a": document });
        }
        for shape in shapes {
            if let Ok(expression) = Expression::compile(&shape) {
                let bound = expression.bind(&|text| Ok::<_, ()>(Value::from(text))).unwrap();
                drop((bound.evaluate(&document), bound.is_true(&document)));
            }
        }
    });
}

#[test]
fn an_expression_that_doubles_its_value_ends_in_an_error() {
    let many = |step: &str, times: usize| vec![step; times].join("|");
    for text in [
        many("[@,@]", 33),
        many("[@,@][]", 20),
        many("{a:@,b:@}", 22),
        many("to_string([@])", 30),
        many("[@,@]|length(@)|[@,@]", 2) + "|" + &many("[@,@]", 25),
    ] {
        let expression =
            Expression::compile(&text).unwrap_or_else(|error| panic!("{text}: {error}"));
        let error = expression.evaluate(&json!({"a": "b\\\""})).unwrap_err();
        assert!(error.to_string().contains("parts"), "{text}: {error}");
    }
}

#[test]
fn literals_keep_the_order_of_their_keys() {
    let evaluate = |text: &str| Expression::compile(text).unwrap().evaluate(&json!({})).unwrap();
    assert_eq!(evaluate("keys(`{\"b\": 1, \"a\": 2}`)"), json!(["b", "a"]));
    assert_eq!(evaluate("to_string(`{\"b\": 1, \"a\": 2}`)"), json!(r#"{"b":1,"a":2}"#));
    assert_eq!(evaluate("`foo`"), json!("foo"));
}

#[test]
fn the_answer_of_a_condition_must_not_hang_on_absent_values() {
    let is_true = |text: &str| Expression::compile(text).unwrap().is_true(&json!({"c": "x"}));
    assert_eq!(is_true("c == 'x' || a == b"), Ok(true));
    assert_eq!(is_true("a == b || c == 'x'"), Ok(true));
    assert_eq!(is_true("a == b && c == 'y'"), Ok(false));
    assert_eq!(is_true("a == `null`"), Ok(true));
    for text in ["a == b", "!(a == b)", "(a.x == b.x) == (d.x == e.x)", "(a < b) == d"] {
        assert!(is_true(text).is_err(), "{text}");
    }
}

#[test]
fn an_expression_that_would_not_end_is_an_error() {
    let list = format!("`[{}1]`", "1,".repeat(1200));
    for text in [
        format!("{list}[?{list}[?{list}[?@ == `2`]]]"),
        format!("map(&map(&map(&@, {list}), {list}), {list})"),
        format!("to_string(map(&map(&{list}, {list}), {list}))"),
        format!("map(&{list}, map(&{list}, {list})[])[]"),
        format!("{list}[?{list} != {list}]"),
        format!("sort_by({list}, &length(to_string(map(&{list}, {list}))))"),
    ] {
        let expression =
            Expression::compile(&text).unwrap_or_else(|error| panic!("{text}: {error}"));
        let error = expression.evaluate(&json!({})).unwrap_err().to_string();
        assert!(error.contains("steps") || error.contains("parts"), "{error}");
    }
}
