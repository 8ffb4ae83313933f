//! Connections of type `http`: what is sent, and to whom.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use maitred::client::Client;
use maitred::client::http::HttpClient;
use maitred::client::{CallError, CallErrorKind, Observation, Output};
use maitred::clock::ManualClock;
use maitred::connection::ClientSettings;
use serde_json::{Value, json};

use super::{NOW, call, connections, open};
use crate::support::loopback::{Loopback, Reply, Request};

async fn client(server: &Loopback, mut connection: Value) -> Arc<dyn Client> {
    if connection["host"].is_null() {
        connection["host"] = json!(server.url("/api"));
    }
    open("http", "jobs", &connection.to_string()).await.unwrap()
}

fn output(observation: Observation) -> Output {
    match observation {
        Observation::Output(output) => output,
        Observation::Error(error) => panic!("an output was expected: {error}"),
    }
}

fn failure(observation: Observation) -> CallError {
    match observation {
        Observation::Error(error) => error,
        Observation::Output(output) => panic!("an error was expected: {output:?}"),
    }
}

#[tokio::test]
async fn host_login_headers_and_options_are_the_defaults_of_requests() {
    let server = Loopback::start(|_| Reply::json(200, "{}"));
    let connection = json!({
        "conn_type": "http", "login": "me", "password": "pw",
        "extra": {"headers": {"X-Team": "data", "Accept": "a/b"}, "timeout": [1, 20]},
    });
    let client = client(&server, connection).await;
    output(call(&*client, "http", "GET", json!({"endpoint": "/jobs/7?full=1"})).await);
    let own = json!({"endpoint": "x", "headers": {"accept": "c/d"}, "auth": {"bearer": "t"}});
    output(call(&*client, "http", "POST", own).await);
    let [first, second] = server.requests().try_into().unwrap();
    assert_eq!((first.path.as_str(), first.query.as_str()), ("/api/jobs/7", "full=1"));
    assert_eq!(first.header("authorization"), Some("Basic bWU6cHc="));
    assert_eq!((first.header("x-team"), first.header("accept")), (Some("data"), Some("a/b")));
    assert_eq!(second.header("authorization"), Some("Bearer t"));
    assert_eq!((second.header("x-team"), second.header("accept")), (Some("data"), Some("c/d")));
}

#[tokio::test]
async fn host_schema_and_port_make_the_base_url() {
    let table = [
        (json!({"host": "h"}), Ok("http://h/")),
        (json!({"host": "h", "schema": "https", "port": 8443}), Ok("https://h:8443/")),
        (json!({"host": "https://h/api", "port": 8443}), Ok("https://h:8443/api")),
        (json!({"host": "https://h", "schema": "ignored"}), Ok("https://h/")),
        (json!({"host": "h", "conn_type": "https"}), Ok("https://h/")),
        (json!({"host": "::1", "port": 80}), Ok("http://[::1]/")),
        (json!({"host": "h", "schema": "api/v1"}), Err("a path goes in the host")),
        (json!({"host": "ftp://h"}), Err("must begin with http:// or https://")),
        (json!({"host": "h", "conn_type": "postgres"}), Err("its type is `postgres`")),
        (json!({"host": "h", "password": "p"}), Err("a password without a login")),
        (json!({"host": "h", "extra": {"X-Team": "d"}}), Err(r#"{"headers": {"NAME": "VALUE"}}"#)),
        (json!({"host": "h", "extra": {"verfy": false}}), Err("did you mean `verify`?")),
        (json!({"host": "h", "login": "a", "extra": {"bearer": "b"}}), Err("two logins")),
        (
            json!({"host": "h", "login": "a", "extra": {"headers": {"Authorization": "b"}}}),
            Err("more than once"),
        ),
    ];
    for (connection, expected) in table {
        match (open("http", "jobs", &connection.to_string()).await, expected) {
            (Ok(client), Ok(url)) => {
                let client = client.downcast_ref::<HttpClient>().unwrap();
                assert_eq!(client.base_url().unwrap(), url, "{connection}");
            }
            (Err(said), Err(expected)) => assert!(said.contains(expected), "{connection}: {said}"),
            (found, _) => panic!("{connection}: {found:?}"),
        }
    }
}

#[tokio::test]
async fn credentials_go_to_no_other_origin() {
    let elsewhere = Loopback::start(|_| Reply::json(200, "{}"));
    let there = elsewhere.url("/there");
    let location = there.clone();
    let server = Loopback::start(move |request: &Request| match request.path.as_str() {
        "/api/away" => Reply::text(302, "").header("Location", &location),
        _ => Reply::json(200, "{}"),
    });
    let connection = json!({"login": "me", "password": "pw", "extra": {"headers": {"X-Key": "k"}}});
    let client = client(&server, connection.clone()).await;
    let error = failure(call(&*client, "http", "GET", json!({"url": there})).await);
    assert_eq!(error.kind(), CallErrorKind::Invalid);
    assert!(error.message().contains("not sent elsewhere"), "{error}");
    let error = failure(call(&*client, "http", "GET", json!({"endpoint": "away"})).await);
    assert!(error.message().contains("another origin"), "{error}");
    assert_eq!(elsewhere.requests().len(), 0);
    // The default connection was not asked for: a URL elsewhere is sent as it is.
    let text = json!({"host": server.url("/"), "login": "me"}).to_string();
    let connections = connections([("MAITRED_CONN_HTTP_DEFAULT", text.as_str())]);
    let clients = maitred::clients(connections, Arc::new(ManualClock::at(NOW)));
    let client = clients.open("http", &ClientSettings::default()).await.unwrap();
    output(call(&*client, "http", "GET", json!({"url": there})).await);
    assert_eq!(elsewhere.requests()[0].header("authorization"), None);
    output(call(&*client, "http", "GET", json!({"endpoint": "here"})).await);
    let sent = server.requests().pop().unwrap();
    assert_eq!(sent.header("authorization"), Some("Basic bWU6"));
}

#[tokio::test]
async fn redirects_and_statuses_are_judged_as_the_connection_says() {
    let server = Loopback::start(|request: &Request| match request.path.as_str() {
        "/api/missing" => Reply::text(404, ""),
        _ => Reply::text(302, "").header("Location", "/api/again"),
    });
    let connection = json!({"extra": {"check_response": false, "max_redirects": 2}});
    let client = client(&server, connection).await;
    let missing = output(call(&*client, "http", "GET", json!({"endpoint": "missing"})).await);
    assert_eq!((missing.status, missing.error.is_none()), (Some(404), true));
    failure(call(&*client, "http", "GET", json!({"endpoint": "loop"})).await);
    assert_eq!(server.requests().len(), 1 + 3);
    let connection = json!({"host": server.url("/"), "extra": {"allow_redirects": "false"}});
    let client = self::client(&server, connection).await;
    let stopped = output(call(&*client, "http", "GET", json!({"endpoint": "loop"})).await);
    assert_eq!(stopped.status, Some(302));
}

/// A token server whose tokens are `t1`, `t2`, …, and an API that wants the newest one.
fn with_tokens(expires_in: u64) -> (Loopback, Arc<AtomicUsize>, Arc<AtomicUsize>) {
    let (given, revoked) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let (counter, bad) = (Arc::clone(&given), Arc::clone(&revoked));
    let server = Loopback::start(move |request: &Request| {
        if request.path == "/token" {
            let number = counter.fetch_add(1, Ordering::SeqCst) + 1;
            let body = json!({"access_token": format!("t{number}"), "token_type": "Bearer",
                              "expires_in": expires_in});
            return Reply::json(200, &body.to_string());
        }
        let valid = bad.load(Ordering::SeqCst) + 1..;
        let token =
            request.header("authorization").and_then(|value| value.strip_prefix("Bearer t"));
        match token.and_then(|token| token.parse().ok()) {
            Some(number) if valid.contains(&number) => Reply::json(200, "{}"),
            _ => Reply::json(401, "{}"),
        }
    });
    (server, given, revoked)
}

fn with_oauth2(server: &Loopback) -> Value {
    json!({"host": server.url("/api"), "extra": {"oauth2": {
        "token_url": server.url("/token"), "client_id": "us er", "client_secret": "s:/",
        "scope": "read", "audience": "jobs",
    }}})
}

#[tokio::test]
async fn a_token_is_kept_and_fetched_anew_before_it_expires() {
    let (server, given, _) = with_tokens(600);
    let text = with_oauth2(&server).to_string();
    let clock = Arc::new(ManualClock::at(NOW));
    let connections = connections([("MAITRED_CONN_JOBS", text.as_str())]);
    let clients = maitred::clients(connections, Arc::clone(&clock) as _);
    let client = clients.open("http", &ClientSettings::of_connection("jobs")).await.unwrap();
    let ask = || call(&*client, "http", "GET", json!({"endpoint": "x"}));
    let (first, second) = tokio::join!(ask(), ask());
    assert_eq!([output(first).status, output(second).status], [Some(200); 2]);
    clock.advance(Duration::from_secs(539));
    output(ask().await);
    assert_eq!(given.load(Ordering::SeqCst), 1);
    clock.advance(Duration::from_secs(1));
    assert_eq!(output(ask().await).status, Some(200));
    assert_eq!(given.load(Ordering::SeqCst), 2);
    let asked = &server.requests()[0];
    let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    let form =
        [pair("grant_type", "client_credentials"), pair("scope", "read"), pair("audience", "jobs")];
    assert_eq!((asked.method.as_str(), asked.form()), ("POST", form.to_vec()));
    // us+er:s%3A%2F
    assert_eq!(asked.header("authorization"), Some("Basic dXMrZXI6cyUzQSUyRg=="));
}

#[tokio::test]
async fn a_token_that_is_refused_is_replaced_once() {
    let (server, given, revoked) = with_tokens(600);
    let client = client(&server, with_oauth2(&server)).await;
    let ask = || call(&*client, "http", "POST", json!({"endpoint": "x", "data": "body"}));
    assert_eq!(output(ask().await).status, Some(200));
    revoked.store(1, Ordering::SeqCst);
    assert_eq!(output(ask().await).status, Some(200));
    assert_eq!(given.load(Ordering::SeqCst), 2);
    assert_eq!(server.requests().pop().unwrap().text(), "body");
    revoked.store(99, Ordering::SeqCst);
    let output = output(ask().await);
    assert_eq!((output.status, output.error.unwrap().code()), (Some(401), "401"));
    assert_eq!(given.load(Ordering::SeqCst), 3);
}

#[tokio::test]
async fn a_token_server_that_refuses_is_told_by_its_code() {
    let table = [
        (400, r#"{"error": "invalid_client", "error_description": "s3cret"}"#, "invalid_client"),
        (400, r#"{"error": "S3CRET s3cret"}"#, "refused: 400"),
        (503, "s3cret", "refused: 503"),
        (200, r#"{"token": "s3cret"}"#, "no `access_token`"),
        (200, r#"{"access_token": "s3cret", "token_type": "mac"}"#, "not of type Bearer"),
    ];
    for (status, body, said) in table {
        let server = Loopback::start(move |_| Reply::json(status, body));
        let client = client(&server, with_oauth2(&server)).await;
        let error = failure(call(&*client, "http", "GET", json!({"endpoint": "x"})).await);
        let passes =
            if status == 503 { CallErrorKind::Service } else { CallErrorKind::Credentials };
        assert_eq!(error.kind(), passes, "{error}");
        assert!(error.message().contains(said), "{error}");
        assert!(!format!("{error:?}").contains("s3cret"), "{error:?}");
        assert_eq!(server.requests().len(), 1);
        assert!(!format!("{client:?}").contains("s:/"));
    }
    let (server, ..) = with_tokens(600);
    let mut connection = with_oauth2(&server);
    connection["extra"]["oauth2"]["token_endpoint_auth_method"] = json!("client_secret_post");
    let client = client(&server, connection).await;
    let call_ = maitred::client::Call::new("http", "GET", [("endpoint", "x")]);
    output(client.call(&call_).await);
    let form = server.requests()[0].form();
    assert!(form.contains(&("client_secret".to_owned(), "s:/".to_owned())), "{form:?}");
}
