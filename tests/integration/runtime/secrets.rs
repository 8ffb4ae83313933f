//! A secret given to tasks in every documented way is found nowhere that the runtime writes.

use std::collections::BTreeMap;
use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use maitred::clock::{Clock as _, SystemClock};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::io::AsyncReadExt as _;

use crate::cli::process::Maitred;
use crate::support::loopback::{Loopback, Reply, Request};
use crate::support::redshift::{FakeRedshift, Pace};

/// Every secret begins so.
const CANARY: &str = "c4nary";
/// `me:c4nary` in base64, up to where the rest of the secret has its say.
const BASIC: &str = "bWU6YzRuYXJ5";

/// The services, which show no progress before they are told to.
struct Services {
    redshift: FakeRedshift,
    http: Loopback,
    done: Arc<AtomicBool>,
}

impl Services {
    fn start() -> Self {
        let done = Arc::new(AtomicBool::new(false));
        let state = Arc::clone(&done);
        let http = Loopback::start(move |request| job(request, state.load(Ordering::SeqCst)));
        Self { redshift: FakeRedshift::start(Pace::Describes(3)), http, done }
    }
}

fn job(request: &Request, done: bool) -> Reply {
    match (request.path.as_str(), done) {
        ("/token", _) => {
            let reply = format!(r#"{{"access_token": "{CANARY}-token", "expires_in": 3600}}"#);
            Reply::json(200, &reply)
        }
        (_, false) => Reply::json(200, r#"{"state": "running"}"#),
        (_, true) => Reply::json(200, r#"{"state": "done"}"#),
    }
}

fn secret_file(path: &Path, text: &str) {
    let mut options = std::fs::OpenOptions::new();
    let file = options.write(true).create_new(true).mode(0o600).open(path).unwrap();
    std::io::Write::write_all(&mut &file, text.as_bytes()).unwrap();
}

/// Connections in every form, each with a secret of its own.
fn maitred(services: &Services, folder: &Path, store: &Path) -> Maitred {
    let (aws, http) = (services.redshift.url(), services.http.url("/"));
    secret_file(&folder.join("key"), &format!("{CANARY}-of-a-file"));
    let connections = format!(
        r#"
        [in_file]
        type = "aws"
        login = "AKIDFILE"
        password = "{CANARY}-in-file"
        extra = {{ region_name = "eu-west-1", endpoint_url = "{aws}" }}
        [by_variable]
        type = "aws"
        login = "AKIDVARIABLE"
        password = {{ "$secret" = "env:THE_KEY" }}
        extra = {{ region_name = "eu-west-1", endpoint_url = "{aws}" }}
        [by_file]
        type = "aws"
        extra = {{ aws_access_key_id = "AKIDF", aws_secret_access_key = {{ "$secret" = "file:{key}" }}, region_name = "eu-west-1", endpoint_url = "{aws}" }}
        [basic]
        type = "http"
        host = "{http}"
        login = "me"
        password = "{CANARY}-basic"
        [oauth]
        type = "http"
        host = "{http}"
        extra.oauth2 = {{ token_url = "{http}token", client_id = "me", client_secret = "{CANARY}-client" }}
        "#,
        key = folder.join("key").display(),
    );
    secret_file(&folder.join("connections.toml"), &connections);
    let extra = json!({"region_name": "eu-west-1", "endpoint_url": aws});
    let as_json = json!({"conn_type": "aws", "login": "AKIDJSON", "password": format!("{CANARY}-json"), "extra": extra});
    let encoded = aws.replace(':', "%3A").replace('/', "%2F");
    let as_uri =
        format!("aws://AKIDURI:{CANARY}-uri@/?region_name=eu-west-1&endpoint_url={encoded}");
    let waiter = json!({
        "operation": "GET", "delay": 0.1, "maxAttempts": 1000, "show": "Body.state",
        "acceptors": [{"state": "success", "matcher": "path", "argument": "Body.state", "expected": "done"}],
    });
    let file = json!({"version": 2, "service": "http", "waiters": {"job_done": waiter}});
    std::fs::write(folder.join("jobs.json"), file.to_string()).unwrap();
    Maitred::new()
        .variable("MAITRED_LOG", "debug")
        .variable("MAITRED_STORE", store.to_str().unwrap())
        .variable("MAITRED_WAITERS", folder.join("jobs.json").to_str().unwrap())
        .variable("MAITRED_CONNECTIONS", folder.join("connections.toml").to_str().unwrap())
        .variable("MAITRED_CONN_AS_JSON", &as_json.to_string())
        .variable("MAITRED_CONN_AS_URI", &as_uri)
        .variable("AIRFLOW_CONN_AIRFLOWS", &as_uri.replace("-uri", "-airflow"))
        .variable("THE_KEY", &format!("{CANARY}-variable"))
        .variable("AWS_ACCESS_KEY_ID", "AKIDDEFAULT")
        .variable("AWS_SECRET_ACCESS_KEY", &format!("{CANARY}-default"))
        .variable("AWS_REGION", "eu-west-1")
}

/// One task for every connection, and some that fail.
fn tasks(services: &Services) -> String {
    let mut lines = String::new();
    let mut add = |operator: &str, args: Value| {
        lines.push_str(&json!({"operator": operator, "args": args}).to_string());
        lines.push('\n');
    };
    let aws = ["in_file", "by_variable", "by_file", "as_json", "as_uri", "airflows", "aws_default"];
    for connection in aws {
        let mut args = json!({
            "cluster_identifier": connection, "aws_conn_id": connection,
            "wait_for_completion": true, "deferrable": true, "poll_interval": 0.1,
        });
        if connection == "aws_default" {
            args["endpoint_url"] = json!(services.redshift.url());
        }
        services.redshift.cluster(connection, &["available"]);
        add("redshift.pause_cluster", args.clone());
        args["cluster_identifier"] = json!("missing");
        add("redshift.pause_cluster", args);
    }
    for connection in ["basic", "oauth"] {
        let args = json!({
            "service": "http", "waiter": "job_done", "input": {"endpoint": "job"},
            "client": {"connection": connection},
        });
        add("maitred.wait", args);
    }
    lines
}

fn assert_clean(what: &str, bytes: &[u8]) {
    for secret in [CANARY, BASIC] {
        let found = bytes.windows(secret.len()).position(|window| window == secret.as_bytes());
        if let Some(at) = found {
            let end = bytes.len().min(at + 80);
            let around = String::from_utf8_lossy(&bytes[at.saturating_sub(80)..end]).into_owned();
            panic!("{what} has the secret: {around}");
        }
    }
}

/// Every file of the store's folder.
fn files(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let entries = std::fs::read_dir(folder).unwrap().map(Result::unwrap);
    let read = |entry: std::fs::DirEntry| {
        assert_eq!(entry.metadata().unwrap().permissions().mode() & 0o077, 0, "{entry:?}");
        (entry.file_name().into_string().unwrap(), std::fs::read(entry.path()).unwrap())
    };
    entries.map(read).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_secret_is_found_nowhere() {
    let (folder, store) = (TempDir::new().unwrap(), TempDir::new().unwrap());
    let services = Services::start();
    let maitred = maitred(&services, folder.path(), &store.path().join("tasks.sqlite"));
    refuses_a_login_in_a_url(&maitred, &services).await;
    let submitted =
        maitred.run_with_input(&["tasks", "submit", "--from", "-"], &tasks(&services)).await;
    assert_eq!(submitted.code, Some(0), "{}", submitted.stderr);
    let mut triggerer = maitred.start(&["triggerer", "--until-idle"]);
    let mut stderr = triggerer.stderr.take().unwrap();
    let said = tokio::spawn(async move {
        let mut said = Vec::new();
        stderr.read_to_end(&mut said).await.unwrap();
        said
    });
    let clock = SystemClock::new();
    while services.http.requests().iter().filter(|request| request.path == "/job").count() < 30 {
        clock.sleep(Duration::from_millis(20)).await;
    }
    let command_line = format!("/proc/{}/cmdline", triggerer.id().unwrap());
    assert_clean("ps", &std::fs::read(command_line).unwrap());
    let while_it_runs = files(store.path());
    let names: Vec<_> = while_it_runs.keys().map(String::as_str).collect();
    assert_eq!(
        names,
        ["tasks.sqlite", "tasks.sqlite-shm", "tasks.sqlite-wal", "tasks.sqlite.lock"]
    );
    services.done.store(true, Ordering::SeqCst);
    assert!(triggerer.wait().await.unwrap().success());
    for (name, bytes) in while_it_runs.into_iter().chain(files(store.path())) {
        assert_clean(&name, &bytes);
    }
    let said = said.await.unwrap();
    assert!(said.len() > 1000, "it logs");
    assert_clean("the log on stderr", &said);
    check_tasks(&maitred).await;
    // They were used all the same.
    let headers: Vec<_> = services.http.requests();
    let headers: Vec<_> = headers.iter().filter_map(|r| r.header("authorization")).collect();
    assert!(headers.iter().any(|header| header.contains(BASIC)), "{headers:?}");
    assert!(headers.iter().any(|header| header.contains(&format!("{CANARY}-token"))));
}

/// A task that would be stored with a literal secret is not accepted, and the refusal does not repeat it.
async fn refuses_a_login_in_a_url(maitred: &Maitred, services: &Services) {
    let url = services.http.url("/job").replace("http://", &format!("http://me:{CANARY}-url@"));
    let wait = json!({"service": "http", "waiter": "job_done", "input": {"url": url}});
    for (operator, args) in [("maitred.wait", wait), ("http.sensor", json!({"endpoint": url}))] {
        let ran = maitred.run(&["tasks", "submit", operator, "--args", &args.to_string()]).await;
        assert_eq!(ran.code, Some(2), "{}", ran.stdout);
        assert!(ran.stderr.contains("a login in it"), "{}", ran.stderr);
        assert_clean("the refusal", ran.stderr.as_bytes());
    }
}

/// What is shown of tasks shows no secret, and each has ended as it should.
async fn check_tasks(maitred: &Maitred) {
    let list = maitred.run(&["tasks", "list", "--output", "json"]).await;
    assert_clean("tasks list", list.stdout.as_bytes());
    let listed = list.json()["tasks"].as_array().unwrap().clone();
    assert_eq!(listed.len(), 16);
    for task in listed {
        let missing = task["args"]["cluster_identifier"] == "missing";
        assert_eq!(task["state"], if missing { "failed" } else { "success" }, "{task:#}");
        let id = task["id"].to_string();
        for args in [
            &["tasks", "show", &id, "--output", "json"][..],
            &["tasks", "show", &id],
            &["tasks", "logs", &id],
            &["tasks", "watch", &id, "--output", "json"],
        ] {
            let ran = maitred.run(args).await;
            assert!(!ran.stdout.is_empty() || missing, "{args:?}: {}", ran.stderr);
            assert_clean(&args.join(" "), ran.stdout.as_bytes());
            assert_clean(&args.join(" "), ran.stderr.as_bytes());
        }
    }
}
