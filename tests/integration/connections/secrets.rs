//! Secrets are never shown, and references to them are looked up when they are used.

use maitred::connection::{Connections, Environment, Secret, SecretRef};
use serde_json::{Value, json};

use super::{connections, environment, file};

const CANARY: &str = "c4nary-9f8e7d";

#[test]
fn a_secret_shows_itself_to_nobody_who_does_not_ask() {
    let secret = Secret::new(CANARY);
    assert_eq!(format!("{secret} {secret:?}"), "*** ***");
    let error = serde_json::to_string(&secret).unwrap_err().to_string();
    assert!(error.contains("$secret") && !error.contains(CANARY), "{error}");
    assert_eq!(secret.expose(), CANARY);
}

#[test]
fn a_reference_is_stored_as_it_was_written() {
    for text in [
        "env:KEY",
        "file:/run/secrets/a b",
        "conn:warehouse.password",
        "conn:my.warehouse.login",
        "conn:jobs.extra.oauth2",
    ] {
        let stored = json!({ "$secret": text });
        let reference: SecretRef = serde_json::from_value(stored.clone()).unwrap();
        assert_eq!(serde_json::to_value(&reference).unwrap(), stored);
    }
}

#[test]
fn a_literal_is_refused_without_repeating_it() {
    let refused = [
        json!(CANARY),
        json!(["c4nary-9f8e7d"]),
        json!({ "$secret": CANARY }),
        json!({ "$secret": format!("vault:{CANARY}") }),
        json!({ "$secret": {"env": CANARY} }),
        json!({ "$secret": "env:A", "value": CANARY }),
        json!({ "$secret": format!("conn:{CANARY}") }),
        json!({ "secret": CANARY }),
        json!(12345),
    ];
    for value in refused {
        let error = serde_json::from_value::<SecretRef>(value.clone()).unwrap_err().to_string();
        assert!(error.contains(r#"{"$secret": "env:NAME"}"#), "{value}: {error}");
        assert!(!error.contains(CANARY) && !error.contains("12345"), "{error}");
        let text = value.to_string();
        let error = serde_json::from_str::<SecretRef>(&text).unwrap_err().to_string();
        assert!(!error.contains(CANARY), "{error}");
    }
}

async fn resolved(connections: &Connections, text: &str) -> Result<String, String> {
    let found = connections.secret(&SecretRef::parse(text).unwrap()).await;
    found.map(|secret| secret.expose().to_owned()).map_err(|error| error.to_string())
}

#[tokio::test]
async fn a_reference_leads_to_what_is_there_now() {
    let (folder, path) = file("one\n");
    let connections = connections([
        ("KEY", CANARY),
        ("MAITRED_CONN_A", "aws://id:p%40ss@/?token=x"),
        ("MAITRED_CONN_B", r#"{"password": {"$secret": "conn:a.password"}}"#),
    ]);
    let of_file = format!("file:{}", path.display());
    assert_eq!(resolved(&connections, "env:KEY").await.unwrap(), CANARY);
    assert_eq!(resolved(&connections, &of_file).await.unwrap(), "one");
    std::fs::write(&path, "two\r\n").unwrap();
    assert_eq!(resolved(&connections, &of_file).await.unwrap(), "two");
    assert_eq!(resolved(&connections, "conn:b.password").await.unwrap(), "p@ss");
    assert_eq!(resolved(&connections, "conn:a.login").await.unwrap(), "id");
    assert_eq!(resolved(&connections, "conn:a.extra.token").await.unwrap(), "x");
    drop(folder);
}

#[tokio::test]
async fn a_secret_that_cannot_be_had_is_told_by_its_reference() {
    let (folder, path) = file("");
    let connections = connections([
        ("EMPTY", ""),
        ("MAITRED_CONN_A", r#"{"password": {"$secret": "conn:b.password"}}"#),
        ("MAITRED_CONN_B", r#"{"password": {"$secret": "conn:a.password"}}"#),
    ]);
    let empty = format!("file:{}", path.display());
    let of_folder = format!("file:{}", folder.path().display());
    let table = [
        ("env:MISSING", "the variable MISSING is not set"),
        ("env:EMPTY", "not set, or empty"),
        ("env:A=B", "not set"),
        ("file:/nowhere/at/all", "cannot be read"),
        (empty.as_str(), "the file is empty"),
        (of_folder.as_str(), "not a regular file"),
        ("conn:nothing.password", "there is no connection `nothing`"),
        ("conn:a.login", "no such field"),
        ("conn:a.password", "in a circle"),
    ];
    for (text, said) in table {
        let error = resolved(&connections, text).await.unwrap_err();
        assert!(error.contains(said) && error.contains('`'), "{text}: {error}");
    }
}

/// Every documented way of giving a secret, and what it is given in.
fn with_canaries() -> Vec<String> {
    let extra = json!({
        "aws_secret_access_key": CANARY, "aws_session_token": CANARY, "bearer": CANARY,
        "aws_access_key_id": CANARY,
        "headers": {"X-Api-Key": CANARY, "X-Unusual": CANARY},
        "oauth2": {"token_url": format!("https://{CANARY}:x@host/?q={CANARY}"),
                   "client_id": "id", "client_secret": CANARY},
        "assume_role_kwargs": {"ExternalId": CANARY},
        "endpoint_url": format!("https://{CANARY}@host"),
        "proxy": format!("http://me:{CANARY}@proxy:80"),
        "proxies": {"https": format!("http://me:{CANARY}@proxy:80")},
        "config_kwargs": {"proxies": {"https": format!("http://me:{CANARY}@proxy:80")}},
        "session_kwargs": {"aws_secret_access_key": CANARY},
        "anything": [CANARY, {"deep": CANARY}],
    });
    vec![
        json!({"conn_type": "aws", "login": "id", "password": CANARY, "extra": extra}).to_string(),
        json!({"conn_type": "http", "login": CANARY, "extra": extra.to_string()}).to_string(),
        json!({"conn_type": "http", "host": format!("https://me:{CANARY}@host/p?t={CANARY}")})
            .to_string(),
        format!("aws://id:{CANARY}@/?aws_session_token={CANARY}"),
        format!("http://{CANARY}@host/?bearer={CANARY}"),
    ]
}

#[test]
fn a_canary_is_in_nothing_that_is_shown() {
    for text in with_canaries() {
        let connections = Connections::new(Environment::fixed([("MAITRED_CONN_A", text.as_str())]));
        let connection = connections.get("a").unwrap();
        let shown = format!(
            "{} {connection:?} {connections:?} {:?} {:?}",
            connection.shown(),
            connection.host(),
            connections.list(),
        );
        assert!(!shown.contains(CANARY), "{shown}");
        assert!(shown.contains("***"), "{shown}");
    }
}

#[tokio::test]
async fn a_canary_is_in_no_message_about_settings() {
    for text in with_canaries() {
        for service in ["redshift", "http"] {
            if let Err(error) = super::open(service, "a", &text).await {
                assert!(!error.contains(CANARY), "{error}");
            }
        }
    }
    let wrong = [
        json!({"extra": {"verify": [CANARY]}}),
        json!({"extra": {"timeout": CANARY}}),
        json!({"extra": {"config_kwargs": {"proxies": CANARY}}}),
        json!({"extra": {"config_kwargs": {"retries": {"mode": CANARY}}}}),
        json!({"extra": {"headers": CANARY}}),
        json!({"extra": {"headers": {"X": format!("{CANARY}\n")}}}),
        json!({"extra": {"role_arn": "r", "assume_role_method": CANARY}}),
        json!({"extra": {"oauth2": {"token_url": CANARY, "client_id": "i", "client_secret": "s"}}}),
        json!({"host": format!("{CANARY} {CANARY}")}),
    ];
    for text in wrong {
        let mut errors = 0;
        for service in ["redshift", "http"] {
            if let Err(error) = super::open(service, "a", &text.to_string()).await {
                assert!(!error.contains(CANARY), "{error}");
                errors += 1;
            }
        }
        assert!(errors > 0, "{text}");
    }
}

#[test]
fn listing_an_environment_needs_no_order_and_no_duplicates() {
    let connections = connections([
        ("MAITRED_CONN_B", "http://b"),
        ("AIRFLOW_CONN_B", "http://c"),
        ("AIRFLOW_CONN_A", "not one"),
        ("OTHER", "http://x"),
    ]);
    let listed = connections.list().unwrap();
    let ids: Vec<_> = listed.iter().map(|(id, found)| (id.as_str(), found.is_ok())).collect();
    assert_eq!(ids, [("a", false), ("b", true)]);
    let none: Vec<Value> = Vec::new();
    assert_eq!(Connections::new(environment([])).list().unwrap().len(), none.len());
}
