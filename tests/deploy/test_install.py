"""`ecs-drainer install` and `uninstall`: from an empty account to a drained instance, and back, without a clone."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path
from typing import Any

import pytest

from embedded_aws.server import Server
from stories.world import GROUP, Service, World
from tests.deploy.account import FUNCTIONS, function_names, is_empty, stacks
from tests.deploy.installer import STACK, Installer, drains

pytestmark = [pytest.mark.deploy, pytest.mark.slow]

BUCKET = "ecs-drainer-123456789012-eu-west-1"


@pytest.fixture
def installer(aws: Server, released: Path) -> Installer:
    return Installer(aws, released)


def edited(installer: Installer, folder: Path, edit: Any) -> Installer:
    """Return the same person with another release, its template edited."""
    released = Path(shutil.copytree(installer.released, folder / "next"))
    template = json.loads((released / "template.json").read_text())
    edit(template)
    (released / "template.json").write_text(json.dumps(template))
    return Installer(installer.aws, released)


def test_from_an_empty_account_to_a_drained_instance_and_back(installer: Installer, aws: Server) -> None:
    """The way of somebody who has the wheel and nothing else."""
    said = installer.install()
    assert "ecs-drainer 0.1.0 is new here: stage dev, account 123456789012, eu-west-1" in said
    assert re.search(r"^13 +AWS::Lambda::Function$", said, re.M)
    assert "ecs-drainer 0.1.0 is installed as stage dev." in said
    assert function_names(aws) == {f"{STACK}-{name}" for name in FUNCTIONS}

    world = World(aws.client, aws.advance)
    world.build((Service(),), None)
    installer.run("enroll", "--asg", GROUP)
    assert "0 errors, 1 warning." in installer.run("doctor")  # nobody has subscribed to its alarms yet
    assert drains(aws, world)
    assert "drained" in installer.run("history")

    said = installer.run("uninstall", "--yes")
    assert f"Warning: hook ecs-drainer of {GROUP} stays: aws autoscaling delete-lifecycle-hook" in said
    assert f"and the bucket {BUCKET}." in said
    assert is_empty(aws)


def test_again_changes_nothing_and_a_parameter_changes_what_reads_it(installer: Installer) -> None:
    installer.install("-P", "Deadline=30m")
    assert "It is up to date: nothing changes." in installer.install()
    said = installer.install("-P", "Poll=15s")
    assert "parameter Poll: empty -> 15s" in said
    assert re.search(r"^modify +Look +AWS::Lambda::Function$", said, re.M)
    assert "StateMachine  " not in said
    variables = installer.variables()
    assert (variables["ECS_DRAINER_POLL"], variables["ECS_DRAINER_DEADLINE"]) == ("15s", "30m")


def test_the_next_release_upgrades_and_keeps_what_was_set(installer: Installer, tmp_path: Path) -> None:
    def release_it(template: dict[str, Any]) -> None:
        template["Outputs"]["Release"]["Value"] = "0.2.0"
        template["Parameters"]["Deadline"]["Default"] = "2h"

    installer.install("-P", "Deadline=30m")
    upgrading = edited(installer, tmp_path, release_it)
    said = upgrading.install()
    assert "ecs-drainer 0.1.0 -> 0.2.0: stage dev" in said
    assert installer.variables()["ECS_DRAINER_DEADLINE"] == "30m"
    outputs = {each["OutputKey"]: each["OutputValue"] for each in installer.stack()["Outputs"]}
    assert outputs["Release"] == "0.2.0"


def test_other_code_reaches_every_function(installer: Installer, tmp_path: Path, aws: Server) -> None:
    """Lambda takes new code from another key only: CloudFormation compares the template's words, not the zip."""
    installer.install()
    upgrading = edited(installer, tmp_path, lambda _: None)
    zip_file = upgrading.released / "deployment.zip"
    zip_file.write_bytes(zip_file.read_bytes() + b"\0")
    changed = upgrading.changes()
    assert {each["type"] for each in changed} == {"AWS::Lambda::Function"}
    assert len(changed) == 13
    before = shas(aws)
    upgrading.install()
    assert not before & shas(aws)


def shas(aws: Server) -> set[str]:
    return {each["CodeSha256"] for each in aws.client("lambda").list_functions()["Functions"]}


def test_a_plan_leaves_nothing_behind(installer: Installer, aws: Server) -> None:
    assert len(installer.changes()) > 70
    assert is_empty(aws)
    installer.install()
    assert installer.changes("-P", "Tracing=true")
    left = aws.client("cloudformation").list_change_sets(StackName=STACK)["Summaries"]
    assert [each for each in left if each["ExecutionStatus"] != "EXECUTE_COMPLETE"] == []
    assert installer.changes() == []


def test_nothing_happens_where_nobody_can_answer(installer: Installer, aws: Server) -> None:
    said = installer.run("install", "--from", str(installer.released), expected=3)
    assert "Nobody is there to answer; nothing was changed" in said
    assert is_empty(aws)


def test_a_stack_that_fails_is_told_with_its_reasons_and_the_next_attempt_succeeds(
    installer: Installer, tmp_path: Path
) -> None:
    """CloudFormation takes nothing of a stack in ROLLBACK_COMPLETE but its deletion."""

    def spoil(template: dict[str, Any]) -> None:
        template["Resources"]["DrainStateMachine"]["Properties"]["DefinitionString"] = (
            '{"StartAt": "Nowhere"}'
        )

    said = edited(installer, tmp_path, spoil).install(expected=1)
    assert "The stack could not be changed and is ROLLBACK_COMPLETE" in said
    assert "DrainStateMachine (AWS::StepFunctions::StateMachine) is CREATE_FAILED" in said
    folder = str(installer.released)
    refused = installer.run("install", "--from", folder, "--plan", expected=3)
    assert "what is left of it must be deleted\n  without --plan that is done first" in refused
    assert "Delete it? Nobody is there to answer" in installer.run("install", "--from", folder, expected=3)
    assert installer.stack()["StackStatus"] == "ROLLBACK_COMPLETE"
    again = installer.install()
    assert f"The stack {STACK} never came up and is ROLLBACK_COMPLETE" in again
    assert "is installed as stage dev" in again


def test_a_stage_that_was_deployed_by_other_means_is_left_alone(installer: Installer, aws: Server) -> None:
    """`chalice deploy` calls its stack the same; so may Terraform, or anybody."""
    topic = json.dumps({"Resources": {"Topic": {"Type": "AWS::SNS::Topic"}}})
    aws.client("cloudformation").create_stack(StackName=STACK, TemplateBody=topic)
    said = installer.install(expected=3)
    assert "Stage dev in eu-west-1 was deployed by other means, and is left alone" in said
    refused = installer.run("uninstall", "--yes", expected=3)
    assert f"The stack {STACK} was made by other means than the command `install`" in refused
    assert [each["StackStatus"] for each in stacks(aws)] == ["CREATE_COMPLETE"]
    installer.install("--stage", "other")
    assert {each["StackName"] for each in stacks(aws)} == {STACK, "ecs-drainer-other"}


def test_the_bucket_that_is_made_is_closed_to_all_others(installer: Installer, aws: Server) -> None:
    """Functions run what lies there: it is private, encrypted, keeps its versions and takes no call without TLS."""
    installer.install()
    s3, name = aws.client("s3"), {"Bucket": BUCKET}
    block = s3.get_public_access_block(**name)["PublicAccessBlockConfiguration"]
    assert len(block) == 4
    assert all(block.values())
    assert s3.get_bucket_versioning(**name)["Status"] == "Enabled"
    (rule,) = s3.get_bucket_encryption(**name)["ServerSideEncryptionConfiguration"]["Rules"]
    assert rule["ApplyServerSideEncryptionByDefault"]["SSEAlgorithm"] == "AES256"
    (statement,) = json.loads(s3.get_bucket_policy(**name)["Policy"])["Statement"]
    assert (statement["Effect"], statement["Condition"]) == (
        "Deny",
        {"Bool": {"aws:SecureTransport": "false"}},
    )
    listed = s3.list_objects_v2(**name)["Contents"]
    assert [re.sub(r"[0-9a-f]{16}", "SHA", each["Key"]) for each in listed] == [
        "ecs-drainer/SHA/deployment.zip"
    ]


def test_a_bucket_of_the_operators_is_used_and_stays(installer: Installer, aws: Server) -> None:
    where = {"LocationConstraint": "eu-west-1"}
    aws.client("s3").create_bucket(Bucket="mine", CreateBucketConfiguration=where)
    installer.install("--bucket", "mine")
    assert "It is up to date" in installer.install(), (
        "the bucket that the stack has is the bucket that is meant"
    )
    assert "Its code's bucket stays." in installer.run("uninstall", "--yes")
    assert [each["Name"] for each in aws.client("s3").list_buckets()["Buckets"]] == ["mine"]
    assert stacks(aws) == []


def test_the_bucket_goes_with_the_last_stage(installer: Installer, aws: Server) -> None:
    installer.install()
    installer.install("--stage", "other")
    installer.run("uninstall", "--yes")
    assert aws.client("s3").list_buckets()["Buckets"] != []
    installer.run("uninstall", "--yes", "--stage", "other")
    assert is_empty(aws)


def test_what_is_protected_is_not_taken_away(installer: Installer, aws: Server) -> None:
    installer.install("-P", "DeletionProtection=true")
    said = installer.run("uninstall", "--yes", expected=3)
    assert "is protected, for its ledger would be lost" in said
    installer.install("-P", "DeletionProtection=false")
    installer.run("uninstall", "--yes")
    assert is_empty(aws)


def test_open_drains_end_first(installer: Installer, aws: Server) -> None:
    installer.install()
    world = World(aws.client, aws.advance)
    world.build((Service(labels={"stops-after": "never"}),))
    installer.run("drain", world.instances()[0], "--yes", "--detach")
    aws.advance(10)
    said = installer.run("uninstall", "--yes", expected=3)
    assert f"1 drain would stop where they stand: {world.instances()[0]}" in said
    installer.run("uninstall", "--yes", "--force")
    assert stacks(aws) == []


def test_what_is_not_there_can_not_be_taken_away(installer: Installer) -> None:
    assert "There is no stack ecs-drainer-dev" in installer.run("uninstall", "--yes", expected=4)
