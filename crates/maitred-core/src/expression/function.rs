//! The functions of JMESPath (<https://jmespath.org/specification.html#built-in-functions>), as
//! jmespath.py has them.

use std::cmp::Ordering;

use serde_json::Value;

use super::builtins::{
    abs, average, contains, entries, extreme, list, merge, not_null, number, order, reverse, sum,
    text, to_number, to_string, type_name, whole,
};
use super::error::EvaluationError;
use crate::diagnostic::nearest;
use crate::python;

/// A function of JMESPath.
#[derive(Clone, Copy)]
pub struct Function(&'static Definition);

struct Definition {
    name: &'static str,
    /// The types of each argument; an empty list allows any.
    parameters: &'static [&'static [&'static str]],
    variadic: bool,
    body: Body,
}

/// The evaluation of a function.
#[derive(Clone, Copy)]
pub(super) enum Body {
    /// On the values of its arguments.
    Plain(fn(Vec<Value>) -> Result<Value, EvaluationError>),
    // With the interpreter, in `call.rs`.
    Length,
    Map,
    SortBy,
    MaxBy,
    MinBy,
}

const ANY: &[&str] = &[];
const NUMBER: &[&str] = &["number"];
const STRING: &[&str] = &["string"];
const OBJECT: &[&str] = &["object"];
const ARRAY: &[&str] = &["array"];
pub(super) const EXPREF: &[&str] = &["expref"];
const NUMBERS: &[&str] = &["array-number"];

const fn plain(
    name: &'static str,
    parameters: &'static [&'static [&'static str]],
    body: fn(Vec<Value>) -> Result<Value, EvaluationError>,
) -> Definition {
    Definition { name, parameters, variadic: false, body: Body::Plain(body) }
}

const fn special(
    name: &'static str,
    parameters: &'static [&'static [&'static str]],
    body: Body,
) -> Definition {
    Definition { name, parameters, variadic: false, body }
}

static FUNCTIONS: &[Definition] = &[
    plain("abs", &[NUMBER], |arguments| Ok(number(&arguments[0], abs))),
    plain("avg", &[NUMBERS], |arguments| Ok(average(list(&arguments[0])))),
    plain("ceil", &[NUMBER], |arguments| Ok(number(&arguments[0], |n| whole(n, f64::ceil)))),
    plain("contains", &[&["array", "string"], ANY], contains),
    plain("ends_with", &[STRING, STRING], |a| Ok(text(&a[0]).ends_with(text(&a[1])).into())),
    plain("floor", &[NUMBER], |arguments| Ok(number(&arguments[0], |n| whole(n, f64::floor)))),
    plain("join", &[STRING, &["array-string"]], |arguments| {
        let parts: Vec<_> = list(&arguments[1]).iter().map(text).collect();
        Ok(parts.join(text(&arguments[0])).into())
    }),
    plain("keys", &[OBJECT], |arguments| {
        Ok(entries(&arguments[0]).flat_map(|object| object.keys().cloned()).collect())
    }),
    special("length", &[&["string", "array", "object"]], Body::Length),
    special("map", &[EXPREF, ARRAY], Body::Map),
    plain("max", &[&["array-number", "array-string"]], |a| {
        Ok(extreme(list(&a[0]), Ordering::Greater))
    }),
    special("max_by", &[ARRAY, EXPREF], Body::MaxBy),
    Definition { name: "merge", parameters: &[OBJECT], variadic: true, body: Body::Plain(merge) },
    plain("min", &[&["array-number", "array-string"]], |a| {
        Ok(extreme(list(&a[0]), Ordering::Less))
    }),
    special("min_by", &[ARRAY, EXPREF], Body::MinBy),
    Definition {
        name: "not_null",
        parameters: &[ANY],
        variadic: true,
        body: Body::Plain(not_null),
    },
    plain("reverse", &[&["array", "string"]], |arguments| Ok(reverse(&arguments[0]))),
    plain("sort", &[&["array-string", "array-number"]], |arguments| {
        let mut items = list(&arguments[0]).to_vec();
        items.sort_by(order);
        Ok(items.into())
    }),
    special("sort_by", &[ARRAY, EXPREF], Body::SortBy),
    plain("starts_with", &[STRING, STRING], |a| Ok(text(&a[0]).starts_with(text(&a[1])).into())),
    plain("sum", &[NUMBERS], |arguments| Ok(sum(list(&arguments[0])))),
    plain("to_array", &[ANY], |mut arguments| {
        Ok(if arguments[0].is_array() { arguments.remove(0) } else { arguments.into() })
    }),
    plain("to_number", &[ANY], |arguments| Ok(to_number(&arguments[0]))),
    plain("to_string", &[ANY], |arguments| Ok(to_string(&arguments[0]).into())),
    plain("type", &[ANY], |arguments| Ok(type_name(&arguments[0]).into())),
    plain("values", &[OBJECT], |arguments| {
        Ok(entries(&arguments[0]).flat_map(|object| object.values().cloned()).collect())
    }),
];

impl PartialEq for Function {
    fn eq(&self, other: &Self) -> bool {
        self.0.name == other.0.name
    }
}

impl std::fmt::Debug for Function {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.0.name)
    }
}

impl Function {
    /// The name, e.g. `length`.
    #[must_use]
    pub fn name(self) -> &'static str {
        self.0.name
    }

    /// The types that the argument at `index` may have, in the terms of the specification; an empty list
    /// allows any.
    #[must_use]
    pub fn takes(self, index: usize) -> &'static [&'static str] {
        let parameters = self.0.parameters;
        let last = parameters.last().filter(|_| self.0.variadic);
        parameters.get(index).or(last).copied().unwrap_or_default()
    }

    pub(super) fn body(self) -> Body {
        self.0.body
    }

    /// The types of the parameters.
    pub(super) fn parameters(self) -> &'static [&'static [&'static str]] {
        self.0.parameters
    }

    /// The function `name`, if it takes `given` arguments.
    pub(super) fn resolve(name: &str, given: usize) -> Result<Self, String> {
        let Some(definition) = FUNCTIONS.iter().find(|definition| definition.name == name) else {
            let near = nearest(name, FUNCTIONS.iter().map(|definition| definition.name));
            return Err(match near {
                Some(near) => format!("there is no function `{name}`; did you mean `{near}`?"),
                None => format!("there is no function `{name}` in JMESPath"),
            });
        };
        let wanted = definition.parameters.len();
        if given == wanted || (definition.variadic && given > wanted) {
            return Ok(Self(definition));
        }
        let least = if definition.variadic { "at least " } else { "" };
        let plural = if wanted == 1 { "" } else { "s" };
        Err(format!("`{name}()` takes {least}{wanted} argument{plural}, not {given}"))
    }

    /// Checks an argument's value against the parameter's `types`.
    pub(super) fn check_type(self, value: &Value, types: &[&str]) -> Result<(), EvaluationError> {
        let kind = type_name(value);
        if types.is_empty() {
            return Ok(());
        }
        if !types.iter().any(|wanted| wanted.split('-').next() == Some(kind)) {
            return Err(self.type_error(value, kind, types));
        }
        let inner: Vec<_> =
            types.iter().filter_map(|wanted| Some(wanted.split_once('-')?.1)).collect();
        let Some(first) = list(value).first().filter(|_| !inner.is_empty()) else { return Ok(()) };
        let expected = inner.iter().find(|inner| **inner == type_name(first));
        let odd = list(value).iter().find(|item| Some(&type_name(item)) != expected);
        match odd {
            Some(odd) => Err(self.type_error(odd, python::type_name(odd), types)),
            None => Ok(()),
        }
    }

    pub(super) fn type_error(self, value: &Value, kind: &str, types: &[&str]) -> EvaluationError {
        let expected: Vec<_> = types.iter().map(|wanted| format!("'{wanted}'")).collect();
        EvaluationError::new(format!(
            "In function {}(), invalid type for value: {}, expected one of: [{}], received: \"{kind}\"",
            self.0.name,
            python::text(value),
            expected.join(", ")
        ))
    }
}
