//! The functions of JMESPath (<https://jmespath.org/specification.html#built-in-functions>), as
//! jmespath.py has them.

use std::cmp::Ordering;

use serde_json::{Map, Number, Value};

use super::interpret::{Interpreter, Item};
use super::{EvaluationError, Node};
use crate::diagnostic::nearest;
use crate::python;

/// A function of JMESPath.
#[derive(Clone, Copy)]
pub struct Function(&'static Definition);

struct Definition {
    name: &'static str,
    /// The types of each argument; none listed is any.
    parameters: &'static [&'static [&'static str]],
    variadic: bool,
    body: Body,
}

#[derive(Clone, Copy)]
enum Body {
    Plain(fn(Vec<Value>) -> Result<Value, EvaluationError>),
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
const EXPREF: &[&str] = &["expref"];
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

    /// The types of its argument at `index`, in the words of the specification; none listed is any.
    #[must_use]
    pub fn takes(self, index: usize) -> &'static [&'static str] {
        let parameters = self.0.parameters;
        let last = parameters.last().filter(|_| self.0.variadic);
        parameters.get(index).or(last).copied().unwrap_or_default()
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

    pub(super) fn call<'a>(
        self,
        interpreter: &mut Interpreter,
        arguments: &'a [Node],
        value: Item<'a>,
    ) -> Result<Item<'a>, EvaluationError> {
        let mut values = Vec::with_capacity(arguments.len());
        for argument in arguments {
            values.push(interpreter.apply(argument, value.clone())?);
        }
        if let Body::Plain(_) = self.0.body {
            values.iter().try_for_each(|value| interpreter.spend_on(value))?;
        }
        self.check(arguments, &values)?;
        let by = |place: usize| match arguments.get(place) {
            Some(Node::Reference(key)) => Some(&**key),
            _ => None,
        };
        Ok(match self.0.body {
            Body::Plain(body) => {
                let values = values.into_iter().map(Item::into_value).collect();
                interpreter.bounded(Item::Owned(body(values)?))?
            }
            Body::Length => Item::Owned(length(&values[0]).into()),
            Body::Map => {
                let items = values.swap_remove(1).into_list().unwrap_or_default();
                let mapped = by(0).map(|each| {
                    items.into_iter().map(|item| interpreter.apply(each, item)).collect()
                });
                Item::List(mapped.transpose()?.unwrap_or_default())
            }
            Body::SortBy | Body::MaxBy | Body::MinBy => {
                let items = values.swap_remove(0).into_list().unwrap_or_default();
                let Some(key) = by(1) else { return Ok(Item::null()) };
                let keyed = self.keyed(interpreter, key, items)?;
                self.pick(keyed)
            }
        })
    }

    /// The items with the value of `key` on each. `sort_by` wants all of the type of the first, the
    /// others a number or a string each.
    fn keyed<'a>(
        self,
        interpreter: &mut Interpreter,
        key: &'a Node,
        items: Vec<Item<'a>>,
    ) -> Result<Vec<(Value, Item<'a>)>, EvaluationError> {
        let sorting = matches!(self.0.body, Body::SortBy);
        let mut keyed: Vec<(Value, Item<'a>)> = Vec::with_capacity(items.len());
        for item in items {
            let value = interpreter.apply(key, item.clone())?;
            interpreter.spend_on(&value)?;
            let value = value.into_value();
            let kind = type_name(&value);
            let first = keyed.first().map(|(first, _)| type_name(first));
            match (sorting, first) {
                (true, None) if !matches!(kind, "number" | "string") => {
                    interpreter.spend_on(&item)?;
                    return Err(self.type_error(&item.into_value(), kind, &["string", "number"]));
                }
                (true, Some(first)) if kind != first => {
                    return Err(self.type_error(&value, kind, &[first]));
                }
                (false, _) if !matches!(kind, "number" | "string") => {
                    return Err(self.type_error(&value, kind, &["number", "string"]));
                }
                (false, Some(first)) if kind != first => {
                    let operator = if matches!(self.0.body, Body::MaxBy) { ">" } else { "<" };
                    let first = &keyed[0].0;
                    return Err(EvaluationError::new(python::unordered(operator, &value, first)));
                }
                _ => keyed.push((value, item)),
            }
        }
        Ok(keyed)
    }

    fn pick<'a>(self, mut keyed: Vec<(Value, Item<'a>)>) -> Item<'a> {
        let wanted = match self.0.body {
            Body::MaxBy => Ordering::Greater,
            Body::MinBy => Ordering::Less,
            Body::SortBy | Body::Plain(_) | Body::Length | Body::Map => {
                keyed.sort_by(|(a, _), (b, _)| order(a, b));
                return Item::List(keyed.into_iter().map(|(_, item)| item).collect());
            }
        };
        let best = keyed
            .into_iter()
            .reduce(|best, next| if order(&next.0, &best.0) == wanted { next } else { best });
        best.map_or_else(Item::null, |(_, item)| item)
    }

    fn check(self, arguments: &[Node], values: &[Item<'_>]) -> Result<(), EvaluationError> {
        for (place, types) in self.0.parameters.iter().enumerate() {
            if matches!(arguments[place], Node::Reference(_)) {
                if !types.is_empty() && *types != EXPREF {
                    return Err(self.type_error(&Value::Null, "expref", types));
                }
                continue;
            }
            // A list that only has to be a list is not looked into, and not put together for it.
            let is_plain_list = matches!(values[place], Item::List(_)) && types.contains(&"array");
            if !is_plain_list {
                self.check_type(&values[place].as_value(), types)?;
            }
        }
        Ok(())
    }

    fn check_type(self, value: &Value, types: &[&str]) -> Result<(), EvaluationError> {
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

    fn type_error(self, value: &Value, kind: &str, types: &[&str]) -> EvaluationError {
        let expected: Vec<_> = types.iter().map(|wanted| format!("'{wanted}'")).collect();
        EvaluationError::new(format!(
            "In function {}(), invalid type for value: {}, expected one of: [{}], received: \"{kind}\"",
            self.0.name,
            python::text(value),
            expected.join(", ")
        ))
    }
}

fn type_name(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(_) => "number",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    }
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

fn entries(value: &Value) -> impl Iterator<Item = &Map<String, Value>> {
    value.as_object().into_iter()
}

fn length(item: &Item<'_>) -> usize {
    match item {
        Item::Borrowed(value) => value_length(value),
        Item::Owned(value) => value_length(value),
        Item::List(items) => items.len(),
    }
}

fn value_length(value: &Value) -> usize {
    match value {
        Value::String(text) => text.chars().count(),
        Value::Array(items) => items.len(),
        Value::Object(entries) => entries.len(),
        Value::Null | Value::Bool(_) | Value::Number(_) => 0,
    }
}

fn number(value: &Value, function: impl Fn(&Number) -> Option<Number>) -> Value {
    value.as_number().and_then(function).map_or(Value::Null, Value::Number)
}

fn abs(number: &Number) -> Option<Number> {
    match number.as_i64() {
        Some(integer) => Some(integer.unsigned_abs().into()),
        None if number.is_u64() => Some(number.clone()),
        None => Number::from_f64(number.as_f64()?.abs()),
    }
}

/// Python rounds a float to an integer.
fn whole(number: &Number, round: fn(f64) -> f64) -> Option<Number> {
    if !number.is_f64() {
        return Some(number.clone());
    }
    let rounded = round(number.as_f64()?);
    if rounded.abs() < 9e18 { Some((rounded as i64).into()) } else { Number::from_f64(rounded) }
}

fn sum(items: &[Value]) -> Value {
    let integers: Option<i128> = items
        .iter()
        .map(|item| item.as_i64().map(i128::from).or_else(|| item.as_u64().map(i128::from)))
        .sum();
    match integers.and_then(Number::from_i128) {
        Some(total) => Value::Number(total),
        None => items.iter().filter_map(Value::as_f64).sum::<f64>().into(),
    }
}

fn average(items: &[Value]) -> Value {
    match (sum(items).as_f64(), items.len()) {
        (_, 0) | (None, _) => Value::Null,
        (Some(total), count) => (total / count as f64).into(),
    }
}

fn contains(arguments: Vec<Value>) -> Result<Value, EvaluationError> {
    let (subject, search) = (&arguments[0], &arguments[1]);
    match (subject, search) {
        (Value::String(subject), Value::String(search)) => Ok(subject.contains(&**search).into()),
        (Value::String(_), search) => Err(EvaluationError::new(format!(
            "'in <string>' requires string as left operand, not {}",
            python::type_name(search)
        ))),
        (subject, search) => {
            for item in list(subject) {
                if python::try_equal(item, search).map_err(EvaluationError::new)? {
                    return Ok(true.into());
                }
            }
            Ok(false.into())
        }
    }
}

/// Python's order of two numbers or two strings.
fn order(a: &Value, b: &Value) -> Ordering {
    match (a, b) {
        (Value::Number(a), Value::Number(b)) => {
            python::compare_numbers(a, b).unwrap_or(Ordering::Equal)
        }
        (a, b) => text(a).cmp(text(b)),
    }
}

/// The first of the greatest or of the least.
fn extreme(items: &[Value], wanted: Ordering) -> Value {
    let best =
        items.iter().reduce(|best, next| if order(next, best) == wanted { next } else { best });
    best.cloned().unwrap_or_default()
}

fn merge(arguments: Vec<Value>) -> Result<Value, EvaluationError> {
    let mut merged = Map::new();
    for argument in arguments {
        if let Value::Object(object) = argument {
            merged.extend(object);
        } else {
            // Only the first argument is type-checked.
            not_mergeable(&argument)?;
        }
    }
    Ok(Value::Object(merged))
}

/// What Python's `dict.update` says of what is no object.
fn not_mergeable(value: &Value) -> Result<(), EvaluationError> {
    let first = match value {
        Value::String(text) => text.chars().next().map(|first| Value::from(first.to_string())),
        Value::Array(items) => items.first().cloned(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Object(_) => {
            let kind = python::type_name(value);
            return Err(EvaluationError::new(format!("'{kind}' object is not iterable")));
        }
    };
    let Some(first) = first else { return Ok(()) };
    let length = value_length(&first);
    Err(EvaluationError::new(format!(
        "dictionary update sequence element #0 has length {length}; 2 is required"
    )))
}

fn not_null(arguments: Vec<Value>) -> Result<Value, EvaluationError> {
    Ok(arguments.into_iter().find(|argument| !argument.is_null()).unwrap_or_default())
}

fn reverse(value: &Value) -> Value {
    match value.as_str() {
        Some(text) => text.chars().rev().collect::<String>().into(),
        None => list(value).iter().rev().cloned().collect(),
    }
}

fn to_number(value: &Value) -> Value {
    match value {
        Value::Number(_) => value.clone(),
        Value::String(text) => python::parse_number(text).map_or(Value::Null, Value::Number),
        Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => Value::Null,
    }
}

fn to_string(value: &Value) -> String {
    value.as_str().map_or_else(|| python::dumps(value), str::to_owned)
}
