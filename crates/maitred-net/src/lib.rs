//! What the clients of service `http` and of AWS share: content codings, certificates, proxies, and how a
//! request that is sent once is told from one that may be repeated.

pub mod coding;
pub mod delivery;
pub mod proxies;
pub mod roots;
pub mod tls;
