//! Clients of settings that travel: shared, read anew, and without secrets.

use std::sync::Arc;
use std::time::Duration;

use maitred::aws_connections::aws_client;
use maitred::client::http::HttpClient;
use maitred::client::{Client, Verify};
use maitred::clock::ManualClock;
use maitred::connection::{ClientSettings, Clients, Connections, Environment};
use serde_json::json;

use super::{NOW, file};

fn settings(text: serde_json::Value) -> ClientSettings {
    serde_json::from_value(text).unwrap()
}

async fn http(clients: &Clients, id: &str) -> Result<Arc<dyn Client>, String> {
    let opened = clients.open("http", &ClientSettings::of_connection(id)).await;
    opened.map_err(|error| error.to_string())
}

fn base_url(client: &dyn Client) -> Option<String> {
    client.downcast_ref::<HttpClient>()?.base_url()
}

#[test]
fn settings_travel_as_they_were_given() {
    let stored = json!({
        "connection": "warehouse", "region": "eu-west-1", "endpoint_url": "http://localhost",
        "verify": false,
        "config": {"connect_timeout": 5, "read_timeout": 0.5, "retries": {"max_attempts": 3}},
    });
    let read = settings(stored.clone());
    assert_eq!(read.verify, Some(Verify::Enabled(false)));
    assert_eq!(read.config.as_ref().unwrap().connect_timeout, Some(Duration::from_secs(5)));
    assert_eq!(serde_json::to_value(&read).unwrap(), stored);
    assert_eq!(serde_json::to_value(ClientSettings::default()).unwrap(), json!({}));
    assert!(serde_json::from_value::<ClientSettings>(json!({"regoin": "x"})).is_err());
}

#[test]
fn settings_with_a_secret_in_them_are_known() {
    assert!(!settings(json!({"endpoint_url": "http://host/path"})).has_secret());
    assert!(settings(json!({"endpoint_url": "http://me:pw@host/"})).has_secret());
    let proxies = json!({"config": {"proxies": {"https": "http://me:pw@proxy"}}});
    assert!(settings(proxies).has_secret());
}

#[tokio::test]
async fn settings_win_over_the_connection() {
    let text = r#"{"conn_type": "aws", "login": "K", "password": "s", "extra": {
        "region_name": "eu-west-1", "endpoint_url": "http://there",
        "service_config": {"redshift": {"endpoint_url": "http://own"}}}}"#;
    let connections = Connections::new(Environment::fixed([("MAITRED_CONN_AWS_DEFAULT", text)]));
    let clients = maitred::clients(connections, Arc::new(ManualClock::at(NOW)));
    let given = settings(json!({"region": "us-east-2", "endpoint_url": "http://here"}));
    let client = aws_client(&clients, "redshift", &given).await.unwrap();
    let prepared = client
        .prepare(&maitred::client::Call::new(
            "redshift",
            "DescribeClusters",
            serde_json::Map::new(),
        ))
        .unwrap();
    assert_eq!(prepared.url(), "http://here/");
    assert_eq!(client.config().region().unwrap().as_ref(), "us-east-2");
    let own = aws_client(&clients, "redshift", &ClientSettings::default()).await.unwrap();
    assert_eq!(own.config().region().unwrap().as_ref(), "eu-west-1");
}

#[tokio::test]
async fn equal_settings_share_a_client_that_follows_its_connection() {
    let (_folder, path) = file("[a]\nhost = \"one\"\n\n[b]\nhost = \"one\"\n");
    let connections = Connections::new(Environment::empty()).with_file(&path);
    let clock = Arc::new(ManualClock::at(NOW));
    let clients = maitred::clients(connections, Arc::clone(&clock) as _);
    let first = http(&clients, "a").await.unwrap();
    assert!(Arc::ptr_eq(&first, &http(&clients, "a").await.unwrap()));
    assert!(!Arc::ptr_eq(&first, &http(&clients, "b").await.unwrap()));
    // Read again, and the same: connections and tokens are kept.
    clock.advance(Duration::from_secs(60));
    assert!(Arc::ptr_eq(&first, &http(&clients, "a").await.unwrap()));
    std::fs::write(&path, "[a]\nhost = \"two\"\n").unwrap();
    assert!(Arc::ptr_eq(&first, &http(&clients, "a").await.unwrap()));
    clock.advance(Duration::from_secs(60));
    let second = http(&clients, "a").await.unwrap();
    assert_eq!(base_url(&*second).unwrap(), "http://two/");
    // Half-written just now: waits go on with what there was.
    std::fs::write(&path, "[a\n").unwrap();
    clock.advance(Duration::from_secs(60));
    assert!(Arc::ptr_eq(&second, &http(&clients, "a").await.unwrap()));
    assert!(http(&clients, "c").await.unwrap_err().contains("not TOML"));
}
