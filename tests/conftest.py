"""What every test shares: botocore's models of the services, read once; and `--aws`, which asks a real account.

`pytest --aws CLUSTER` runs the tests marked `aws` and no others, in the account and Region of the credentials, once the
cluster's tag allows it; without the option they are left out.
"""

from __future__ import annotations

import os
from functools import lru_cache

import boto3
import pytest
from botocore import session

# moto gives each embedded AWS a new boto3 session, and each session reads the models of all its services anew:
# a third of the time that a small world takes.
session.create_loader = lru_cache(session.create_loader)


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options of a run against a real account."""
    of_aws = parser.getgroup("a real account")
    of_aws.addoption(
        "--aws", metavar="CLUSTER", help="drain in this ECS cluster, whose tag ecs-drainer:allow-tests is yes"
    )
    stage = os.environ.get("DRAINER_STAGE", "dev")
    machine = f"ecs-drainer-{stage}"
    of_aws.addoption(
        "--aws-machine", metavar="NAME", default=machine, help=f"the stage's machine ({machine})"
    )


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Keep the tests of a real account where `--aws` asks for them and the account allows it, else all others."""
    cluster = config.getoption("--aws")
    wanted: list[pytest.Item] = []
    left_out: list[pytest.Item] = []
    for item in items:
        is_of_aws = item.get_closest_marker("aws") is not None
        (wanted if is_of_aws == bool(cluster) else left_out).append(item)
    if cluster and wanted:
        from tests.aws.permission import NotAllowed, place_for_tests  # noqa: PLC0415  # others don't need it

        try:
            place_for_tests(boto3.client, cluster, config.getoption("--aws-machine"))
        except NotAllowed as refusal:
            raise pytest.UsageError(str(refusal)) from refusal
    config.hook.pytest_deselected(items=left_out)
    items[:] = wanted
