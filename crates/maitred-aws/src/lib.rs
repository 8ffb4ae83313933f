//! Any AWS operation by name.
//!
//! A [`Call`](maitred_core::client::Call) is checked against the model of its service, serialised in the
//! protocol of the service, and signed and sent by the runtime of the AWS SDK. The reply is read back to a
//! document. No other crate but the typed operators depends on that runtime.

mod client;
mod config;

mod prepare;
mod invalid_call;
mod customize;
mod checksum;
mod endpoint;
mod protocol;

mod runtime;
mod identity_cache;
#[cfg(feature = "runtime")]
mod known_secrets;
mod reply;
mod error;
mod pages;

mod http_client;
mod reqwest_client;
mod connectors;
mod sent_once;
mod limits;

#[cfg(feature = "runtime")]
pub mod connections;

pub use client::AwsClient;
pub use config::{AccessKeys, AwsEnvironment, AwsSettings, AwsSettingsError, Role};
pub use error::call_error;
#[cfg(feature = "runtime")]
pub use known_secrets::MIN_SECRET_LENGTH;
pub use limits::MAX_REPLY_BYTES;
pub use pages::{MAX_PAGES, has_next_page};
pub use prepare::{PreparedRequest, input_problems};
pub use sent_once::SentOnce;
