"""Pages of list answers: at most a hundred ARNs each, with a token for the next."""

from __future__ import annotations

import base64
import binascii

from embedded_aws.ecs.errors import InvalidParameter

LARGEST_PAGE = 100
"""maxResults of ListTasks, ListContainerInstances, ListServices, ...: 1 to 100."""


def page(
    items: list[str], token: str | None, size: int | None, default_size: int = LARGEST_PAGE
) -> tuple[list[str], str | None]:
    """Return the page that follows `token`, and the next token or None; raises InvalidParameter for wrong ones.

    The token names the last item given, so that items that vanish meanwhile shift no page.
    """
    size = default_size if size is None else size
    if not 1 <= size <= LARGEST_PAGE:
        raise InvalidParameter(f"maxResults should be between 1 and {LARGEST_PAGE}.")
    ordered = sorted(items)
    if token:
        after = _read(token)
        ordered = [item for item in ordered if item > after]
    given = ordered[:size]
    return given, _token(given[-1]) if len(ordered) > size else None


def _token(item: str) -> str:
    return base64.urlsafe_b64encode(item.encode()).decode()


def _read(token: str) -> str:
    try:
        return base64.urlsafe_b64decode(token.encode()).decode()
    except (binascii.Error, UnicodeDecodeError) as error:
        raise InvalidParameter("Invalid token.") from error
