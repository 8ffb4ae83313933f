//! All pages of a paginated operation as one document, by the rules of botocore's
//! `PageIterator.build_full_result()`: lists and strings are concatenated, numbers are added, and
//! non-aggregate keys are taken from the first page. The document has no other members.

use serde_json::{Map, Number, Value};

use maitred_core::client::{Call, CallError, CallErrorKind, transport};
use maitred_core::expression::Expression;
use maitred_model::Pagination;

use super::limits::MAX_REPLY_BYTES;

/// The most pages that are requested for one call.
pub const MAX_PAGES: usize = 1000;

/// The pages so far.
pub(super) struct Pages<'a> {
    pagination: &'a Pagination,
    /// The input members that carry tokens, and the expressions that yield them.
    tokens: Vec<(&'a str, Expression)>,
    more_results: Option<Expression>,
    /// The call of the next page.
    call: Call,
    merged: Value,
    same: Vec<(&'a str, Value)>,
    last_token: Option<Vec<Value>>,
    count: usize,
    /// How many bytes of JSON further pages may have.
    room: usize,
}

/// Whether a reply to `call` is one page of several, and another one follows.
pub fn has_next_page(call: &Call, pagination: &Pagination, page: &Value) -> bool {
    Pages::new(call, pagination).and_then(|mut pages| pages.add(page)).unwrap_or_default()
}

impl<'a> Pages<'a> {
    pub(super) fn new(call: &Call, pagination: &'a Pagination) -> Result<Self, CallError> {
        let compile = |text: &str| {
            Expression::compile(text).map_err(|error| {
                failed(
                    "DamagedModels",
                    format!("the paginator's `{text}` does not compile: {error}"),
                )
            })
        };
        let tokens = pagination.input_token.iter().zip(&pagination.output_token);
        let tokens = tokens.map(|(input, output)| Ok((input.as_str(), compile(output)?)));
        Ok(Self {
            tokens: tokens.collect::<Result<_, CallError>>()?,
            more_results: pagination.more_results.as_deref().map(compile).transpose()?,
            pagination,
            call: call.clone(),
            merged: Value::Object(Map::new()),
            same: Vec::new(),
            last_token: None,
            count: 0,
            room: MAX_REPLY_BYTES,
        })
    }

    /// The call of the page to be added next.
    pub(super) fn call(&self) -> &Call {
        &self.call
    }

    /// Adds a page, and returns whether there is another.
    pub(super) fn add(&mut self, page: &Value) -> Result<bool, CallError> {
        self.room = self.room.checked_sub(size(page)).ok_or_else(|| {
            let message = "all pages together are larger than one reply may be";
            CallError::new(CallErrorKind::Transport, transport::RESPONSE, message)
        })?;
        if self.count == 0 {
            let keys = self.pagination.non_aggregate_keys.iter();
            self.same = keys
                .map(|key| (key.as_str(), member(page, key).cloned().unwrap_or_default()))
                .collect();
        }
        self.count += 1;
        for key in &self.pagination.result_key {
            if let Some(value) = member(page, key).filter(|value| !value.is_null()) {
                match slot(&mut self.merged, key) {
                    Some(known) => join(known, value),
                    None => return Err(unmergeable(key)),
                }
            }
        }
        self.turn(page)
    }

    /// The document of all pages.
    pub(super) fn finish(mut self) -> Value {
        for (key, value) in self.same {
            if let Some(known) = slot(&mut self.merged, key) {
                overlay(known, value);
            }
        }
        self.merged
    }

    /// Puts the tokens of `page` into the call of the next one, if there is a next one.
    fn turn(&mut self, page: &Value) -> Result<bool, CallError> {
        let is_last = |more: &Expression| !is_true(&more.evaluate(page).unwrap_or_default());
        if self.more_results.as_ref().is_some_and(is_last) {
            return Ok(false);
        }
        let token = |(_, output): &(_, Expression)| {
            Some(output.evaluate(page).unwrap_or_default()).filter(is_true).unwrap_or_default()
        };
        let tokens: Vec<Value> = self.tokens.iter().map(token).collect();
        if tokens.iter().all(Value::is_null) {
            return Ok(false);
        }
        if self.last_token.as_ref() == Some(&tokens) {
            return Err(failed("PaginationError", "The same next token was received twice"));
        }
        if self.count >= MAX_PAGES {
            return Err(failed(
                "PaginationError",
                format!("there are more than {MAX_PAGES} pages"),
            ));
        }
        for ((name, _), token) in self.tokens.iter().zip(&tokens) {
            if token.is_null() || token == "None" {
                self.call.input.shift_remove(*name);
            } else {
                self.call.input.insert((*name).to_owned(), token.clone());
            }
        }
        self.last_token = Some(tokens);
        Ok(true)
    }
}

/// The size of a value as JSON, in bytes.
fn size(value: &Value) -> usize {
    value.to_string().len()
}

fn failed(code: &str, message: impl Into<String>) -> CallError {
    CallError::new(CallErrorKind::Invalid, code, message)
}

fn unmergeable(key: &str) -> CallError {
    failed("PaginationError", format!("the pages cannot be merged at `{key}`"))
}

/// The value of a dotted path.
fn member<'v>(value: &'v Value, path: &str) -> Option<&'v Value> {
    path.split('.').try_fold(value, |value, name| value.get(name))
}

/// The value at a dotted path, created if it is missing; `None` if a parent is not an object.
fn slot<'v>(value: &'v mut Value, path: &str) -> Option<&'v mut Value> {
    path.split('.').try_fold(value, |value, name| {
        if value.is_null() {
            *value = Value::Object(Map::new());
        }
        value.as_object_mut().map(|members| members.entry(name).or_insert(Value::Null))
    })
}

/// Adds the value of a page to that of the pages before; an object stays that of the first.
fn join(known: &mut Value, value: &Value) {
    match (&mut *known, value) {
        (Value::Null, value) => *known = value.clone(),
        (Value::Array(known), Value::Array(items)) => known.extend_from_slice(items),
        (Value::String(known), Value::String(text)) => known.push_str(text),
        (Value::Number(number), Value::Number(more)) => {
            if let Some(sum) = sum(number, more) {
                *number = sum;
            }
        }
        _ => {}
    }
}

fn sum(a: &Number, b: &Number) -> Option<Number> {
    match (a.as_i128(), b.as_i128()) {
        (Some(a), Some(b)) => Number::from_i128(a.checked_add(b)?),
        _ => Number::from_f64(a.as_f64()? + b.as_f64()?),
    }
}

/// botocore's `merge_dicts`: the members of objects one by one, anything else as a whole.
fn overlay(known: &mut Value, value: Value) {
    match (known, value) {
        (Value::Object(known), Value::Object(members)) => {
            for (name, value) in members {
                overlay(known.entry(name).or_insert(Value::Null), value);
            }
        }
        (known, value) => *known = value,
    }
}

/// Python's truth.
fn is_true(value: &Value) -> bool {
    match value {
        Value::Null => false,
        Value::Bool(value) => *value,
        Value::Number(number) => number.as_f64() != Some(0.0),
        Value::String(text) => !text.is_empty(),
        Value::Array(items) => !items.is_empty(),
        Value::Object(members) => !members.is_empty(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn pagination(value: Value) -> Pagination {
        serde_json::from_value(value).unwrap()
    }

    fn by_token() -> Pagination {
        pagination(json!({
            "inputToken": ["Token"], "outputToken": ["Next"], "resultKey": ["Things", "Count"],
            "nonAggregateKeys": ["Owner.Name", "Absent"],
        }))
    }

    fn call() -> Call {
        let input = json!({ "Size": 2 }).as_object().unwrap().clone();
        Call::new("things", "ListThings", input)
    }

    /// The merged document and the inputs of the calls.
    fn merge(pagination: &Pagination, pages: &[Value]) -> Result<(Value, Vec<Value>), CallError> {
        let (call, mut inputs) = (call(), Vec::new());
        let mut merging = Pages::new(&call, pagination)?;
        for (index, page) in pages.iter().enumerate() {
            inputs.push(Value::Object(merging.call().input.clone()));
            assert_eq!(merging.add(page)?, index + 1 < pages.len());
        }
        Ok((merging.finish(), inputs))
    }

    #[test]
    fn lists_are_joined_numbers_added_and_the_rest_is_the_first_pages() {
        let pages = [
            json!({"Things": [1], "Count": 1, "Owner": {"Name": "a", "Id": 1}, "Next": "2", "X": 0}),
            json!({"Count": 0, "Owner": {"Name": "b"}, "Next": {"k": 3}}),
            json!({"Things": [2, 3], "Count": 2, "Next": ""}),
        ];
        let (merged, inputs) = merge(&by_token(), &pages).unwrap();
        let expected =
            json!({"Things": [1, 2, 3], "Count": 3, "Owner": {"Name": "a"}, "Absent": null});
        assert_eq!(merged, expected);
        let expected = [
            json!({"Size": 2}),
            json!({"Size": 2, "Token": "2"}),
            json!({"Size": 2, "Token": {"k": 3}}),
        ];
        assert_eq!(inputs, expected);
    }

    #[test]
    fn several_tokens_travel_together_and_one_that_is_missing_is_left_out() {
        let pagination = pagination(json!({
            "inputToken": ["Name", "Type"], "outputToken": ["NextName", "Sets[-1].Type || 'x'"],
            "moreResults": "More", "resultKey": ["Sets"],
        }));
        let pages = [
            json!({"More": true, "NextName": "b", "Sets": [{"Type": "A"}]}),
            json!({"More": true, "NextName": "None", "Sets": [{"Type": "B"}]}),
            json!({"More": false, "NextName": "c", "Sets": []}),
        ];
        let (merged, inputs) = merge(&pagination, &pages).unwrap();
        assert_eq!(merged, json!({"Sets": [{"Type": "A"}, {"Type": "B"}]}));
        assert_eq!(inputs[1], json!({"Size": 2, "Name": "b", "Type": "A"}));
        assert_eq!(inputs[2], json!({"Size": 2, "Type": "B"}));
    }

    #[test]
    fn a_token_that_comes_twice_is_an_error() {
        let page = json!({"Things": [1], "Next": "2"});
        let error = merge(&by_token(), &[page.clone(), page.clone(), page]).unwrap_err();
        assert_eq!(error.message(), "The same next token was received twice");
    }

    #[test]
    fn the_pages_are_bounded() {
        let (call, pagination) = (call(), by_token());
        let mut pages = Pages::new(&call, &pagination).unwrap();
        for page in 1..MAX_PAGES {
            assert!(pages.add(&json!({ "Next": page })).unwrap());
        }
        let error = pages.add(&json!({ "Next": 0.5 })).unwrap_err();
        assert_eq!(error.message(), "there are more than 1000 pages");
    }

    #[test]
    fn all_pages_together_are_no_larger_than_one_reply() {
        let (call, pagination) = (call(), by_token());
        let mut pages = Pages::new(&call, &pagination).unwrap();
        pages.room = 2 * size(&json!({ "Things": ["xx"], "Next": 1 }));
        assert!(pages.add(&json!({ "Things": ["aa"], "Next": 1 })).unwrap());
        assert!(pages.add(&json!({ "Things": ["bb"], "Next": 2 })).unwrap());
        let error = pages.add(&json!({})).unwrap_err();
        assert_eq!((error.kind(), error.code()), (CallErrorKind::Transport, transport::RESPONSE));
    }

    #[test]
    fn what_is_no_object_where_a_path_leads_is_an_error_and_no_panic() {
        let pagination = pagination(json!({
            "inputToken": ["T"], "outputToken": ["N"], "resultKey": ["A", "A.B"],
        }));
        let error = merge(&pagination, &[json!({"A": {"B": 1}, "N": 1}), json!({"A": [1]})]);
        assert!(error.is_ok());
        let mut value = json!({"A": 1});
        assert_eq!(slot(&mut value, "A.B"), None);
    }
}
