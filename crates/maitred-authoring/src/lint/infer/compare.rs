//! Comparisons: what can never be equal, and what is equal by accident.

use serde_json::Value;

use super::{ComparedValue, Flaw, Inference, describe};
use crate::lint::rule;
use crate::lint::types::{Class, Kind, Typed};
use maitred_core::diagnostic::nearest;
use maitred_core::expression::{Comparator, Node};

impl<'m> Inference<'m> {
    pub(super) fn comparison(
        &mut self,
        comparator: Comparator,
        left_node: &Node,
        right_node: &Node,
        current: &Typed<'m>,
    ) -> Typed<'m> {
        let known = self.flaws.len();
        let left = self.infer(left_node, current);
        let right = self.infer(right_node, current);
        for (node, other) in [(left_node, &right), (right_node, &left)] {
            self.suggest_quotes(known, node, other);
        }
        let equality = matches!(comparator, Comparator::Equal | Comparator::NotEqual);
        if !equality {
            self.ordering(comparator, &left, &right);
            return Typed::of(Kind::Boolean).or_absent(left.optional || right.optional);
        }
        match (&left.kind, &right.kind) {
            (Kind::Literal(_), Kind::Literal(_)) => {}
            (Kind::Literal(value), _) => self.against(comparator, &right, value),
            (_, Kind::Literal(value)) => self.against(comparator, &left, value),
            _ => {
                self.open(&left);
                self.open(&right);
                self.both_absent((left_node, &left), (right_node, &right));
                if !left.class().can_equal(right.class()) {
                    let message = format!(
                        "{} is {} and {} is {}: they are never equal",
                        describe(&left),
                        left.class().words(),
                        describe(&right),
                        right.class().words()
                    );
                    self.flaw(&rule::IMPOSSIBLE_VALUE, word(&left), message, None);
                }
            }
        }
        Typed::of(Kind::Boolean)
    }

    /// `Status == READY` compares two members, though a text was meant.
    fn suggest_quotes(&mut self, known: usize, node: &Node, other: &Typed<'m>) {
        let Node::Field(name) = node else { return };
        let meant = other.values().contains(name);
        let unknown = |flaw: &&mut Flaw| flaw.rule == &rule::UNKNOWN_MEMBER && flaw.word == *name;
        let flaw = self.flaws[known..].iter_mut().find(unknown);
        if let Some(flaw) = flaw.filter(|_| meant) {
            flaw.help = Some(format!("a text has single quotes: '{name}'"));
        }
    }

    /// Checks a member that is compared with a literal.
    fn against(&mut self, comparator: Comparator, typed: &Typed<'m>, value: &Value) {
        if let Some(origin) = typed.origin {
            let told = comparator == Comparator::Equal && !self.negated;
            let value = value.as_str().filter(|_| told).map(str::to_owned);
            self.named.push(ComparedValue { origin, values: typed.values(), value });
        }
        if value.is_null() {
            return;
        }
        if let Some(what) = typed.native().filter(|_| value.is_string()) {
            return self.native(typed, what);
        }
        if !typed.class().can_equal(Class::of(value)) {
            let effect = if comparator == Comparator::NotEqual {
                "so this holds whatever it is: it is never"
            } else {
                "so it never equals"
            };
            let message =
                format!("{} is {}, {effect} {value}", describe(typed), typed.class().words());
            let help = advice(typed, value, ValuePosition::Expression);
            return self.flaw(&rule::IMPOSSIBLE_VALUE, word(typed), message, help);
        }
        self.known_value(typed, value, &text_of(value));
    }

    /// Reports a comparison of a string with a value that is not a string in botocore.
    pub(crate) fn native(&mut self, typed: &Typed<'m>, what: &str) {
        let message = format!(
            "{} is {what}, which in botocore is no text and never equals one",
            describe(typed)
        );
        self.flaw(&rule::PYTHON_EQUALITY, word(typed), message, None);
    }

    /// Reports a value that the enum does not have.
    pub(crate) fn known_value(&mut self, typed: &Typed<'m>, value: &Value, place: &str) {
        let (values, Some(text)) = (typed.values(), value.as_str()) else { return };
        if values.is_empty() || text.contains("{{") || values.iter().any(|known| known == text) {
            return;
        }
        let message = format!("{} is never `{text}`, as far as the model says", describe(typed));
        let help = match nearest(text, values.iter().map(String::as_str)) {
            Some(near) => format!("did you mean `{near}`? {}", listed(values)),
            None => listed(values),
        };
        self.flaw(&rule::UNKNOWN_VALUE, place, message, Some(help));
    }

    fn ordering(&mut self, comparator: Comparator, left: &Typed<'m>, right: &Typed<'m>) {
        for (typed, other) in [(left, right), (right, left)] {
            self.open(typed);
            if let Some(what) = typed.native().filter(|_| other.class() == Class::String) {
                return self.native(typed, what);
            }
            let orderable =
                matches!(typed.class(), Class::Any | Class::Null | Class::Number | Class::String);
            if !orderable || !typed.class().can_equal(other.class()) {
                let message = format!(
                    "`{}` cannot order {} and {}",
                    comparator.as_str(),
                    left.class().words(),
                    right.class().words()
                );
                return self.flaw(&rule::IMPOSSIBLE_VALUE, word(typed), message, None);
            }
        }
    }

    fn both_absent(&mut self, left: (&Node, &Typed<'m>), right: (&Node, &Typed<'m>)) {
        let absent = |walk: &Self, (node, typed): (&Node, &Typed<'m>)| {
            typed.optional && !walk.present.contains(node)
        };
        // A member that does not exist is already reported.
        let unknown = |typed: &Typed<'m>| matches!(typed.kind, Kind::Null);
        if !absent(self, left) || !absent(self, right) || unknown(left.1) || unknown(right.1) {
            return;
        }
        let message = format!(
            "{} and {} may both be absent, and then they are equal",
            describe(left.1),
            describe(right.1)
        );
        let help = format!("ask first whether there is one: {} != `null` && …", bare(left.1));
        self.flaw(&rule::ABSENT_COMPARISON, word(left.1), message, Some(help));
    }

    /// Records that a member is compared with unknown values.
    pub(super) fn open(&mut self, typed: &Typed<'m>) {
        if let Some(origin) = typed.origin {
            self.named.push(ComparedValue { origin, values: typed.values(), value: None });
        }
    }
}

fn bare<'a>(typed: &Typed<'a>) -> &'a str {
    typed.origin.map_or("…", |origin| origin.member)
}

/// The word to look for in the expression.
pub(super) fn word<'a>(typed: &Typed<'a>) -> &'a str {
    typed.origin.map_or("", |origin| origin.member)
}

fn text_of(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// The place where a value is written, which determines its syntax.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ValuePosition {
    /// In `expected`: JSON.
    Expected,
    /// In an expression: a literal of JMESPath.
    Expression,
}

/// A hint about the intended value.
pub(crate) fn advice(typed: &Typed<'_>, value: &Value, place: ValuePosition) -> Option<String> {
    let bare = |what: &str, text: &str| match place {
        ValuePosition::Expected => format!("the {what} has no quotes: {text}"),
        ValuePosition::Expression => format!("a {what} has back-quotes: `{text}`"),
    };
    match (typed.class(), value) {
        (Class::Boolean, Value::String(text))
            if matches!(text.to_lowercase().as_str(), "true" | "false") =>
        {
            Some(bare("boolean", &text.to_lowercase()))
        }
        (Class::Number, Value::String(text)) if text.parse::<f64>().is_ok() => {
            Some(bare("number", text))
        }
        (Class::String, Value::Number(_) | Value::Bool(_)) => Some(match place {
            ValuePosition::Expected => format!("the string has quotes: \"{value}\""),
            ValuePosition::Expression => format!("a text has single quotes: '{value}'"),
        }),
        _ => None,
    }
}

/// The values of an enum in a sentence.
pub(crate) fn listed(values: &[String]) -> String {
    const SHOWN: usize = 16;
    let shown: Vec<_> = values.iter().take(SHOWN).map(String::as_str).collect();
    let more = if values.len() > SHOWN { ", …" } else { "" };
    format!("the values are {}{more}", shown.join(", "))
}
