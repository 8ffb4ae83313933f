//! Credentials of the machine: no proxy sees the token, or the keys that it brings.

use serde_json::json;

use super::process::Maitred;
use crate::support::loopback::{Loopback, Reply};

const ARGS: [&str; 3] = ["call", "sts", "get-caller-identity"];
const IDENTITY: &str = "<GetCallerIdentityResponse xmlns='https://sts.amazonaws.com/doc/2011-06-15/'>\
    <GetCallerIdentityResult><Arn>arn:aws:iam::123456789012:user/me</Arn></GetCallerIdentityResult>\
    </GetCallerIdentityResponse>";

/// Answers as STS does, to whom it is a proxy.
fn proxy() -> Loopback {
    Loopback::start(|_| Reply::new(200, "text/xml", IDENTITY))
}

fn behind(proxy: &Loopback) -> Maitred {
    let url = proxy.url("/");
    ["HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"]
        .into_iter()
        .fold(Maitred::new(), |run, name| run.variable(name, &url))
        .variable("AWS_REGION", "eu-west-1")
        .variable("AWS_ENDPOINT_URL_STS", "http://sts.invalid")
        .variable("AWS_MAX_ATTEMPTS", "1")
}

fn keys() -> String {
    json!({
        "AccessKeyId": "AKIDEXAMPLE", "SecretAccessKey": "not-a-secret", "Token": "t", "Code": "Success",
        "Expiration": "2999-01-01T00:00:00Z",
    })
    .to_string()
}

#[tokio::test]
async fn container_credentials_go_through_no_proxy() {
    let (proxy, agent) = (proxy(), Loopback::start(|_| Reply::json(200, &keys())));
    let ran = behind(&proxy)
        .variable("AWS_CONTAINER_CREDENTIALS_FULL_URI", &agent.url("/v1/credentials?x=1"))
        .variable("AWS_CONTAINER_AUTHORIZATION_TOKEN", "the-token")
        .run(&ARGS)
        .await;
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    assert_eq!(agent.requests()[0].header("authorization"), Some("the-token"));
    // The call itself goes through it.
    let seen = proxy.requests();
    assert_eq!(seen.len(), 1, "{seen:?}");
    assert_eq!(seen[0].path, "http://sts.invalid/");
    assert!(!format!("{seen:?}").contains("the-token"), "{seen:?}");
}

#[tokio::test]
async fn instance_metadata_goes_through_no_proxy() {
    let (proxy, metadata) = (
        proxy(),
        Loopback::start(|request| match request.path.as_str() {
            "/latest/api/token" => Reply::text(200, "the-token")
                .header("x-aws-ec2-metadata-token-ttl-seconds", "21600"),
            path if path.ends_with("/my-role") => Reply::json(200, &keys()),
            path if path.contains("security-credentials") => Reply::text(200, "my-role"),
            _ => Reply::text(404, ""),
        }),
    );
    let ran = behind(&proxy)
        .variable("AWS_EC2_METADATA_DISABLED", "false")
        .variable("AWS_EC2_METADATA_SERVICE_ENDPOINT", &metadata.url(""))
        .run(&ARGS)
        .await;
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    assert!(metadata.requests().len() >= 3);
    let seen = proxy.requests();
    assert_eq!(seen.len(), 1, "{seen:?}");
}

#[cfg(unix)]
#[tokio::test]
async fn a_token_file_that_is_missing_or_no_file_is_2_and_named() {
    let role =
        "[profile p]\nrole_arn = arn:aws:iam::123456789012:role/r\nweb_identity_token_file =";
    for file in ["pipe", "/dev/zero", "/dev/stdin", "nowhere/token"] {
        let home = || {
            let home = Maitred::new().variable("AWS_REGION", "eu-west-1");
            let home = home.file("config", &format!("{role} {file}\n"));
            let made = std::process::Command::new("mkfifo").arg(home.path("pipe")).status();
            assert!(made.unwrap().success());
            home
        };
        let named = "AWS_WEB_IDENTITY_TOKEN_FILE";
        let of_role = home().variable("AWS_ROLE_ARN", "r").variable(named, file);
        let container = "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE";
        let of_container = home()
            .variable("AWS_CONTAINER_CREDENTIALS_FULL_URI", "http://127.0.0.1:1/")
            .variable(container, file);
        let of_profile = home().variable("AWS_CONFIG_FILE", "config").variable("AWS_PROFILE", "p");
        for (home, name) in
            [(of_role, named), (of_container, container), (of_profile, "web_identity_token_file")]
        {
            let ran = home.run(&ARGS).await;
            assert_eq!(ran.code, Some(2), "{name}={file}: {}", ran.stderr);
            assert!(ran.stderr.contains(name) && ran.stderr.contains(file), "{}", ran.stderr);
        }
    }
}
