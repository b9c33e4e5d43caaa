"""An embedded AWS with nothing but Step Functions and what its machines call, on a clock that jumps."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from moto import mock_aws

from simulator import requests, stepfunctions
from simulator.aws import CREDENTIALS, EPOCH, EmbeddedAws, running
from simulator.clock import Clock
from tests.simulator.stepfunctions.machines import Lab


@pytest.fixture
def lab(monkeypatch: pytest.MonkeyPatch) -> Iterator[Lab]:
    requests.install()
    stepfunctions.install()
    for name, value in CREDENTIALS.items():
        monkeypatch.setenv(name, value)
    config = {"stepfunctions": {"execute_state_machine": True}}
    with running(EmbeddedAws(Clock(EPOCH))) as aws, mock_aws(config=config):
        yield Lab(aws)
