//! JMESPath expressions: compiled once, with limits, with values bound into them.
//!
//! The grammar is the `jmespath` crate's; the evaluation is ours, on plain JSON, because it has to
//! agree with jmespath.py, on which botocore's waiters run, where implementations differ: strings
//! can be ordered, integers stay integers, members keep their order, and errors say the same.

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

/// The most comparisons of absent values whose every outcome is tried.
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

    /// The expression as it was written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The syntax tree.
    #[must_use]
    pub fn node(&self) -> &Node {
        &self.node
    }

    /// A part of this expression, its own tree, as an expression.
    pub fn part(&self, node: &Node) -> Self {
        Self { text: self.text.clone(), node: node.clone() }
    }

    /// The value of the expression on `document`.
    ///
    /// # Errors
    /// A function got a value of a type that it does not take, e.g. `length` of something absent; or
    /// the value or the work that it takes grew beyond all bounds.
    pub fn evaluate(&self, document: &Value) -> Result<Value, EvaluationError> {
        Interpreter::default().value(&self.node, document)
    }

    /// Whether the value on an object may depend on its member `name`.
    #[must_use]
    pub fn reads(&self, name: &str) -> bool {
        self.node.reads(name)
    }

    /// What an evaluation on `document` costs: about a step for each node that is applied, for each part
    /// of a value that it looks at, and for each 16 bytes of a text. At most a little over two million,
    /// where it is given up.
    pub fn cost(&self, document: &Value) -> usize {
        let mut interpreter = Interpreter::default();
        // A value that cannot be had has cost what was tried.
        drop(interpreter.value(&self.node, document));
        interpreter.steps()
    }

    /// Whether the value is true by JMESPath's rules: not `false`, `null` or empty.
    ///
    /// A comparison of two values that are both absent decides nothing: where the answer hangs on
    /// one, as in `Order.status == Order.wanted` without an `Order`, it is an error.
    ///
    /// # Errors
    /// As [`Expression::evaluate`], and where the answer hangs on absent values.
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
            // Beside true and false there is what JMESPath makes of it: `a < b` is `null`.
            let mut plain = Interpreter::assuming(None, steps);
            return if met == 0 || plain.visit(&self.node, document)?.is_true() == is_true {
                Ok(is_true)
            } else {
                Err(undecided())
            };
        }
    }

    /// The same expression with `bind` applied to every string literal and name in it that holds a
    /// placeholder. Values take the place of literals in the syntax tree, so no value can change
    /// what the expression does.
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
