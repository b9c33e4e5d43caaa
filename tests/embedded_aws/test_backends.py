"""What one embedded AWS has, the next one has not, though its backends are not looked for at each request."""

from __future__ import annotations

from moto.core.base_backend import BackendDict
from moto.ec2.models import ec2_backends

from embedded_aws.aws import ACCOUNT_ID, REGION, embedded_aws
from embedded_aws.clients import client


def test_all_begins_anew_each_time() -> None:
    """Auto Scaling's reset asks for backends of EC2, which are reset by then, and must be the next time as well."""
    for _ in range(3):
        with embedded_aws():
            ec2 = client("ec2")
            assert ec2.describe_launch_templates()["LaunchTemplates"] == []
            ec2.create_launch_template(
                LaunchTemplateName="web", LaunchTemplateData={"ImageId": "ami-12c6146b"}
            )
            client("autoscaling").describe_auto_scaling_groups()
            assert ec2_backends in BackendDict._instances


def test_a_backend_is_the_same_each_time_and_another_account_has_its_own() -> None:
    """It is looked up as before."""
    with embedded_aws():
        assert ec2_backends[ACCOUNT_ID][REGION] is ec2_backends[ACCOUNT_ID][REGION]
        assert ec2_backends["111111111111"][REGION] is not ec2_backends[ACCOUNT_ID][REGION]
