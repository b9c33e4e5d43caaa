"""Whether the embedded AWS does what was recorded, and where it doesn't."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from embedded_aws.conformance.facts import Fact
from embedded_aws.conformance.running import Observed, observe
from embedded_aws.conformance.world import fill_in


@dataclass(frozen=True)
class Verdict:
    """What is to be said of a fact."""

    fact: Fact
    differences: tuple[str, ...] = ()

    @property
    def word(self) -> str:
        """`agree`, `differ` or `not expressible`."""
        if self.fact.missing:
            return "not expressible"
        return "differ" if self.differences else "agree"


def judge(fact: Fact) -> Verdict:
    """Run a fact and compare."""
    if fact.missing:
        return Verdict(fact)
    observed = observe(fact)
    return Verdict(fact, tuple(differences(fill_in(fact.recorded, observed.names), observed)))


def differences(recorded: dict[str, Any], observed: Observed) -> Iterator[str]:
    """Yield a sentence for each part of the recording that isn't met."""
    if "refusal" in recorded:
        yield from _refusal(recorded["refusal"], observed)
        return
    if observed.refusal is not None:
        yield f"refused with {': '.join(observed.refusal)}"
        return
    yield from _end(recorded, observed.answer)
    yield from _output(recorded, observed.answer)
    if "history" in recorded and recorded["history"] != observed.history:
        yield f"history: recorded {' '.join(recorded['history'])}, here {' '.join(observed.history)}"
    for expected in recorded.get("events", []):
        if not any(_is_met(expected, event) for event in observed.events):
            yield f"no event as recorded: {json.dumps(expected)}"
    answer = recorded.get("answer", {})
    yield from (f"the answer lacks {name}" for name in answer.get("has", []) if name not in observed.answer)
    yield from (f"the answer has {name}" for name in answer.get("lacks", []) if name in observed.answer)
    if not is_within(answer.get("within", {}), observed.answer):
        yield f"answer: recorded {json.dumps(answer['within'])}, here {json.dumps(observed.answer, default=str)}"


def is_within(expected: Any, found: Any) -> bool:
    """Tell whether all that is expected is found; objects may hold more."""
    if isinstance(expected, dict) and isinstance(found, dict):
        return all(name in found and is_within(value, found[name]) for name, value in expected.items())
    if isinstance(expected, list) and isinstance(found, list):
        return len(expected) == len(found) and all(map(is_within, expected, found))
    return bool(expected == found)


def _refusal(expected: dict[str, str], observed: Observed) -> Iterator[str]:
    if observed.refusal is None:
        yield f"recorded as refused with {expected['code']}, not refused here"
        return
    code, message = observed.refusal
    if code != expected["code"]:
        yield f"code: recorded {expected['code']}, here {code}"
    if not re.search(expected["message"], message):
        yield f"message: recorded {expected['message']}, here {message}"


def _end(recorded: dict[str, Any], answer: dict[str, Any]) -> Iterator[str]:
    for name in ("status", "error"):
        if name in recorded and recorded[name] != answer.get(name):
            yield f"{name}: recorded {recorded[name]}, here {answer.get(name)}"
    if "cause" in recorded and not _is_cause(recorded["cause"], answer.get("cause")):
        yield f"cause: recorded {recorded['cause']}, here {answer.get('cause')}"


def _is_cause(expected: str | None, found: str | None) -> bool:
    if expected is None or found is None:
        return expected == found
    return re.search(expected, found) is not None


def _output(recorded: dict[str, Any], answer: dict[str, Any]) -> Iterator[str]:
    if not {"output", "output_within"} & set(recorded) or "output" not in answer:
        return  # an execution without an output has another status already
    output = json.loads(answer["output"])
    if "output" in recorded and recorded["output"] != output:
        yield f"output: recorded {json.dumps(recorded['output'])}, here {json.dumps(output)}"
    if "output_within" in recorded and not is_within(recorded["output_within"], output):
        yield f"output: recorded {json.dumps(recorded['output_within'])}, here {json.dumps(output)}"


def _is_met(expected: dict[str, Any], event: dict[str, Any]) -> bool:
    if event["type"] != expected["type"]:
        return False
    details: dict[str, Any] = next((each for each in event.values() if isinstance(each, dict)), {})
    output = json.loads(details.get("output") or "{}")
    return (
        is_within(expected.get("has", {}), details)
        and not set(expected.get("lacks", [])) & set(details)
        and is_within(expected.get("parameters", {}), json.loads(details.get("parameters") or "{}"))
        and all(name in output for name in expected.get("output_names", []))
        and not any(name in output for name in expected.get("output_lacks", []))
    )
