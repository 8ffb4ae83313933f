//! What tests share: servers on the loopback interface, the Python that the oracle needs, and how much is looked at.

pub(crate) mod counting_client;
#[path = "../../examples/support/loopback.rs"]
pub(crate) mod loopback;
pub(crate) mod moto;
pub(crate) mod python;
#[path = "../../examples/support/redshift.rs"]
pub(crate) mod redshift;
pub(crate) mod sample;
pub(crate) mod tls;
