//! The syntax tree of an expression.

use serde_json::Value;

use super::function::Function;

/// A node of an expression. Callers match it exhaustively: a new variant is a breaking change.
#[derive(Debug, Clone, PartialEq)]
pub enum Node {
    /// `@`: the current value.
    Current,
    /// A literal value.
    Literal(Value),
    /// The member of that name.
    Field(String),
    /// The element at that index; counted from the end if negative.
    Index(i64),
    /// `[start:stop:step]`.
    Slice(Option<i64>, Option<i64>, i64),
    /// The second evaluated on the value of the first: `a.b`, `a | b`.
    Chain(Box<Self>, Box<Self>),
    /// The second evaluated on every element of the first, without `null` results.
    Projection(Box<Self>, Box<Self>),
    /// The second if the first is true; the inside of a filter.
    Condition(Box<Self>, Box<Self>),
    /// `[]`: flattens lists in the list.
    Flatten(Box<Self>),
    /// `*`: the values of an object.
    ObjectValues(Box<Self>),
    /// `a && b`.
    And(Box<Self>, Box<Self>),
    /// `a || b`.
    Or(Box<Self>, Box<Self>),
    /// `!a`.
    Not(Box<Self>),
    /// A comparison.
    Comparison(Comparator, Box<Self>, Box<Self>),
    /// `[a, b]`.
    MultiList(Vec<Self>),
    /// `{x: a, y: b}`.
    MultiHash(Vec<(String, Self)>),
    /// A call of a function.
    Call(Function, Vec<Self>),
    /// `&a`: an expression as an argument.
    Reference(Box<Self>),
}

/// A comparison operator. Callers match it exhaustively: a new variant is a breaking change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Comparator {
    /// `==`
    Equal,
    /// `!=`
    NotEqual,
    /// `<`
    Less,
    /// `<=`
    LessOrEqual,
    /// `>`
    Greater,
    /// `>=`
    GreaterOrEqual,
}

impl Comparator {
    /// The operator as text.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Equal => "==",
            Self::NotEqual => "!=",
            Self::Less => "<",
            Self::LessOrEqual => "<=",
            Self::Greater => ">",
            Self::GreaterOrEqual => ">=",
        }
    }
}

impl Node {
    /// Applies `bind` to the string literals and names with placeholders.
    pub(super) fn bind<E>(&mut self, bind: &dyn Fn(&str) -> Result<Value, E>) -> Result<(), E> {
        match self {
            Self::Literal(value) => bind_literal(value, bind)?,
            Self::Field(name) if name.contains("{{") => {
                let bound = bind(name)?;
                *name = bound.as_str().map_or_else(|| bound.to_string(), str::to_owned);
            }
            Self::Chain(a, b)
            | Self::Projection(a, b)
            | Self::Condition(a, b)
            | Self::And(a, b)
            | Self::Or(a, b)
            | Self::Comparison(_, a, b) => {
                a.bind(bind)?;
                b.bind(bind)?;
            }
            Self::Flatten(a) | Self::ObjectValues(a) | Self::Not(a) | Self::Reference(a) => {
                a.bind(bind)?;
            }
            Self::MultiList(nodes) | Self::Call(_, nodes) => {
                nodes.iter_mut().try_for_each(|node| node.bind(bind))?;
            }
            Self::MultiHash(entries) => {
                entries.iter_mut().try_for_each(|(_, node)| node.bind(bind))?;
            }
            Self::Current | Self::Field(_) | Self::Index(_) | Self::Slice(..) => {}
        }
        Ok(())
    }
}

fn bind_literal<E>(value: &mut Value, bind: &dyn Fn(&str) -> Result<Value, E>) -> Result<(), E> {
    match value {
        Value::String(text) if text.contains("{{") => *value = bind(text)?,
        Value::Array(items) => items.iter_mut().try_for_each(|item| bind_literal(item, bind))?,
        Value::Object(entries) => {
            entries.values_mut().try_for_each(|entry| bind_literal(entry, bind))?;
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
    Ok(())
}
