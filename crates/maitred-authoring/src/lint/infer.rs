//! Infers the type of an expression on an output, and finds its flaws.

use serde_json::Value;

use super::rule::{self, Rule};
use super::types::{Class, Kind, Origin, Typed, either};
use maitred_core::diagnostic::nearest;
use maitred_core::expression::Node;
use maitred_model::{OperationModel, ShapeId};

mod call;
mod compare;
mod members;
mod present;

pub(super) use compare::{ValuePosition, advice, listed};

use members::{is_output, response_metadata, structure, suggest};
use present::remember_present;

/// A flaw of an expression.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Flaw {
    pub(super) rule: &'static Rule,
    pub(super) message: String,
    pub(super) help: Option<String>,
    /// The word of the expression to point to.
    pub(super) word: String,
}

/// A value that an expression compares a member with.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct ComparedValue<'m> {
    pub(super) origin: Origin<'m>,
    pub(super) values: &'m [String],
    /// `None` if the values are not known.
    pub(super) value: Option<String>,
}

/// The inference of one expression.
#[derive(Debug)]
pub(super) struct Inference<'m> {
    operation: Option<&'m OperationModel>,
    /// The flaws found so far.
    pub(super) flaws: Vec<Flaw>,
    /// The values that the expression compares members with.
    pub(super) named: Vec<ComparedValue<'m>>,
    /// Expressions that are known to be present in the current context.
    present: Vec<Node>,
    /// Whether the current node is inside `!`.
    negated: bool,
}

impl<'m> Inference<'m> {
    pub(super) fn new(operation: Option<&'m OperationModel>) -> Self {
        Self {
            operation,
            flaws: Vec::new(),
            named: Vec::new(),
            present: Vec::new(),
            negated: false,
        }
    }

    fn flaw(&mut self, rule: &'static Rule, word: &str, message: String, help: Option<String>) {
        let flaw = Flaw { rule, message, help, word: word.to_owned() };
        if !self.flaws.contains(&flaw) {
            self.flaws.push(flaw);
        }
    }

    /// The type of `node` on `current`.
    pub(super) fn infer(&mut self, node: &Node, current: &Typed<'m>) -> Typed<'m> {
        match node {
            Node::Current => current.clone(),
            Node::Literal(value) => literal(value),
            Node::Field(name) => self.field(current, name),
            Node::Index(index) => self.index(current, *index),
            Node::Slice(..) => match current.elements(self.operation) {
                Some(element) => Typed::list(element).or_absent(current.optional),
                None => self.no_list(current, "[:]"),
            },
            Node::Chain(first, second) => {
                let first = self.infer(first, current);
                self.infer(second, &first)
            }
            Node::Projection(list, each) => self.projection(list, each, current),
            Node::Condition(condition, then) => {
                self.scope(|inference| inference.infer(condition, current));
                self.infer(then, current)
            }
            Node::Flatten(list) => self.flatten(list, current),
            Node::ObjectValues(object) => self.object_values(object, current),
            Node::And(first, second) => self.and(first, second, current),
            Node::Or(first, second) => {
                let first = self.infer(first, current);
                let second = self.infer(second, current);
                let optional = second.optional;
                Typed { optional, ..either(first, second) }
            }
            Node::Not(operand) => {
                let outside = std::mem::replace(&mut self.negated, true);
                self.infer(operand, current);
                self.negated = outside;
                Typed::of(Kind::Boolean)
            }
            Node::Comparison(comparator, left, right) => {
                self.comparison(*comparator, left, right, current)
            }
            Node::MultiList(nodes) => {
                if let Some(values) = literals(nodes) {
                    return Typed::of(Kind::Literal(values));
                }
                let types: Vec<_> = nodes.iter().map(|node| self.infer(node, current)).collect();
                let element = types.into_iter().reduce(either).unwrap_or_else(Typed::any);
                Typed::list(element).or_absent(current.optional)
            }
            Node::MultiHash(entries) => {
                let entry = |(key, node): &(String, Node)| (key.clone(), self.infer(node, current));
                let entries = entries.iter().map(entry).collect();
                Typed::of(Kind::Object(entries)).or_absent(current.optional)
            }
            Node::Call(function, arguments) => self.call(*function, arguments, current),
            Node::Reference(_) => Typed::any(),
        }
    }

    /// Runs `inner` for another current value, for which [`Inference::present`] does not apply.
    fn scope<T>(&mut self, inner: impl FnOnce(&mut Self) -> T) -> T {
        let present = std::mem::take(&mut self.present);
        let result = inner(self);
        self.present = present;
        result
    }

    fn and(&mut self, first: &Node, second: &Node, current: &Typed<'m>) -> Typed<'m> {
        let left = self.infer(first, current);
        let known = self.present.len();
        remember_present(first, &mut self.present);
        let right = self.infer(second, current);
        self.present.truncate(known);
        either(left, right)
    }

    fn field(&mut self, current: &Typed<'m>, name: &str) -> Typed<'m> {
        if name.contains("{{") {
            return Typed::any();
        }
        match (&current.kind, self.operation) {
            (Kind::Any | Kind::Native(_), _) => Typed::any().or_absent(true),
            (Kind::Null, _) => Typed::null(),
            (Kind::Structure(shape), Some(operation)) => {
                self.member(operation, *shape, current, name)
            }
            (Kind::Map(value), Some(operation)) => Typed::shape(operation, value).or_absent(true),
            (Kind::Object(entries), _) => match entries.iter().find(|(key, _)| key == name) {
                Some((_, entry)) => entry.clone().or_absent(current.optional),
                None => {
                    let keys = entries.iter().map(|(key, _)| key.as_str());
                    let all = entries.iter().map(|(key, _)| key.as_str()).take(8);
                    let help = match nearest(name, keys) {
                        Some(near) => format!("did you mean `{near}`?"),
                        None => format!("there are {}", all.collect::<Vec<_>>().join(", ")),
                    };
                    let help = (!entries.is_empty()).then_some(help);
                    let message = format!("there is no member `{name}` here");
                    self.flaw(&rule::UNKNOWN_MEMBER, name, message, help);
                    Typed::null()
                }
            },
            (Kind::Literal(Value::Object(entries)), _) => {
                entries.get(name).map_or_else(Typed::null, literal)
            }
            _ => self.no_structure(current, name),
        }
    }

    fn member(
        &mut self,
        operation: &'m OperationModel,
        shape: ShapeId,
        current: &Typed<'m>,
        name: &str,
    ) -> Typed<'m> {
        let Some((structure, members)) = structure(operation, shape) else { return Typed::any() };
        if let Some(member) = members.member(name) {
            let origin = Origin { shape, structure, member: &member.name };
            let typed = Typed::shape(operation, &member.target);
            return Typed { origin: Some(origin), ..typed }
                .or_absent(current.optional || !member.required);
        }
        if is_output(operation, shape) && name == "ResponseMetadata" {
            return response_metadata();
        }
        let help = match name {
            "null" | "true" | "false" => Some(format!("a value has back-quotes: `{name}`")),
            _ => suggest(operation, shape, name, members),
        };
        let what = if is_output(operation, shape) {
            format!("the output of `{}`", operation.name)
        } else {
            format!("`{structure}`")
        };
        let message = format!("{what} has no member `{name}`");
        self.flaw(&rule::UNKNOWN_MEMBER, name, message, help);
        Typed::null()
    }

    fn no_structure(&mut self, current: &Typed<'m>, name: &str) -> Typed<'m> {
        let what = describe(current);
        let message = match current.elements(self.operation) {
            Some(_) => format!("{what} is a list, so it has no member `{name}`"),
            None => format!("{what} is {}, so it has no member `{name}`", current.class().words()),
        };
        let help = match (current.elements(self.operation), current.origin) {
            (Some(_), Some(origin)) => Some(format!("write `{}[].{name}`", origin.member)),
            (Some(_), None) => Some(format!("write `[].{name}` for that of each element")),
            (None, _) => of_condition(current),
        };
        self.flaw(&rule::NO_STRUCTURE, name, message, help);
        Typed::null()
    }

    fn index(&mut self, current: &Typed<'m>, index: i64) -> Typed<'m> {
        match current.elements(self.operation) {
            Some(element) => element.or_absent(true),
            None => self.no_list(current, &format!("[{index}]")),
        }
    }

    /// Reports that `operator` is applied to something other than a list.
    fn no_list(&mut self, current: &Typed<'m>, operator: &str) -> Typed<'m> {
        if !matches!(current.kind, Kind::Null) {
            let what = describe(current);
            let kind = current.class().words();
            let message =
                format!("{what} is {kind}, not a list: `{operator}` of it is always null");
            let help = of_condition(current).unwrap_or_else(|| format!("leave out `{operator}`"));
            let word = current.origin.map_or(operator, |origin| origin.member);
            self.flaw(&rule::NO_LIST, word, message, Some(help));
        }
        Typed::null()
    }

    fn projection(&mut self, list: &Node, each: &Node, current: &Typed<'m>) -> Typed<'m> {
        let list = self.infer(list, current);
        let Some(element) = list.elements(self.operation) else {
            let operator = if matches!(each, Node::Condition(..)) { "[?…]" } else { "[*]" };
            return self.no_list(&list, operator);
        };
        let projected = self.scope(|inference| inference.infer(each, &element));
        // A projection drops what is null.
        Typed::list(Typed { optional: false, ..projected }).or_absent(list.optional)
    }

    fn flatten(&mut self, list: &Node, current: &Typed<'m>) -> Typed<'m> {
        let list = self.infer(list, current);
        let Some(element) = list.elements(self.operation) else {
            return self.no_list(&list, "[]");
        };
        let inner =
            if element.class() == Class::List { element.elements(self.operation) } else { None };
        Typed::list(inner.unwrap_or(element)).or_absent(list.optional)
    }

    fn object_values(&mut self, object: &Node, current: &Typed<'m>) -> Typed<'m> {
        let object = self.infer(object, current);
        let optional = object.optional;
        match (&object.kind, self.operation) {
            (Kind::Map(value), Some(operation)) => Typed::list(Typed::shape(operation, value)),
            (Kind::Structure(_) | Kind::Object(_) | Kind::Any | Kind::Native(_), _) => {
                Typed::list(Typed::any())
            }
            _ => {
                let what = describe(&object);
                let message = format!(
                    "{what} is {}, not an object: `*` of it is always null",
                    object.class().words()
                );
                let word = object.origin.map_or("*", |origin| origin.member);
                if object.class() != Class::Null {
                    self.flaw(&rule::NO_STRUCTURE, word, message, None);
                }
                Typed::null()
            }
        }
        .or_absent(optional)
    }
}

/// The help for a path that begins with a condition.
fn of_condition(current: &Typed<'_>) -> Option<String> {
    let of_condition = current.class() == Class::Boolean && current.origin.is_none();
    of_condition.then(|| "`!a.b` is `(!a).b`: write `!(a.b)`".to_owned())
}

fn literal<'m>(value: &Value) -> Typed<'m> {
    if value.as_str().is_some_and(|text| text.contains("{{")) {
        // Only the caller knows the value.
        return Typed::any();
    }
    Typed::of(Kind::Literal(value.clone())).or_absent(value.is_null())
}

/// The value of a list of literals.
fn literals(nodes: &[Node]) -> Option<Value> {
    let value = |node: &Node| {
        let Node::Literal(value) = node else { return None };
        (!value.to_string().contains("{{")).then(|| value.clone())
    };
    nodes.iter().map(value).collect()
}

/// Names a value in a message.
pub(super) fn describe(typed: &Typed<'_>) -> String {
    typed.origin.map_or_else(|| "this".to_owned(), |origin| format!("`{}`", origin.member))
}
