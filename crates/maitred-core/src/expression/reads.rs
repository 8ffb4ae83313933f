//! Which members of a document an expression reads.

use super::node::Node;

impl Node {
    /// Returns whether the value of this node on an object may depend on its member `name`; `true` if the syntax tree
    /// does not tell.
    pub(super) fn reads(&self, name: &str) -> bool {
        match self {
            Self::Current => true,
            Self::Field(field) => field == name,
            // The document is an object, which has no elements.
            Self::Literal(_) | Self::Index(_) | Self::Slice(..) => false,
            Self::Chain(first, then) if **first == Self::Current => then.reads(name),
            // The rest sees only the value of the first.
            Self::Chain(first, _) | Self::Projection(first, _) => first.reads(name),
            Self::Flatten(inner) | Self::Not(inner) | Self::Reference(inner) => inner.reads(name),
            Self::ObjectValues(inner) => inner.reads(name),
            Self::And(a, b)
            | Self::Or(a, b)
            | Self::Condition(a, b)
            | Self::Comparison(_, a, b) => a.reads(name) || b.reads(name),
            Self::MultiList(nodes) | Self::Call(_, nodes) => {
                nodes.iter().any(|node| node.reads(name))
            }
            Self::MultiHash(entries) => entries.iter().any(|(_, node)| node.reads(name)),
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::expression::Expression;

    #[test]
    fn an_expression_says_which_members_it_reads() {
        let reads = |text: &str| Expression::compile(text).unwrap().reads("Body");
        for text in [
            "Body",
            "Body.state",
            "@",
            "@.Body",
            "*",
            "keys(@)",
            "StatusCode == `200` && Body.ready",
            "[StatusCode, Body.x]",
            "{a: Headers, b: Body}",
            "Headers || Body[0]",
            "@ | Body",
            "[Body][?x]",
            "not_null(Headers.x, Body)",
            "\"Body\"",
            "map(&Body, [@])",
            "!Body",
        ] {
            assert!(reads(text), "{text}");
        }
        for text in [
            "StatusCode",
            "Headers.Body",
            "Headers | Body",
            "@.StatusCode",
            "'Body'",
            "StatusCode >= `200` && StatusCode < `300`",
            "Headers.\"content-type\"",
            "to_string(StatusCode)",
        ] {
            assert!(!reads(text), "{text}");
        }
    }
}
