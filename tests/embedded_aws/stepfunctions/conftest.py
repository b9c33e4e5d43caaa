"""An embedded AWS with Step Functions and what its machines call here, on a clock that jumps."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.embedded_aws.parts import aws_with
from tests.embedded_aws.stepfunctions.machines import Lab


@pytest.fixture
def lab() -> Iterator[Lab]:
    with aws_with("stepfunctions", "awslambda", "eventbridge") as aws:
        yield Lab(aws)
