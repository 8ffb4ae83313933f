//! Connections of type `aws`: keys, roles, endpoints, certificates.

use maitred::client::Client;
use maitred::client::{CallErrorKind, Observation, transport};
use serde_json::{Value, json};

use super::{call, open};
use crate::support::loopback::{Loopback, Reply, Request};
use crate::support::tls;

const CLUSTERS: &str = "<DescribeClustersResponse><DescribeClustersResult><Clusters>\
    </Clusters></DescribeClustersResult></DescribeClustersResponse>";

/// Redshift, and STS beside it: a role's keys are `ROLE`, and expire in 2035.
fn aws(request: &Request) -> Reply {
    let form = request.form();
    let action = form.iter().find(|(name, _)| name == "Action").map(|(_, action)| action.as_str());
    let Some(action) = action.filter(|action| action.starts_with("AssumeRole")) else {
        return Reply::new(200, "text/xml", CLUSTERS);
    };
    let reply = format!(
        "<{action}Response><{action}Result><Credentials><AccessKeyId>ROLE</AccessKeyId>\
         <SecretAccessKey>s</SecretAccessKey><SessionToken>role-token</SessionToken>\
         <Expiration>2035-01-01T00:00:00Z</Expiration></Credentials></{action}Result>\
         </{action}Response>"
    );
    Reply::new(200, "text/xml", reply)
}

/// A connection with keys and a region, of JSON.
fn connection(extra: Value) -> String {
    let mut whole = json!({"region_name": "eu-west-1"});
    whole.as_object_mut().unwrap().extend(extra.as_object().unwrap().clone());
    json!({"conn_type": "aws", "login": "KEY", "password": "secret", "extra": whole}).to_string()
}

async fn describe(client: &dyn Client) -> Observation {
    call(client, "redshift", "DescribeClusters", json!({})).await
}

fn signed_by(request: &Request) -> &str {
    let header = request.header("authorization").unwrap_or_default();
    header.split_once("Credential=").map_or("", |(_, rest)| rest.split('/').next().unwrap_or(""))
}

#[tokio::test]
async fn keys_region_and_endpoint_are_the_connection_s() {
    let server = Loopback::start(aws);
    let extra = json!({"endpoint_url": server.url(""), "aws_session_token": "token",
                       "config_kwargs": {"user_agent_extra": "waiter/7", "retries": {"max_attempts": 0}}});
    let client = open("redshift", "warehouse", &connection(extra)).await.unwrap();
    assert!(matches!(describe(&*client).await, Observation::Output(_)));
    let request = &server.requests()[0];
    assert_eq!(signed_by(request), "KEY");
    assert!(request.header("authorization").unwrap().contains("/eu-west-1/redshift/"));
    assert_eq!(request.header("x-amz-security-token"), Some("token"));
    assert!(request.header("user-agent").unwrap().contains("waiter-7"));
    let debug = format!("{client:?}");
    assert!(!debug.contains("secret") && !debug.contains("token"), "{debug}");
}

#[tokio::test]
async fn a_service_s_own_endpoint_wins_and_others_keep_the_general_one() {
    let (general, own) = (Loopback::start(aws), Loopback::start(aws));
    let extra = json!({"endpoint_url": general.url(""), "service_config": {
        "redshift-data": {"endpoint_url": own.url("")}, "s3": {"bucket_name": "b"},
    }, "config_kwargs": {"retries": {"total_max_attempts": 1}}});
    let client = open("redshift", "warehouse", &connection(extra)).await.unwrap();
    describe(&*client).await;
    call(&*client, "redshift-data", "ListStatements", json!({})).await;
    assert_eq!((general.requests().len(), own.requests().len()), (1, 1));
}

#[tokio::test]
async fn a_role_is_assumed_with_the_keys_and_not_at_the_general_endpoint() {
    let (redshift, sts) = (Loopback::start(aws), Loopback::start(aws));
    let extra = json!({
        "role_arn": "arn:aws:iam::123456789012:role/waiter", "endpoint_url": redshift.url(""),
        "service_config": {"sts": {"endpoint_url": sts.url("")}},
        "assume_role_kwargs": {"ExternalId": "e-1", "DurationSeconds": 900},
    });
    let client = open("redshift", "ware house", &connection(extra)).await.unwrap();
    for _ in 0..2 {
        if let Observation::Error(error) = describe(&*client).await {
            panic!("{error}");
        }
    }
    let [asked] = sts.requests().try_into().unwrap();
    let form = asked.form();
    let value = |name: &str| form.iter().find(|(key, _)| key == name).map(|(_, v)| v.as_str());
    assert_eq!((signed_by(&asked), value("Action")), ("KEY", Some("AssumeRole")));
    assert_eq!(value("RoleSessionName"), Some("maitred_warehouse"));
    assert_eq!((value("ExternalId"), value("DurationSeconds")), (Some("e-1"), Some("900")));
    for request in redshift.requests() {
        assert_eq!(signed_by(&request), "ROLE");
        assert_eq!(request.header("x-amz-security-token"), Some("role-token"));
    }
    assert_eq!(redshift.requests().len(), 2);
}

#[tokio::test]
async fn a_role_is_assumed_with_a_web_identity() {
    let server = Loopback::start(aws);
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("token");
    std::fs::write(&path, "a.jwt\n").unwrap();
    let extra = json!({
        "role_arn": "arn:aws:iam::123456789012:role/waiter", "endpoint_url": server.url(""),
        "assume_role_method": "assume_role_with_web_identity",
        "assume_role_with_web_identity_federation": "file",
        "assume_role_with_web_identity_token_file": path,
        "service_config": {"sts": {"endpoint_url": server.url("")}},
    });
    let client = open("redshift", "warehouse", &connection(extra.clone())).await.unwrap();
    if let Observation::Error(error) = describe(&*client).await {
        panic!("{error}");
    }
    let asked = &server.requests()[0];
    assert_eq!(asked.header("authorization"), None);
    assert!(asked.form().contains(&("WebIdentityToken".to_owned(), "a.jwt".to_owned())));
    std::fs::remove_file(&path).unwrap();
    let client = open("redshift", "warehouse", &connection(extra)).await.unwrap();
    let Observation::Error(error) = describe(&*client).await else { panic!("no token, no keys") };
    assert_eq!(error.kind(), CallErrorKind::Credentials);
    assert!(error.message().contains("token cannot be read"), "{error}");
}

#[tokio::test]
async fn sts_that_refuses_ends_a_wait_and_sts_that_is_away_does_not() {
    let table = [
        (
            Reply::new(
                403,
                "text/xml",
                "<ErrorResponse><Error><Code>AccessDenied</Code>\
          <Message>no</Message></Error></ErrorResponse>",
            ),
            CallErrorKind::Credentials,
            "AccessDenied",
        ),
        (Reply::Reset, CallErrorKind::Transport, transport::CONNECT),
    ];
    for (reply, kind, code) in table {
        let server = Loopback::start(move |_| reply.clone());
        let extra = json!({
            "role_arn": "arn:aws:iam::123456789012:role/waiter",
            "config_kwargs": {"retries": {"total_max_attempts": 1}},
            "service_config": {"sts": {"endpoint_url": server.url("")}},
        });
        let client = open("redshift", "warehouse", &connection(extra)).await.unwrap();
        let Observation::Error(error) = describe(&*client).await else { panic!("no role") };
        assert_eq!((error.kind(), error.code()), (kind, code), "{error}");
        assert!(error.message().contains("the role cannot be assumed"), "{error}");
    }
}

#[tokio::test]
async fn unsigned_requests_need_no_keys() {
    let server = Loopback::start(aws);
    let text = json!({"conn_type": "aws", "extra": {
        "endpoint_url": server.url(""), "region_name": "eu-west-1",
        "config_kwargs": {"signature_version": "unsigned"},
    }});
    let client = open("redshift", "public", &text.to_string()).await.unwrap();
    assert!(matches!(describe(&*client).await, Observation::Output(_)));
    assert_eq!(server.requests()[0].header("authorization"), None);
}

#[tokio::test]
async fn what_is_not_honoured_is_an_error() {
    let table = [
        (json!({"regoin_name": "x"}), "did you mean `region_name`?"),
        (json!({"config_kwargs": {"s3": {"addressing_style": "path"}}}), "`s3` is not honoured"),
        (json!({"config_kwargs": {"read_timout": 3}}), "did you mean `read_timeout`?"),
        (json!({"config_kwargs": {"read_timeout": 0}}), "the value of `read_timeout`"),
        (json!({"config_kwargs": {"signature_version": "v2"}}), "the value of `signature_version`"),
        (json!({"service_config": {"redshft": {"endpoint_url": "x"}}}), "did you mean `redshift`?"),
        (
            json!({"role_arn": "r", "assume_role_method": "assume_role_with_saml"}),
            "SAML are not supported",
        ),
        (json!({"role_arn": "r", "assume_role_method": "x"}), "`extra.assume_role_method` must be"),
        (json!({"profile_name": "no-such-profile-7"}), "there is no profile `no-such-profile-7`"),
        (json!({"verify": "/nowhere/ca.pem"}), "cannot read /nowhere/ca.pem"),
    ];
    for (extra, said) in table {
        let error = open("redshift", "warehouse", &connection(extra.clone())).await.unwrap_err();
        assert!(error.contains(said), "{extra}: {error}");
        assert!(error.contains("`warehouse` (MAITRED_CONN_WAREHOUSE)"), "{error}");
    }
    let half = r#"{"conn_type": "aws", "login": "KEY"}"#;
    assert!(open("redshift", "a", half).await.unwrap_err().contains("is missing"));
    let harmless = json!({"config_kwargs": {"max_pool_connections": 10, "tcp_keepalive": true}});
    assert!(open("redshift", "a", &connection(harmless)).await.is_ok());
}

#[tokio::test]
async fn a_certificate_is_verified_as_the_connection_says() {
    let server = tls::Server::start(aws).await;
    let url = server.url("");
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("ca.pem");
    std::fs::write(&path, server.pem()).unwrap();
    let once = json!({"total_max_attempts": 1});
    for (verify, works) in [(json!(true), false), (json!(false), true), (json!(path), true)] {
        let extra =
            json!({"endpoint_url": url, "verify": verify, "config_kwargs": {"retries": once}});
        let client = open("redshift", "warehouse", &connection(extra)).await.unwrap();
        match describe(&*client).await {
            Observation::Output(_) => assert!(works, "{verify}"),
            Observation::Error(error) => {
                assert!(!works, "{verify}: {error}");
                assert_eq!(error.code(), transport::TLS, "{error}");
            }
        }
    }
}
