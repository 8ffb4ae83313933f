//! Service `http` over TLS, against a server with a certificate of its own making.

use std::fs::{File, FileTimes};
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, UNIX_EPOCH};

use maitred::client::{CallErrorKind, transport};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use serde_json::json;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::crypto::aws_lc_rs;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::rustls::server::WebPkiClientVerifier;
use tokio_rustls::rustls::{RootCertStore, ServerConfig};

use super::{client, failure, get, mail_server, output, send, transport_failure};
use crate::command::maitred;
use crate::support::loopback::{Handler, Reply, serve};

/// A certificate authority that nobody trusts.
struct Authority {
    issuer: CertifiedIssuer<'static, KeyPair>,
}

impl Authority {
    fn new() -> Self {
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let issuer = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
        Self { issuer }
    }

    fn issue(&self, name: &str) -> (rcgen::Certificate, KeyPair) {
        let key = KeyPair::generate().unwrap();
        let params = CertificateParams::new([name.to_owned()]).unwrap();
        (params.signed_by(&key, &self.issuer).unwrap(), key)
    }

    fn write(&self, directory: &Path) -> String {
        write(directory, "ca.pem", &self.issuer.pem())
    }
}

fn write(directory: &Path, name: &str, text: &str) -> String {
    let path = directory.join(name);
    std::fs::write(&path, text).unwrap();
    path.to_str().unwrap().to_owned()
}

fn server_config(certificate: CertificateDer<'static>, key: &KeyPair) -> ServerConfig {
    let key = PrivateKeyDer::try_from(key.serialize_der()).unwrap();
    ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certificate], key)
        .unwrap()
}

/// A server's settings that ask for a client certificate of the same authority.
fn mutual_config(authority: &Authority) -> ServerConfig {
    let provider = Arc::new(aws_lc_rs::default_provider());
    let mut roots = RootCertStore::empty();
    roots.add(authority.issuer.der().clone()).unwrap();
    let clients =
        WebPkiClientVerifier::builder_with_provider(Arc::new(roots), Arc::clone(&provider));
    let (certificate, key) = authority.issue("127.0.0.1");
    let key = PrivateKeyDer::try_from(key.serialize_der()).unwrap();
    ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_client_cert_verifier(clients.build().unwrap())
        .with_single_cert(vec![certificate.der().clone()], key)
        .unwrap()
}

/// A TLS server for 127.0.0.1; it stops when it is dropped.
struct TlsServer {
    url: String,
    task: JoinHandle<()>,
}

impl TlsServer {
    async fn start(authority: &Authority, name: &str) -> Self {
        let (certificate, key) = authority.issue(name);
        Self::serve(server_config(certificate.der().clone(), &key)).await
    }

    async fn serve(config: ServerConfig) -> Self {
        let acceptor = TlsAcceptor::from(Arc::new(config));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("https://{}/", listener.local_addr().unwrap());
        let handler: Handler = Arc::new(|_| Reply::json(200, r#"{"tls": true}"#));
        let task = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                // A client that does not trust the certificate hangs up.
                if let Ok(stream) = acceptor.accept(stream).await {
                    let _ = serve(stream, &handler).await;
                }
            }
        });
        Self { url, task }
    }
}

impl Drop for TlsServer {
    fn drop(&mut self) {
        self.task.abort();
    }
}

#[tokio::test]
async fn a_certificate_that_nobody_vouches_for_is_a_tls_error() {
    let server = TlsServer::start(&Authority::new(), "127.0.0.1").await;
    let error = transport_failure(get(json!({"url": &server.url})).await, transport::TLS);
    assert!(error.message().contains("or name it in `verify`"), "{error}");
}

#[tokio::test]
async fn a_ca_file_is_trusted_and_without_verification_anything_is() {
    let directory = tempfile::tempdir().unwrap();
    let authority = Authority::new();
    let server = TlsServer::start(&authority, "127.0.0.1").await;
    for verify in [json!(authority.write(directory.path())), json!(false)] {
        let reply = output(get(json!({"url": &server.url, "verify": verify})).await);
        assert_eq!(reply.document.value()["Body"]["tls"], true);
    }
}

#[tokio::test]
async fn a_ca_certificate_shown_by_the_server_itself_is_explained() {
    let authority = Authority::new();
    let (certificate, key) = (authority.issuer.der().clone(), authority.issuer.key());
    let server = TlsServer::serve(server_config(certificate, key)).await;
    let error = transport_failure(get(json!({"url": &server.url})).await, transport::TLS);
    assert!(error.message().contains("shows a CA certificate as its own"), "{error}");
}

#[tokio::test]
async fn a_renewed_ca_file_is_read_without_a_restart() {
    let directory = tempfile::tempdir().unwrap();
    let (old, new) = (Authority::new(), Authority::new());
    let server = TlsServer::start(&new, "127.0.0.1").await;
    let path = old.write(directory.path());
    let long_ago = FileTimes::new().set_modified(UNIX_EPOCH + Duration::from_secs(1));
    File::options().write(true).open(&path).unwrap().set_times(long_ago).unwrap();
    let client = client();
    let input = json!({"url": &server.url, "verify": &path});
    transport_failure(send(&client, "GET", input.clone()).await, transport::TLS);
    new.write(directory.path());
    assert_eq!(output(send(&client, "GET", input).await).status, Some(200));
}

#[tokio::test]
async fn a_trusted_certificate_for_another_name_is_a_tls_error() {
    let directory = tempfile::tempdir().unwrap();
    let authority = Authority::new();
    let server = TlsServer::start(&authority, "other.example").await;
    let input = json!({"url": &server.url, "verify": authority.write(directory.path())});
    let error = transport_failure(get(input).await, transport::TLS);
    assert!(error.message().contains("not valid for name"), "{error}");
}

#[tokio::test]
async fn a_client_certificate_is_shown_to_a_server_that_wants_one() {
    let directory = tempfile::tempdir().unwrap();
    let authority = Authority::new();
    let server = TlsServer::serve(mutual_config(&authority)).await;
    let ca = authority.write(directory.path());
    let without = get(json!({"url": &server.url, "verify": &ca})).await;
    let error = transport_failure(without, transport::TLS);
    assert!(error.message().contains("client certificate"), "{error}");

    let (certificate, key) = authority.issue("client");
    let both = format!("{}{}", certificate.pem(), key.serialize_pem());
    let inputs = [
        json!({"cert": write(directory.path(), "both.pem", &both)}),
        json!({
            "cert": write(directory.path(), "cert.pem", &certificate.pem()),
            "key": write(directory.path(), "key.pem", &key.serialize_pem()),
        }),
    ];
    for mut input in inputs {
        input["url"] = json!(&server.url);
        input["verify"] = json!(&ca);
        assert_eq!(output(get(input).await).status, Some(200));
    }
}

#[tokio::test]
async fn a_server_that_does_not_speak_tls_is_a_tls_error() {
    let url = mail_server("https").await;
    let error = transport_failure(get(json!({"url": url})).await, transport::TLS);
    assert!(error.message().starts_with("the TLS handshake failed (127.0.0.1:"), "{error}");
}

#[tokio::test]
async fn a_pem_file_that_cannot_be_used_is_refused_by_its_key() {
    let directory = tempfile::tempdir().unwrap();
    let no_pem = write(directory.path(), "empty.pem", "");
    let cases = [
        (json!({"verify": "/does/not/exist.pem"}), "`verify`: cannot read /does/not/exist.pem"),
        (json!({"verify": &no_pem}), "`verify`: no PEM certificate in"),
        (json!({"cert": &no_pem}), "`cert`: no PEM certificate with its key in"),
    ];
    for (mut input, expected) in cases {
        input["url"] = json!("https://127.0.0.1:9/");
        let error = failure(get(input).await);
        assert_eq!(error.kind(), CallErrorKind::Invalid);
        assert!(error.message().starts_with(expected), "{error}");
    }
}

#[tokio::test]
async fn the_command_trusts_the_certificates_of_the_system_for_aws() {
    let (directory, elsewhere) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let authority = Authority::new();
    let server = TlsServer::start(&authority, "127.0.0.1").await;
    let trusting = [authority.write(directory.path()), Authority::new().write(elsewhere.path())];
    for (ca, exit) in trusting.into_iter().zip([0, 5]) {
        let url = server.url.clone();
        let call = move || {
            maitred(&["call", "ecs", "list-clusters", "--region", "eu-west-1", "--endpoint-url"])
                .arg(url)
                .env("SSL_CERT_FILE", ca)
                .env("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE")
                .env("AWS_SECRET_ACCESS_KEY", "not-a-secret")
                .env("AWS_MAX_ATTEMPTS", "1")
                .output()
                .unwrap()
        };
        let output = tokio::task::spawn_blocking(call).await.unwrap();
        assert_eq!(output.status.code(), Some(exit), "{output:?}");
    }
}
