//! Secrets stay where they were given: they are not printed, not stored, and not recorded.

use serde_json::{Value, json};

use super::process::{Maitred, Ran};
use crate::support::loopback::{Loopback, Reply, Request};

const SECRET: &str = "c4nary/+&=\"x";

/// Whether an output has the secret in any spelling.
fn assert_clean(what: &str, text: &str) {
    for spelling in ["c4nary", "YzRuYXJ5", "bWU6YzRuYXJ5"] {
        assert!(!text.contains(spelling), "{what}: {text}");
    }
}

fn assert_ran_clean(what: &str, ran: &Ran) {
    assert_clean(what, &ran.stdout);
    assert_clean(what, &ran.stderr);
}

/// What came with a request, as a server tells it that wants to help: as it is, as JSON and percent-encoded.
fn echo(request: &Request) -> String {
    let mut told: Vec<_> = request.headers.iter().map(|(_, value)| value.clone()).collect();
    told.push(request.query.clone());
    told.push(request.text());
    told.join(" | ")
}

#[tokio::test]
async fn a_secret_that_a_server_echoes_is_printed_nowhere() {
    let server = Loopback::start(|request| {
        let body = json!({"message": format!("bad: {}", echo(request)), "state": echo(request)});
        Reply::json(if request.path == "/400" { 400 } else { 200 }, &body.to_string())
    });
    let basic = json!({"basic": {"username": "me", "password": SECRET}}).to_string();
    let bearer = json!({"bearer": "c4nary-token"}).to_string();
    let header = format!("X-Api-Key: {SECRET}");
    let body = json!({"login": {"password": SECRET}}).to_string();
    let params = json!({"api_key": SECRET}).to_string();
    for given in [
        ["--auth", &basic],
        ["--auth", &bearer],
        ["--header", &header],
        ["--json", &body],
        ["--params", &params],
    ] {
        for path in ["/400", "/200"] {
            let url = server.url(path);
            let target = ["--url", &url, given[0], given[1]];
            let method = if given[0] == "--json" { "post" } else { "get" };
            let call = ["call", "http", method, "--allow-mutating"];
            for format in ["json", "text"] {
                let ran =
                    Maitred::new().run(&[&call[..], &target, &["--output", format]].concat()).await;
                assert_ran_clean(&format!("{given:?} {path} {format}"), &ran);
            }
            let until = ["--until", "Body.state == 'x'", "--show", "Body.state", "-v"];
            let wait =
                ["wait", "http", method, "--allow-mutating", "--max-attempts", "2", "--delay", "0"];
            let ran = Maitred::new()
                .variable("MAITRED_LOG", "trace")
                .run(&[&wait[..], &target, &until, &["--output", "json"]].concat())
                .await;
            assert_ran_clean(&format!("{given:?} {path} wait"), &ran);
            assert!(ran.json()["message"].is_string());
        }
    }
    let seen = server.requests();
    assert!(seen.iter().any(|request| request.header("x-api-key") == Some(SECRET)));
}

#[tokio::test]
async fn a_login_or_token_in_a_url_is_masked_in_whatever_is_said_of_it() {
    let url = "http://me:c4nary-pw@127.0.0.1:9/x?access_token=c4nary-token&page=2";
    let ftp = "ftp://c4nary-user:c4nary-pw@host";
    let endpoint = "http://me:c4nary-pw@127.0.0.1:9";
    let aws = ["sts", "get-caller-identity"];
    let commands: [&[&str]; 9] = [
        &["call", "http", "get", "--url", url],
        &["call", "http", "get", "--url", url, "--dry-run"],
        &["wait", "http", "up", "--url", url, "--max-attempts", "1", "-v", "--output", "json"],
        &[
            "wait",
            "http",
            "up",
            "--for-each",
            &format!("url={url}"),
            "--max-attempts",
            "1",
            "--output",
            "json",
        ],
        &["call", aws[0], aws[1], "--endpoint-url", ftp],
        &["call", aws[0], aws[1], "--endpoint-url", endpoint],
        &["call", aws[0], aws[1], "--endpoint-url", endpoint, "--dry-run"],
        &[
            "call",
            "http",
            "get",
            "--endpoint",
            "x?sig=c4nary-sig",
            "--endpoint-url",
            endpoint,
            "--dry-run",
        ],
        &["wait", "sts", aws[1], "--until", "A", "--endpoint-url", ftp, "--output", "json"],
    ];
    for command in commands {
        let ran = Maitred::with_account().run(command).await;
        assert!(!ran.stdout.is_empty() || !ran.stderr.is_empty());
        assert_ran_clean(&command.join(" "), &ran);
    }
    let proxied = Maitred::new()
        .variable("HTTP_PROXY", "http://me:c4nary-proxy@127.0.0.1:9")
        .variable("http_proxy", "http://me:c4nary-proxy@127.0.0.1:9")
        .run(&["call", "http", "get", "--url", "http://example.test/"])
        .await;
    assert_ran_clean("a proxy", &proxied);
}

#[tokio::test]
async fn the_store_keeps_no_secret_that_a_server_echoes() {
    let server = Loopback::start(|request| {
        let status = if request.path == "/400" { 400 } else { 200 };
        Reply::json(status, &json!({"message": echo(request), "state": "done"}).to_string())
    });
    let folder = tempfile::TempDir::new().unwrap();
    let store = folder.path().join("t.sqlite");
    let maitred = Maitred::new()
        .variable("TOKEN", SECRET)
        .variable("MAITRED_LOG", "debug")
        .variable("MAITRED_STORE", store.to_str().unwrap());
    let reference = json!({"$secret": "env:TOKEN"});
    for (path, operator) in [
        ("/400", "http.request"),
        ("/200", "http.request"),
        ("/400", "http.sensor"),
        ("/200", "http.sensor"),
    ] {
        let mut args = json!({
            "endpoint": server.url(path), "method": "GET", "deferrable": true,
            "headers": {"X-Api-Key": reference},
        });
        if operator == "http.sensor" {
            args["poke_interval"] = json!(0.05);
        }
        let args = args.to_string();
        let ran = maitred.run(&["tasks", "submit", operator, "--args", &args]).await;
        assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    }
    let ran = maitred.run(&["triggerer", "--until-idle"]).await;
    assert_ran_clean("triggerer", &ran);
    assert_eq!(server.requests()[0].header("x-api-key"), Some(SECRET));
    for entry in std::fs::read_dir(folder.path()).unwrap() {
        let path = entry.unwrap().path();
        let bytes = std::fs::read(&path).unwrap();
        assert_clean(&path.display().to_string(), &String::from_utf8_lossy(&bytes));
    }
    let shown = maitred.run(&["tasks", "list", "--output", "json"]).await;
    assert!(shown.stdout.contains("***"), "{}", shown.stdout);
}

/// What `tasks submit` says of a task that it refuses.
async fn refusal(args: &[&str]) -> String {
    let ran = Maitred::new().run(&[&["tasks", "submit"], args].concat()).await;
    assert_eq!(ran.code, Some(2), "{args:?}: {}", ran.stdout);
    assert_ran_clean(&args.join(" "), &ran);
    ran.stderr
}

#[tokio::test]
async fn a_stored_task_holds_no_literal_that_looks_like_a_secret() {
    let url = "http://127.0.0.1:9/";
    for args in [
        json!({"endpoint": format!("{url}?api_key=c4nary")}),
        json!({"endpoint": "/x?page=1&sig=c4nary"}),
        json!({"endpoint": url, "data": {"password": "c4nary"}}),
        json!({"endpoint": url, "data": "user=me&password=c4nary"}),
        json!({"endpoint": url, "data": "{\"client_secret\": \"c4nary\"}"}),
        json!({"endpoint": url, "json": {"a": [{"db": {"passwd": "c4nary"}}]}}),
        json!({"endpoint": url, "json": {"url": "amqp://me:c4nary@host"}}),
        json!({"endpoint": url, "params": {"access_token": "c4nary"}}),
        json!({"endpoint": url, "headers": {"x-amz-security-token": "c4nary"}}),
        json!({"endpoint": url, "headers": {"X-Mine": "Bearer c4nary"}}),
    ] {
        let said = refusal(&["http.request", "--args", &args.to_string()]).await;
        assert!(said.contains("$secret") && said.contains("arguments are stored"), "{said}");
    }
    let input = json!({"ClusterIdentifier": "a", "MasterUserPassword": "c4nary"});
    let paused = json!({"cluster_identifier": "a", "endpoint_url": "http://me:c4nary@host"});
    let said = refusal(&["redshift.pause_cluster", "--args", &paused.to_string()]).await;
    assert!(said.contains("endpoint_url has a login in it"), "{said}");
    let aws = json!({"service": "redshift", "waiter": "cluster_available", "input": input});
    let parameters = json!({"url": url, "API_TOKEN": "c4nary"});
    let http =
        json!({"service": "http", "waiter": "up", "input": {"url": url}, "parameters": parameters});
    for args in [aws, http] {
        let said = refusal(&["maitred.wait", "--args", &args.to_string()]).await;
        assert!(said.contains("arguments are stored"), "{said}");
    }
    let fine = json!({
        "endpoint": format!("{url}?next_token=a"),
        "json": {"max_tokens": 5, "token_type": "x", "secret": null, "password": "", "token": true},
        "headers": {"Authorization": {"$secret": "env:TOKEN"}},
    });
    let ran =
        Maitred::new().run(&["tasks", "submit", "http.request", "--args", &fine.to_string()]).await;
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
}

#[tokio::test]
async fn a_hook_with_a_secret_is_refused_and_the_way_out_is_named() {
    let task = ["http.request", "--args", "{\"endpoint\": \"http://127.0.0.1:9/\"}"];
    for url in
        ["http://u:c4nary@host/", "https://host/?token=c4nary", "https://host/x?code=1&key=c4nary"]
    {
        let said = refusal(&[&task[..], &["--on-failure-webhook", url]].concat()).await;
        assert!(said.contains("$secret"), "{said}");
    }
    for command in [
        "curl https://me:c4nary@host/",
        "curl -H 'Authorization: Bearer c4narybird' https://host/",
        "sh -c 'curl -u me:c4nary https://host/'",
        "notify --password c4nary",
        "notify --api-key=c4nary",
    ] {
        let said = refusal(&[&task[..], &["--on-failure-command", command]].concat()).await;
        assert!(said.contains("$TOKEN"), "{command}: {said}");
    }
    let said =
        refusal(&[&task[..], &["--on-failure-webhook", "{\"$secret\": \"c4nary\"}"]].concat())
            .await;
    assert!(said.contains("not a reference"), "{said}");
    let ran = Maitred::new()
        .run(
            &[
                &["tasks", "submit"],
                &task[..],
                &["--on-failure-command", "curl https://me:$PW@host"],
            ]
            .concat(),
        )
        .await;
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
}

#[tokio::test]
async fn a_webhook_may_be_a_reference_to_a_secret() {
    let server = Loopback::start(|request| {
        Reply::json(if request.path == "/hook" { 200 } else { 400 }, "{}")
    });
    let hook = server.url("/hook?token=c4nary").replace("http://", "http://me:c4nary@");
    let folder = tempfile::TempDir::new().unwrap();
    let store = folder.path().join("t.sqlite");
    let maitred =
        Maitred::new().variable("HOOK", &hook).variable("MAITRED_STORE", store.to_str().unwrap());
    let args = json!({"endpoint": server.url("/400"), "method": "GET"});
    let reference = json!({"$secret": "env:HOOK"});
    let submit = ["tasks", "submit", "http.request", "--args", &args.to_string()];
    let ran = maitred
        .run(&[&submit[..], &["--on-failure-webhook", &reference.to_string()]].concat())
        .await;
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    let line =
        json!({"operator": "http.request", "args": args, "on_failure": {"webhook": reference}});
    let ran = maitred.run_with_input(&["tasks", "submit", "--from", "-"], &line.to_string()).await;
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    let ran = maitred.run(&["triggerer", "--until-idle"]).await;
    assert_ran_clean("triggerer", &ran);
    let told = server.requests().into_iter().filter(|request| request.path == "/hook");
    assert_eq!(told.filter(|request| request.query == "token=c4nary").count(), 2);
    let bytes = std::fs::read(&store).unwrap();
    assert_clean("the store", &String::from_utf8_lossy(&bytes));
}

const WAITER: &str = r#"{
  "version": 2, "service": "http",
  "waiters": {"job_done": {
    "operation": "GET", "delay": 0, "maxAttempts": 3, "show": "Body.state",
    "acceptors": [{"state": "success", "matcher": "path", "argument": "Body.state", "expected": "done"}]
  }}
}"#;
const CASE: &str = "tests/waiters/http/job_done/recorded.json";

/// The case that a recording of this request leaves.
async fn recorded(request: &[&str]) -> Value {
    let user = Maitred::new().file("waiters/jobs.json", WAITER);
    let record = ["record", "http", "job_done", "--to", CASE];
    let ran = user.run(&[&record[..], request].concat()).await;
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    assert_ran_clean("record", &ran);
    let tested = user.run(&["test", "http", "job_done"]).await;
    assert_eq!(tested.code, Some(0), "{}", tested.stdout);
    let case = user.read(CASE);
    assert_clean(&request.join(" "), &case);
    serde_json::from_str(&case).unwrap()
}

#[tokio::test]
async fn a_recorded_wait_leaves_no_secret_however_it_was_given_or_told() {
    let server = Loopback::start(|request| {
        let body = json!({
            "state": "done", "echo": echo(request), "owner": {"session_token": "c4nary-of-the-reply"},
            "seen": ["c4nary-of-the-reply", 4711], "next": "/jobs?page=2&sig=c4nary-sig",
            "note": "see http://me:c4nary-pw@host/",
        });
        Reply::json(200, &body.to_string()).header("Location", "/next?api_key=c4nary-location")
    });
    let url = server.url("/job");
    for name in [
        "token",
        "api_key",
        "apikey",
        "key",
        "sig",
        "signature",
        "access_token",
        "refresh_token",
        "password",
        "passwd",
        "secret",
        "client_secret",
        "auth",
        "session",
        "X-Amz-Signature",
        "jwt",
    ] {
        let url = format!("{url}?{name}=c4nary-of-the-query&page=2");
        let case = recorded(&["--url", &url]).await;
        // A signed query goes as a whole.
        let rest = if name == "X-Amz-Signature" { "?REDACTED" } else { "&page=2" };
        assert!(case["input"]["url"].as_str().unwrap().ends_with(rest), "{case:#}");
    }
    let basic = json!({"basic": {"username": "me", "password": SECRET}}).to_string();
    let bearer = json!({"bearer": "c4nary-token"}).to_string();
    let login = url.replace("http://", "http://me:c4nary-login@");
    for request in [
        &["--url", &url, "--auth", &basic][..],
        &["--url", &url, "--auth", &bearer],
        &["--url", &url, "--header", "x-API-key: c4nary-header"],
        &["--url", &url, "--header", "Cookie: sid=c4nary-cookie"],
        &["--url", &url, "--params", "{\"access_token\": \"c4nary-param\"}"],
        &["--url", &url, "--json", "{\"db\": {\"password\": \"c4nary-json\"}}"],
        &["--url", &url, "--data", "user=me&password=c4nary-form"],
        &["--url", &login],
    ] {
        let case = recorded(request).await;
        assert!(case["input"].get("auth").is_none(), "{case:#}");
        assert_eq!(case["recorded"], true);
    }
}

#[tokio::test]
async fn a_recorded_reply_that_breaks_the_model_is_warned_of() {
    let server = Loopback::start(|_| {
        Reply::new(
            200,
            "application/x-amz-json-1.1",
            r#"{"Crawler": {"Name": false, "State": "READY", "New": 1}}"#,
        )
    });
    let waiter = r#"{"version": 2, "waiters": {"mine": {
        "operation": "GetCrawler", "delay": 0, "maxAttempts": 2,
        "acceptors": [{"state": "success", "matcher": "path", "argument": "Crawler.State", "expected": "READY"}]
    }}}"#;
    let user = Maitred::with_account().file("waiters/glue.json", waiter);
    let case = "tests/waiters/glue/mine/recorded.json";
    let url = server.url("");
    let record = ["record", "glue", "mine", "--name", "c", "--endpoint-url", &url, "--to", case];
    let ran = user.run(&record).await;
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    let text = user.read(case);
    assert!(text.contains("\"recorded\": true"), "{text}");
    let tested = user.run(&["test", "glue", "mine"]).await;
    assert_eq!(tested.code, Some(0), "{}", tested.stdout);
    assert!(
        tested.stdout.contains("warning") && tested.stdout.contains("ok "),
        "{}",
        tested.stdout
    );
    // Who writes a case by hand has made a slip of the pen.
    let by_hand = Maitred::with_account()
        .file("waiters/glue.json", waiter)
        .file(case, &text.replace("\"recorded\": true,", ""));
    let tested = by_hand.run(&["test", "glue", "mine"]).await;
    assert_eq!(tested.code, Some(1), "{}", tested.stdout);
    assert!(tested.stdout.contains("must be of type string, but is false"), "{}", tested.stdout);
}
