//! Variables and files of AWS, as botocore reads them: what is used, and how what cannot be is named.

use super::process::{Maitred, Ran};
use crate::support::loopback::{Loopback, Reply};
use crate::support::tls;

const IDENTITY: &str = "<GetCallerIdentityResponse><GetCallerIdentityResult>\
    <Account>1</Account></GetCallerIdentityResult></GetCallerIdentityResponse>";

/// What would be asked of STS.
async fn dry(maitred: Maitred, more: &[&str]) -> Ran {
    let args = ["call", "sts", "get-caller-identity", "--dry-run"];
    maitred.run(&[&args[..], more].concat()).await
}

fn with_config(text: &str) -> Maitred {
    Maitred::with_account().variable("AWS_REGION", "").file(".aws/config", text)
}

#[tokio::test]
async fn a_value_that_a_setting_does_not_take_is_2_and_names_the_setting() {
    for (name, value) in [
        ("AWS_RETRY_MODE", "nope"),
        ("AWS_MAX_ATTEMPTS", "abc"),
        ("AWS_MAX_ATTEMPTS", "0"),
        ("AWS_MAX_ATTEMPTS", "3 "),
        ("AWS_USE_FIPS_ENDPOINT", "yes"),
        ("AWS_USE_DUALSTACK_ENDPOINT", "1"),
        ("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", "no"),
        ("AWS_DISABLE_CLOCK_SKEW_CORRECTION", "x"),
        ("AWS_ENDPOINT_URL", "foo"),
        ("AWS_ENDPOINT_URL_STS", "http://me:pw@"),
        ("AWS_CA_BUNDLE", "/nowhere/ca.pem"),
        ("REQUESTS_CA_BUNDLE", "/nowhere/ca.pem"),
        ("SSL_CERT_FILE", "/nowhere/ca.pem"),
        ("SSL_CERT_DIR", "/nowhere"),
        ("AWS_EC2_METADATA_SERVICE_ENDPOINT", "::"),
        ("AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE", "ipv9"),
        ("AWS_CONTAINER_CREDENTIALS_FULL_URI", "x"),
        ("AWS_PROFILE", "nobody"),
        ("AWS_DEFAULT_PROFILE", "nobody"),
        ("HTTPS_PROXY", "::"),
    ] {
        let ran = dry(Maitred::with_account().variable(name, value), &[]).await;
        assert_eq!(ran.code, Some(2), "{name}={value}: {ran:?}");
        assert!(ran.stderr.contains(name) && !ran.stderr.contains("pw"), "{ran:?}");
        let ran = dry(Maitred::with_account().variable(name, ""), &[]).await;
        assert_eq!(ran.code, Some(0), "{name} is empty: {ran:?}");
    }
}

#[tokio::test]
async fn variables_that_only_go_out_with_requests_are_survived() {
    let server = Loopback::start(|_| Reply::new(200, "text/xml", IDENTITY));
    let names = ["AWS_EXECUTION_ENV", "AWS_SDK_UA_APP_ID", "AWS_LAMBDA_FUNCTION_NAME"];
    for name in names.into_iter().chain(["_X_AMZN_TRACE_ID", "AWS_SESSION_TOKEN"]) {
        for value in [" ", "a\nb", "\u{1}", "ünïcode", "\"'", &"x".repeat(10_000)] {
            let maitred = Maitred::with_account().variable(name, value);
            let maitred = maitred.variable("AWS_ENDPOINT_URL", &server.url(""));
            let ran = maitred.run(&["call", "sts", "get-caller-identity"]).await;
            let said = ran.stderr.contains("panicked");
            assert!(matches!(ran.code, Some(0 | 2 | 4)) && !said, "{name}={value:?}: {ran:?}");
        }
    }
}

#[tokio::test]
async fn profiles_are_found_by_the_names_that_botocore_gives_them() {
    let text = "[default]\nregion = eu-west-1\n\u{a0}\n  output = json\n[profile p] x\n  region = \
                us-west-1\n[profile 'my prof']\nregion: us-west-2\n[profile \"q\"]\nREGION=us-east-2\n";
    for (profile, region) in [("p", "us-west-1"), ("my prof", "us-west-2"), ("q", "us-east-2")] {
        let ran = dry(with_config(text), &["--profile", profile]).await;
        assert!(ran.stdout.contains(&format!("https://sts.{region}.amazonaws.com")), "{ran:?}");
        let ran = dry(with_config(text).variable("AWS_PROFILE", profile), &[]).await;
        assert!(ran.stdout.contains(&format!("https://sts.{region}.amazonaws.com")), "{ran:?}");
    }
    let ran = dry(with_config("[custom]\nregion = us-east-1\n"), &["--profile", "custom"]).await;
    assert_eq!(ran.code, Some(2), "{ran:?}");
    assert!(ran.stderr.contains("there is no profile `custom`"), "{ran:?}");
    assert!(ran.stderr.contains("the section [custom] must be [profile custom]"), "{ran:?}");
}

#[tokio::test]
async fn a_file_that_cannot_be_parsed_is_2_with_its_line() {
    for (text, said) in [
        ("[default]\nregion = eu-west-1\nfoo\n", "/.aws/config, line 3: is not `KEY = VALUE`"),
        ("\u{feff}[default]\nregion = eu-west-1\n", "/.aws/config, line 1: begins with a byte"),
        ("[default]\nservices = nope\n", "there is no section [services nope]"),
        (
            "[default]\nrole_arn = r\nsource_profile = nope\n",
            "/.aws/config, line 3) names the source_profile `nope`",
        ),
    ] {
        let maitred = with_config(text).variable("AWS_ACCESS_KEY_ID", "");
        let ran = dry(maitred, &["--region", "eu-west-1"]).await;
        assert_eq!(ran.code, Some(2), "{ran:?}");
        assert!(ran.stderr.contains(said), "{ran:?}");
    }
}

#[tokio::test]
async fn endpoints_are_those_of_the_services_section() {
    let text = "[default]\nregion = eu-west-1\nservices = mine\nendpoint_url = http://g:1\n\
                [services 'mine']\nsts =\n  endpoint_url = http://s:2\n";
    let ran = dry(with_config(text), &[]).await;
    assert!(ran.stdout.contains("http://s:2/"), "{ran:?}");
    let ignored = with_config(text).variable("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", "TRUE");
    let ran = dry(ignored, &[]).await;
    assert!(ran.stdout.contains("https://sts.eu-west-1.amazonaws.com"), "{ran:?}");
    let given = with_config(text).variable("AWS_ENDPOINT_URL_STS", "");
    let ran = dry(given.variable("AWS_ENDPOINT_URL", "http://e:3"), &[]).await;
    assert!(ran.stdout.contains("http://e:3/"), "{ran:?}");
}

#[tokio::test]
async fn certificates_of_the_bundle_are_trusted_by_both_clients() {
    let server = tls::Server::start(|_| Reply::new(200, "text/xml", IDENTITY)).await;
    let aws = ["call", "sts", "get-caller-identity"];
    let url = server.url("/");
    let http = ["wait", "http", "get", "--url", &url, "--until", "StatusCode == `200`", "--once"];
    let trusting = |how: &str| {
        let maitred = Maitred::with_account().bytes("ca.pem", server.pem().as_bytes());
        let maitred = maitred.variable("AWS_ENDPOINT_URL", &server.url(""));
        match how {
            "profile" => maitred.file(".aws/config", "[default]\nca_bundle = ca.pem\n"),
            "nobody" => maitred,
            variable => maitred.variable(variable, "ca.pem"),
        }
    };
    for args in [&aws[..], &http[..]] {
        for how in ["AWS_CA_BUNDLE", "REQUESTS_CA_BUNDLE", "SSL_CERT_FILE", "profile"] {
            let ran = trusting(how).run(args).await;
            assert_eq!(ran.code, Some(0), "{how}: {ran:?}");
        }
        assert_eq!(trusting("nobody").run(args).await.code, Some(5), "it is not trusted");
        let missing = trusting("profile").variable("AWS_CA_BUNDLE", "/nowhere.pem");
        let ran = missing.run(args).await;
        assert_eq!(ran.code, Some(2), "{ran:?}");
        assert!(ran.stderr.contains("AWS_CA_BUNDLE: cannot read /nowhere.pem"), "{ran:?}");
    }
}

#[tokio::test]
async fn hosts_of_no_proxy_are_reached_without_one_by_both_clients() {
    let proxy = Loopback::start(|_| Reply::new(200, "text/xml", IDENTITY));
    let aws = ["call", "sts", "get-caller-identity", "--endpoint-url", "http://a.test:8080"];
    let url = "http://a.test:8080/";
    let http = ["wait", "http", "get", "--url", url, "--until", "StatusCode == `200`", "--once"];
    for (list, direct) in [
        ("*", true),
        (".test", true),
        ("*.test", true),
        ("x a.test y", true),
        ("x,A.TEST:8080", true),
        ("", false),
        ("a.test:80,b.test", false),
    ] {
        for args in [&aws[..], &http[..]] {
            let before = proxy.requests().len();
            let maitred = Maitred::with_account().variable("HTTP_PROXY", &proxy.url(""));
            let ran = maitred.variable("NO_PROXY", list).run(args).await;
            // There is no such host.
            assert_eq!(ran.code, Some(if direct { 5 } else { 0 }), "{list}: {ran:?}");
            assert_eq!(proxy.requests().len() - before, usize::from(!direct), "{list}: {ran:?}");
        }
    }
}

#[tokio::test]
async fn a_given_endpoint_is_used_whatever_kind_of_endpoint_is_asked_for() {
    let server = Loopback::start(|_| Reply::new(200, "text/xml", IDENTITY));
    let url = server.url("");
    for (name, value) in [
        ("AWS_USE_FIPS_ENDPOINT", "true"),
        ("AWS_USE_DUALSTACK_ENDPOINT", "true"),
        ("AWS_REGION", "fips-eu-west-1"),
    ] {
        let by_option = ["call", "sts", "get-caller-identity", "--endpoint-url", &url];
        for (args, general) in [(&by_option[..], ""), (&by_option[..3], url.as_str())] {
            let maitred = Maitred::with_account().variable("AWS_ENDPOINT_URL", general);
            let ran = maitred.variable(name, value).run(args).await;
            assert_eq!(ran.code, Some(0), "{name}: {ran:?}");
        }
    }
    for request in server.requests() {
        let signed = request.header("authorization").unwrap_or_default();
        assert!(signed.contains("/eu-west-1/sts/"), "{signed}");
    }
}
