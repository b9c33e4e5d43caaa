"""Update expressions, read once, and checked as a whole.

An app sends few expressions, over and over; moto reads each twice an update. What it reads is not changed: it is copied
before an item's values are put into it. Of its checks, two look at all that lies below a node, at each node; if the
whole passes them so does each part, so only what fails the check as a whole is gone through as moto does, for its
words.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Any

from moto.dynamodb.exceptions import MockValidationException
from moto.dynamodb.parsing.ast_nodes import DepthFirstTraverser
from moto.dynamodb.parsing.expressions import UpdateExpressionParser
from moto.dynamodb.parsing.validators import ActionCountValidator, OverlappingPathsValidator

MOST_EXPRESSIONS = 1_000
KINDS = "_kinds_of_nodes"


def install() -> None:
    """Let moto read an update expression once, and check it once."""
    # One that can't be read raises each time: errors are not kept.
    UpdateExpressionParser.make = staticmethod(lru_cache(MOST_EXPRESSIONS)(UpdateExpressionParser.make))
    DepthFirstTraverser.nodes_to_be_processed = _nodes_to_be_processed
    ActionCountValidator.traverse = _whole_first(ActionCountValidator.verify_action_counts)
    OverlappingPathsValidator.traverse = _whole_first(OverlappingPathsValidator.check_for_overlapping_paths)


def _nodes_to_be_processed(traverser: Any) -> tuple[type, ...]:
    """Return what moto puts together for each node: the kinds of node that a traverser looks at."""
    known: tuple[type, ...] | None = traverser.__dict__.get(KINDS)
    if known is None:
        known = tuple(traverser._processing_map())
        setattr(traverser, KINDS, known)
    return known


def _whole_first(check: Callable[[Any, Any], Any]) -> Callable[[Any, Any], Any]:
    def traverse(validator: Any, expression: Any) -> Any:
        try:
            return check(validator, expression)
        except (MockValidationException, LookupError, TypeError):  # the latter for a name that isn't given
            return validator.traverse_node_recursively(expression)

    return traverse
