"""ecs-drainer as a construct of the AWS CDK: the released CloudFormation template in a stack of yours."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import aws_cdk
from aws_cdk import aws_autoscaling as autoscaling
from aws_cdk import aws_s3_assets as assets
from aws_cdk import cloudformation_include as include
from constructs import Construct

TEMPLATE, CODE = "template.json", "deployment.zip"
HOOK = "ecs-drainer"
HEARTBEAT_SECONDS = 900
STARTS_DRAINS = "StartDrainEvent"
"""The rule by which drains hear of lifecycle actions."""
WITHOUT_A_KEY = ("F3017", "F3031", "F3033")
"""What the CDK's validation says of an empty KmsKeyArn: it doesn't see that no key is named then (Fn::If)."""
FILLED_IN = ("Stage", "CodeBucket", "CodeKey")


class EcsDrainer(Construct):  # type: ignore[misc]  # the CDK is not installed where the repository is checked
    """The state machine, its functions and all around them; one of them a stack.

    Args:
        scope: the stack.
        id: the construct's id.
        release: the folder of a release, with template.json and deployment.zip.
        stage: what follows `ecs-drainer-` in every name; one account and Region may have several.
        parameters: parameters of the template, such as `{"Deadline": "30m"}`; what isn't named has its default.

    Raises:
        ValueError: a parameter that the template doesn't have, or that the construct fills in.
    """

    def __init__(
        self,
        scope: Construct,
        id: str,  # as every construct calls it
        *,
        release: str | Path,
        stage: str = "dev",
        parameters: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(scope, id)
        wrong = sorted({*(parameters or {})} & {*FILLED_IN})
        if wrong:
            raise ValueError(f"parameters has {', '.join(wrong)}, which the construct fills in")
        code = assets.Asset(self, "Code", path=str(Path(release) / CODE))
        self.template = include.CfnInclude(
            self,
            "Template",
            template_file=str(Path(release) / TEMPLATE),
            parameters={
                **(parameters or {}),
                "Stage": stage,
                "CodeBucket": code.s3_bucket_name,
                "CodeKey": code.s3_object_key,
            },
        )
        _acknowledge(self.template)

    @property
    def state_machine_arn(self) -> str:
        """The state machine that drains one instance an execution."""
        return str(self._output("StateMachineArn"))

    @property
    def notification_topic_arn(self) -> str:
        """Where drains are told of; subscribe to it."""
        return str(self._output("NotificationTopicArn"))

    def _output(self, name: str) -> Any:
        return self.template.get_output(name).value

    def drain(
        self,
        auto_scaling_group_name: str,
        *,
        heartbeat_timeout: int = HEARTBEAT_SECONDS,
        metadata: str | None = None,
    ) -> autoscaling.CfnLifecycleHook:
        """Put the lifecycle hook on a group, as `ecs-drainer enroll` does.

        Args:
            auto_scaling_group_name: the group.
            heartbeat_timeout: seconds; 100 of it is how long the hook can hold an instance.
            metadata: settings of this group's drains, as JSON: `{"deadline": "30m"}`.
        """
        hook = autoscaling.CfnLifecycleHook(
            self,
            f"Hook-{auto_scaling_group_name}",
            auto_scaling_group_name=auto_scaling_group_name,
            lifecycle_hook_name=HOOK,
            lifecycle_transition="autoscaling:EC2_INSTANCE_TERMINATING",
            heartbeat_timeout=heartbeat_timeout,
            default_result="CONTINUE",
            notification_metadata=metadata,
        )
        # While the hook is there somebody must answer it.
        hook.node.add_dependency(self.template.get_resource(STARTS_DRAINS))
        return hook


def _acknowledge(template: Construct) -> None:
    """Spare whoever synthesises it sixty lines of warnings about keys; an older CDK has none, and no word for it."""
    told = getattr(aws_cdk, "Acknowledgment", None)
    if told is not None:
        reason = "no key is named where KmsKeyArn is empty"
        known = [told(id=f"CloudFormation-Validate::{rule}", reason=reason) for rule in WITHOUT_A_KEY]
        aws_cdk.Validations.of(template).acknowledge(*known)
