"""Fixtures of the gateway tests."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from chalicelib.gateways.aws import client
from tests.gateways.stubs import Stubs


@pytest.fixture
def stubs(monkeypatch: pytest.MonkeyPatch) -> Iterator[Stubs]:
    """Give stubbed services; at the end every expected call must have come."""
    for name, value in {"AWS_ACCESS_KEY_ID": "testing", "AWS_SECRET_ACCESS_KEY": "testing"}.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-west-1")
    client.cache_clear()
    with ExitStack() as stack:
        given = Stubs(stack)
        yield given
        given.assert_all_called()
    client.cache_clear()
