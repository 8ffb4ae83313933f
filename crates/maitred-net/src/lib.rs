//! What the clients of service `http` and of AWS share: content codings, certificates, proxies, and whether
//! a request was sent.

pub mod coding;
pub mod delivery;
pub mod error_chain;
pub mod proxies;
pub mod roots;
pub mod tls;
