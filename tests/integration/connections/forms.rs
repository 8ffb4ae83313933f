//! The forms of a connection, and which definition wins.

use maitred::connection::{Connection, ConnectionError, Connections, Environment, Origin};
use serde_json::{Value, json};

use super::{connections, environment, file};

fn parsed(text: &str) -> Result<Value, String> {
    let origin = Origin::Variable("V".to_owned());
    let parsed = Connection::parse("c", origin, text).map_err(|error| error.to_string())?;
    let mut shown = parsed.shown();
    let entries = shown.as_object_mut().unwrap();
    entries.retain(|key, _| key != "id" && key != "origin");
    Ok(shown)
}

#[test]
fn a_uri_means_what_it_means_to_airflow() {
    let table = [
        ("aws://", json!({"type": "aws"})),
        (
            "postgresql://me:p%40s%3As%2F@Host.Example:5432/db%20one?sslmode=require",
            json!({"type": "postgres", "host": "host.example", "port": 5432, "schema": "db one",
                   "login": "me", "password": "***", "extra": {"sslmode": "***"}}),
        ),
        ("Google-Cloud-Platform://", json!({"type": "google_cloud_platform"})),
        (
            "http://https://api.example.com:8443/ignored",
            json!({"type": "http", "host": "https://api.example.com", "port": 8443,
                   "schema": "ignored"}),
        ),
        (
            "http://https%3A%2F%2Fapi.example.com%2FV1/",
            json!({"type": "http", "host": "https://api.example.com/V1"}),
        ),
        (
            "http://user:pw@[::1]:80/https",
            json!({"type": "http", "host": "::1", "port": 80, "schema": "https", "login": "user",
                   "password": "***"}),
        ),
        (
            "aws://?region_name=eu-west-1&verify=false&config_kwargs=%7B%22read_timeout%22%3A+5%7D",
            json!({"type": "aws", "extra": {"region_name": "eu-west-1", "verify": false,
                   "config_kwargs": {"read_timeout": 5}}}),
        ),
        (
            "aws://?region_name=ignored&__extra__=%7B%22region_name%22%3A%22eu-west-1%22%7D",
            json!({"type": "aws", "extra": {"region_name": "eu-west-1"}}),
        ),
        (
            "aws://?endpoint_url=http://localhost:4566",
            json!({"type": "aws", "extra": {"endpoint_url": "http://localhost:4566"}}),
        ),
        // As many digits as a float has not: it stays a text.
        (
            "aws://?profile_name=12345678901234567890123",
            json!({"type": "aws", "extra": {"profile_name": "12345678901234567890123"}}),
        ),
        ("  http://host  ", json!({"type": "http", "host": "host"})),
    ];
    for (text, meant) in table {
        assert_eq!(parsed(text).unwrap(), meant, "{text}");
    }
}

#[test]
fn json_means_what_it_means_to_airflow() {
    let table = [
        (
            json!({"conn_type": "postgresql", "host": "h", "port": "5432", "login": "me",
                   "password": "p", "schema": "s", "description": "d"}),
            json!({"type": "postgres", "description": "d", "host": "h", "port": 5432, "schema": "s",
                   "login": "me", "password": "***"}),
        ),
        (
            json!({"conn_type": "aws", "extra": "{\"region_name\": \"eu-west-1\"}"}),
            json!({"type": "aws", "extra": {"region_name": "eu-west-1"}}),
        ),
        (
            json!({"conn_type": "aws", "extra": {"role_arn": "arn:r"}, "port": null, "host": ""}),
            json!({"type": "aws", "extra": {"role_arn": "arn:r"}}),
        ),
        (json!({}), json!({"type": ""})),
    ];
    for (text, meant) in table {
        assert_eq!(parsed(&text.to_string()).unwrap(), meant, "{text}");
    }
}

#[test]
fn what_cannot_be_read_is_told_without_repeating_it() {
    let table = [
        ("hunter2", "neither a JSON object nor a URI"),
        ("http://a://b://hunter2", "a `://` too many"),
        ("http://me:hunter2/@host", "must be percent-encoded"),
        ("http://me:hunter2@host:http", "must be percent-encoded"),
        ("http://me:hunter2#x@host", "must be written %23"),
        ("http://me:hunter2%FF@host", "not UTF-8"),
        ("aws://?__extra__=hunter2", "`__extra__` must be a JSON object"),
        (r#"{"password": "hunter2""#, "not JSON (line 1"),
        (r#"{"pasword": "hunter2"}"#, "did you mean `password`?"),
        (r#"{"region_name": "hunter2"}"#, "go in `extra`"),
        (r#"{"port": "hunter2"}"#, "`port` must be a number"),
        (r#"{"password": ["hunter2"]}"#, "`password` must be a string or a reference"),
        (r#"{"extra": "hunter2"}"#, "not a JSON object"),
        (r#"{"password": {"$secret": "hunter2"}}"#, "not a reference to a secret"),
    ];
    for (text, said) in table {
        let error = parsed(text).unwrap_err();
        assert!(error.contains(said), "{text}: {error}");
        assert!(!error.contains("hunter2"), "{error}");
    }
    let nested = "[".repeat(100_000);
    assert!(parsed(&format!(r#"{{"extra": {nested}"#)).is_err());
}

#[test]
fn our_variable_wins_over_airflow_s_and_that_over_the_file() {
    let (_folder, path) = file("[jobs]\ntype = \"http\"\nhost = \"file\"\n");
    let host = |variables: &[(&str, &str)]| {
        let environment = Environment::fixed(variables.iter().copied());
        let connections = Connections::new(environment).with_file(&path);
        let connection = connections.get("jobs").unwrap();
        (connection.host().unwrap(), connection.origin.to_string())
    };
    let ours = ("MAITRED_CONN_JOBS", "http://ours");
    let airflow = ("AIRFLOW_CONN_JOBS", r#"{"conn_type": "http", "host": "airflow"}"#);
    let pair = |host: &str, origin: &str| (host.to_owned(), origin.to_owned());
    assert_eq!(host(&[ours, airflow]), pair("ours", "MAITRED_CONN_JOBS"));
    assert_eq!(host(&[airflow]), pair("airflow", "AIRFLOW_CONN_JOBS"));
    assert_eq!(host(&[("AIRFLOW_CONN_JOBS", "")]), pair("file", &path.display().to_string()));
}

#[test]
fn the_file_is_the_named_one_then_the_variable_s_then_the_user_s() {
    let (folder, path) = file("[a]\nhost = \"x\"\n");
    let user = folder.path().join("maitred");
    std::fs::create_dir(&user).unwrap();
    let user = user.join("connections.toml");
    std::fs::copy(&path, &user).unwrap();
    let home = folder.path().to_str().unwrap();
    let (named, variable) = (path.to_str().unwrap(), user.to_str().unwrap());
    let both = environment([("MAITRED_CONNECTIONS", variable), ("XDG_CONFIG_HOME", "/nowhere")]);
    assert_eq!(Connections::new(both.clone()).with_file(&path).path().unwrap(), path);
    assert_eq!(Connections::new(both).path().unwrap(), user);
    let of_user = connections([("XDG_CONFIG_HOME", home), ("HOME", "/nowhere")]);
    assert_eq!(of_user.path().unwrap(), user);
    assert_eq!(of_user.get("a").unwrap().host().unwrap(), "x");
    // The user's file may be missing, one that was named may not.
    assert!(connections([("HOME", "/nowhere")]).get("aws_default").is_ok());
    let missing = connections([("MAITRED_CONNECTIONS", "/nowhere/c.toml")]);
    let error = missing.get("aws_default").unwrap_err();
    assert!(error.to_string().contains("/nowhere/c.toml: cannot be read"), "{error} {named}");
}

#[test]
fn only_the_defaults_need_no_definition() {
    let connections = connections([("MAITRED_CONN_WAREHOUSE", "aws://"), ("HOME", "/home/nobody")]);
    for id in ["aws_default", "http_default"] {
        assert_eq!(connections.get(id).unwrap().origin, Origin::BuiltIn);
    }
    let error = connections.get("warehous").unwrap_err();
    let ConnectionError::Undefined { id, near, .. } = &error else { panic!("{error}") };
    assert_eq!((id.as_str(), near.as_deref()), ("warehous", Some("warehouse")));
    let said = error.to_string();
    for place in [
        "MAITRED_CONN_WAREHOUS",
        "AIRFLOW_CONN_WAREHOUS",
        "[warehous] of /home/nobody/.config/maitred/connections.toml",
        "did you mean `warehouse`?",
    ] {
        assert!(said.contains(place), "{said}");
    }
}

#[cfg(unix)]
#[test]
fn a_file_that_others_may_read_must_not_hold_secrets() {
    use std::os::unix::fs::PermissionsExt as _;
    let table = [
        ("[a]\npassword = \"hunter2\"\n", Some("a.password")),
        ("[a.extra.oauth2]\nclient_secret = \"hunter2\"\n", Some("a.extra.oauth2.client_secret")),
        ("[a.extra.headers]\nX-Api-Key = \"hunter2\"\n", Some("a.extra.headers.X-Api-Key")),
        ("[a]\nhost = \"https://me:hunter2@host\"\n", Some("a.host")),
        ("[a]\nextra = '{\"bearer\": \"hunter2\"}'\n", Some("a.extra")),
        ("[a]\npassword = { \"$secret\" = \"env:X\" }\nhost = \"h\"\n", None),
        ("[a.extra]\nregion_name = \"eu-west-1\"\nverify = true\n", None),
    ];
    for (text, secret) in table {
        let (_folder, path) = file(text);
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o640)).unwrap();
        let found = Connections::new(environment([])).with_file(&path).get("a");
        match (secret, found) {
            (None, Ok(_)) => {}
            (Some(secret), Err(error)) => {
                let said = error.to_string();
                assert!(said.contains(&format!("`{secret}` is a secret")), "{said}");
                assert!(said.contains("chmod 600") && !said.contains("hunter2"), "{said}");
            }
            (_, other) => panic!("{text}: {other:?}"),
        }
    }
}

#[test]
fn a_file_that_is_not_toml_is_told_by_its_place() {
    let (_folder, path) = file("[a]\npassword = hunter2\n");
    let error = Connections::new(environment([])).with_file(&path).get("a").unwrap_err();
    let said = error.to_string();
    assert!(said.contains("line 2") && !said.contains("hunter2"), "{said}");
}
