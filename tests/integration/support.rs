//! What tests share: servers on the loopback interface, and the Python that the oracle needs.

#[cfg(feature = "http")]
#[path = "../../examples/support/loopback.rs"]
pub(crate) mod loopback;
pub(crate) mod moto;
pub(crate) mod python;
#[cfg(feature = "http")]
#[path = "../../examples/support/redshift.rs"]
pub(crate) mod redshift;
#[cfg(feature = "http")]
pub(crate) mod tls;
