//! Intermediate values of an evaluation.

use std::borrow::Cow;

use serde_json::Value;

use super::builtins::value_length;
use super::error::EvaluationError;

/// An intermediate value: borrowed from the document where possible, so that a list of a hundred objects
/// is not copied to read one member of each.
#[derive(Debug, Clone)]
pub(super) enum Item<'a> {
    Borrowed(&'a Value),
    Owned(Value),
    List(Vec<Self>),
}

impl<'a> Item<'a> {
    pub(super) fn null() -> Self {
        Item::Owned(Value::Null)
    }

    pub(super) fn boolean(value: bool) -> Self {
        Item::Owned(Value::Bool(value))
    }

    pub(super) fn into_value(self) -> Value {
        match self {
            Item::Borrowed(value) => value.clone(),
            Item::Owned(value) => value,
            Item::List(items) => items.into_iter().map(Item::into_value).collect(),
        }
    }

    /// The value, or else the items of a list that an expression has put together.
    fn parts(&self) -> Result<&Value, &[Self]> {
        match self {
            Item::Borrowed(value) => Ok(value),
            Item::Owned(value) => Ok(value),
            Item::List(items) => Err(items),
        }
    }

    pub(super) fn as_value(&self) -> Cow<'_, Value> {
        match self.parts() {
            Ok(value) => Cow::Borrowed(value),
            Err(_) => Cow::Owned(self.clone().into_value()),
        }
    }

    /// The number of elements or entries.
    pub(super) fn count(&self) -> usize {
        self.parts().map_or_else(<[_]>::len, count)
    }

    /// The number of characters, elements or entries.
    pub(super) fn length(&self) -> usize {
        self.parts().map_or_else(<[_]>::len, value_length)
    }

    /// The number of elements or entries of its elements.
    pub(super) fn inner_count(&self) -> usize {
        match self.parts() {
            Ok(value) => value.as_array().into_iter().flatten().map(|item| 1 + count(item)).sum(),
            Err(items) => items.iter().map(|item| 1 + item.count()).sum(),
        }
    }

    /// Returns whether it has at most `left` parts, which are subtracted.
    pub(super) fn fits(&self, left: &mut usize) -> bool {
        match self.parts() {
            Ok(value) => value_fits(value, left),
            Err(items) => items.iter().all(|item| item.fits(left)),
        }
    }

    pub(super) fn is_null(&self) -> bool {
        self.parts().is_ok_and(Value::is_null)
    }

    pub(super) fn is_true(&self) -> bool {
        self.parts().map_or_else(|items| !items.is_empty(), is_true)
    }

    pub(super) fn into_list(self) -> Option<Vec<Self>> {
        match self {
            Item::Borrowed(Value::Array(items)) => Some(items.iter().map(Item::Borrowed).collect()),
            Item::Owned(Value::Array(items)) => Some(items.into_iter().map(Item::Owned).collect()),
            Item::List(items) => Some(items),
            Item::Borrowed(_) | Item::Owned(_) => None,
        }
    }

    pub(super) fn field(self, name: &str) -> Self {
        match self {
            Item::Borrowed(value) => value.get(name).map_or_else(Item::null, Item::Borrowed),
            Item::Owned(Value::Object(mut object)) => {
                object.swap_remove(name).map_or_else(Item::null, Item::Owned)
            }
            Item::Owned(_) | Item::List(_) => Item::null(),
        }
    }

    pub(super) fn index(self, index: i64) -> Self {
        let length = i64::try_from(self.count()).unwrap_or(i64::MAX);
        let place = if index < 0 { length + index } else { index };
        let Ok(place) = usize::try_from(place) else { return Item::null() };
        match self {
            Item::Borrowed(Value::Array(items)) => {
                items.get(place).map_or_else(Item::null, Item::Borrowed)
            }
            Item::Owned(Value::Array(mut items)) if place < items.len() => {
                Item::Owned(items.swap_remove(place))
            }
            Item::List(mut items) if place < items.len() => items.swap_remove(place),
            Item::Borrowed(_) | Item::Owned(_) | Item::List(_) => Item::null(),
        }
    }

    pub(super) fn flatten(self) -> Self {
        let Some(items) = self.into_list() else { return Item::null() };
        let mut flat = Vec::with_capacity(items.len());
        for item in items {
            match item {
                Item::Borrowed(Value::Array(inner)) => {
                    flat.extend(inner.iter().map(Item::Borrowed))
                }
                Item::Owned(Value::Array(inner)) => flat.extend(inner.into_iter().map(Item::Owned)),
                Item::List(inner) => flat.extend(inner),
                Item::Borrowed(_) | Item::Owned(_) => flat.push(item),
            }
        }
        Item::List(flat)
    }

    pub(super) fn values(self) -> Self {
        match self {
            Item::Borrowed(Value::Object(object)) => {
                Item::List(object.values().map(Item::Borrowed).collect())
            }
            Item::Owned(Value::Object(object)) => {
                Item::List(object.into_iter().map(|(_, value)| Item::Owned(value)).collect())
            }
            Item::Borrowed(_) | Item::Owned(_) | Item::List(_) => Item::null(),
        }
    }
}

fn count(value: &Value) -> usize {
    match value {
        Value::Array(items) => items.len(),
        Value::Object(entries) => entries.len(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => 0,
    }
}

/// Returns whether a value has at most `left` parts, which are subtracted. Text counts by its length.
fn value_fits(value: &Value, left: &mut usize) -> bool {
    let own = 1 + value.as_str().map_or(0, |text| text.len() / 16);
    let Some(rest) = left.checked_sub(own) else { return false };
    *left = rest;
    match value {
        Value::Array(items) => items.iter().all(|item| value_fits(item, left)),
        Value::Object(entries) => entries.values().all(|entry| value_fits(entry, left)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => true,
    }
}

fn is_true(value: &Value) -> bool {
    match value {
        Value::Null => false,
        Value::Bool(value) => *value,
        Value::Number(_) => true,
        Value::String(text) => !text.is_empty(),
        Value::Array(_) | Value::Object(_) => count(value) > 0,
    }
}

/// Python's slice of a list.
pub(super) fn slice(
    value: Item<'_>,
    start: Option<i64>,
    stop: Option<i64>,
    step: i64,
) -> Result<Item<'_>, EvaluationError> {
    let Some(items) = value.into_list() else { return Ok(Item::null()) };
    if step == 0 {
        return Err(EvaluationError::new("slice step cannot be zero"));
    }
    let length = i64::try_from(items.len()).unwrap_or(i64::MAX);
    let (least, most) = if step > 0 { (0, length) } else { (-1, length - 1) };
    let bound = |bound: Option<i64>, default: i64| match bound {
        None => default,
        Some(bound) if bound < 0 => (bound + length).clamp(least, most),
        Some(bound) => bound.clamp(least, most),
    };
    let (first, last) = if step > 0 { (least, most) } else { (most, least) };
    let (mut place, stop) = (bound(start, first), bound(stop, last));
    let mut sliced = Vec::new();
    while (step > 0 && place < stop) || (step < 0 && place > stop) {
        sliced.extend(usize::try_from(place).ok().and_then(|place| items.get(place)).cloned());
        place += step;
    }
    Ok(Item::List(sliced))
}
