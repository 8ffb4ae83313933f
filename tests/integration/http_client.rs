//! Service `http`: what is sent, what comes back as an output, and how failures are told.

use std::sync::Arc;
use std::time::Duration;

use maitred::client::http::{HttpClient, METHODS, check_input};
use maitred::client::{
    Call, CallError, CallErrorKind, Client as _, Observation, Output, transport,
};
use maitred::clock::{ManualClock, Timestamp};
use serde_json::{Map, Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;

use crate::support::loopback::{Loopback, RefusingPort, Reply, Request};

mod bodies;
mod input;
mod redirects;
mod tls;

fn client() -> HttpClient {
    // 2026-01-01T00:00:00Z
    HttpClient::new(Arc::new(ManualClock::at(Timestamp::from_millis(1_767_225_600_000))))
}

fn object(value: Value) -> Map<String, Value> {
    let Value::Object(entries) = value else { panic!("an input is an object, not {value}") };
    entries
}

async fn send(client: &HttpClient, method: &str, input: Value) -> Observation {
    let call = Call::new("http", method, object(input));
    client.call(&call).await
}

async fn get(input: Value) -> Observation {
    send(&client(), "GET", input).await
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
        Observation::Output(output) => panic!("a failure was expected: {:?}", output.document),
    }
}

fn transport_failure(observation: Observation, code: &str) -> CallError {
    let error = failure(observation);
    assert_eq!((error.kind(), error.code()), (CallErrorKind::Transport, code), "{error}");
    error
}

/// What a server with `reply` makes of `GET /`.
async fn reply_to_get(reply: Reply) -> Observation {
    let server = Loopback::start(move |_| reply.clone());
    get(json!({"url": server.url("/")})).await
}

async fn body_of(reply: Reply) -> Value {
    output(reply_to_get(reply).await).document.value()["Body"].clone()
}

/// The request that a server receives for `input`, whose `url` is filled in.
async fn sent(method: &str, mut input: Value) -> Request {
    let server = Loopback::start(|_| Reply::json(200, "{}"));
    input["url"] = json!(server.url("/path?a=1"));
    let _ = output(send(&client(), method, input).await);
    server.requests().remove(0)
}

#[tokio::test]
async fn a_json_reply_is_one_document_in_the_order_of_the_service() {
    let reply = Reply::json(200, r#"{"z": 1, "a": {"state": "ready"}, "n": [1.5, null]}"#)
        .header("X-Twice", "one")
        .header("X-Twice", "two");
    let output = output(reply_to_get(reply).await);
    assert_eq!(
        output.document.value().to_string(),
        r#"{"StatusCode":200,"Headers":{"content-type":"application/json","x-twice":"one, two","content-length":"51"},"Body":{"z":1,"a":{"state":"ready"},"n":[1.5,null]}}"#
    );
    assert_eq!((output.status, output.error.is_none()), (Some(200), true));
}

#[tokio::test]
async fn a_body_is_json_when_its_type_says_so_or_when_it_is_an_object_or_a_list() {
    assert_eq!(body_of(Reply::text(200, r#" {"a": 1}"#)).await, json!({"a": 1}));
    assert_eq!(body_of(Reply::new(200, "", "\u{feff}[1]")).await, json!([1]));
    assert_eq!(body_of(Reply::new(200, "application/problem+json", "7")).await, json!(7));
    assert_eq!(body_of(Reply::new(200, "Application/JSON; charset=utf-8", "true")).await, true);
}

#[tokio::test]
async fn any_other_body_is_text_and_none_is_null() {
    assert_eq!(body_of(Reply::text(200, "ready\n")).await, "ready\n");
    assert_eq!(body_of(Reply::text(200, "42")).await, "42");
    assert_eq!(body_of(Reply::json(502, "<html>")).await, "<html>");
    assert_eq!(body_of(Reply::text(200, "{not json}")).await, "{not json}");
    assert_eq!(body_of(Reply::new(200, "text/plain", [b'o', 0xff, b'k'])).await, "o\u{fffd}k");
    assert_eq!(body_of(Reply::json(200, "")).await, Value::Null);
}

#[tokio::test]
async fn a_body_that_nests_too_deep_is_text_or_an_error_where_it_says_json() {
    let deep = "[".repeat(100_000);
    let closed = format!("{}{}", "[".repeat(5_000), "]".repeat(5_000));
    for body in [deep, closed] {
        assert_eq!(body_of(Reply::text(200, &body)).await, body);
        assert_eq!(body_of(Reply::json(500, &body)).await, body);
        let error =
            transport_failure(reply_to_get(Reply::json(200, &body)).await, transport::RESPONSE);
        assert!(error.message().contains("says that it is JSON, but it is not"), "{error}");
    }
}

#[tokio::test]
async fn a_reply_is_an_output_whatever_its_status_with_the_error_beside_it() {
    let starting = Reply::json(503, r#"{"state": "starting"}"#);
    let output_503 = output(reply_to_get(starting).await);
    assert_eq!(output_503.document.value()["Body"]["state"], "starting");
    let error = output_503.error.unwrap();
    assert_eq!((error.kind(), error.code()), (CallErrorKind::Service, "503"));
    assert_eq!((error.status(), error.retry_after()), (Some(503), None));
    assert_eq!(error.message(), r#"Service Unavailable: {"state": "starting"}"#);

    let error = output(reply_to_get(Reply::text(404, "")).await).error.unwrap();
    assert_eq!(error.to_string(), "404: Not Found");
}

#[tokio::test]
async fn an_error_message_quotes_a_body_short_and_harmless() {
    let page = "<html>\n<title>Oops</title> <b>try</b> \u{1b}[31magain</html>";
    let error = output(reply_to_get(Reply::new(500, "text/html", page)).await).error.unwrap();
    assert_eq!(error.message(), "Internal Server Error: Oops try [31magain");

    let error = output(reply_to_get(Reply::text(500, &"é".repeat(5_000))).await).error.unwrap();
    let quoted = format!("Internal Server Error: {}…", "é".repeat(200));
    assert_eq!(error.message(), quoted);
}

#[tokio::test]
async fn retry_after_is_read_as_seconds_and_as_a_date() {
    let cases = [
        ("120", Some(Duration::from_secs(120))),
        ("Thu, 01 Jan 2026 00:01:30 GMT", Some(Duration::from_secs(90))),
        ("Wed, 31 Dec 2025 00:00:00 GMT", Some(Duration::ZERO)),
        ("99999999999999999999999", Some(Duration::from_secs(u32::MAX.into()))),
        ("soon", None),
        ("-1", None),
    ];
    for (value, expected) in cases {
        let reply = Reply::text(429, "slow down").header("Retry-After", value);
        let error = output(reply_to_get(reply).await).error.unwrap();
        assert_eq!(error.retry_after(), expected, "Retry-After: {value}");
    }
}

#[tokio::test]
async fn every_method_is_sent_and_a_head_has_no_body() {
    for method in METHODS {
        let request = sent(method, json!({})).await;
        assert_eq!((request.method.as_str(), request.path.as_str()), (*method, "/path"));
    }
    let server = Loopback::start(|_| Reply::json(200, r#"{"a": 1}"#));
    let head = output(send(&client(), "HEAD", json!({"url": server.url("/")})).await);
    assert_eq!(head.document.value()["Body"], Value::Null);
}

#[tokio::test]
async fn an_unknown_method_is_refused_with_the_one_that_was_meant() {
    assert_eq!(sent("get", json!({})).await.method, "GET", "its case does not matter");
    let error = failure(send(&client(), "gett", json!({"url": "http://127.0.0.1:9/"})).await);
    assert_eq!(error.kind(), CallErrorKind::Invalid);
    assert_eq!(error.message(), "`gett` is not a method of service http: did you mean `GET`?");
}

#[tokio::test]
async fn headers_and_params_may_be_lists_and_numbers() {
    let input = json!({
        "headers": {"X-One": "1", "x-many": ["a", 2]},
        "params": {"b": [2, true], "c": "x y&z", "none": null},
    });
    let request = sent("GET", input).await;
    assert_eq!(request.query, "a=1&b=2&b=true&c=x+y%26z");
    assert_eq!(request.header("x-one"), Some("1"));
    let many: Vec<_> = request.headers.iter().filter(|(name, _)| name == "x-many").collect();
    assert_eq!(many.iter().map(|(_, value)| value.as_str()).collect::<Vec<_>>(), ["a", "2"]);
}

#[tokio::test]
async fn a_body_is_sent_as_json_as_a_form_or_as_it_is() {
    let request = sent("POST", json!({"json": {"a": [1, "é"]}})).await;
    assert_eq!(request.text(), r#"{"a":[1,"é"]}"#);
    assert_eq!(request.header("content-type"), Some("application/json"));

    let request = sent("PUT", json!({"data": {"a": "1 2", "b": ["x", false]}})).await;
    assert_eq!(request.text(), "a=1+2&b=x&b=false");
    assert_eq!(request.header("content-type"), Some("application/x-www-form-urlencoded"));

    let input = json!({"data": "<a/>", "headers": {"Content-Type": "text/xml"}});
    let request = sent("PATCH", input).await;
    assert_eq!(request.text(), "<a/>");
    assert_eq!(request.header("content-type"), Some("text/xml"));

    let input = json!({"json": 1, "headers": {"content-type": "application/merge-patch+json"}});
    let request = sent("PATCH", input).await;
    assert_eq!(request.header("content-type"), Some("application/merge-patch+json"));
}

#[tokio::test]
async fn basic_and_bearer_credentials_are_sent() {
    let request =
        sent("GET", json!({"auth": {"basic": {"username": "u", "password": "p:w"}}})).await;
    assert_eq!(request.header("authorization"), Some("Basic dTpwOnc="));
    let request = sent("GET", json!({"auth": {"bearer": "token"}})).await;
    assert_eq!(request.header("authorization"), Some("Bearer token"));
}

#[tokio::test]
async fn a_login_in_the_url_is_used_and_gives_way_to_the_input() {
    let server = Loopback::start(|_| Reply::json(200, "{}"));
    let with_login = server.url("/").replace("http://", "http://user:pass@");
    let _ = output(get(json!({"url": &with_login})).await);
    let client = client().with_base_url(&with_login).unwrap();
    let _ = output(send(&client, "GET", json!({"endpoint": "x", "auth": {"bearer": "t"}})).await);
    let requests = server.requests();
    assert_eq!(requests[0].header("authorization"), Some("Basic dXNlcjpwYXNz"));
    let sent: Vec<_> =
        requests[1].headers.iter().filter(|(name, _)| name == "authorization").collect();
    assert_eq!(sent, [&("authorization".to_owned(), "Bearer t".to_owned())]);
}

#[tokio::test]
async fn an_endpoint_is_found_below_the_base_url() {
    let server = Loopback::start(|_| Reply::json(200, "{}"));
    let client = client().with_base_url(&server.url("/api/?key=1")).unwrap();
    for endpoint in ["jobs/7", "/jobs/7", "//evil.example/x", "", "jobs?state=a b"] {
        let _ = output(send(&client, "GET", json!({"endpoint": endpoint})).await);
    }
    let seen: Vec<_> =
        server.requests().iter().map(|sent| format!("{}?{}", sent.path, sent.query)).collect();
    let expected = [
        "/api/jobs/7?key=1",
        "/api/jobs/7?key=1",
        "/api/evil.example/x?key=1",
        "/api/?key=1",
        "/api/jobs?state=a%20b",
    ];
    assert_eq!(seen, expected);
}

#[tokio::test]
async fn an_endpoint_without_a_base_url_is_refused() {
    let error = failure(get(json!({"endpoint": "jobs/7"})).await);
    assert_eq!(error.kind(), CallErrorKind::Invalid);
    assert!(error.message().contains("give a whole `url`"), "{error}");
    assert!(client().with_base_url("ftp://host/").is_err());
}

#[tokio::test]
async fn redirects_are_followed_up_to_ten_or_not_at_all() {
    let server = Loopback::start(|request| match request.path.as_str() {
        "/old" => Reply::text(302, "").header("Location", "/new"),
        "/loop" => Reply::text(302, "").header("Location", "/loop"),
        _ => Reply::json(200, r#"{"here": true}"#),
    });
    let followed = output(get(json!({"url": server.url("/old")})).await);
    assert_eq!(followed.document.value()["Body"]["here"], true);

    let kept = output(get(json!({"url": server.url("/old"), "followRedirects": false})).await);
    assert_eq!(kept.status, Some(302));
    assert_eq!(kept.document.value()["Headers"]["location"], "/new");

    let endless = get(json!({"url": server.url("/loop")})).await;
    let error = transport_failure(endless, transport::RESPONSE);
    assert!(error.message().contains("too many redirects"), "{error}");
    assert_eq!(server.requests().iter().filter(|sent| sent.path == "/loop").count(), 11);
}

#[tokio::test]
async fn credentials_do_not_follow_a_redirect_to_another_origin() {
    let other = Loopback::start(|_| Reply::json(200, "{}"));
    let target = other.url("/target");
    let server = Loopback::start(move |_| Reply::text(307, "").header("Location", &target));
    let inputs = [
        json!({"auth": {"bearer": "secret"}}),
        json!({"auth": {"basic": {"username": "u", "password": "secret"}}}),
        json!({"headers": {"Authorization": "secret", "Cookie": "secret"}}),
    ];
    for mut input in inputs {
        input["url"] = json!(server.url("/start?token=secret"));
        let _ = output(get(input).await);
    }
    assert!(server.requests().iter().all(|sent| sent.header("authorization").is_some()));
    assert_eq!(other.requests().len(), 3);
    let leaked = format!("{:?}", other.requests());
    assert!(!leaked.contains("secret") && !leaked.contains("authorization"), "{leaked}");
}

#[tokio::test]
async fn a_refused_connection_says_where_and_why_until_the_server_is_there() {
    let port = RefusingPort::reserve();
    let url = port.url("/");
    let error = transport_failure(get(json!({"url": &url})).await, transport::CONNECT);
    let address = url.trim_start_matches("http://").trim_end_matches('/');
    assert_eq!(error.message(), format!("connection refused ({address}): nothing listens there"));

    let server = port.start(|_| Reply::json(200, "{}"));
    assert_eq!(output(get(json!({"url": &url})).await).status, Some(200));
    assert_eq!(server.requests().len(), 1);
}

#[tokio::test]
async fn a_name_that_does_not_resolve_is_a_dns_error() {
    let input = json!({"url": "http://does-not-exist.invalid/?token=secret", "proxy": false});
    let error = transport_failure(get(input).await, transport::DNS);
    assert!(error.message().contains("does-not-exist.invalid"), "{error}");
    assert!(!error.message().contains("secret"), "{error}");
}

#[tokio::test]
async fn a_server_that_hangs_is_a_timeout() {
    let server = Loopback::start(|_| Reply::Hang);
    let reply = get(json!({"url": server.url("/"), "requestTimeout": 0.2})).await;
    let error = transport_failure(reply, transport::TIMEOUT);
    assert!(error.message().starts_with("no complete reply within 0.2 s (127.0.0.1:"), "{error}");
}

#[tokio::test]
async fn a_connection_closed_without_an_answer_is_a_connect_error() {
    let error = transport_failure(reply_to_get(Reply::Reset).await, transport::CONNECT);
    assert!(error.message().starts_with("connection "), "{error}");
}

#[tokio::test]
async fn a_body_that_is_cut_off_is_a_response_error() {
    let reply = reply_to_get(Reply::Truncate(vec![b'x'; 1000])).await;
    let error = transport_failure(reply, transport::RESPONSE);
    assert_eq!(error.status(), Some(200));
    assert!(error.message().starts_with("the body was cut off or garbled (127.0.0.1:"), "{error}");
}

#[tokio::test]
async fn a_body_over_the_cap_is_a_response_error_and_one_at_the_cap_is_not() {
    let server = Loopback::start(|_| Reply::text(200, &"x".repeat(1000)));
    let at_cap = get(json!({"url": server.url("/"), "maxBodyBytes": 1000})).await;
    assert_eq!(output(at_cap).status, Some(200));
    let over = get(json!({"url": server.url("/"), "maxBodyBytes": 999})).await;
    let error = transport_failure(over, transport::RESPONSE);
    assert!(error.message().contains("larger than 999 bytes"), "{error}");
}

/// `{"state": "ready"}`, compressed.
const READY_GZIP: &[u8] =
    b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x02\x03\xabV*.I,IU\xb2RP*JML\xa9T\xaa\x05\x00t\xeb\xa6q\x12\x00\x00\x00";

#[tokio::test]
async fn a_compressed_body_is_unpacked_and_the_cap_counts_what_comes_out() {
    let server = Loopback::start(|request| {
        assert!(request.header("accept-encoding").unwrap_or_default().contains("gzip"));
        Reply::new(200, "application/json", READY_GZIP).header("Content-Encoding", "gzip")
    });
    let reply = output(get(json!({"url": server.url("/"), "maxBodyBytes": 18})).await);
    assert_eq!(reply.document.value()["Body"], json!({"state": "ready"}));
    let over = get(json!({"url": server.url("/"), "maxBodyBytes": 17})).await;
    transport_failure(over, transport::RESPONSE);

    let garbled = Reply::text(200, "not gzip").header("Content-Encoding", "gzip");
    let error = transport_failure(reply_to_get(garbled).await, transport::RESPONSE);
    assert!(error.message().starts_with("the body was cut off or garbled"), "{error}");
}

#[tokio::test]
async fn messages_and_debug_output_never_hold_a_secret() {
    let port = RefusingPort::reserve();
    let url = port.url("/secret?token=secret").replace("http://", "http://secret:secret@");
    let error = transport_failure(get(json!({"url": &url})).await, transport::CONNECT);
    assert!(!format!("{error} {error:?}").contains("secret"), "{error:?}");
    let client = client().with_base_url(&url).unwrap();
    let error = failure(send(&client, "GET", json!({"endpoint": "x"})).await);
    assert!(!format!("{client:?} {error:?}").contains("secret"), "{client:?} {error:?}");

    let inputs = [
        json!({"url": "secret"}),
        json!({"url": "http://secret:secret@[::::]/secret"}),
        json!({"url": "http://h/", "auth": {"bearer": "secret\n"}, "proxy": "secret"}),
        json!({"url": "http://h/", "headers": {"X": "secret\n"}, "json": 1, "data": "secret"}),
        json!({"url": "http://h/", "auth": "secret", "requestTimeout": "secret", "verify": ["secret"]}),
    ];
    for input in inputs {
        let problems = check_input(&object(input));
        assert!(!problems.is_empty());
        assert!(!format!("{problems:?}").contains("secret"), "{problems:?}");
    }
}

#[tokio::test]
async fn a_connection_is_used_again_and_settings_have_their_own() {
    let server = Loopback::start(|_| Reply::json(200, "{}"));
    let client = client();
    for _ in 0..3 {
        let _ = output(send(&client, "GET", json!({"url": server.url("/")})).await);
    }
    assert_eq!(server.connections(), 1);
    let other = json!({"url": server.url("/"), "connectTimeout": 5});
    let _ = output(send(&client, "GET", other).await);
    assert_eq!(server.connections(), 2);
}

#[tokio::test]
async fn a_proxy_is_asked_for_the_whole_url() {
    let proxy = Loopback::start(|_| Reply::json(200, r#"{"via": "proxy"}"#));
    let input = json!({"url": "http://job.invalid/state", "proxy": proxy.url("/")});
    assert_eq!(output(get(input).await).document.value()["Body"]["via"], "proxy");
    assert_eq!(proxy.requests()[0].path, "http://job.invalid/state");

    let port = RefusingPort::reserve();
    let address = port.url("/").replace("http://", "http://u:secret@");
    let error = get(json!({"url": "http://job.invalid/", "proxy": address})).await;
    let error = transport_failure(error, transport::CONNECT);
    assert!(error.message().contains("job.invalid:80 through the proxy 127.0.0.1:"), "{error}");
    assert!(!error.message().contains("secret"), "{error}");
}

/// The URL of something that answers one connection, but not in HTTP.
async fn mail_server(scheme: &str) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("{scheme}://{}/", listener.local_addr().unwrap());
    tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let _ = stream.read(&mut [0; 4096]).await;
        let _ = stream.write_all(b"500 5.5.1 command unrecognized\r\n").await;
    });
    url
}

#[tokio::test]
async fn what_is_not_http_is_a_response_error() {
    let url = mail_server("http").await;
    let error = transport_failure(get(json!({"url": url})).await, transport::RESPONSE);
    assert!(error.message().starts_with("the reply is not HTTP"), "{error}");
}

#[tokio::test]
async fn an_input_with_problems_is_refused_before_anything_is_sent() {
    let server = Loopback::start(|_| Reply::json(200, "{}"));
    let error = failure(get(json!({"url": server.url("/"), "hedaers": {}, "auth": 1})).await);
    assert_eq!((error.kind(), error.code()), (CallErrorKind::Invalid, "InvalidInput"));
    assert_eq!(
        error.message(),
        "`hedaers` is not a parameter of an HTTP request (did you mean `headers`?); \
         `auth` must be an object with one key, `basic` or `bearer`"
    );
    assert!(server.requests().is_empty());
}
