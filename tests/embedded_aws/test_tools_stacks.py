"""What `cdk bootstrap` and `sam deploy` ask of CloudFormation, S3 and IAM before they deploy anything of ours.

User guide of CloudFormation: "AWS::S3::Bucket", "AWS::S3::BucketPolicy", "AWS::Serverless transform", and the API
reference's DeleteChangeSet and CreateStack.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any
from urllib.request import urlopen

import pytest
from botocore.exceptions import ClientError

from embedded_aws.aws import EPOCH, EmbeddedAws, embedded_aws
from embedded_aws.clients import client
from embedded_aws.cloudformation.macros import TRANSLATOR
from embedded_aws.server import Server
from tests.embedded_aws.stack import create, events, stack, template, update

BUCKET: dict[str, Any] = {
    "BucketName": "assets",
    "VersioningConfiguration": {"Status": "Enabled"},
    "BucketEncryption": {
        "ServerSideEncryptionConfiguration": [{"ServerSideEncryptionByDefault": {"SSEAlgorithm": "aws:kms"}}]
    },
    "PublicAccessBlockConfiguration": {"BlockPublicAcls": True, "BlockPublicPolicy": True},
    "LifecycleConfiguration": {
        "Rules": [
            {"Id": "Old", "Status": "Enabled", "NoncurrentVersionExpiration": {"NoncurrentDays": 30}},
        ]
    },
    "Tags": [{"Key": "team", "Value": "web"}],
}
POLICY = {"Statement": [{"Effect": "Deny", "Principal": "*", "Action": "s3:Put*", "Resource": "*"}]}


@pytest.fixture
def aws() -> Iterator[EmbeddedAws]:
    with embedded_aws() as embedded:
        yield embedded


def bucket(**changed: Any) -> dict[str, Any]:
    given = {name: value for name, value in {**BUCKET, **changed}.items() if value is not None}
    return {"Type": "AWS::S3::Bucket", "Properties": given}


def policy() -> dict[str, Any]:
    return {
        "Type": "AWS::S3::BucketPolicy",
        "Properties": {"Bucket": {"Ref": "Bucket"}, "PolicyDocument": POLICY},
    }


@pytest.mark.usefixtures("aws")
def test_a_bucket_is_as_its_template_says_with_who_may_use_it() -> None:
    create(template(Bucket=bucket(), Policy=policy()))
    s3 = client("s3")
    assert s3.get_bucket_location(Bucket="assets")["LocationConstraint"] == "eu-west-1"
    assert s3.get_bucket_versioning(Bucket="assets")["Status"] == "Enabled"
    (rule,) = s3.get_bucket_encryption(Bucket="assets")["ServerSideEncryptionConfiguration"]["Rules"]
    assert rule["ApplyServerSideEncryptionByDefault"]["SSEAlgorithm"] == "aws:kms"
    assert s3.get_public_access_block(Bucket="assets")["PublicAccessBlockConfiguration"]["BlockPublicAcls"]
    (kept,) = s3.get_bucket_lifecycle_configuration(Bucket="assets")["Rules"]
    assert (kept["ID"], kept["NoncurrentVersionExpiration"]) == ("Old", {"NoncurrentDays": 30})
    assert s3.get_bucket_tagging(Bucket="assets")["TagSet"] == BUCKET["Tags"]
    assert json.loads(s3.get_bucket_policy(Bucket="assets")["Policy"]) == POLICY


@pytest.mark.usefixtures("aws")
def test_what_a_bucket_has_no_more_is_taken_back_and_its_objects_stay() -> None:
    create(template(Bucket=bucket(), Policy=policy()))
    s3 = client("s3")
    update(template(Bucket=bucket(VersioningConfiguration=None, PublicAccessBlockConfiguration=None)))
    s3.put_object(Bucket="assets", Key="k", Body=b"kept")
    update(template(Bucket=bucket(VersioningConfiguration=None, Tags=None)))
    assert s3.get_bucket_versioning(Bucket="assets")["Status"] == "Suspended"
    assert s3.get_object(Bucket="assets", Key="k")["Body"].read() == b"kept"
    for gone in (s3.get_bucket_policy, s3.get_bucket_tagging):
        with pytest.raises(ClientError, match="NoSuch"):
            gone(Bucket="assets")


@pytest.mark.usefixtures("aws")
def test_a_bucket_with_objects_keeps_its_stack_from_being_deleted() -> None:
    create(template(Bucket=bucket()))
    client("s3").put_object(Bucket="assets", Key="k", Body=b"")
    client("cloudformation").delete_stack(StackName="drainer")
    assert stack()["StackStatus"] == "DELETE_FAILED"
    assert "Bucket DELETE_FAILED" in events()


@pytest.mark.usefixtures("aws")
def test_what_the_cdk_says_of_its_constructs_makes_nothing() -> None:
    metadata = {"Type": "AWS::CDK::Metadata", "Properties": {"Analytics": "v2:deflate64:H4"}}
    create(template(CDKMetadata=metadata))
    assert "CDKMetadata CREATE_COMPLETE" in events()
    client("cloudformation").delete_stack(StackName="drainer")
    assert client("cloudformation").describe_stacks()["Stacks"] == []


@pytest.mark.usefixtures("aws")
def test_a_role_is_given_policies_of_awss_and_none_that_aws_does_not_have() -> None:
    iam, read_only = client("iam"), "arn:aws:iam::aws:policy/ReadOnlyAccess"
    iam.create_role(RoleName="reader", AssumeRolePolicyDocument="{}")
    iam.attach_role_policy(RoleName="reader", PolicyArn=read_only)
    (attached,) = iam.list_attached_role_policies(RoleName="reader")["AttachedPolicies"]
    assert attached == {"PolicyName": "ReadOnlyAccess", "PolicyArn": read_only}
    jobs = "arn:aws:iam::aws:policy/job-function/Billing"
    assert iam.get_policy(PolicyArn=jobs)["Policy"]["Path"] == "/job-function/"
    with pytest.raises(ClientError, match="NoSuchEntity"):
        iam.attach_role_policy(RoleName="reader", PolicyArn="arn:aws:iam::aws:policy/WriteOnlyAccess")


@pytest.mark.usefixtures("aws")
def test_a_change_set_is_found_in_its_own_stack_and_one_that_is_not_there_may_be_deleted() -> None:
    """`cdk deploy` calls the change sets of all its stacks alike, and deletes an old one that may not be there."""
    cloudformation = client("cloudformation")
    for name in ("one", "other"):
        cloudformation.create_change_set(
            StackName=name,
            ChangeSetName="alike",
            ChangeSetType="CREATE",
            TemplateBody=template(name),
            Capabilities=["CAPABILITY_IAM"],
        )
    assert cloudformation.describe_change_set(ChangeSetName="alike", StackName="one")["StackName"] == "one"
    cloudformation.delete_change_set(ChangeSetName="alike", StackName="one")
    cloudformation.delete_change_set(ChangeSetName="alike", StackName="one")
    assert (
        cloudformation.describe_change_set(ChangeSetName="alike", StackName="other")["StackName"] == "other"
    )
    with pytest.raises(ClientError, match="ChangeSetNotFound"):
        cloudformation.describe_change_set(ChangeSetName="alike", StackName="one")
    with pytest.raises(ClientError, match="does not exist"):
        cloudformation.delete_change_set(ChangeSetName="alike", StackName="third")


SERVERLESS = json.dumps(
    {
        "Transform": "AWS::Serverless-2016-10-31",
        "Parameters": {"Word": {"Type": "String", "Default": "hello"}},
        "Resources": {"Topic": {"Type": "AWS::Serverless::Topic"}},
    }
)


@pytest.fixture
def translator(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A Python whose translator makes topics, named by a parameter; SAM's own runs in the tests of the deployment."""
    package = tmp_path / "samtranslator"
    for part in ("model", "parser", "translator"):
        (package / part).mkdir(parents=True)
    (package / "model" / "exceptions.py").write_text(
        "class InvalidDocumentException(Exception):\n    message, causes = 'Invalid document.', ()\n"
    )
    (package / "parser" / "parser.py").write_text("class Parser: pass\n")
    (package / "translator" / "translator.py").write_text(
        "from samtranslator.model.exceptions import InvalidDocumentException\n"
        "class Translator:\n"
        "    def __init__(self, *_): pass\n"
        "    def translate(self, template, values):\n"
        "        if values.get('Word') == 'wrong': raise InvalidDocumentException\n"
        "        topic = {'Type': 'AWS::SNS::Topic', 'Properties': {'TopicName': values.get('Word', 'none')}}\n"
        "        return {'Parameters': template['Parameters'], 'Resources': {'Topic': topic}}\n"
    )
    python = tmp_path / "python"
    start = f"sys.path.insert(0, {str(tmp_path)!r}); runpy.run_path(sys.argv[2], run_name='__main__')"
    python.write_text(f"#!{sys.executable}\nimport runpy, sys\n{start}\n")
    python.chmod(0o755)
    monkeypatch.setenv(TRANSLATOR, str(python))
    return python


def made_from(word: str, *capabilities: str) -> None:
    client("cloudformation").create_stack(
        StackName="drainer",
        TemplateBody=SERVERLESS,
        Parameters=[{"ParameterKey": "Word", "ParameterValue": word}],
        Capabilities=list(capabilities),
    )


@pytest.mark.usefixtures("aws", "translator")
def test_sams_macro_is_applied_with_the_stacks_parameters_and_its_text_stays() -> None:
    made_from("told", "CAPABILITY_AUTO_EXPAND")
    (topic,) = client("sns").list_topics()["Topics"]
    assert topic["TopicArn"].endswith(":told")
    asked = client("cloudformation").get_template(StackName="drainer")["TemplateBody"]
    assert (asked if isinstance(asked, dict) else json.loads(asked)) == json.loads(SERVERLESS)
    client("cloudformation").update_stack(
        StackName="drainer",
        UsePreviousTemplate=True,
        Parameters=[{"ParameterKey": "Word", "ParameterValue": "anew"}],
        Capabilities=["CAPABILITY_AUTO_EXPAND"],
    )
    (topic,) = client("sns").list_topics()["Topics"]
    assert topic["TopicArn"].endswith(":anew")


@pytest.mark.usefixtures("aws", "translator")
def test_a_macro_wants_to_be_agreed_to_and_says_what_it_refuses() -> None:
    with pytest.raises(ClientError, match="CAPABILITY_AUTO_EXPAND"):
        made_from("told")
    with pytest.raises(
        ClientError, match="Transform AWS::Serverless-2016-10-31 failed with: Invalid document"
    ):
        made_from("wrong", "CAPABILITY_AUTO_EXPAND")
    assert client("cloudformation").describe_stacks()["Stacks"] == []


@pytest.mark.usefixtures("aws")
def test_without_a_translator_the_macro_is_not_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(TRANSLATOR, raising=False)
    with pytest.raises(ClientError, match=f"No transform named .* found. {TRANSLATOR} may name"):
        made_from("told", "CAPABILITY_AUTO_EXPAND")


@pytest.mark.deploy
def test_an_answer_of_the_server_has_the_real_date() -> None:
    """AWS's SDK for JavaScript takes a Date that is five minutes off for its own clock's error, and tries again."""
    with Server(speed=0, start=EPOCH) as server, urlopen(f"{server.endpoint}/moto-api/") as answer:  # noqa: S310  # on loopback
        told = parsedate_to_datetime(answer.headers["Date"])
        assert abs(told - datetime.now(UTC)) < timedelta(minutes=2)
        assert abs(server.now() - EPOCH) < timedelta(minutes=2)
