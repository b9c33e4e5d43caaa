"""What may break a rule, and why: `exceptions.toml`, held against what cdk-nag finds."""

from __future__ import annotations

import tomllib
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path

FILE = Path(__file__).with_name("exceptions.toml")


@dataclass(frozen=True)
class Violation:
    """What a rule found."""

    rule: str
    """As in `AwsSolutions-IAM5`."""
    resource: str
    """The logical id."""
    detail: str
    """What of it, where the rule says so, as in `Resource::*`."""


@dataclass(frozen=True)
class Exempt:
    """What is left as it is."""

    rule: str
    resources: tuple[str, ...]
    """Logical ids; `*` stands for anything."""
    details: tuple[str, ...]
    reason: str

    def covers(self, found: Violation) -> bool:
        """Say whether this is what was found."""
        return (
            found.rule == self.rule
            and any(fnmatchcase(found.resource, each) for each in self.resources)
            and any(_is(each, found.detail) for each in self.details)
        )


def exceptions(path: Path = FILE) -> tuple[Exempt, ...]:
    """Read the exceptions; raises KeyError where one lacks a field, its reason above all."""
    entries = tomllib.loads(path.read_text(encoding="utf-8"))["exception"]
    return tuple(
        Exempt(each["rule"], tuple(each["resources"]), tuple(each.get("details", [""])), each["reason"])
        for each in entries
    )


def violation(rule: str, resource: str) -> Violation:
    """Return what cdk-nag reports as `AwsSolutions-IAM5[Resource::*]` of a resource."""
    name, _, detail = rule.partition("[")
    return Violation(name, resource, detail.removesuffix("]"))


def complaints(found: Collection[Violation], exempt: Collection[Exempt]) -> Iterator[str]:
    """Say what breaks a rule without a reason, and which reason nothing needs, in resources or details too."""
    for each in sorted(found, key=str):
        if not any(one.covers(each) for one in exempt):
            what = f" ({each.detail})" if each.detail else ""
            yield f"{each.resource} breaks {each.rule}{what}: mend it, or say why not in {FILE.name}."
    for one in exempt:
        covered = [each for each in found if one.covers(each)]
        stale = [
            name for name in one.resources if not any(fnmatchcase(each.resource, name) for each in covered)
        ]
        stale += [text for text in one.details if not any(_is(text, each.detail) for each in covered)]
        yield from (f"{FILE.name} excepts {one.rule} of {name}, and nothing breaks it." for name in stale)


def _is(pattern: str, detail: str) -> bool:
    """Compare as written, but for `**`: `*` stands in ARNs itself."""
    before, several, after = pattern.partition("**")
    return detail == pattern if not several else detail.startswith(before) and detail.endswith(after)
