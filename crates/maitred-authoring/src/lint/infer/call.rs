//! The types of arguments and results of functions.

use serde_json::Value;

use super::compare::{listed, word};
use super::{ComparedValue, Inference, describe};
use crate::lint::rule;
use crate::lint::types::{Class, Kind, Typed, either};
use maitred_core::expression::{Function, Node};

impl<'m> Inference<'m> {
    pub(super) fn call(
        &mut self,
        function: Function,
        arguments: &[Node],
        current: &Typed<'m>,
    ) -> Typed<'m> {
        let types: Vec<_> = arguments.iter().map(|node| self.infer(node, current)).collect();
        let name = function.name();
        for (index, (node, typed)) in arguments.iter().zip(&types).enumerate() {
            self.argument(function, index, node, typed);
        }
        self.name_values(name, &types);
        self.parts(name, &types);
        let first = types.first().cloned().unwrap_or_else(Typed::any);
        let operation = self.operation;
        let element = |typed: &Typed<'m>| typed.elements(operation).unwrap_or_else(Typed::any);
        match name {
            "abs" | "avg" | "ceil" | "floor" | "length" | "sum" | "to_number" => {
                Typed::of(Kind::Number).or_absent(matches!(name, "avg" | "to_number"))
            }
            "contains" | "starts_with" | "ends_with" => Typed::of(Kind::Boolean),
            "to_string" if first.class() == Class::String => first,
            "join" | "to_string" | "type" => Typed::of(Kind::Text(&[])),
            "keys" => Typed::list(Typed::of(Kind::Text(&[]))),
            "values" => match (&first.kind, self.operation) {
                (Kind::Map(value), Some(operation)) => Typed::list(Typed::shape(operation, value)),
                _ => Typed::list(Typed::any()),
            },
            "max" | "min" => {
                self.ordered(name, &element(&first));
                element(&first).or_absent(true)
            }
            "max_by" | "min_by" | "sort_by" => {
                let item = element(&first);
                let key = self.reference(arguments.get(1), &item);
                self.ordered(name, &key);
                if name == "sort_by" { first } else { item.or_absent(true) }
            }
            "map" => {
                let item = types.get(1).map_or_else(Typed::any, element);
                Typed::list(self.reference(arguments.first(), &item))
            }
            "not_null" => {
                let optional = types.iter().all(|typed| typed.optional);
                let kept = types.into_iter().reduce(either).unwrap_or_else(Typed::any);
                Typed { optional, ..kept }
            }
            "sort" => {
                self.ordered(name, &element(&first));
                first
            }
            "reverse" => first,
            "to_array" if first.class() == Class::List => first,
            _ => Typed::any(),
        }
    }

    /// `&expression` on the elements of a list.
    fn reference(&mut self, node: Option<&Node>, item: &Typed<'m>) -> Typed<'m> {
        match node {
            Some(Node::Reference(inner)) => self.scope(|walk| walk.infer(inner, item)),
            Some(_) | None => Typed::any(),
        }
    }

    /// Checks that a function can order values of this type.
    fn ordered(&mut self, name: &str, key: &Typed<'m>) {
        if let Some(what) = key.native() {
            let message = format!(
                "`{name}` takes numbers or strings, and {} is {what}: in botocore it fails",
                describe(key)
            );
            self.flaw(&rule::PYTHON_EQUALITY, word(key), message, None);
        }
    }

    /// Checks the type of an argument.
    fn argument(&mut self, function: Function, index: usize, node: &Node, typed: &Typed<'m>) {
        let wanted = function.takes(index);
        if wanted.is_empty() || matches!(node, Node::Reference(_)) {
            return;
        }
        let name = function.name();
        let is_list = wanted.iter().any(|kind| kind.starts_with("array"));
        let fits = match typed.class() {
            Class::Any | Class::Null => true,
            Class::Boolean => false,
            Class::Number => wanted.contains(&"number"),
            Class::String => wanted.contains(&"string"),
            Class::Object => wanted.contains(&"object"),
            Class::List => is_list && self.elements_fit(wanted, typed),
        };
        if !fits {
            let message = format!(
                "`{name}` takes {}, and {} is {}: it fails",
                words(wanted),
                describe(typed),
                self.described(typed)
            );
            return self.flaw(&rule::WRONG_ARGUMENT, name, message, None);
        }
        if typed.optional && !self.present.contains(node) && typed.class() != Class::Any {
            let what =
                if typed.origin.is_some() { describe(typed) } else { "its value".to_owned() };
            let message = format!("{what} may be absent, and `{name}` of nothing fails");
            let list = is_list && typed.class() != Class::String;
            let instead = match wanted {
                ["object"] => "`{}`",
                _ if list => "`[]`",
                _ => "''",
            };
            let help = format!("give what stands for nothing: {name}(… || {instead})");
            self.flaw(&rule::ABSENT_ARGUMENT, name, message, Some(help));
        }
    }

    fn elements_fit(&self, wanted: &[&str], typed: &Typed<'m>) -> bool {
        let Some(element) = typed.elements(self.operation) else { return true };
        match element.class() {
            Class::Any | Class::Null => true,
            Class::Number => wanted.iter().any(|kind| matches!(*kind, "array" | "array-number")),
            Class::String => wanted.iter().any(|kind| matches!(*kind, "array" | "array-string")),
            Class::Boolean | Class::List | Class::Object => wanted.contains(&"array"),
        }
    }

    fn described(&self, typed: &Typed<'m>) -> String {
        match typed.elements(self.operation).map(|element| element.class()) {
            Some(Class::Number) => "a list of numbers".to_owned(),
            Some(Class::String) => "a list of strings".to_owned(),
            Some(Class::Boolean) => "a list of booleans".to_owned(),
            Some(Class::Object) => "a list of objects".to_owned(),
            Some(Class::List) => "a list of lists".to_owned(),
            Some(Class::Any | Class::Null) | None => typed.class().words().to_owned(),
        }
    }

    /// Checks that the value of a predicate function can occur.
    fn parts(&mut self, name: &str, types: &[Typed<'m>]) {
        let [whole, part] = types else { return };
        if name == "contains" && whole.class() == Class::String {
            let kind = part.class();
            if !kind.can_equal(Class::String) {
                let message = format!("a string never contains {}: it fails", kind.words());
                let help = (kind == Class::List)
                    .then(|| "the list comes first: contains([…], …)".to_owned());
                return self.flaw(&rule::WRONG_ARGUMENT, name, message, help);
            }
        }
        let Kind::Literal(Value::String(text)) = &part.kind else { return };
        let (says, has): (_, fn(&str, &str) -> bool) = match name {
            "contains" => ("contains", |value, text| value.contains(text)),
            "starts_with" => ("starts with", |value, text| value.starts_with(text)),
            "ends_with" => ("ends with", |value, text| value.ends_with(text)),
            _ => return,
        };
        let values = whole.values();
        if !values.is_empty() && !values.iter().any(|value| has(value, text)) {
            let message = format!("no value of {} {says} `{text}`", describe(whole));
            self.flaw(&rule::UNKNOWN_VALUE, text, message, Some(listed(values)));
        }
    }

    /// Records the values that a function compares a member with, as `contains(['A', 'B'], Status)`.
    fn name_values(&mut self, name: &str, types: &[Typed<'m>]) {
        match (name, types) {
            ("contains", [Typed { kind: Kind::Literal(Value::Array(items)), .. }, member]) => {
                let Some(origin) = member.origin else { return };
                for item in items {
                    let text = item.as_str().filter(|_| !self.negated);
                    let value = text.map(str::to_owned);
                    self.named.push(ComparedValue { origin, values: member.values(), value });
                    self.known_value(member, item, text.unwrap_or_default());
                }
            }
            ("contains", [list, Typed { kind: Kind::Literal(value), .. }])
                if list.class() == Class::List =>
            {
                let Some(element) = list.elements(self.operation) else { return };
                let Some(origin) = element.origin else { return };
                let text = value.as_str().filter(|_| !self.negated);
                let named = ComparedValue {
                    origin,
                    values: element.values(),
                    value: text.map(str::to_owned),
                };
                self.named.push(named);
                self.known_value(&element, value, text.unwrap_or(word(&element)));
            }
            ("starts_with" | "ends_with" | "contains", [member, ..]) => self.open(member),
            _ => {}
        }
    }
}

fn words(kinds: &[&str]) -> String {
    let words: Vec<_> = kinds
        .iter()
        .map(|kind| match *kind {
            "array" => "a list",
            "array-number" => "a list of numbers",
            "array-string" => "a list of strings",
            "number" => "a number",
            "object" => "an object",
            _ => "a string",
        })
        .collect();
    match words.as_slice() {
        [first @ .., last] if !first.is_empty() => format!("{} or {last}", first.join(", ")),
        _ => words.concat(),
    }
}
