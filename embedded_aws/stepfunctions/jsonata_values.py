"""JSONata as Step Functions has it: version 2.0.6 and six functions more, evaluated by `jsonata-python`.

Source: Step Functions developer guide, "Transforming data with JSONata": `$partition`, `$range`, `$hash`,
`$random`, `$uuid` and `$parse` are added, `$eval` isn't there, and what an expression gives must be JSON.
"""

from __future__ import annotations

import hashlib
import json
import math
import random
import uuid
from collections.abc import Callable
from functools import lru_cache
from typing import Any

from jsonata.jexception import JException
from jsonata.jsonata import Jsonata
from jsonata.tokenizer import Tokenizer
from jsonata.utils import Utils

NEWER_OPERATORS = ("??", "?:")
"""Of JSONata 2.1; the library knows them, AWS doesn't."""

HASHES = {"MD5": "md5", "SHA-1": "sha1", "SHA-256": "sha256", "SHA-384": "sha384", "SHA-512": "sha512"}

UNDEFINED = object()
"""What an expression gives that gives nothing; null is a value (None)."""


class NotJsonError(ValueError):
    """An expression gave a function or a regular expression."""


class JsonataError(ValueError):
    """An expression that can't be read, or that fails; says why as AWS does: `T2001: The left side …`."""


@lru_cache(maxsize=1024)
def read(expression: str) -> Any:
    """Return the compiled expression; raises JsonataError."""
    for token in tokens_of(expression):
        if token in NEWER_OPERATORS:
            raise JsonataError(f"S0201: Syntax error: '{token}' isn't an operator of JSONata 2.0.6")
    try:
        compiled = Jsonata(expression)
    except JException as error:
        raise JsonataError(_told(error)) from error
    compiled.set_output_convert_nulls(False)  # else a null could not be told from nothing
    return compiled


def tokens_of(expression: str) -> list[str]:
    """Return the operators of an expression, as far as it can be read."""
    tokens: list[str] = []
    tokenizer = Tokenizer(expression)
    is_operand = False
    try:
        while (token := tokenizer.next(is_operand)) is not None:
            is_operand = token.type != "operator" or token.value in (")", "]", "}")
            tokens.extend([str(token.value)] if token.type == "operator" else [])
    except (JException, IndexError):
        pass  # the parser says it better
    return tokens


def evaluate(expression: str, variables: dict[str, Any], seed: str = "") -> Any:
    """Return what the expression gives, as JSON, or UNDEFINED; raises JsonataError and NotJsonError.

    `variables` are named without `$`; `seed` makes `$random()` and `$uuid()` the same in each run.
    """
    compiled = read(expression)
    Jsonata.CURRENT.jsonata = compiled  # else $millis() tells the time of this thread's first expression
    bound = {**_functions(random.Random(seed)), "eval": None}  # noqa: S311  # no secret
    bound.update((name, _to_library(value)) for name, value in variables.items())
    try:
        result = compiled.evaluate(None, bound)
    except JException as error:
        raise JsonataError(_told(error)) from error
    except (ArithmeticError, TypeError, ValueError, RecursionError, AttributeError) as error:
        raise JsonataError(str(error)) from error
    return UNDEFINED if result is None else _to_json(result)


def _told(error: JException) -> str:
    return str(error) if str(error).startswith(f"{error.error}:") else f"{error.error}: {error}"


def _to_library(value: Any) -> Any:
    """Copy JSON for the library, which takes Python's None for nothing at all."""
    if value is None:
        return Utils.NULL_VALUE
    if isinstance(value, dict):
        return {name: _to_library(each) for name, each in value.items()}
    if isinstance(value, list):
        return [_to_library(each) for each in value]
    return _number(value) if isinstance(value, float) else value


def _number(value: float) -> float:
    """Write 2.0 as 2, as JavaScript and AWS do."""
    return int(value) if value.is_integer() else value


def _to_json(value: Any) -> Any:
    """Copy the library's result."""
    if value is Utils.NULL_VALUE:
        return None
    if isinstance(value, dict):
        return {name: _to_json(each) for name, each in value.items() if each is not None}
    if isinstance(value, list):
        items = (value[index] for index in range(len(value)))  # its ranges can be indexed, not walked
        return [_to_json(each) for each in items if each is not None]
    if isinstance(value, float):
        return _number(value)
    if isinstance(value, (str, bool, int)):
        return value
    raise NotJsonError


def _functions(chance: random.Random) -> dict[str, Any]:
    functions: dict[str, Callable[..., Any]] = {
        "clone": _to_library,  # the library's own loses nulls
        "partition": _partition,
        "range": _range,
        "hash": _hash,
        "parse": _parse,
        "random": lambda seed=None: (chance if seed is None else random.Random(seed)).random(),  # noqa: S311
        "uuid": lambda: str(uuid.UUID(int=chance.getrandbits(128), version=4)),
    }
    return {name: Jsonata.JLambda(function) for name, function in functions.items()}


def _partition(values: Any = None, size: Any = None) -> Any:
    """Return the array in pieces of the size; the last may be smaller."""
    if values is None:
        return None
    if not isinstance(size, (int, float)) or size < 1:
        raise ValueError(f"$partition: the size must be a number above 0, not {size}")
    items = list(values) if isinstance(values, list) else [values]
    return [items[index : index + int(size)] for index in range(0, len(items), int(size))]


def _range(first: Any = None, last: Any = None, step: Any = None) -> Any:
    """Return the numbers from `first` to `last`, which is one of them if the steps meet it."""
    if not all(isinstance(each, (int, float)) for each in (first, last, step)) or step == 0:
        raise ValueError(f"$range: three numbers are expected, the step not 0, not {first}, {last}, {step}")
    return [first + index * step for index in range(max(0, math.floor((last - first) / step) + 1))]


def _hash(text: Any = None, algorithm: Any = None) -> Any:
    """Return the hash of a text in hexadecimal digits."""
    if text is None:
        return None
    if algorithm not in HASHES or not isinstance(text, str):
        raise ValueError(f"$hash: a string and one of {', '.join(HASHES)} are expected, not {algorithm}")
    return hashlib.new(HASHES[algorithm], text.encode(), usedforsecurity=False).hexdigest()


def _parse(text: Any = None) -> Any:
    """Return the value that a text of JSON stands for."""
    return None if text is None else _to_library(json.loads(text))
