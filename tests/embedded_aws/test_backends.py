"""What one embedded AWS has, the next one has not, though its backends are not looked for at each request."""

from __future__ import annotations

import pytest
from moto.core.base_backend import BackendDict
from moto.ec2.models import ec2_backends

from embedded_aws.aws import ACCOUNT_ID, REGION, embedded_aws
from embedded_aws.clients import client


@pytest.mark.parametrize("_", range(3))
def test_all_begins_anew(_: int) -> None:
    """Resetting EC2 makes backends of others again, which must be reset the next time as well."""
    with embedded_aws():
        client("ec2").create_launch_template(
            LaunchTemplateName="web", LaunchTemplateData={"ImageId": "ami-12c6146b"}
        )
        client("sqs").create_queue(QueueName="q")
        client("dynamodb").list_tables()
        assert ec2_backends in BackendDict._instances
    with embedded_aws():
        assert client("ec2").describe_launch_templates()["LaunchTemplates"] == []
        assert "QueueUrls" not in client("sqs").list_queues()


def test_a_backend_is_the_same_each_time_and_another_account_has_its_own() -> None:
    """It is looked up as before."""
    with embedded_aws():
        assert ec2_backends[ACCOUNT_ID][REGION] is ec2_backends[ACCOUNT_ID][REGION]
        assert ec2_backends["111111111111"][REGION] is not ec2_backends[ACCOUNT_ID][REGION]
