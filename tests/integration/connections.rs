//! Connections: where they are found, what their forms mean, what is never shown, and the clients
//! that are made of them.

use std::sync::Arc;

use maitred::client::Client;
use maitred::client::{Call, Observation};
use maitred::clock::{Clock, ManualClock, Timestamp};
use maitred::connection::{ClientSettings, Connections, Environment};
use serde_json::Value;
use tempfile::TempDir;

mod aws;
mod clients;
mod command;
mod forms;
mod http;
mod secrets;

/// 2026-01-01T00:00:00Z
const NOW: Timestamp = Timestamp::from_millis(1_767_225_600_000);

fn environment<const N: usize>(variables: [(&str, &str); N]) -> Environment {
    Environment::fixed(variables)
}

/// Connections of these variables alone.
fn connections<const N: usize>(variables: [(&str, &str); N]) -> Connections {
    Connections::new(environment(variables))
}

/// A file of connections that only its owner may read.
fn file(text: &str) -> (TempDir, std::path::PathBuf) {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("connections.toml");
    std::fs::write(&path, text).unwrap();
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).unwrap();
    }
    (folder, path)
}

/// A client of the connection `id`, which this URI or JSON defines.
async fn open(service: &str, id: &str, text: &str) -> Result<Arc<dyn Client>, String> {
    let name = format!("MAITRED_CONN_{}", id.to_uppercase());
    let connections = Connections::new(Environment::fixed([(name.as_str(), text)]));
    let clock: Arc<dyn Clock> = Arc::new(ManualClock::at(NOW));
    let clients = maitred::clients(connections, clock);
    let opened = clients.open(service, &ClientSettings::of_connection(id)).await;
    opened.map_err(|error| error.to_string())
}

async fn call(client: &dyn Client, service: &str, operation: &str, input: Value) -> Observation {
    let input = input.as_object().unwrap().clone();
    let call = Call::new(service, operation, input);
    client.call(&call).await
}
