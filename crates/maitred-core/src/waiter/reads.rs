//! The members of a reply that a waiter reads.

use crate::expression::Expression;
use crate::matcher::Acceptor;

use super::baseline::Baseline;

/// Whether any expression of a waiter may read the member `name` of a reply.
pub(super) fn reads(
    name: &str,
    acceptors: &[Acceptor],
    show: &[Expression],
    baseline: Option<&Baseline>,
) -> bool {
    let of_acceptors = acceptors
        .iter()
        .flat_map(|acceptor| acceptor.expression().into_iter().chain(&acceptor.message));
    let of_baseline = baseline.map(|baseline| &baseline.expression);
    of_acceptors.chain(show).chain(of_baseline).any(|expression| expression.reads(name))
}
