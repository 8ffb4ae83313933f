//! Prepares the process before any command runs: limits, the panic hook, secrets of the environment, the log.

use super::report;
use crate::client::aws::MIN_SECRET_LENGTH;
use crate::descriptors;
use crate::secrets::names::is_secret_name;

/// Prepares the process.
pub(super) fn start() {
    descriptors::raise_limit();
    std::panic::set_hook(Box::new(report::panicked));
    remember_secrets_of_environment();
    start_log();
}

/// Registers the secrets of the environment that belong to no connection: AWS keys, and logins in the URLs of
/// proxies and endpoints.
fn remember_secrets_of_environment() {
    let known = report::known();
    for (name, value) in std::env::vars_os() {
        let (Some(name), Some(value)) = (name.to_str(), value.to_str()) else { continue };
        if name.starts_with("AWS_") && is_secret_name(name) && value.len() >= MIN_SECRET_LENGTH {
            known.add(value);
        }
        if name.starts_with("AWS_ENDPOINT_URL") || name.to_ascii_lowercase().ends_with("_proxy") {
            known.add_urls(value);
        }
    }
    known.keep();
}

/// Logs to stderr with the filter in `MAITRED_LOG`, or else in `RUST_LOG`; logs nothing by default.
fn start_log() {
    use tracing_subscriber::EnvFilter;
    let filter =
        ["MAITRED_LOG", "RUST_LOG"].iter().find_map(|name| EnvFilter::try_from_env(name).ok());
    if let Some(filter) = filter {
        let log = tracing_subscriber::fmt()
            .with_env_filter(filter)
            .with_ansi(report::has_colors())
            .with_writer(|| report::LogWriter);
        // A process that already has a log, e.g. a test, keeps it.
        let _ = log.try_init();
    }
}
