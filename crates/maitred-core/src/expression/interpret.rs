//! Evaluation, by the rules of jmespath.py's `TreeInterpreter`.

use std::borrow::Cow;
use std::cmp::Ordering;

use serde_json::{Map, Value};

use super::{Comparator, EvaluationError, Node};
use crate::python;

/// A value in the middle of an evaluation: a part of the document wherever possible, so that a list
/// of a hundred objects is not copied to look at one member of each.
#[derive(Debug, Clone)]
pub(super) enum Item<'a> {
    Borrowed(&'a Value),
    Owned(Value),
    List(Vec<Self>),
}

/// Evaluates one expression once.
#[derive(Debug, Default)]
pub(super) struct Interpreter {
    /// What each comparison of two absent values is taken for, a bit for each in the order in which
    /// they are met; `None` compares them like any others.
    assumption: Option<u32>,
    /// The comparisons of two absent values that were met.
    absent: Vec<*const Node>,
    /// What it has cost so far, see [`MAX_STEPS`].
    steps: usize,
}

/// The most parts that a value may have which an expression puts together. Expressions can double a
/// value again and again; without a bound a short one would use up the memory.
const MAX_WEIGHT: usize = 250_000;

/// The most that an evaluation may cost: a step for each node that is applied and for each part of a
/// value that is taken apart, compared or copied. Projections in projections multiply; without a bound a
/// short expression would not end.
const MAX_STEPS: usize = 2_000_000;

type Evaluated<'a> = Result<Item<'a>, EvaluationError>;

impl Interpreter {
    /// Takes the comparisons of two absent values as the bits of `assumption` say, if any. `steps` is what
    /// has been spent on the question before.
    pub(super) fn assuming(assumption: Option<u32>, steps: usize) -> Self {
        Self { assumption, absent: Vec::new(), steps }
    }

    /// What has been spent.
    pub(super) fn steps(&self) -> usize {
        self.steps
    }

    fn spend(&mut self, steps: usize) -> Result<(), EvaluationError> {
        self.steps = self.steps.saturating_add(steps);
        if self.steps <= MAX_STEPS { Ok(()) } else { Err(too_expensive()) }
    }

    /// Spends what it costs to copy `item` or to look at all of it.
    pub(super) fn spend_on(&mut self, item: &Item<'_>) -> Result<(), EvaluationError> {
        let mut left = MAX_STEPS.saturating_sub(self.steps);
        let fits = item.fits(&mut left);
        self.steps = MAX_STEPS - left;
        if fits { Ok(()) } else { Err(too_expensive()) }
    }

    /// How many comparisons of two absent values were met.
    pub(super) fn absent_comparisons(&self) -> usize {
        self.absent.len()
    }

    /// Refuses a value that has grown too large.
    pub(super) fn bounded<'a>(&mut self, item: Item<'a>) -> Evaluated<'a> {
        let mut left = MAX_WEIGHT;
        if !item.fits(&mut left) {
            let message = format!("the value has more than {MAX_WEIGHT} parts");
            return Err(EvaluationError::new(message));
        }
        self.spend(MAX_WEIGHT - left)?;
        Ok(item)
    }

    pub(super) fn visit<'a>(&mut self, node: &'a Node, value: &'a Value) -> Evaluated<'a> {
        self.apply(node, Item::Borrowed(value))
    }

    /// The same as a value of its own.
    pub(super) fn value(&mut self, node: &Node, value: &Value) -> Result<Value, EvaluationError> {
        let item = self.visit(node, value)?;
        self.spend_on(&item)?;
        Ok(item.into_value())
    }

    pub(super) fn apply<'a>(&mut self, node: &'a Node, value: Item<'a>) -> Evaluated<'a> {
        self.spend(1)?;
        match node {
            Node::Current => Ok(value),
            Node::Literal(literal) => Ok(Item::Borrowed(literal)),
            Node::Field(name) => Ok(value.field(name)),
            Node::Index(index) => Ok(value.index(*index)),
            Node::Slice(start, stop, step) => {
                self.spend(value.count())?;
                slice(value, *start, *stop, *step)
            }
            Node::Chain(first, second) => {
                let value = self.apply(first, value)?;
                self.apply(second, value)
            }
            Node::Projection(list, each) => {
                let list = self.apply(list, value)?;
                self.project(list, each)
            }
            Node::Condition(condition, then) => {
                if self.apply(condition, value.clone())?.is_true() {
                    self.apply(then, value)
                } else {
                    Ok(Item::null())
                }
            }
            Node::Flatten(list) => {
                let list = self.apply(list, value)?;
                self.spend(list.inner_count())?;
                Ok(list.flatten())
            }
            Node::ObjectValues(object) => {
                let object = self.apply(object, value)?;
                self.spend(object.count())?;
                Ok(object.values())
            }
            Node::And(first, second) => self.choose(first, second, value, false),
            Node::Or(first, second) => self.choose(first, second, value, true),
            Node::Not(operand) => Ok(Item::boolean(!self.apply(operand, value)?.is_true())),
            Node::Comparison(comparator, left, right) => {
                let left_value = self.apply(left, value.clone())?;
                let right_value = self.apply(right, value)?;
                if let Some(assumed) =
                    self.absent_pair(node, (left, &left_value), (right, &right_value))
                {
                    return Ok(Item::boolean(assumed));
                }
                self.compare(*comparator, &left_value, &right_value)
            }
            Node::MultiList(nodes) => {
                if value.is_null() {
                    return Ok(Item::null());
                }
                let items = nodes.iter().map(|node| self.apply(node, value.clone()));
                let items = items.collect::<Result<_, _>>()?;
                self.bounded(Item::List(items))
            }
            Node::MultiHash(entries) => self.multi_hash(entries, value),
            Node::Call(function, arguments) => function.call(self, arguments, value),
            // Only functions can do anything with a reference, and they take it unevaluated.
            Node::Reference(_) => Ok(Item::null()),
        }
    }

    fn project<'a>(&mut self, list: Item<'a>, each: &'a Node) -> Evaluated<'a> {
        self.spend(list.count())?;
        let Some(items) = list.into_list() else { return Ok(Item::null()) };
        let mut projected = Vec::with_capacity(items.len());
        for item in items {
            let item = self.apply(each, item)?;
            if !item.is_null() {
                projected.push(item);
            }
        }
        Ok(Item::List(projected))
    }

    /// Lists and objects are not compared for nothing.
    fn compare<'a>(
        &mut self,
        comparator: Comparator,
        left: &Item<'a>,
        right: &Item<'a>,
    ) -> Evaluated<'a> {
        let have_parts = left.count() > 0 && right.count() > 0;
        for side in [left, right] {
            // A list that an expression has put together is copied to be compared.
            if have_parts || matches!(side, Item::List(_)) {
                self.spend_on(side)?;
            }
        }
        compare(comparator, &left.as_value(), &right.as_value())
    }

    /// The first operand if its truth is `decisive`, else the second.
    fn choose<'a>(
        &mut self,
        first: &'a Node,
        second: &'a Node,
        value: Item<'a>,
        decisive: bool,
    ) -> Evaluated<'a> {
        let result = self.apply(first, value.clone())?;
        if result.is_true() == decisive { Ok(result) } else { self.apply(second, value) }
    }

    fn multi_hash<'a>(&mut self, entries: &'a [(String, Node)], value: Item<'a>) -> Evaluated<'a> {
        if value.is_null() {
            return Ok(Item::null());
        }
        let mut object = Map::new();
        for (key, node) in entries {
            let value = self.apply(node, value.clone())?;
            let value = self.bounded(value)?;
            object.insert(key.clone(), value.into_value());
        }
        self.bounded(Item::Owned(Value::Object(object)))
    }

    /// What to take the comparison for if both sides are absent. A literal `null` is not absent: it
    /// is how one asks whether something is.
    fn absent_pair(
        &mut self,
        comparison: &Node,
        left: (&Node, &Item<'_>),
        right: (&Node, &Item<'_>),
    ) -> Option<bool> {
        let assumption = self.assumption?;
        let absent =
            |(node, item): (&Node, &Item<'_>)| item.is_null() && !matches!(node, Node::Literal(_));
        if !absent(left) || !absent(right) {
            return None;
        }
        let known = self.absent.iter().position(|known| std::ptr::eq(*known, comparison));
        let place = known.unwrap_or_else(|| {
            self.absent.push(comparison);
            self.absent.len() - 1
        });
        let bit = u32::try_from(place).ok().and_then(|place| assumption.checked_shr(place));
        Some(bit.unwrap_or(0) & 1 == 1)
    }
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

    pub(super) fn as_value(&self) -> Cow<'_, Value> {
        match self {
            Item::Borrowed(value) => Cow::Borrowed(value),
            Item::Owned(value) => Cow::Borrowed(value),
            Item::List(_) => Cow::Owned(self.clone().into_value()),
        }
    }

    /// How many elements or entries it has.
    fn count(&self) -> usize {
        match self {
            Item::Borrowed(value) => count(value),
            Item::Owned(value) => count(value),
            Item::List(items) => items.len(),
        }
    }

    /// How many elements or entries its elements have.
    fn inner_count(&self) -> usize {
        let all = |items: &[Value]| items.iter().map(|item| 1 + count(item)).sum();
        match self {
            Item::Borrowed(Value::Array(items)) => all(items),
            Item::Owned(Value::Array(items)) => all(items),
            Item::List(items) => items.iter().map(|item| 1 + item.count()).sum(),
            Item::Borrowed(_) | Item::Owned(_) => 0,
        }
    }

    fn fits(&self, left: &mut usize) -> bool {
        match self {
            Item::Borrowed(value) => value_fits(value, left),
            Item::Owned(value) => value_fits(value, left),
            Item::List(items) => items.iter().all(|item| item.fits(left)),
        }
    }

    pub(super) fn is_null(&self) -> bool {
        matches!(self, Item::Borrowed(Value::Null) | Item::Owned(Value::Null))
    }

    pub(super) fn is_true(&self) -> bool {
        match self {
            Item::Borrowed(value) => is_true(value),
            Item::Owned(value) => is_true(value),
            Item::List(items) => !items.is_empty(),
        }
    }

    pub(super) fn into_list(self) -> Option<Vec<Self>> {
        match self {
            Item::Borrowed(Value::Array(items)) => Some(items.iter().map(Item::Borrowed).collect()),
            Item::Owned(Value::Array(items)) => Some(items.into_iter().map(Item::Owned).collect()),
            Item::List(items) => Some(items),
            Item::Borrowed(_) | Item::Owned(_) => None,
        }
    }

    fn field(self, name: &str) -> Self {
        match self {
            Item::Borrowed(value) => value.get(name).map_or_else(Item::null, Item::Borrowed),
            Item::Owned(Value::Object(mut object)) => {
                object.swap_remove(name).map_or_else(Item::null, Item::Owned)
            }
            Item::Owned(_) | Item::List(_) => Item::null(),
        }
    }

    fn index(self, index: i64) -> Self {
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

    fn flatten(self) -> Self {
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

    fn values(self) -> Self {
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

fn too_expensive() -> EvaluationError {
    EvaluationError::new(format!("it takes more than {MAX_STEPS} steps"))
}

/// Whether a value has at most `left` parts, which are taken off. Text counts by its length.
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
        Value::Array(items) => !items.is_empty(),
        Value::Object(entries) => !entries.is_empty(),
    }
}

fn compare<'a>(comparator: Comparator, left: &Value, right: &Value) -> Evaluated<'a> {
    let ordering = match (comparator, left, right) {
        (Comparator::Equal, ..) => return Ok(Item::boolean(equal(left, right)?)),
        (Comparator::NotEqual, ..) => return Ok(Item::boolean(!equal(left, right)?)),
        (_, Value::String(left), Value::String(right)) => Some(left.cmp(right)),
        (_, Value::Number(_), Value::Number(_)) if python::equal(left, right) => {
            // Numbers beyond 64 bits may differ all the same.
            equal(left, right)?;
            Some(Ordering::Equal)
        }
        (_, Value::Number(left), Value::Number(right)) => python::compare_numbers(left, right),
        (_, Value::String(_), Value::Number(_)) | (_, Value::Number(_), Value::String(_)) => {
            let message = python::unordered(comparator.as_str(), left, right);
            return Err(EvaluationError::new(message));
        }
        _ => return Ok(Item::null()),
    };
    Ok(Item::boolean(ordering.is_some_and(|ordering| holds(comparator, ordering))))
}

fn holds(comparator: Comparator, ordering: Ordering) -> bool {
    match comparator {
        Comparator::Equal => ordering.is_eq(),
        Comparator::NotEqual => ordering.is_ne(),
        Comparator::Less => ordering.is_lt(),
        Comparator::LessOrEqual => ordering.is_le(),
        Comparator::Greater => ordering.is_gt(),
        Comparator::GreaterOrEqual => ordering.is_ge(),
    }
}

/// Python's equality, except that a number is never a boolean; inside of lists and objects it can be.
fn equal(left: &Value, right: &Value) -> Result<bool, EvaluationError> {
    match (left, right) {
        (Value::Bool(_), Value::Number(_)) | (Value::Number(_), Value::Bool(_)) => Ok(false),
        _ => python::try_equal(left, right).map_err(EvaluationError::new),
    }
}

/// Python's slice of a list.
fn slice<'a>(value: Item<'a>, start: Option<i64>, stop: Option<i64>, step: i64) -> Evaluated<'a> {
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
