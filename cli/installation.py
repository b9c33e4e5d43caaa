"""Which installation is asked: the names and ARNs of a stage, from the caller's account and Region."""

from __future__ import annotations

from dataclasses import dataclass

from chalicelib.gateways.aws import client, translated

APP = "ecs-drainer"


@dataclass(frozen=True, slots=True)
class Installation:
    """One stage of ecs-drainer in one account and Region; whether it is deployed is another question."""

    partition: str
    region: str
    account: str
    stage: str
    caller: str
    """The ARN of whoever asks."""

    @property
    def name(self) -> str:
        """The name of its stack and state machine, which begins all other names."""
        return f"{APP}-{self.stage}"

    @property
    def state_machine(self) -> str:
        """The ARN of the drain's state machine."""
        return f"arn:{self.partition}:states:{self.region}:{self.account}:stateMachine:{self.name}"

    @property
    def ledger(self) -> str:
        """The name of the DynamoDB table."""
        return f"{self.name}-ledger"

    @property
    def topic(self) -> str:
        """The ARN of the SNS topic that the stage tells of its drains."""
        return f"arn:{self.partition}:sns:{self.region}:{self.account}:{self.name}-notifications"

    @property
    def alarms(self) -> str:
        """The ARN of the SNS topic that the stage's alarms tell."""
        return f"arn:{self.partition}:sns:{self.region}:{self.account}:{self.name}-alarms"

    @property
    def dead_letters(self) -> str:
        """The name of the SQS queue for events that nothing could handle."""
        return f"{self.name}-dead-letters"

    @property
    def ecs_events(self) -> str:
        """The name of the rule for what ECS says, and of the SQS queue to which it is sent."""
        return f"{self.name}-ecs-events"

    @property
    def ecs_events_dead_letters(self) -> str:
        """The name of the SQS queue for what of that nothing could handle."""
        return f"{self.ecs_events}-dead-letters"

    def function(self, name: str) -> str:
        """Return the name in AWS of a function of app.py."""
        return f"{self.name}-{name}"

    def execution(self, name: str) -> str:
        """Return the ARN of an execution of the drain's state machine."""
        return f"arn:{self.partition}:states:{self.region}:{self.account}:execution:{self.name}:{name}"

    @property
    def absence(self) -> str:
        """What is said where the stage is not there."""
        return f"nothing is deployed as stage {self.stage} in {self.region}"

    @property
    def remedy(self) -> str:
        """What helps where the stage is not there."""
        return (
            f"deploy it with `ecs-drainer install --stage {self.stage}`, or from a clone with `chalice deploy --stage "
            f"{self.stage}`; or name another --stage, --region or --profile"
        )

    @property
    def who(self) -> str:
        """The caller as the ledger names people: `user/jane`, `assumed-role/Admin/jane`."""
        return self.caller.split(":", 5)[-1]


def locate(stage: str) -> Installation:
    """Return the stage's installation in the account of the credentials; raises the gateways' errors."""
    region = str(client("ecs").meta.region_name)
    with translated():
        identity = client("sts").get_caller_identity()
    arn = str(identity["Arn"])
    return Installation(arn.split(":")[1], region, str(identity["Account"]), stage, arn)
