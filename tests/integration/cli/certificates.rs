//! Certificates that are named and cannot be used, for both clients.

use super::process::Maitred;
use crate::support::loopback::{Loopback, Reply};
use crate::support::tls;

const AWS: [&str; 3] = ["call", "sts", "get-caller-identity"];
const GARBAGE: &str = "-----BEGIN CERTIFICATE-----\nZ2FyYmFnZQ==\n-----END CERTIFICATE-----\n";
const IDENTITY: &str = "<GetCallerIdentityResponse><GetCallerIdentityResult>\
    <Account>1</Account></GetCallerIdentityResult></GetCallerIdentityResponse>";

fn http(url: &str) -> [&str; 8] {
    ["wait", "http", "get", "--url", url, "--until", "StatusCode == `200`", "--once"]
}

fn account() -> Maitred {
    Maitred::with_account().bytes("empty/none.txt", b"").bytes("garbage.pem", GARBAGE.as_bytes())
}

#[tokio::test]
async fn a_place_without_usable_certificates_is_2_and_named() {
    let server = tls::Server::start(|_| Reply::new(200, "text/xml", IDENTITY)).await;
    let url = server.url("/");
    for (name, value) in [
        ("SSL_CERT_DIR", "empty"),
        ("SSL_CERT_FILE", "garbage.pem"),
        ("SSL_CERT_FILE", "empty/none.txt"),
        ("AWS_CA_BUNDLE", "garbage.pem"),
        ("REQUESTS_CA_BUNDLE", "garbage.pem"),
    ] {
        for args in [&AWS[..], &http(&url)] {
            let maitred = account().variable("AWS_ENDPOINT_URL", &url).variable(name, value);
            let ran = maitred.run(args).await;
            assert_eq!(ran.code, Some(2), "{name}={value}: {ran:?}");
            assert!(ran.stderr.contains(name), "{ran:?}");
            let is_bundle = name.ends_with("BUNDLE");
            assert!(!is_bundle || ran.stderr.contains("garbage.pem"), "{ran:?}");
        }
    }
}

#[tokio::test]
async fn an_empty_variable_for_certificates_is_not_set() {
    let server = tls::Server::start(|_| Reply::new(200, "text/xml", IDENTITY)).await;
    let plain = Loopback::start(|_| Reply::new(200, "text/xml", IDENTITY));
    let (secure, plain) = (server.url("/"), plain.url("/"));
    for name in ["SSL_CERT_FILE", "SSL_CERT_DIR"] {
        // The certificate of the server is not trusted without the bundle.
        for (url, bundle, code) in [(&plain, "", 0), (&secure, "", 5), (&secure, "ca.pem", 0)] {
            for args in [&AWS[..], &http(url)] {
                let maitred = account().bytes("ca.pem", server.pem().as_bytes());
                let maitred = maitred.variable("AWS_ENDPOINT_URL", url).variable(name, "");
                let ran = maitred.variable("AWS_CA_BUNDLE", bundle).run(args).await;
                assert_eq!(ran.code, Some(code), "{name}: {ran:?}");
            }
        }
    }
}
