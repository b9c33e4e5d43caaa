"""Values as others may write them: right ones, nearly right ones and hostile ones, drawn by a seeded generator."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from random import Random
from typing import Any

ABSENT = object()
"""Takes a field out."""

HOSTILE_TEXTS = (
    "\x1b[31mred",
    "\x1b]0;owned\x07",
    "\x9b2J",
    "bad\rgood",
    "no\x08\x08yes",
    "\x00",
    "exe\u202egnp.cc",
    "\u2066admin\u2069",
    "ad\u200bmin",
    "one\u2028two",
    "\ufeffx",
    "a\U000e0041",
    "\ud83d",
    "fine\nERROR the drain failed\n",
    '"}\n{"level":"ERROR","message":"forged"}',
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "{{ 7*7 }}${jndi:ldap://x}%s%n{0}",
    "=cmd|' /C calc'!A0",
    "@SUM(1+1)*cmd|' /C calc'!A0",
    "+1-1",
    "'; DROP TABLE ledger; --",
    "$(reboot) `reboot` ; reboot",
    "../../etc/passwd",
    "file:///etc/passwd",
    "http://169.254.169.254/latest/meta-data/",
    "arn:aws:sns:us-east-1:999999999999:elsewhere",
    "arn:aws:sqs:eu-west-1:999999999999:elsewhere",
    "arn:aws:ecs:us-east-1:999999999999:cluster/elsewhere",
    "arn:aws:iam::123456789012:root",
    "i-0123456789abcdef0\n",
    "i-\uff10\uff11\uff12\uff13\uff14\uff15\uff16\uff17\uff18\uff19abcdef0",
    "\uff11h",
    "{% $states.input %}",
    "$.drain",
    "null",
    "None",
    "NaN",
    "-0",
    "1e999",
    "9" * 5000,
    "[" * 4000,
    "a" * 70_000,
    "   ",
    "",
    "#",
    "é" * 300,
)
HOSTILE_VALUES: tuple[Any, ...] = (
    None,
    True,
    False,
    0,
    -1,
    10**30,
    10**4000,
    0.5,
    float("inf"),
    float("nan"),
    [],
    [None],
    {},
    {"a": 1},
    [[[[]]]],
    {"S": "x"},
)
WORDS = (
    "30m",
    "1h",
    "2d",
    "none",
    "all",
    "off",
    "stage",
    "wait",
    "stop",
    "keep",
    "3",
    "1 per zone",
    "5s 60s",
)


def text(random: Random) -> str:
    """Return a hostile text, perhaps with another in it."""
    found = random.choice(HOSTILE_TEXTS)
    if random.random() < 0.2:
        found = f"{random.choice(WORDS)}{found}{random.choice(HOSTILE_TEXTS)}"
    return found


def value(random: Random) -> Any:
    """Return anything that JSON brings, hostile more often than not."""
    return text(random) if random.random() < 0.6 else _copy(random.choice(HOSTILE_VALUES))


def near(random: Random, right: str) -> str:
    """Return a text that differs a little from one that is right."""
    at = random.randrange(len(right) + 1)
    changes = (
        right[:at] + right[at + 1 :],
        right[:at] + random.choice("zZ0 -_:/.*#\t\n\x1bé") + right[at:],
        right.upper(),
        f" {right} ",
        right + right,
        right[::-1],
    )
    return random.choice(changes)


def wrong(random: Random, right: Any) -> Any:
    """Return something else than what is right; it may be right by chance."""
    if isinstance(right, str) and right and random.random() < 0.4:
        return near(random, right)
    return value(random)


def places(document: Any, path: tuple[str | int, ...] = ()) -> list[tuple[str | int, ...]]:
    """Return the path to each value in a JSON document, inner objects and lists among them."""
    inner: Sequence[tuple[str | int, Any]] = ()
    if isinstance(document, Mapping):
        inner = list(document.items())
    elif isinstance(document, list):
        inner = list(enumerate(document))
    return [found for key, item in inner for found in [(*path, key), *places(item, (*path, key))]]


def mutated(random: Random, document: Any, times: int = 1) -> tuple[Any, tuple[str, ...]]:
    """Return a copy of a document with some of its values wrong, missing or added, and the names of those fields.

    JSON in a text, as SNS and SQS carry it, is a document too.
    """
    copy, names = _copy(document), list[str]()
    for _ in range(times):
        if known := places(copy):
            names.append(_change(random, copy, random.choice(known)))
    return copy, tuple(names)


def _change(random: Random, document: Any, path: tuple[str | int, ...]) -> str:
    """Change one value in place; returns the name of the field that it is in."""
    holder, key = document, path[-1]
    for each in path[:-1]:
        holder = holder[each]
    name = next((str(each) for each in reversed(path) if isinstance(each, str)), "")
    inner = _document(holder[key])
    if inner and random.random() < 0.8:
        changed, (name, *_) = mutated(random, inner)
        holder[key] = json.dumps(changed)
    elif random.random() < 0.15 and isinstance(holder, dict):
        del holder[key]
    elif random.random() < 0.1 and isinstance(holder, dict):
        name = text(random)
        holder[name] = value(random)
    else:
        holder[key] = wrong(random, holder[key])
    return name


def _document(value: Any) -> Any:
    try:
        found = json.loads(value) if isinstance(value, str) and value.startswith("{") else None
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None


def _copy(document: Any) -> Any:
    if isinstance(document, Mapping):
        return {key: _copy(item) for key, item in document.items()}
    return [_copy(item) for item in document] if isinstance(document, list) else document
