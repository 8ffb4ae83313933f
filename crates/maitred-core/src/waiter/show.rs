//! Compiling the expressions that a waiter shows.

use super::compiler::Compiler;
use super::derived_show;
use crate::expression::Expression;

impl Compiler<'_> {
    /// The caller's `show`, or else the file's, or else the values that the acceptors look at.
    pub(super) fn show(&mut self) -> Vec<Expression> {
        let (config, options) = (self.config, self.options);
        let acceptors = config.acceptors.iter().chain(&options.acceptors);
        let conditions = options.until.iter().chain(&options.fail_if);
        let compared = derived_show::compared(acceptors)
            .chain(conditions.map(|condition| (condition.as_str(), false)));
        let derived = || derived_show::of_expressions(compared);
        let file = self.extension(config.show.clone());
        let show = options.show.clone().or(file).or_else(|| self.extension(derived()));
        show.map_or_else(Vec::new, |show| self.expressions(&show, "/show"))
    }
}
