//! The acceptors of a waiter.

use super::compiler::Compiler;
use crate::config::{AcceptorConfig, MatcherKind, State};
use crate::expression::Expression;
use crate::matcher::{Acceptor, Matcher};
use crate::python;

impl Compiler<'_> {
    /// The acceptors in the order in which they are checked: the caller's conditions, the caller's
    /// acceptors, the file's.
    pub(super) fn acceptors(&mut self) -> Vec<Acceptor> {
        let mut acceptors = Vec::new();
        let options = self.options;
        for (conditions, state) in
            [(&options.fail_if, State::Failure), (&options.until, State::Success)]
        {
            for condition in conditions {
                let expression = self.plain_expression(condition, "");
                let acceptor = expression.map(|it| Acceptor::new(state, Matcher::Truth(it), true));
                acceptors.extend(acceptor);
            }
        }
        let file = &self.config.acceptors;
        for (configs, pointer) in [(&options.acceptors, "/options/acceptors"), (file, "/acceptors")]
        {
            for (index, config) in configs.iter().enumerate() {
                acceptors.extend(self.acceptor(config, &format!("{pointer}/{index}")));
            }
        }
        acceptors
    }

    fn acceptor(&mut self, config: &AcceptorConfig, pointer: &str) -> Option<Acceptor> {
        let is_path = !matches!(config.matcher, MatcherKind::Status | MatcherKind::Error);
        let argument = if is_path { Some(self.argument(config, pointer)?) } else { None };
        let matcher = Matcher::of(config.matcher, argument)?;
        let message = config.message.as_ref();
        let message = message.and_then(|text| self.expression(text, &format!("{pointer}/message")));
        let pointer = format!("{pointer}/expected");
        let expected = self.value(&config.expected, &pointer);
        if let Some(number) = python::beyond_64_bits(&expected) {
            let message = format!("{number} is beyond 64 bits and is not compared exactly");
            let help = "compare something else of the reply, or the same as text";
            self.report_with_help("number", pointer, message, help);
            return None;
        }
        Some(Acceptor { state: config.state, matcher, expected, message })
    }

    /// The expression of a path matcher.
    fn argument(&mut self, config: &AcceptorConfig, pointer: &str) -> Option<Expression> {
        let Some(argument) = &config.argument else {
            let message = "a path matcher needs an `argument`";
            let help =
                "give the JMESPath expression to evaluate, e.g. \"Clusters[].ClusterStatus\"";
            self.report_with_help("argument", pointer, message, help);
            return None;
        };
        self.expression(argument, &format!("{pointer}/argument"))
    }
}
