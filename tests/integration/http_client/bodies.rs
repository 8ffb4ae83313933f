//! Bodies: what is read of one, how it is decoded, and what is told of one that cannot be.

use std::io::Write as _;

use flate2::Compression;
use flate2::write::GzEncoder;

use maitred::client::CallMode;

use super::*;

fn gzip(text: &str) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(text.as_bytes()).unwrap();
    encoder.finish().unwrap()
}

#[tokio::test]
async fn a_body_in_several_members_is_read_whole() {
    let body = [gzip(r#"{"items": [1, "#), gzip("2]}")].concat();
    for coding in ["gzip", "x-gzip"] {
        let reply = Reply::new(200, "application/json", body.clone());
        assert_eq!(
            body_of(reply.header("Content-Encoding", coding)).await,
            json!({"items": [1, 2]})
        );
    }
}

#[tokio::test]
async fn a_coding_or_a_charset_that_is_not_known_is_told() {
    let coded = Reply::text(200, "x").header("Content-Encoding", "compress");
    let error = transport_failure(reply_to_get(coded).await, transport::RESPONSE);
    assert!(error.message().contains("the content coding `compress`"), "{error}");
    let reply = Reply::new(200, "text/plain; charset=klingon", "x");
    let error = transport_failure(reply_to_get(reply).await, transport::RESPONSE);
    assert!(error.message().contains("the charset `klingon`"), "{error}");
    let latin = Reply::new(200, "text/plain; charset=ISO-8859-1", b"caf\xe9".to_vec());
    assert_eq!(body_of(latin).await, "café");
}

#[tokio::test]
async fn a_body_that_says_json_and_is_not_is_told_unless_the_status_says_enough() {
    let reply = reply_to_get(Reply::json(200, r#"{"state": "rea"#)).await;
    let error = transport_failure(reply, transport::RESPONSE);
    assert_eq!(error.status(), Some(200));
    assert!(
        error.message().starts_with("the body says that it is JSON, but it is not: EOF"),
        "{error}"
    );
    for status in [404, 503] {
        let seen = output(reply_to_get(Reply::json(status, "<h1>no</h1>")).await);
        assert_eq!(seen.document.value()["Body"], "<h1>no</h1>");
        assert_eq!(seen.error.unwrap().code(), status.to_string());
    }
}

/// What a server with `reply` makes of a call whose body nobody reads.
async fn status_alone(reply: Reply) -> Output {
    let server = Loopback::start(move |_| reply.clone());
    let input = object(json!({"url": server.url("/"), "maxBodyBytes": 10}));
    let call = Call::new("http", "GET", input).with_mode(CallMode::WithoutBody);
    output(client().call(&call).await)
}

#[tokio::test]
async fn a_body_that_nobody_reads_is_not_read() {
    let endless =
        |status, content_type| Reply::Endless { status, content_type, body: b"data: 1\n".to_vec() };
    let replies = [
        endless(200, "text/event-stream"),
        endless(200, "application/json"),
        Reply::text(200, &"x".repeat(1000)),
        Reply::json(200, "{not json"),
        Reply::text(200, "x").header("Content-Encoding", "compress"),
    ];
    for reply in replies {
        let seen = status_alone(reply).await;
        assert_eq!(seen.status, Some(200));
        assert_eq!(seen.document.value().get("Body"), None);
        assert!(seen.document.value()["Headers"].get("content-type").is_some());
    }
    let error = status_alone(endless(503, "text/plain")).await.error.unwrap();
    assert_eq!(error.to_string(), "503: Service Unavailable: data: 1");
}

#[tokio::test]
async fn a_body_without_an_end_that_somebody_reads_is_a_timeout_that_says_so() {
    let content_type = "text/event-stream";
    let server =
        Loopback::start(move |_| Reply::Endless { status: 200, content_type, body: vec![] });
    let reply = get(json!({"url": server.url("/"), "requestTimeout": 1})).await;
    let error = transport_failure(reply, transport::TIMEOUT);
    assert_eq!(error.status(), Some(200));
    assert!(
        error.message().contains("its body has not ended: it is a stream of events"),
        "{error}"
    );
}

#[tokio::test]
async fn a_request_without_a_body_says_that_it_has_none() {
    for method in ["POST", "PUT", "PATCH"] {
        for input in [json!({}), json!({"data": ""}), json!({"data": {}})] {
            let sent = sent(method, input.clone()).await;
            assert_eq!(sent.header("content-length"), Some("0"), "{method} {input}");
        }
    }
    for method in ["GET", "DELETE", "OPTIONS"] {
        assert_eq!(sent(method, json!({})).await.header("content-length"), None, "{method}");
    }
    let form = sent("POST", json!({"data": {}})).await;
    assert_eq!((form.text().as_str(), form.header("transfer-encoding")), ("", None));
}
