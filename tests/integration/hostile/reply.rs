//! Replies of services. The first byte says of which operation (its place in the table, from `A`), the
//! second with which status; then come headers, one a line, an empty line, and the body.

use std::sync::LazyLock;

use aws_config::{BehaviorVersion, Region, SdkConfig};
use maitred::catalog::parse_lenient;
use maitred::client::aws::{AwsClient, PreparedRequest};
use maitred::client::{Call, Observation};
use maitred::matcher::decide;
use maitred::model::Models;
use maitred::waiter::{Options, Waiter};

use super::input;

/// Between them they have every kind of shape, location and trait, and each protocol's own ones.
const XML: [(&str, &str); 22] = [
    ("redshift", "DescribeClusters"),
    ("ec2", "DescribeInstances"),
    ("ec2", "DescribeFleets"),
    ("cloudformation", "DescribeStacks"),
    ("elbv2", "DescribeLoadBalancers"),
    ("iam", "GetAccountAuthorizationDetails"),
    ("iam", "GetContextKeysForPrincipalPolicy"),
    ("rds", "DescribeDBInstances"),
    ("sts", "GetCallerIdentity"),
    ("sns", "GetTopicAttributes"),
    ("elasticbeanstalk", "DescribeEnvironments"),
    ("s3", "ListObjectsV2"),
    ("s3", "HeadObject"),
    ("s3", "GetBucketAcl"),
    ("s3", "GetBucketNotificationConfiguration"),
    ("s3", "GetBucketLifecycleConfiguration"),
    ("s3", "GetBucketPolicy"),
    ("s3", "GetObject"),
    ("s3control", "DescribeJob"),
    ("route53", "GetChange"),
    ("route53", "ListResourceRecordSets"),
    ("cloudfront", "GetDistribution"),
];

const JSON: [(&str, &str); 20] = [
    ("dynamodb", "GetItem"),
    ("dynamodb", "DescribeTable"),
    ("ecs", "DescribeServices"),
    ("glue", "GetCrawler"),
    ("sqs", "GetQueueAttributes"),
    ("stepfunctions", "DescribeExecution"),
    ("cloudwatch", "GetMetricData"),
    ("sagemaker", "DescribeTrainingJob"),
    ("kms", "GetPublicKey"),
    ("emr", "DescribeCluster"),
    ("eks", "DescribeCluster"),
    ("batch", "DescribeJobs"),
    ("lambda", "GetFunction"),
    ("lambda", "Invoke"),
    ("apigateway", "GetRestApi"),
    ("bedrock-agent", "GetPrompt"),
    ("glacier", "DescribeVault"),
    ("iot-data", "GetThingShadow"),
    ("lex-runtime", "PostContent"),
    ("mediaconvert", "GetJob"),
];

struct Target {
    prepared: PreparedRequest,
    /// The service's waiters that poll the operation.
    waiters: Vec<Waiter>,
}

pub(crate) fn check_xml(input: &[u8]) {
    static TARGETS: LazyLock<Vec<Target>> = LazyLock::new(|| targets(&XML));
    check(&TARGETS, input);
}

pub(crate) fn check_json(input: &[u8]) {
    static TARGETS: LazyLock<Vec<Target>> = LazyLock::new(|| targets(&JSON));
    check(&TARGETS, input);
}

pub(crate) fn client(models: Models) -> AwsClient {
    static CONFIG: LazyLock<SdkConfig> = LazyLock::new(|| {
        let latest = BehaviorVersion::latest();
        let region = Region::new("us-east-1");
        SdkConfig::builder().behavior_version(latest).region(region).build()
    });
    AwsClient::with_models(&CONFIG, models)
}

fn targets(operations: &[(&str, &str)]) -> Vec<Target> {
    let models = Models::embedded();
    let client = client(models.clone());
    let targets = operations.iter().map(|(name, operation)| {
        let model = models.service(name).and_then(|service| service.operation(operation));
        let input = input::required(&model.expect("an operation of the archive"));
        let (service, operation) = ((*name).to_owned(), (*operation).to_owned());
        let call = Call::new(service, operation, input);
        let prepared = client.prepare(&call).expect("an input that is valid");
        let file = models.waiters(name).expect("the archive is whole");
        let file = file.map(|file| parse_lenient(&file).expect("botocore's own"));
        let waiters = file.into_iter().flat_map(|file| file.file.waiters);
        let waiters =
            waiters.map(|(name, waiter)| (name, waiter.resolve().expect("botocore's own")));
        let own = waiters.filter(|(_, config)| config.operation == call.operation);
        let compile = |(waiter, config): (String, _)| {
            Waiter::compile(name, &waiter, &config, &Options::default()).expect("botocore's own")
        };
        Target { prepared, waiters: own.map(compile).collect() }
    });
    targets.collect()
}

fn check(targets: &[Target], input: &[u8]) {
    let [place, status, rest @ ..] = input else { return };
    let place = usize::from(place.wrapping_sub(b'A')) % targets.len();
    let status = match status {
        b'3' => 301,
        b'4' => 400,
        b'n' => 404,
        b'5' => 503,
        _ => 200,
    };
    let (headers, body) = split(rest);
    let target = &targets[place];
    let seen = target.prepared.read(status, headers, body.to_vec());
    match &seen {
        Observation::Output(output) => {
            let metadata = &output.document.value()["ResponseMetadata"];
            assert_eq!(metadata["HTTPStatusCode"], status, "{metadata}");
        }
        other => assert!(other.error().is_some_and(|error| !error.code().is_empty())),
    }
    for waiter in &target.waiters {
        let decision = decide(waiter.acceptors(), &seen);
        assert!(decision.matched.is_none_or(|index| index < waiter.acceptors().len()));
    }
}

/// Headers and body.
pub(crate) fn split(reply: &[u8]) -> (Vec<(String, String)>, &[u8]) {
    let end = reply.windows(2).position(|pair| pair == b"\n\n");
    let (head, body) = end.map_or((&[][..], reply), |end| (&reply[..end], &reply[end + 2..]));
    let head = String::from_utf8_lossy(head);
    let headers = head.lines().filter_map(|line| line.split_once(':'));
    let headers =
        headers.map(|(name, value)| (name.trim().to_lowercase(), value.trim().to_owned()));
    (headers.collect(), body)
}
