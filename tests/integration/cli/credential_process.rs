//! Processes that are run for credentials.

use super::process::{Maitred, Ran};
use crate::support::loopback::{Loopback, Reply};

const IDENTITY: &str = "<GetCallerIdentityResponse><GetCallerIdentityResult>\
    <Account>1</Account></GetCallerIdentityResult></GetCallerIdentityResponse>";
const ASSUMED: &str = "<AssumeRoleResponse><AssumeRoleResult><Credentials>\
    <AccessKeyId>ROLE</AccessKeyId><SecretAccessKey>s</SecretAccessKey><SessionToken>t</SessionToken>\
    <Expiration>2999-01-01T00:00:00Z</Expiration></Credentials></AssumeRoleResult></AssumeRoleResponse>";

fn sts() -> Loopback {
    Loopback::start(|request| match request.text().contains("Action=AssumeRole") {
        true => Reply::new(200, "text/xml", ASSUMED),
        false => Reply::new(200, "text/xml", IDENTITY),
    })
}

async fn asked(sts: &Loopback, config: &str) -> Ran {
    let maitred = Maitred::new().file(".aws/config", config);
    let maitred = maitred.variable("AWS_REGION", "eu-west-1").variable("AWS_MAX_ATTEMPTS", "1");
    let maitred = maitred.variable("AWS_ENDPOINT_URL_STS", &sts.url(""));
    maitred.run(&["call", "sts", "get-caller-identity"]).await
}

/// The keys that requests were signed with.
fn signers(sts: &Loopback) -> Vec<String> {
    let of = |header: &str| {
        let id = header.split_once("Credential=").and_then(|(_, rest)| rest.split_once('/'));
        id.map(|(id, _)| id.to_owned()).unwrap_or_default()
    };
    let requests = sts.requests();
    requests.iter().map(|request| of(request.header("authorization").unwrap_or_default())).collect()
}

const SCRIPT: &str =
    r#"printf '{"Version": 1, "AccessKeyId": "PROC", "SecretAccessKey": "s"}' ; true # ok"#;

#[cfg(unix)]
#[tokio::test]
async fn values_of_a_profile_are_taken_whole_as_by_botocore() {
    let script = Maitred::new().file("keys.sh", SCRIPT);
    let path = script.path("keys.sh").display().to_string();
    let json = r#"{\"Version\": 1, \"AccessKeyId\": \"PROC\", \"SecretAccessKey\": \"s\"}"#;
    for (config, signer) in [
        (format!("credential_process = sh {path}"), "PROC"),
        (format!("credential_process = sh -c \"printf '{json}' ; true # ok\""), "PROC"),
        (format!("credential_process = sh\n  {path}"), "PROC"),
        ("aws_access_key_id = KEY\naws_secret_access_key = SKF # mine".to_owned(), "KEY"),
    ] {
        let sts = sts();
        let ran = asked(&sts, &format!("[default]\n{config}\n")).await;
        assert_eq!(ran.code, Some(0), "{config}: {ran:?}");
        assert_eq!(signers(&sts), [signer], "{config}");
    }
    let sts = sts();
    let role = "[default]\nrole_arn = arn:aws:iam::123456789012:role/r\nsource_profile = p\n";
    let config = format!("{role}[profile p]\ncredential_process = sh\n  {path}\n");
    let ran = asked(&sts, &config).await;
    assert_eq!(ran.code, Some(0), "{ran:?}");
    assert_eq!(signers(&sts), ["PROC", "ROLE"]);
}

#[cfg(unix)]
#[tokio::test]
async fn the_output_of_a_process_has_a_cap() {
    let ran = asked(&sts(), "[default]\ncredential_process = cat /dev/zero\n").await;
    assert_ne!(ran.code, Some(0));
    assert!(ran.stderr.contains("the credential_process writes more than 1 MiB"), "{ran:?}");
}
