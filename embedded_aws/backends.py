"""Moto's backends and models of a service, found at once where they are there.

Each time a service's backends are asked for, moto looks through the backends of all services, whether this is among
them: only those are reset. They stay there until then (`BackendDict.reset`), so once after each reset is enough. For
the model of each service it makes another loader, which lists the folders of all services before it reads one; here one
reads them all.
"""

from __future__ import annotations

from functools import cache
from typing import Any

from moto.core import utils
from moto.core.base_backend import BackendDict

SEEN = "_seen_since_reset"


def install() -> None:
    """Let moto look where an account's backends are not there yet, or were not asked for since all were reset."""
    made_anew, reset_all = BackendDict._create_account_specific_backend, BackendDict.reset
    resets = 0

    def create(backends: Any, account_id: str) -> None:
        if account_id not in backends or backends.__dict__.get(SEEN) != resets:
            made_anew(backends, account_id)
            setattr(backends, SEEN, resets)

    def reset() -> None:
        nonlocal resets
        reset_all()
        resets += 1

    BackendDict._create_account_specific_backend, BackendDict.reset = create, staticmethod(reset)
    utils.create_loader = cache(utils.create_loader)
