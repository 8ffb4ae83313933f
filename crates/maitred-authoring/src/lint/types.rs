//! Types of values in an output or of an expression.

use serde_json::Value;

use maitred_model::states::StateTable;
use maitred_model::{OperationModel, ShapeId, ShapeKind, ShapeRef};

/// A value of which only the type is known.
#[derive(Debug, Clone)]
pub(super) struct Typed<'m> {
    pub(super) kind: Kind<'m>,
    /// Whether it may be absent.
    pub(super) optional: bool,
    /// The member of a structure that it comes from, unchanged.
    pub(super) origin: Option<Origin<'m>>,
}

/// A member of a structure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Origin<'m> {
    pub(super) shape: ShapeId,
    pub(super) structure: &'m str,
    pub(super) member: &'m str,
}

impl Origin<'_> {
    /// The values that the documentation of `service` has for a member that is a plain string in the model.
    pub(super) fn table(&self, service: &str) -> Option<&'static StateTable> {
        StateTable::of(service, self.structure, self.member)
    }
}

/// The type of a value.
#[derive(Debug, Clone)]
pub(super) enum Kind<'m> {
    /// Unknown: an opaque document or a parameter.
    Any,
    /// Always `null`.
    Null,
    Boolean,
    Number,
    /// A string; with its known values if it is an enum.
    Text(&'m [String]),
    /// A value with a client-specific type, in words: a point in time, bytes.
    Native(&'static str),
    /// A structure of the model.
    Structure(ShapeId),
    /// A map of the model, to these values.
    Map(&'m ShapeRef),
    /// A list of the model, of these elements.
    Shapes(&'m ShapeRef),
    /// A list that an expression creates.
    List(Box<Typed<'m>>),
    /// An object that an expression creates.
    Object(Vec<(String, Typed<'m>)>),
    /// A literal in the expression.
    Literal(Value),
}

/// The types of JSON.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Class {
    Any,
    Null,
    Boolean,
    Number,
    String,
    List,
    Object,
}

impl Class {
    pub(super) fn of(value: &Value) -> Self {
        match value {
            Value::Null => Self::Null,
            Value::Bool(_) => Self::Boolean,
            Value::Number(_) => Self::Number,
            Value::String(_) => Self::String,
            Value::Array(_) => Self::List,
            Value::Object(_) => Self::Object,
        }
    }

    /// The name in a message.
    pub(super) fn words(self) -> &'static str {
        match self {
            Self::Any => "anything",
            Self::Null => "null",
            Self::Boolean => "a boolean",
            Self::Number => "a number",
            Self::String => "a string",
            Self::List => "a list",
            Self::Object => "an object",
        }
    }

    /// Whether a value of one can equal a value of the other.
    pub(super) fn can_equal(self, other: Self) -> bool {
        let unsure = |class| matches!(class, Self::Any | Self::Null);
        self == other || unsure(self) || unsure(other)
    }
}

impl<'m> Typed<'m> {
    pub(super) fn any() -> Self {
        Self { kind: Kind::Any, optional: false, origin: None }
    }

    pub(super) fn of(kind: Kind<'m>) -> Self {
        Self { kind, optional: false, origin: None }
    }

    pub(super) fn null() -> Self {
        Self { kind: Kind::Null, optional: true, origin: None }
    }

    pub(super) fn list(element: Self) -> Self {
        Self::of(Kind::List(Box::new(element)))
    }

    /// Makes it optional if `optional` is true.
    pub(super) fn or_absent(mut self, optional: bool) -> Self {
        self.optional |= optional;
        self
    }

    /// The type that a reference of `operation` points to.
    pub(super) fn shape(operation: &'m OperationModel, reference: &'m ShapeRef) -> Self {
        let shape = operation.shape(reference);
        if reference.traits.json_value {
            return Self::any();
        }
        Self::of(match &shape.kind {
            ShapeKind::Structure(structure) if structure.document || structure.event_stream => {
                Kind::Any
            }
            ShapeKind::Structure(_) => Kind::Structure(reference.shape),
            ShapeKind::List(element) => Kind::Shapes(element),
            ShapeKind::Map { value, .. } => Kind::Map(value),
            ShapeKind::String(values) => Kind::Text(values),
            ShapeKind::Boolean => Kind::Boolean,
            ShapeKind::Integer | ShapeKind::Long | ShapeKind::Float | ShapeKind::Double => {
                Kind::Number
            }
            ShapeKind::Timestamp => Kind::Native("a point in time"),
            ShapeKind::Blob => Kind::Native("bytes"),
        })
    }

    pub(super) fn class(&self) -> Class {
        match &self.kind {
            Kind::Any | Kind::Native(_) => Class::Any,
            Kind::Null => Class::Null,
            Kind::Boolean => Class::Boolean,
            Kind::Number => Class::Number,
            Kind::Text(_) => Class::String,
            Kind::Shapes(_) | Kind::List(_) => Class::List,
            Kind::Structure(_) | Kind::Map(_) | Kind::Object(_) => Class::Object,
            Kind::Literal(value) => Class::of(value),
        }
    }

    /// The elements of a list; unknown elements for an unknown value.
    pub(super) fn elements(&self, operation: Option<&'m OperationModel>) -> Option<Self> {
        match (&self.kind, operation) {
            (Kind::Any, _) => Some(Self::any()),
            (Kind::Shapes(element), Some(operation)) => {
                Some(Self { origin: self.origin, ..Self::shape(operation, element) })
            }
            (Kind::List(element), _) => Some((**element).clone()),
            (Kind::Literal(Value::Array(items)), _) => {
                Some(items.first().map_or_else(Self::any, |first| {
                    let same = items.iter().all(|item| Class::of(item) == Class::of(first));
                    if same { Self::of(Kind::Literal(first.clone())) } else { Self::any() }
                }))
            }
            _ => None,
        }
    }

    /// The member that the elements of a list come from.
    pub(super) fn origin_of_elements(&self) -> Option<Origin<'m>> {
        if let Kind::List(element) = &self.kind { element.origin } else { self.origin }
    }

    /// The name of the client-specific type, whose values never equal a string.
    pub(super) fn native(&self) -> Option<&'static str> {
        if let Kind::Native(what) = self.kind { Some(what) } else { None }
    }

    /// The known values of a string.
    pub(super) fn values(&self) -> &'m [String] {
        if let Kind::Text(values) = self.kind { values } else { &[] }
    }
}

/// The type of a value that has one type or the other.
pub(super) fn either<'m>(one: Typed<'m>, other: Typed<'m>) -> Typed<'m> {
    let optional = one.optional || other.optional;
    let kept = match (one.class(), other.class()) {
        (Class::Null, _) => other,
        (_, Class::Null) => one,
        _ if matches!((&one.kind, &other.kind), (Kind::Structure(a), Kind::Structure(b)) if a == b) => {
            one
        }
        (a, b) if a == b && !matches!(a, Class::Object) => match (&one.kind, &other.kind) {
            (Kind::Literal(_), _) => Typed { origin: None, ..other },
            _ if one.origin == other.origin => one,
            _ => Typed { origin: None, ..one },
        },
        _ => Typed::any(),
    };
    Typed { optional, ..kept }
}
