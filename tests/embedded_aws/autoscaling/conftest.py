"""The group that most stories begin with."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.embedded_aws.autoscaling.world import World, world


@pytest.fixture(name="web")
def _web() -> Iterator[World]:
    with world() as web:
        yield web
