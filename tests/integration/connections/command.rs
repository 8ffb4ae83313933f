//! `maitred connections`, and waits and calls through a connection.

use serde_json::json;

use crate::cli::process::Maitred;
use crate::support::loopback::{Loopback, Reply, Request};
use crate::support::moto::Moto;
use crate::support::redshift::{FakeRedshift, Pace};

const CANARY: &str = "c4nary-5b1d";

#[tokio::test]
async fn a_list_says_where_each_comes_from_and_no_secret() {
    let maitred = Maitred::new()
        .variable("AIRFLOW_CONN_WAREHOUSE", &format!("aws://id:{CANARY}@/?region_name=eu-west-1"))
        .variable("MAITRED_CONN_BROKEN", &format!("{CANARY} of mine"))
        .file(
            ".config/maitred/connections.toml",
            "[jobs]\ntype = \"http\"\nhost = \"https://jobs.example.com\"\n\
             password = { \"$secret\" = \"env:KEY\" }\n",
        );
    let ran = maitred.run(&["connections", "list"]).await;
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    for words in [
        "warehouse",
        "AIRFLOW_CONN_WAREHOUSE",
        "eu-west-1",
        "jobs.example.com",
        "connections.toml",
        "aws_default",
        "built in",
        "neither a JSON object nor a URI",
    ] {
        assert!(ran.stdout.contains(words), "{words}: {}", ran.stdout);
    }
    let json = maitred.run(&["connections", "list", "--output", "json"]).await;
    let found = json.json()["connections"].as_array().unwrap().clone();
    let jobs = found.iter().find(|entry| entry["id"] == "jobs").unwrap();
    assert_eq!(jobs["password"], json!({"$secret": "env:KEY"}));
    let shown = maitred.run(&["connections", "show", "warehouse"]).await;
    assert_eq!(shown.json()["password"], "***");
    for ran in [&ran, &json, &shown] {
        assert!(!format!("{ran:?}").contains(CANARY), "{ran:?}");
    }
    let ran = maitred.run(&["connections", "show", "warehuose"]).await;
    assert_eq!(ran.code, Some(2));
    assert!(ran.stderr.contains("did you mean `warehouse`?"), "{}", ran.stderr);
}

#[tokio::test]
async fn a_login_in_an_address_is_hidden_however_that_is_written() {
    for address in ["http://u:", "http:u:", "https:\\\\u:", "u:"] {
        let endpoint = format!("{address}{CANARY}@127.0.0.1:1/path?token={CANARY}");
        let text =
            json!({"conn_type": "aws", "extra": {"endpoint_url": &endpoint}, "host": &endpoint});
        let maitred = Maitred::with_account().variable("MAITRED_CONN_C", &text.to_string());
        for args in [
            &["connections", "show", "c"][..],
            &["connections", "list", "--output", "json"],
            &["call", "sts", "get-caller-identity", "--endpoint-url", &endpoint],
            &["wait", "http", "up", "--once", "--url", &endpoint],
        ] {
            let ran = maitred.run(args).await;
            assert!(!format!("{ran:?}").contains(CANARY), "{args:?} {ran:?}");
        }
        let args = json!({"cluster_identifier": "a", "endpoint_url": &endpoint}).to_string();
        let ran =
            maitred.run(&["tasks", "submit", "redshift.pause_cluster", "--args", &args]).await;
        assert_eq!(ran.code, Some(2), "{address} {}", ran.stderr);
        assert!(ran.stderr.contains("login"), "{address} {}", ran.stderr);
    }
}

#[tokio::test]
async fn a_wait_polls_through_a_connection_and_flags_win() {
    let redshift = FakeRedshift::start(Pace::Describes(1));
    redshift.cluster("analytics", &["pausing", "paused"]);
    let extra = json!({"region_name": "eu-west-1", "endpoint_url": redshift.url()});
    let text = json!({"conn_type": "aws", "login": "id", "password": CANARY, "extra": extra});
    let maitred = Maitred::new().variable("MAITRED_CONN_WAREHOUSE", &text.to_string());
    let wait = ["wait", "redshift", "cluster_paused", "--cluster-identifier", "analytics"];
    let wait = [&wait[..], &["--delay", "0.01", "--connection", "warehouse"]].concat();
    let ran = maitred.run(&wait).await;
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    assert!(ran.stderr.contains(&format!(" in eu-west-1 at {}", redshift.url())), "{}", ran.stderr);
    let dry = maitred.run(&[&wait[..], &["--dry-run", "--region", "us-east-2"]].concat()).await;
    assert!(dry.stdout.contains("us-east-2"), "{}", dry.stdout);
    assert!(dry.stdout.contains("connection warehouse"), "{}", dry.stdout);
    assert!(!format!("{ran:?}{dry:?}").contains(CANARY));
    let undefined = maitred.run(&[&wait[..], &["--connection", "warehuose"]].concat()).await;
    assert_eq!(undefined.code, Some(2), "{}", undefined.stderr);
    // Who names no connection gets none, whatever the environment holds.
    let extra = json!({"endpoint_url": "http://127.0.0.1:9"});
    let other = json!({"conn_type": "aws", "extra": extra}).to_string();
    let url = redshift.url();
    let args = ["call", "redshift", "describe-clusters", "--endpoint-url", &url];
    let ran = Maitred::with_account().variable("AIRFLOW_CONN_AWS_DEFAULT", &other).run(&args).await;
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
}

#[tokio::test]
async fn a_call_goes_to_the_connection_s_host() {
    let server = Loopback::start(|_| Reply::json(200, r#"{"state": "done"}"#));
    let file = format!(
        "[jobs]\ntype = \"http\"\nhost = \"{}\"\nlogin = \"me\"\n\
         password = {{ \"$secret\" = \"env:KEY\" }}\n",
        server.url("/api")
    );
    let maitred = Maitred::new().variable("KEY", "pw").file("c.toml", &file);
    let call = ["call", "http", "get", "--endpoint", "jobs/7", "--connection", "jobs"];
    let call = [&call[..], &["--connections", "c.toml"]].concat();
    let ran = maitred.run(&call).await;
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    assert_eq!(ran.json()["Body"]["state"], "done");
    let request = &server.requests()[0];
    assert_eq!(request.path, "/api/jobs/7");
    assert_eq!(request.header("authorization"), Some("Basic bWU6cHc="));
    let dry = maitred.run(&[&call[..], &["--dry-run"]].concat()).await;
    assert!(dry.stdout.contains(&server.url("/api/jobs/7")), "{}", dry.stdout);
}

#[tokio::test]
async fn a_test_of_http_says_what_the_host_answers() {
    let server = Loopback::start(|request: &Request| {
        match (request.method.as_str(), request.header("authorization")) {
            (_, None) => Reply::text(401, ""),
            ("HEAD", _) => Reply::text(405, ""),
            _ => Reply::text(200, ""),
        }
    });
    let host = server.url("/");
    let with_login = json!({"conn_type": "http", "host": host, "login": "me"}).to_string();
    let without = json!({"conn_type": "http", "host": host}).to_string();
    let maitred =
        Maitred::new().variable("MAITRED_CONN_A", &with_login).variable("MAITRED_CONN_B", &without);
    let ran = maitred.run(&["connections", "test", "a", "--output", "json"]).await;
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    assert_eq!((&ran.json()["status"], &ran.json()["url"]), (&json!(200), &json!(host)));
    let ran = maitred.run(&["connections", "test", "b"]).await;
    assert_eq!(ran.code, Some(4), "{}", ran.stderr);
    assert!(ran.stderr.contains("`b` does not work: 401"), "{}", ran.stderr);
}

#[tokio::test]
async fn a_test_of_aws_says_who_we_are_also_in_a_role() {
    let moto = Moto::start();
    let url = moto.endpoint();
    let extra = json!({
        "region_name": "eu-west-1", "endpoint_url": url,
        "role_arn": "arn:aws:iam::111122223333:role/waiter",
        "service_config": {"sts": {"endpoint_url": url}},
    });
    let mut plain = extra.clone();
    plain.as_object_mut().unwrap().remove("role_arn");
    let text = |extra: &serde_json::Value| {
        json!({"conn_type": "aws", "login": "id", "password": "s", "extra": extra}).to_string()
    };
    let maitred = Maitred::new()
        .variable("MAITRED_CONN_PLAIN", &text(&plain))
        .variable("MAITRED_CONN_ROLE", &text(&extra));
    let ran = maitred.run(&["connections", "test", "plain"]).await;
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    assert!(ran.stdout.contains("123456789012"), "{}", ran.stdout);
    let ran = maitred.run(&["connections", "test", "role", "--output", "json"]).await;
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    assert_eq!(
        ran.json()["arn"],
        "arn:aws:sts::111122223333:assumed-role/waiter/maitred_role",
        "{}",
        ran.stdout
    );
}
