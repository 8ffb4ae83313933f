//! Configuration files: what botocore reads in them, and what becomes of keys that are rotated there.

use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, UNIX_EPOCH};

use maitred::client::aws::{AwsClient, AwsEnvironment, AwsSettings};
use maitred::client::{Call, Client as _, Observation};
use maitred::clock::{Clock as _, SystemClock};
use serde_json::{Value, json};

use crate::support::loopback::{Loopback, Reply, Request};
use crate::support::{python, sample};

/// Lines that stand in such files.
const LINES: [&str; 24] = [
    "[profile p]",
    "[profile 'p'] x",
    "[profile \"q\"]",
    "[p]",
    "[sso-session p]",
    "[services p]",
    "region = eu-west-1",
    "REGION : eu-west-3",
    "region =",
    "  region = us-east-1",
    "\tregion = us-east-2",
    "\u{3000}region = eu-north-1",
    "region = eu-south-1\u{a0}",
    "output = json",
    "  output = json",
    "s3 =",
    "  addressing_style = path",
    "# a comment",
    "  ; a comment",
    "#[profile p]",
    "",
    "  ",
    "\u{a0}",
    "x = %(y)s",
];

/// Lines that seldom do, or should not.
const ODD: [&str; 20] = [
    "  [profile p]",
    "[profile\tp]",
    "[profile p q]",
    "[profile p",
    "[ profile p ]",
    "[profiles p]",
    "[P]",
    "[]",
    "[p]]",
    "[DEFAULT]",
    "region",
    "region = a # b",
    "region = eu-west-1 ; x",
    "  = x",
    "= x",
    "\u{1c}region = x",
    "region = a\u{85}b",
    "\u{feff}[default]",
    "\\",
    "y",
];

/// A file of some of the lines.
fn file(random: &mut fastrand::Rng) -> Vec<u8> {
    let end = ["\n", "\n", "\n", "\r\n", "\r"][random.usize(..5)];
    let mut text = ["[default]", "[profile p]", "[p]", "[DEFAULT]"][random.usize(..4)].to_owned();
    for _ in 0..random.usize(1..6) {
        let lines = if random.u8(..) < 24 { &ODD[..] } else { &LINES };
        text.push_str(end);
        text.push_str(lines[random.usize(..lines.len())]);
    }
    let mut bytes = text.into_bytes();
    if random.u8(..) < 4 {
        bytes.push(0xe9);
    }
    bytes
}

async fn region(config: &[u8], credentials: &[u8], profile: Option<&str>) -> Result<Value, String> {
    let environment =
        AwsEnvironment::from_variables::<&str, &str>([]).with_files(config, credentials);
    let mut settings = AwsSettings::default();
    settings.profile = profile.map(str::to_owned);
    match settings.sdk_config_in(&environment).await {
        Ok(config) => Ok(json!(config.region().map(ToString::to_string))),
        Err(bad) => Err(bad.to_string()),
    }
}

#[tokio::test]
async fn a_file_says_what_botocore_reads_in_it() {
    let mut random = fastrand::Rng::with_seed(sample::seed());
    let cases: Vec<_> = (0..sample::files())
        .map(|_| {
            let profile = [None, Some("p"), Some("default")][random.usize(..3)];
            (file(&mut random), file(&mut random), profile)
        })
        .collect();
    let hex = |bytes: &[u8]| bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    let asked = cases.iter().map(|(one, other, profile)| json!([hex(one), hex(other), profile]));
    let told = botocore(&asked.collect::<Vec<_>>());
    let mut read = 0;
    for ((config, credentials, profile), told) in cases.iter().zip(&told) {
        let found = region(config, credentials, *profile).await;
        let texts = [config, credentials].map(|text| String::from_utf8_lossy(text));
        let case = format!("{texts:#?} {profile:?}: botocore says {told}, and this is {found:?}");
        match (&found, &told["region"]) {
            (Err(_), _) if told.get("error").is_some() => {}
            (Ok(found), told) => {
                // What is empty or has settings of its own is no region.
                let told = if told == "" || told.is_object() { &Value::Null } else { told };
                assert_eq!(found, told, "{case}");
                read += usize::from(found.is_string());
            }
            (Err(said), Value::String(_)) => {
                assert!(said.contains("is not an AWS region"), "{case}");
            }
            (Err(_), _) => panic!("{case}"),
        }
    }
    assert!(read * 25 > cases.len(), "only {read} of {} files were read", cases.len());
}

/// What botocore reads in these.
fn botocore(cases: &[Value]) -> Vec<Value> {
    let mut child = Command::new(python::python())
        .arg(python::oracle("aws_config.py"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    stdin.write_all(json!(cases).to_string().as_bytes()).unwrap();
    drop(stdin);
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success());
    serde_json::from_slice(&output.stdout).unwrap()
}

#[tokio::test]
async fn without_a_region_nobody_is_asked_for_one() {
    let metadata = Loopback::start(|_| Reply::text(200, "eu-west-1"));
    let endpoint = ("AWS_EC2_METADATA_SERVICE_ENDPOINT", metadata.url(""));
    let environment = AwsEnvironment::from_variables([endpoint]).with_files("", "");
    let config = AwsSettings::default().sdk_config_in(&environment).await.unwrap();
    assert_eq!(config.region(), None);
    assert_eq!(metadata.requests().len(), 0);
}

const CLUSTERS: &str = "<DescribeClustersResponse><DescribeClustersResult><Clusters>\
    </Clusters></DescribeClustersResult></DescribeClustersResponse>";

fn error(code: &str) -> Reply {
    let body = format!(
        "<ErrorResponse><Error><Code>{code}</Code><Message>no</Message></Error></ErrorResponse>"
    );
    Reply::new(400, "text/xml", body)
}

fn write_keys(path: &Path, id: &str) {
    let text = format!(
        "[default]\naws_access_key_id = {id}\naws_secret_access_key = s\naws_session_token = t\n"
    );
    std::fs::write(path, text).unwrap();
}

async fn client(server: &Loopback, path: &Path) -> AwsClient {
    let environment = AwsEnvironment::from_variables([
        ("AWS_CONFIG_FILE", "/nowhere"),
        ("AWS_SHARED_CREDENTIALS_FILE", path.to_str().unwrap()),
        ("AWS_REGION", "eu-west-1"),
        ("AWS_ENDPOINT_URL", &server.url("")),
    ]);
    AwsClient::new(&AwsSettings::default().sdk_config_in(&environment).await.unwrap())
}

async fn describe(client: &AwsClient) -> Result<(), String> {
    let call = Call::new::<String, Value>("redshift", "DescribeClusters", []);
    match client.call(&call).await {
        Observation::Output(_) => Ok(()),
        Observation::Error(error) => Err(error.code().to_owned()),
    }
}

fn signed_by(request: &Request, id: &str) -> bool {
    request.header("authorization").is_some_and(|it| it.contains(&format!("Credential={id}/")))
}

#[tokio::test]
async fn keys_that_are_rotated_in_the_file_are_read_when_the_old_ones_have_expired() {
    for code in ["ExpiredToken", "ExpiredTokenException", "RequestExpired", "InvalidClientTokenId"]
    {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("credentials");
        write_keys(&path, "OLD");
        let rotated = path.clone();
        let calls = Arc::new(AtomicUsize::new(0));
        // The first call is good; then the keys are rotated, and the old ones expire.
        let server = Loopback::start(move |request| {
            let first = calls.fetch_add(1, Ordering::SeqCst) == 0;
            if !first && signed_by(request, "OLD") {
                write_keys(&rotated, "NEW");
                return error(code);
            }
            Reply::new(200, "text/xml", CLUSTERS)
        });
        let client = client(&server, &path).await;
        for _ in 0..3 {
            assert_eq!(describe(&client).await, Ok(()), "{code}");
        }
        let signed: Vec<_> =
            server.requests().iter().map(|request| signed_by(request, "NEW")).collect();
        assert_eq!(signed, [false, false, true, true], "{code}");
    }
}

#[tokio::test]
async fn a_role_is_assumed_once_more_when_its_credentials_have_expired() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("credentials");
    let role = "[default]\nrole_arn = arn:aws:iam::123456789012:role/r\nsource_profile = s\n\
                [s]\naws_access_key_id = SOURCE\naws_secret_access_key = s\n";
    std::fs::write(&path, role).unwrap();
    let assumed = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&assumed);
    let server = Loopback::start(move |request| {
        if request.text().contains("Action=AssumeRole") {
            let number = count.fetch_add(1, Ordering::SeqCst) + 1;
            return Reply::new(200, "text/xml", assumed_role(number));
        }
        if signed_by(request, "ROLE1") {
            return error("ExpiredToken");
        }
        Reply::new(200, "text/xml", CLUSTERS)
    });
    let client = client(&server, &path).await;
    for _ in 0..2 {
        assert_eq!(describe(&client).await, Ok(()));
    }
    assert_eq!(assumed.load(Ordering::SeqCst), 2);
}

fn assumed_role(number: usize) -> String {
    format!(
        "<AssumeRoleResponse><AssumeRoleResult><Credentials><AccessKeyId>ROLE{number}</AccessKeyId>\
         <SecretAccessKey>s</SecretAccessKey><SessionToken>t</SessionToken>\
         <Expiration>2999-01-01T00:00:00Z</Expiration></Credentials>\
         <AssumedRoleUser><AssumedRoleId>a:b</AssumedRoleId><Arn>arn:aws:sts::1:assumed-role/r/b</Arn>\
         </AssumedRoleUser></AssumeRoleResult></AssumeRoleResponse>"
    )
}

#[tokio::test]
async fn keys_that_have_expired_and_are_still_the_same_are_not_sent_again() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("credentials");
    write_keys(&path, "OLD");
    let server = Loopback::start(|_| error("ExpiredToken"));
    let client = client(&server, &path).await;
    assert_eq!(describe(&client).await, Err("ExpiredToken".to_owned()));
    assert_eq!(server.requests().len(), 1);
    // Half a file is no reason to forget what it said.
    std::fs::write(&path, "[default]\naws_access").unwrap();
    assert_eq!(describe(&client).await, Err("ExpiredToken".to_owned()));
    assert_eq!(server.requests().len(), 2);
}

#[tokio::test]
async fn a_request_that_is_too_late_for_the_service_s_clock_is_signed_for_that_clock() {
    for code in ["RequestExpired", "RequestInTheFuture", "RequestTimeTooSkewed"] {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("credentials");
        write_keys(&path, "KEY");
        let calls = AtomicUsize::new(0);
        let server = Loopback::start(move |_| {
            let now = Duration::from_millis(SystemClock::new().now().as_millis());
            let now = httpdate::fmt_http_date(UNIX_EPOCH + now + Duration::from_secs(3600));
            let first = calls.fetch_add(1, Ordering::SeqCst) == 0;
            let reply = if first { error(code) } else { Reply::new(200, "text/xml", CLUSTERS) };
            reply.header("date", &now)
        });
        let client = client(&server, &path).await;
        assert_eq!(describe(&client).await, Ok(()), "{code}");
        let requests = server.requests();
        let [one, two] = [0, 1].map(|index: usize| requests[index].header("x-amz-date").unwrap());
        let hour = |date: &str| date[9..11].parse::<u8>().unwrap();
        assert_ne!(hour(one), hour(two), "{code}: {one} and {two}");
    }
}
