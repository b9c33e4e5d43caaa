"""An embedded AWS with Step Functions and what its machines call here, on a clock that jumps."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from embedded_aws.aws import embedded_aws
from tests.embedded_aws.stepfunctions.machines import Lab


@pytest.fixture
def lab() -> Iterator[Lab]:
    with embedded_aws() as aws:
        yield Lab(aws)
