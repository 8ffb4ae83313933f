//! The values of members that the acceptors of a waiter compare.

use serde_json::Value;

use super::condition::Test;
use super::infer::Inference;
use super::types::{Class, Origin, Typed};
use maitred_core::config::State;
use maitred_model::{OperationModel, states};

/// The results of inference on a waiter's acceptors.
#[derive(Debug, Default)]
pub(super) struct Inferred<'m> {
    /// The type of each acceptor's argument; `None` for other matchers and invalid expressions.
    pub(super) arguments: Vec<Option<Typed<'m>>>,
    /// The values of members that acceptors compare.
    pub(super) uses: Vec<ValueUse<'m>>,
}

/// A value of a member that an acceptor compares.
#[derive(Debug)]
pub(super) struct ValueUse<'m> {
    /// The index of the acceptor.
    pub(super) acceptor: usize,
    pub(super) origin: Origin<'m>,
    /// The values of the enum; empty for a plain string.
    pub(super) values: &'m [String],
    /// `None` if the values are not known.
    pub(super) value: Option<String>,
    pub(super) state: State,
    /// Whether the acceptor tests only this member.
    pub(super) direct: bool,
}

/// The only member that a condition tests.
pub(super) struct MemberTest<'m> {
    pub(super) origin: Origin<'m>,
    pub(super) values: &'m [String],
    /// The known and mentioned values that the condition accepts.
    pub(super) taken: Vec<String>,
}

pub(super) fn member_test<'m>(
    service: &str,
    output: &Typed<'m>,
    operation: Option<&'m OperationModel>,
    test: &Test<'_>,
) -> Option<MemberTest<'m>> {
    let [member] = test.subjects()[..] else { return None };
    // Flaws are reported for the whole expression.
    let asks = test.is_condition() || !test.is_plain();
    let root = match test.list().filter(|_| asks) {
        Some(list) => Inference::new(operation).infer(list, output).elements(operation)?,
        None => output.clone(),
    };
    let typed = Inference::new(operation).infer(member, &root);
    let origin = typed.origin.filter(|_| asks && typed.class() == Class::String)?;
    let values = typed.values();
    let mut taken = states::known_values(values, origin.table(service));
    for value in test.mentioned(member) {
        taken.extend(
            value.as_str().filter(|value| !taken.iter().any(|one| one == value)).map(str::to_owned),
        );
    }
    taken.retain(|value| test.takes(member, &Value::String(value.clone())) != Some(false));
    Some(MemberTest { origin, values, taken })
}
