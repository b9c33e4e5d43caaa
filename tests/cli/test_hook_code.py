"""The hook as code: what is printed is what `enroll` would put, and takes over what is there."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import boto3
import pytest

from cli.hook_code import Language, hook_as
from cli.hooks import WantedHook
from statemachine.template import load
from stories.world import GROUP, Service
from tests.cli.shell import shell


def hook(group: str = "web-ecs", **metadata: str) -> WantedHook:
    return WantedHook(group, "ecs-drainer", timedelta(minutes=15), metadata)


def test_terraform_as_it_formats_it() -> None:
    """Equals signs stand in one column, or `terraform fmt -check` fails in the team's own checks."""
    assert hook_as(Language.TERRAFORM, hook(deadline="30m"), is_there=False) == (
        'resource "aws_autoscaling_lifecycle_hook" "web_ecs_ecs_drainer" {\n'
        '  name                   = "ecs-drainer"\n'
        '  autoscaling_group_name = "web-ecs"\n'
        '  lifecycle_transition   = "autoscaling:EC2_INSTANCE_TERMINATING"\n'
        "  heartbeat_timeout      = 900\n"
        '  default_result         = "CONTINUE"\n'
        '  notification_metadata  = "{\\"deadline\\": \\"30m\\"}"\n'
        "}\n"
    )


@pytest.mark.parametrize(
    ("language", "said"),
    [
        (
            Language.TERRAFORM,
            'import {\n  to = aws_autoscaling_lifecycle_hook.web_ecs_ecs_drainer\n  id = "web-',
        ),
        (Language.CDK, "# web-ecs has a hook ecs-drainer already: `cdk import` takes it over.\n"),
        (
            Language.CLOUDFORMATION,
            "# web-ecs has a hook ecs-drainer already: a change set of type IMPORT takes it over.\n",
        ),
    ],
)
def test_a_hook_that_is_there_is_taken_over_and_not_made_twice(language: Language, said: str) -> None:
    """A second one of that name can't be made, and one of another name would hold instances beside it."""
    assert said in hook_as(language, hook(), is_there=True)
    assert said not in hook_as(language, hook(), is_there=False)


@pytest.mark.parametrize(
    ("group", "terraform", "camel"),
    [
        ("4th/group one", '"group_4th_group_one_ecs_drainer"', '"4thGroupOneEcsDrainer"'),
        ("a${b}%{c}", '"a$${b}%%{c}"', '"a${b}%{c}"'),
    ],
)
def test_every_name_that_a_group_may_have_is_text(group: str, terraform: str, camel: str) -> None:
    """A group's name may have any printable character but the colon; Terraform reads `${` and `%{` for its own."""
    assert terraform in hook_as(Language.TERRAFORM, hook(group), is_there=False)
    assert camel in hook_as(Language.CDK, hook(group), is_there=False)


def test_what_is_printed_for_cloudformation_is_what_enroll_would_put(tmp_path: Any) -> None:
    """Deployed as it is printed, there is nothing left to enroll; and printing has put nothing."""
    with shell(Service(), instances=1, hook=None) as told:
        asked = f"enroll --asg {GROUP} --deadline 30m --heartbeat 20m"
        printed = told.quietly(f"{asked} --as cloudformation")
        assert printed.exit_code == 0
        assert "would change: " in told.quietly(f"{asked} --dry-run").output
        (tmp_path / "hook.yaml").write_text(printed.stdout)
        assert load(tmp_path / "hook.yaml")["Resources"].keys() == {"WebEcsEcsDrainer"}
        boto3.client("cloudformation").create_stack(StackName="hook", TemplateBody=printed.stdout)
        assert "is enrolled already" in told.quietly(asked).output
        assert '"language": "cloudformation"' in told.quietly(f"{asked} --as cloudformation -o json").output
