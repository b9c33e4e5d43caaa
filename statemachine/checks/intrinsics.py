"""Intrinsic functions (`States.Format(…)`): names, arguments and nesting, as Step Functions reads them."""

from __future__ import annotations

import re

from statemachine.checks.finding import did_you_mean

ARGUMENTS: dict[str, tuple[int, int | None]] = {
    "States.Array": (0, None),
    "States.ArrayContains": (2, 2),
    "States.ArrayGetItem": (2, 2),
    "States.ArrayLength": (1, 1),
    "States.ArrayPartition": (2, 2),
    "States.ArrayRange": (3, 3),
    "States.ArrayUnique": (1, 1),
    "States.Base64Decode": (1, 1),
    "States.Base64Encode": (1, 1),
    "States.Format": (1, None),
    "States.Hash": (2, 2),
    "States.JsonMerge": (3, 3),
    "States.JsonToString": (1, 1),
    "States.MathAdd": (2, 2),
    "States.MathRandom": (2, 3),
    "States.StringSplit": (2, 2),
    "States.StringToJson": (1, 1),
    "States.UUID": (0, 0),
}
"""Fewest and most arguments (None: no bound): developer guide, "Intrinsic functions"."""

DEEPEST = 10
"""Intrinsics may nest so deep: developer guide, "Intrinsic functions"."""

_TOKEN = re.compile(
    r"\s*(?:(?P<call>States\.\w+)\s*\(|(?P<text>'(?:[^'\\]|\\.)*')"
    r"|(?P<word>\$(?:\['[^']*'\]|[^\s,()'])*|[^\s,()']+)|(?P<mark>[,()]))"
)


class IntrinsicError(ValueError):
    """An intrinsic that can't be read; its text is the remedy."""


def parse_intrinsic(text: str) -> list[str]:
    """Return the JSONPaths that an intrinsic reads; raises IntrinsicError where it is wrong."""
    reader = _Reader(text)
    reader.call(depth=1)
    if reader.rest():
        raise IntrinsicError(f"remove {reader.rest()!r} after the closing parenthesis")
    return reader.paths


class _Reader:
    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0
        self.paths: list[str] = []

    def rest(self) -> str:
        return self.text[self.at :].strip()

    def call(self, depth: int) -> None:
        found = self._take()
        if found is None or found["call"] is None:
            raise IntrinsicError("write a call such as States.Format('{}', $.name)")
        if depth > DEEPEST:
            raise IntrinsicError(f"nest at most {DEEPEST} intrinsics")
        name = found["call"]
        if name not in ARGUMENTS:
            raise IntrinsicError(did_you_mean(name, ARGUMENTS, f"use one of {', '.join(ARGUMENTS)}"))
        _check_arguments(name, self._arguments(depth))

    def _arguments(self, depth: int) -> list[str]:
        found: list[str] = []
        if self.rest().startswith(")"):
            self._take()
            return found
        while True:
            found.append(self._argument(depth))
            mark = self._take()
            if mark is None or mark["mark"] not in (",", ")"):
                raise IntrinsicError("close the call with a parenthesis, and part its arguments with commas")
            if mark["mark"] == ")":
                return found

    def _argument(self, depth: int) -> str:
        start = self.at
        token = self._take()
        if token is None or token["mark"]:
            raise IntrinsicError("give an argument before each comma and parenthesis")
        if token["call"]:
            self.at = start
            self.call(depth + 1)
        elif token["word"]:
            self._word(token["word"])
        return self.text[start : self.at].strip()

    def _word(self, word: str) -> None:
        if word.startswith("$"):
            self.paths.append(word)
        elif not re.fullmatch(r"-?\d+(\.\d+)?|true|false|null", word):
            raise IntrinsicError(f"write {word!r} as a path, a number or 'text in single quotes'")

    def _take(self) -> re.Match[str] | None:
        found = _TOKEN.match(self.text, self.at)
        if found:
            self.at = found.end()
        return found


def _check_arguments(name: str, arguments: list[str]) -> None:
    least, most = ARGUMENTS[name]
    if len(arguments) < least or (most is not None and len(arguments) > most):
        wanted = str(least) if least == most else f"{least} or more" if most is None else f"{least} to {most}"
        raise IntrinsicError(f"give {name} {wanted} arguments, not {len(arguments)}")
    if name == "States.Format" and arguments[0].startswith("'"):
        slots = len(re.findall(r"(?<!\\)\{\}", arguments[0]))
        if slots != len(arguments) - 1:
            raise IntrinsicError(
                f"give States.Format one argument for each {{}}: {slots}, not {len(arguments) - 1}"
            )
