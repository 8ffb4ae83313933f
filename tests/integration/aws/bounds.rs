//! What a reply may take: bytes and time.

use std::io::Write as _;
use std::time::Duration;

use aws_smithy_types::timeout::TimeoutConfig;
use flate2::Compression;
use flate2::write::GzEncoder;
use maitred::client::aws::{AwsClient, MAX_REPLY_BYTES};
use maitred::client::{CallErrorKind, transport};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;

use super::server::{Act, Server};
use super::{REPLY, client, config, describe, error_of, output_of};

#[tokio::test]
async fn a_reply_without_an_end_is_a_response_error_whatever_its_status() {
    for status in [200, 400, 503] {
        let server = Server::start(vec![Act::Endless { status }]).await;
        let error = error_of(&client(&server), &describe()).await;
        assert_eq!((error.kind(), error.code()), (CallErrorKind::Transport, transport::RESPONSE));
        assert!(error.message().contains("larger than 64 MiB"), "{error}");
        assert_eq!(error.status(), Some(status));
    }
}

#[tokio::test]
async fn a_large_reply_below_the_cap_is_read() {
    let padding = format!("<!--{}-->", "x".repeat(12 * 1024 * 1024));
    let server = Server::start(vec![Act::reply(200, &format!("{REPLY}{padding}"))]).await;
    let document = output_of(&client(&server), &describe()).await;
    assert_eq!(document["Clusters"][0]["ClusterStatus"], "available");
}

#[tokio::test]
async fn the_time_of_an_attempt_ends_with_its_body() {
    let server = Server::start(vec![Act::Stall]).await;
    let timeouts = TimeoutConfig::builder().read_timeout(Duration::from_millis(100)).build();
    let config = config(&server.url()).timeout_config(timeouts).build();
    let error = error_of(&AwsClient::new(&config), &describe()).await;
    assert_eq!((error.kind(), error.code()), (CallErrorKind::Transport, transport::TIMEOUT));
    assert!(error.message().contains("did not end within 100ms"), "{error}");
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

/// The URL of a server that answers one request with this body, compressed.
async fn compressed(body: Vec<u8>) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let _ = stream.read(&mut [0; 8192]).await.unwrap();
        let head = format!(
            "HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\ncontent-length: {}\r\n\r\n",
            body.len()
        );
        stream.write_all(head.as_bytes()).await.unwrap();
        stream.write_all(&body).await.unwrap();
    });
    url
}

#[tokio::test]
async fn a_compressed_reply_is_read_and_one_that_unpacks_to_too_much_is_not() {
    let url = compressed(gzip(REPLY.as_bytes())).await;
    let document = output_of(&AwsClient::new(&config(&url).build()), &describe()).await;
    assert_eq!(document["Clusters"][0]["ClusterStatus"], "available");
    // Many members, because compressing as much in a debug build takes a while.
    let member = gzip(&vec![b' '; 1024 * 1024]);
    let url = compressed(member.repeat(MAX_REPLY_BYTES / 1024 / 1024 + 1)).await;
    let error = error_of(&AwsClient::new(&config(&url).build()), &describe()).await;
    assert_eq!((error.kind(), error.code()), (CallErrorKind::Transport, transport::RESPONSE));
    assert!(error.message().contains("too large"), "{error}");
}
