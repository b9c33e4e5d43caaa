"""From one `chalice` command to the next: what changes, what is refused, and what a deletion leaves behind."""

from __future__ import annotations

import pytest

from embedded_aws.server import Server
from tests.deploy.account import FUNCTIONS, definition, function_names, is_empty, stacks
from tests.deploy.conftest import Project

pytestmark = pytest.mark.deploy


@pytest.mark.slow  # 15 s: two deployments by the real chalice
def test_a_changed_definition_is_deployed(project: Project, aws: Server) -> None:
    project.chalice("deploy")
    project.edit("statemachine/drain.asl.json", '"Comment": "', '"Comment": "Changed: ')
    assert "The stack ecs-drainer-dev is updated." in project.chalice("deploy")
    assert definition(aws)["Comment"].startswith("Changed: ")
    assert "up to date" in project.chalice("deploy")


def test_a_setting_of_the_stage_reaches_the_template(project: Project, aws: Server) -> None:
    project.edit(
        ".chalice/config.json",
        '"LogRetentionDays"',
        '"NotificationEmail": "ops@example.com", "LogRetentionDays"',
    )
    project.chalice("deploy")
    subscriptions = aws.client("sns").list_subscriptions()["Subscriptions"]
    told = [(found["TopicArn"].rpartition(":")[2], found["Endpoint"]) for found in subscriptions]
    topics = ("ecs-drainer-dev-alarms", "ecs-drainer-dev-notifications")
    assert sorted(told) == [(topic, "ops@example.com") for topic in topics]


def test_the_plan_shows_the_stack_in_its_place_and_touches_nothing(project: Project, aws: Server) -> None:
    plan = project.chalice("dev", "plan")
    calls = [line.split()[-1] for line in plan.splitlines() if "method_name:" in line]
    stack = calls.index("deploy_cloudformation_stack")
    assert calls[:stack].count("create_function") == len(FUNCTIONS)
    assert "get_or_create_rule_arn" not in calls[:stack]
    assert calls[stack:].count("connect_rule_with_retries") == 3
    assert "<bytes>" in plan, "not forty kilobytes of template"
    assert is_empty(aws)


def test_deleting_leaves_nothing_but_log_groups(project: Project, aws: Server) -> None:
    project.chalice("deploy")
    said = project.chalice("delete").splitlines()
    deletions = [line.split(":")[0] for line in said]
    assert deletions.index("Deleting CloudFormation stack") < deletions.index("Deleting function")
    assert is_empty(aws)
    groups = aws.client("logs").describe_log_groups()["logGroups"]
    assert {group["logGroupName"] for group in groups} == {
        f"/aws/lambda/ecs-drainer-dev-{name}" for name in FUNCTIONS
    }


@pytest.mark.slow
def test_what_was_deleted_can_be_deployed_again(project: Project, aws: Server) -> None:
    project.chalice("deploy")
    project.chalice("delete")
    assert "The stack ecs-drainer-dev is created." in project.chalice("deploy")
    assert definition(aws)["StartAt"]


@pytest.mark.slow
def test_a_stack_that_fails_is_explained_and_the_next_deployment_starts_afresh(
    project: Project, aws: Server
) -> None:
    """ "You must delete the stack" is all that CloudFormation allows once a creation was rolled back."""
    dynamodb = aws.client("dynamodb")
    key = {"AttributeName": "pk"}
    dynamodb.create_table(
        TableName="ecs-drainer-dev-ledger",
        BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[{**key, "AttributeType": "S"}],
        KeySchema=[{**key, "KeyType": "HASH"}],
    )
    said = project.chalice("deploy", fails=True)
    assert "Error: The stack ecs-drainer-dev could not be created and is ROLLBACK_COMPLETE:" in said
    assert "  - Ledger (AWS::DynamoDB::Table) is CREATE_FAILED:" in said
    assert aws.client("events").list_rules()["Rules"] == [], "no rule fires into a void"

    dynamodb.delete_table(TableName="ecs-drainer-dev-ledger")
    said = project.chalice("deploy")
    assert "The stack ecs-drainer-dev is ROLLBACK_COMPLETE: deleting what is left of it." in said
    assert "The stack ecs-drainer-dev is created." in said


@pytest.mark.slow
def test_stages_stand_side_by_side(project: Project, aws: Server) -> None:
    for stage in ("dev", "prod"):
        project.chalice("deploy", "--stage", stage)
    assert {stack["StackName"] for stack in stacks(aws)} == {"ecs-drainer-dev", "ecs-drainer-prod"}
    project.chalice("delete", "--stage", "dev")
    assert {stack["StackName"] for stack in stacks(aws)} == {"ecs-drainer-prod"}
    assert function_names(aws) == {f"ecs-drainer-prod-{name}" for name in FUNCTIONS}


@pytest.mark.slow
def test_a_protected_stage_is_not_deleted_by_mistake(project: Project, aws: Server) -> None:
    project.chalice("deploy", "--stage", "prod")
    said = project.chalice("delete", "--stage", "prod", fails=True)
    assert "Error: The stack ecs-drainer-prod is protected" in said
    assert len(function_names(aws)) == len(FUNCTIONS)
    assert len(aws.client("events").list_rules()["Rules"]) == 4, "three of app.py, one of the stack"
    project.edit(".chalice/config.json", '"DeletionProtection": "true"', '"DeletionProtection": "false"')
    project.chalice("deploy", "--stage", "prod")
    project.chalice("delete", "--stage", "prod")
    assert is_empty(aws)


WRONG = {
    "a state of no known type": ("statemachine/drain.asl.json", '"Wait"', '"Wiat"', 'Type is "Wiat"'),
    "a definition that is no JSON": (
        "statemachine/drain.asl.json",
        "{",
        "{,",
        "drain.asl.json, the definition of",
    ),
    "a misspelt native call": (
        "statemachine/drain.asl.json",
        "autoscaling:completeLifecycleAction",
        "autoscaling:completeLifecycleActoin",
        "completeLifecycleActoin",
    ),
    "a function that the app does not have": (
        "statemachine/template.yaml",
        "LookFunctionArn: {Type",
        "GlanceFunctionArn: {Type",
        "template.yaml asks for GlanceFunctionArn, and app.py has no function of that name.",
    ),
    "a parameter that the template does not have": (
        ".chalice/config.json",
        '"LogRetentionDays"',
        '"LogRetention"',
        "stack_parameters in .chalice/config.json gives LogRetention, which template.yaml does not declare",
    ),
    "a template that is no YAML": ("statemachine/template.yaml", "Resources:", "Resources: [", "is not YAML"),
}
"""By story: the file, what it says, what it says instead, and what the refusal says of it."""


@pytest.mark.parametrize("story", WRONG)
def test_what_is_wrong_is_refused_before_anything_is_deployed(
    project: Project, aws: Server, story: str
) -> None:
    file, before, after, sentence = WRONG[story]
    project.edit(file, before, after)
    said = project.chalice("deploy", fails=True)
    assert sentence in said
    assert "Traceback" not in said
    assert is_empty(aws)


@pytest.mark.slow
def test_a_wrong_definition_does_not_hinder_deleting(project: Project, aws: Server) -> None:
    project.chalice("deploy")
    project.edit("statemachine/drain.asl.json", "{", "{,")
    project.chalice("delete")
    assert is_empty(aws)
