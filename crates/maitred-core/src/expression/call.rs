//! Function calls.

use std::cmp::Ordering;

use serde_json::Value;

use super::builtins::{order, type_name};
use super::error::EvaluationError;
use super::function::{Body, EXPREF, Function};
use super::interpret::Interpreter;
use super::item::Item;
use super::node::Node;
use crate::python;

impl Interpreter {
    /// Calls `function` on the `arguments`, which are evaluated on `value`.
    pub(super) fn call<'a>(
        &mut self,
        function: Function,
        arguments: &'a [Node],
        value: Item<'a>,
    ) -> Result<Item<'a>, EvaluationError> {
        let mut values = Vec::with_capacity(arguments.len());
        for argument in arguments {
            values.push(self.apply(argument, value.clone())?);
        }
        if let Body::Plain(_) = function.body() {
            values.iter().try_for_each(|value| self.spend_on(value))?;
        }
        check(function, arguments, &values)?;
        let by = |place: usize| match arguments.get(place) {
            Some(Node::Reference(key)) => Some(&**key),
            _ => None,
        };
        Ok(match function.body() {
            Body::Plain(body) => {
                let values = values.into_iter().map(Item::into_value).collect();
                self.bounded(Item::Owned(body(values)?))?
            }
            Body::Length => Item::Owned(values[0].length().into()),
            Body::Map => {
                let items = values.swap_remove(1).into_list().unwrap_or_default();
                let mapped = by(0)
                    .map(|each| items.into_iter().map(|item| self.apply(each, item)).collect());
                Item::List(mapped.transpose()?.unwrap_or_default())
            }
            Body::SortBy | Body::MaxBy | Body::MinBy => {
                let items = values.swap_remove(0).into_list().unwrap_or_default();
                let Some(key) = by(1) else { return Ok(Item::null()) };
                let keyed = self.keyed(function, key, items)?;
                pick(function, keyed)
            }
        })
    }

    /// The items, each with the value of `key` on it. `sort_by` requires all values to have the type of the
    /// first, the others a number or a string each.
    fn keyed<'a>(
        &mut self,
        function: Function,
        key: &'a Node,
        items: Vec<Item<'a>>,
    ) -> Result<Vec<(Value, Item<'a>)>, EvaluationError> {
        let sorting = matches!(function.body(), Body::SortBy);
        let mut keyed: Vec<(Value, Item<'a>)> = Vec::with_capacity(items.len());
        for item in items {
            let value = self.apply(key, item.clone())?;
            self.spend_on(&value)?;
            let value = value.into_value();
            let kind = type_name(&value);
            let first = keyed.first().map(|(first, _)| type_name(first));
            match (sorting, first) {
                (true, None) if !matches!(kind, "number" | "string") => {
                    self.spend_on(&item)?;
                    return Err(function.type_error(
                        &item.into_value(),
                        kind,
                        &["string", "number"],
                    ));
                }
                (true, Some(first)) if kind != first => {
                    return Err(function.type_error(&value, kind, &[first]));
                }
                (false, _) if !matches!(kind, "number" | "string") => {
                    return Err(function.type_error(&value, kind, &["number", "string"]));
                }
                (false, Some(first)) if kind != first => {
                    let operator = if matches!(function.body(), Body::MaxBy) { ">" } else { "<" };
                    let first = &keyed[0].0;
                    return Err(EvaluationError::new(python::unordered(operator, &value, first)));
                }
                _ => keyed.push((value, item)),
            }
        }
        Ok(keyed)
    }
}

/// The result of `sort_by`, `max_by` or `min_by`.
fn pick<'a>(function: Function, mut keyed: Vec<(Value, Item<'a>)>) -> Item<'a> {
    let wanted = match function.body() {
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

/// Checks the types of the arguments.
fn check(
    function: Function,
    arguments: &[Node],
    values: &[Item<'_>],
) -> Result<(), EvaluationError> {
    for (place, types) in function.parameters().iter().enumerate() {
        if matches!(arguments[place], Node::Reference(_)) {
            if !types.is_empty() && *types != EXPREF {
                return Err(function.type_error(&Value::Null, "expref", types));
            }
            continue;
        }
        // Where any list will do, its items are neither checked nor copied.
        let is_plain_list = matches!(values[place], Item::List(_)) && types.contains(&"array");
        if !is_plain_list {
            function.check_type(&values[place].as_value(), types)?;
        }
    }
    Ok(())
}
