//! Evaluation, by the rules of jmespath.py's `TreeInterpreter`.

use serde_json::{Map, Value};

use super::compare::compare;
use super::error::EvaluationError;
use super::item::{Item, slice};
use super::node::{Comparator, Node};

/// Evaluates one expression once.
#[derive(Debug, Default)]
pub(super) struct Interpreter {
    /// The assumed result of each comparison of two absent values, one bit each in the order in which
    /// they are met; `None` compares them like any other values.
    assumption: Option<u32>,
    /// The comparisons of two absent values that were met.
    absent: Vec<*const Node>,
    /// The cost so far, see [`MAX_STEPS`].
    steps: usize,
}

/// The most parts that a value built by an expression may have. Expressions can double a value again and
/// again; without a bound a short one would exhaust the memory.
const MAX_WEIGHT: usize = 250_000;

/// The most steps of one evaluation: one for each node that is applied and for each part of a value that is
/// split, compared or copied. Nested projections multiply; without a bound a short expression would not
/// end.
const MAX_STEPS: usize = 2_000_000;

pub(super) type Evaluated<'a> = Result<Item<'a>, EvaluationError>;

impl Interpreter {
    /// Assumes results for comparisons of two absent values, see [`Interpreter::assumption`]. `steps` is the
    /// cost of earlier evaluations for the same question.
    pub(super) fn assuming(assumption: Option<u32>, steps: usize) -> Self {
        Self { assumption, absent: Vec::new(), steps }
    }

    /// The steps spent so far.
    pub(super) fn steps(&self) -> usize {
        self.steps
    }

    fn spend(&mut self, steps: usize) -> Result<(), EvaluationError> {
        self.steps = self.steps.saturating_add(steps);
        if self.steps <= MAX_STEPS { Ok(()) } else { Err(too_expensive()) }
    }

    /// Spends the cost of copying `item` or reading all of it.
    pub(super) fn spend_on(&mut self, item: &Item<'_>) -> Result<(), EvaluationError> {
        let mut left = MAX_STEPS.saturating_sub(self.steps);
        let fits = item.fits(&mut left);
        self.steps = MAX_STEPS - left;
        if fits { Ok(()) } else { Err(too_expensive()) }
    }

    /// The number of comparisons of two absent values so far.
    pub(super) fn absent_comparisons(&self) -> usize {
        self.absent.len()
    }

    /// Rejects a value that has grown too large.
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

    /// Evaluates to an owned value.
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
            Node::Call(function, arguments) => self.call(*function, arguments, value),
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

    /// Compares two values, and spends the cost of looking into lists and objects.
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
        let result = compare(comparator, &left.as_value(), &right.as_value())?;
        Ok(result.map_or_else(Item::null, Item::boolean))
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

    /// The assumed result of a comparison whose sides are both absent. A literal `null` is not absent: it
    /// is how an expression asks whether a value exists.
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

fn too_expensive() -> EvaluationError {
    EvaluationError::new(format!("it takes more than {MAX_STEPS} steps"))
}
