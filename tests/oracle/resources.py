"""Makes something to wait for in each of many services of a moto server.

Usage: resources.py ENDPOINT

What takes a while in AWS takes some polls here: moto's state manager says how many. Prints one JSON
object: the ids that the services gave, by service. Then it reads lines: each names something that
happens only later, while it is waited for.
"""

import io
import json
import sys
import urllib.request
import zipfile

import boto3

TRUST = {
    "Version": "2012-10-17",
    "Statement": [
        {
            "Effect": "Allow",
            "Principal": {"Service": ["lambda.amazonaws.com", "eks.amazonaws.com"]},
            "Action": "sts:AssumeRole",
        }
    ],
}
TEMPLATE = {"Resources": {"Topic": {"Type": "AWS::SNS::Topic"}}}
MACHINE = {"StartAt": "Wait", "States": {"Wait": {"Type": "Pass", "End": True}}}
ACCOUNT = "123456789012"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/worker"

# moto's names of what changes its state by being looked at, and after how many looks.
TRANSITIONS = {
    "athena::execution": 2,
    "batch::job": 1,
    "cloudfront::distribution": 2,
    "ecs::task": 1,
    "glue::crawl": 2,
    "glue::job_run": 2,
}


def archive():
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as zipped:
        zipped.writestr("main.py", "def handler(event, context): pass")
    return file.getvalue()


def post(endpoint, path, body):
    request = urllib.request.Request(
        f"{endpoint}/moto-api/{path}", json.dumps(body).encode(), {"Content-Type": "application/json"}
    )
    urllib.request.urlopen(request).read()


class Account:
    def __init__(self, endpoint):
        self.endpoint = endpoint
        self.session = boto3.Session("testing", "testing", region_name="eu-west-1")

    def client(self, service):
        return self.session.client(service, endpoint_url=self.endpoint)

    def iam(self):
        iam = self.client("iam")
        iam.create_role(RoleName="worker", AssumeRolePolicyDocument=json.dumps(TRUST))

    def iam_later(self):
        self.client("iam").create_user(UserName="late")

    def ec2(self):
        ec2 = self.client("ec2")
        vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
        subnet = ec2.create_subnet(VpcId=vpc, CidrBlock="10.0.0.0/24")["Subnet"]["SubnetId"]
        image = ec2.describe_images()["Images"][0]["ImageId"]
        made = ec2.run_instances(ImageId=image, MinCount=1, MaxCount=1, SubnetId=subnet)
        self.subnet = subnet
        return made["Instances"][0]["InstanceId"]

    def redshift(self):
        self.client("redshift").create_cluster(
            ClusterIdentifier="warehouse", NodeType="ra3.large", MasterUsername="admin", MasterUserPassword="Passw0rd1"
        )

    def rds(self):
        self.client("rds").create_db_instance(
            DBInstanceIdentifier="orders",
            DBInstanceClass="db.t3.micro",
            Engine="postgres",
            MasterUsername="admin1",
            MasterUserPassword="Passw0rd1",
            AllocatedStorage=20,
        )

    def cloudformation(self):
        self.client("cloudformation").create_stack(StackName="topics", TemplateBody=json.dumps(TEMPLATE))

    def dynamodb(self):
        self.client("dynamodb").create_table(
            TableName="orders",
            KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
            AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
            BillingMode="PAY_PER_REQUEST",
        )

    def ecs(self):
        ecs = self.client("ecs")
        ecs.create_cluster(clusterName="jobs")
        ecs.register_task_definition(
            family="job", containerDefinitions=[{"name": "job", "image": "job", "memory": 64}]
        )
        subnets = {"awsvpcConfiguration": {"subnets": [self.subnet]}}
        made = ecs.run_task(
            cluster="jobs", taskDefinition="job", launchType="FARGATE", networkConfiguration=subnets
        )
        return made["tasks"][0]["taskArn"]

    def glue(self):
        glue = self.client("glue")
        glue.create_database(DatabaseInput={"Name": "lake"})
        glue.create_crawler(
            Name="lake", Role=ROLE, DatabaseName="lake", Targets={"S3Targets": [{"Path": "s3://lake"}]}
        )
        glue.create_job(Name="load", Role=ROLE, Command={"Name": "glueetl", "ScriptLocation": "s3://lake/load.py"})
        return glue.start_job_run(JobName="load")["JobRunId"]

    def stepfunctions(self):
        states = self.client("stepfunctions")
        machine = states.create_state_machine(name="steps", definition=json.dumps(MACHINE), roleArn=ROLE)
        made = states.start_execution(stateMachineArn=machine["stateMachineArn"], input="{}")
        self.execution = made["executionArn"]
        return self.execution

    def stepfunctions_later(self):
        self.client("stepfunctions").stop_execution(executionArn=self.execution)

    def emr(self):
        made = self.client("emr").run_job_flow(
            Name="numbers",
            ReleaseLabel="emr-6.10.0",
            Instances={
                "MasterInstanceType": "m5.xlarge",
                "InstanceCount": 1,
                "KeepJobFlowAliveWhenNoSteps": True,
                "Ec2SubnetId": self.subnet,
            },
            JobFlowRole="worker",
            ServiceRole="worker",
        )
        return made["JobFlowId"]

    def sagemaker(self):
        self.client("sagemaker").create_notebook_instance(
            NotebookInstanceName="ideas", InstanceType="ml.t3.medium", RoleArn=ROLE
        )

    def acm(self):
        acm = self.client("acm")
        return acm.request_certificate(DomainName="example.com", ValidationMethod="DNS")["CertificateArn"]

    def athena(self):
        made = self.client("athena").start_query_execution(
            QueryString="select 1", ResultConfiguration={"OutputLocation": "s3://lake/results"}
        )
        return made["QueryExecutionId"]

    def eks(self):
        self.client("eks").create_cluster(
            name="fleet", roleArn=ROLE, resourcesVpcConfig={"subnetIds": [self.subnet]}
        )

    def awslambda(self):
        self.client("lambda").create_function(
            FunctionName="worker", Runtime="python3.12", Role=ROLE, Handler="main.handler", Code={"ZipFile": archive()}
        )

    def batch(self):
        batch = self.client("batch")
        environment = batch.create_compute_environment(
            computeEnvironmentName="batch", type="UNMANAGED", serviceRole=ROLE
        )
        order = [{"order": 1, "computeEnvironment": environment["computeEnvironmentArn"]}]
        batch.create_job_queue(
            jobQueueName="batch", state="ENABLED", priority=1, computeEnvironmentOrder=order
        )
        batch.register_job_definition(
            jobDefinitionName="batch",
            type="container",
            containerProperties={"image": "job", "vcpus": 1, "memory": 64, "command": ["true"]},
        )
        return batch.submit_job(jobName="batch", jobQueue="batch", jobDefinition="batch")["jobId"]

    def s3(self):
        s3 = self.client("s3")
        s3.create_bucket(Bucket="lake", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})

    def s3_later(self):
        self.client("s3").put_object(Bucket="lake", Key="done/_SUCCESS", Body=b"")

    def route53(self):
        route53 = self.client("route53")
        zone = route53.create_hosted_zone(Name="example.com", CallerReference="1")["HostedZone"]["Id"]
        record = {"Name": "a.example.com", "Type": "A", "TTL": 60, "ResourceRecords": [{"Value": "10.0.0.1"}]}
        changes = {"Changes": [{"Action": "UPSERT", "ResourceRecordSet": record}]}
        made = route53.change_resource_record_sets(HostedZoneId=zone, ChangeBatch=changes)
        return made["ChangeInfo"]["Id"]

    def cloudfront(self):
        cloudfront = self.client("cloudfront")
        origin = {"Id": "o", "DomainName": "lake.s3.amazonaws.com", "S3OriginConfig": {"OriginAccessIdentity": ""}}
        behavior = {
            "TargetOriginId": "o",
            "ViewerProtocolPolicy": "allow-all",
            "MinTTL": 1,
            "ForwardedValues": {"QueryString": False, "Cookies": {"Forward": "none"}},
        }
        made = cloudfront.create_distribution(
            DistributionConfig={
                "CallerReference": "1",
                "Comment": "",
                "Enabled": True,
                "Origins": {"Quantity": 1, "Items": [origin]},
                "DefaultCacheBehavior": behavior,
            }
        )
        return made["Distribution"]["Id"]


MAKERS = (
    "iam ec2 redshift rds cloudformation dynamodb ecs s3 glue stepfunctions emr sagemaker acm athena eks "
    "awslambda batch route53 cloudfront"
)


def main():
    endpoint = sys.argv[1]
    # A batch job without a container, a state machine that is not run.
    post(endpoint, "config", {"batch": {"use_docker": False}, "lambda": {"use_docker": False}})
    for model, times in TRANSITIONS.items():
        transition = {"progression": "manual", "times": times}
        post(endpoint, "state-manager/set-transition", {"model_name": model, "transition": transition})
    account = Account(endpoint)
    print(json.dumps({name: getattr(account, name)() for name in MAKERS.split()}), flush=True)
    for line in sys.stdin:
        getattr(account, f"{line.strip()}_later")()


if __name__ == "__main__":
    main()
