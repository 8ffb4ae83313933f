//! JMESPath expressions, compiled with limits, and with values bound to placeholders.
//!
//! The parser is that of the `jmespath` crate. Evaluation is implemented here, because it has to agree with
//! jmespath.py, which botocore uses, where implementations differ: strings are ordered, integers stay
//! integers, members keep their order, and errors have the same messages.

use std::fmt;

use serde_json::Value;

mod builtins;
mod call;
mod compare;
mod error;
mod function;
mod interpret;
mod item;
mod node;
mod parse;
mod reads;

pub use error::{EvaluationError, ExpressionError};
pub use function::Function;
use interpret::Interpreter;
pub use node::{Comparator, Node};
pub use parse::{MAX_LENGTH, MAX_OPERATORS};

/// The most comparisons of absent values of which all outcomes are tried.
const MAX_ABSENT: usize = 6;

/// A compiled JMESPath expression.
#[derive(Clone, PartialEq)]
pub struct Expression {
    text: String,
    node: Node,
}

impl Expression {
    /// Compiles `text`.
    ///
    /// # Errors
    /// It is not JMESPath, calls a function that does not exist or with the wrong number of
    /// arguments, or is longer or deeper than [`MAX_LENGTH`] and [`MAX_OPERATORS`] allow.
    pub fn compile(text: &str) -> Result<Self, ExpressionError> {
        Ok(Self { text: text.to_owned(), node: parse::parse(text)? })
    }

    /// The source text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The syntax tree.
    #[must_use]
    pub fn node(&self) -> &Node {
        &self.node
    }

    /// The sub-expression with this syntax tree.
    pub fn part(&self, node: &Node) -> Self {
        Self { text: self.text.clone(), node: node.clone() }
    }

    /// The value of the expression on `document`.
    ///
    /// # Errors
    /// A function gets a value of the wrong type, e.g. `length` of an absent one, or the value or the number
    /// of steps exceeds the limits.
    pub fn evaluate(&self, document: &Value) -> Result<Value, EvaluationError> {
        Interpreter::default().value(&self.node, document)
    }

    /// Returns whether the value on an object may depend on its member `name`.
    #[must_use]
    pub fn reads(&self, name: &str) -> bool {
        self.node.reads(name)
    }

    /// The steps of an evaluation on `document`: about one for each node that is applied, each part of a
    /// value that is read, and each 16 bytes of a string. Evaluation stops at a little over two million.
    pub fn cost(&self, document: &Value) -> usize {
        let mut interpreter = Interpreter::default();
        // A failed evaluation has a cost, too.
        drop(interpreter.value(&self.node, document));
        interpreter.steps()
    }

    /// Returns whether the value is true by JMESPath's rules: not `false`, `null` or empty.
    ///
    /// If the result depends on a comparison of two absent values, as in `Order.status == Order.wanted`
    /// without an `Order`, it is an error.
    ///
    /// # Errors
    /// As [`Expression::evaluate`], and if the result depends on a comparison of absent values.
    pub fn is_true(&self, document: &Value) -> Result<bool, EvaluationError> {
        let undecided = || {
            EvaluationError::new(format!(
                "in `{}` two values are compared that are both absent; is a name misspelt?",
                self.text
            ))
        };
        let mut answer = None;
        let (mut assumption, mut steps) = (0, 0);
        loop {
            let mut interpreter = Interpreter::assuming(Some(assumption), steps);
            let is_true = interpreter.visit(&self.node, document)?.is_true();
            steps = interpreter.steps();
            let met = interpreter.absent_comparisons();
            if met > MAX_ABSENT || *answer.get_or_insert(is_true) != is_true {
                return Err(undecided());
            }
            assumption += 1;
            if assumption < 1 << met {
                continue;
            }
            // The plain result of JMESPath may differ from both: `a < b` is `null`.
            let mut plain = Interpreter::assuming(None, steps);
            return if met == 0 || plain.visit(&self.node, document)?.is_true() == is_true {
                Ok(is_true)
            } else {
                Err(undecided())
            };
        }
    }

    /// The expression with `bind` applied to every string literal and name with a placeholder. Values replace
    /// literals in the syntax tree, so no value can change the structure of the expression.
    ///
    /// # Errors
    /// The first error of `bind`.
    pub fn bind<E>(&self, bind: &dyn Fn(&str) -> Result<Value, E>) -> Result<Self, E> {
        let mut node = self.node.clone();
        node.bind(bind)?;
        Ok(Self { text: self.text.clone(), node })
    }
}

impl fmt::Debug for Expression {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Expression").field(&self.text).finish()
    }
}
