"""Walks a JSONata state machine with scripted answers: states, calls and variables out, no AWS and no clock.

It is for tests of a definition's own logic and knows what that needs: Task, Choice, Wait, Pass, Succeed, Fail and
the inline Map, which runs its items one after the other. What it doesn't know it refuses. Rules are from the
developer guide: "Passing data between states with variables", "Transforming data with JSONata", "Handling errors".
"""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from tests.walk.answers import Answers, Error, Reply, Script, TimedOut, Unscripted, scripts
from tests.walk.coverage import Coverage
from tests.walk.evaluating import Failure, Scope, instant
from tests.walk.retrying import delay_before_retry, matches
from tests.walk.walked import Call, Walk

Body = dict[str, Any]
Away = Callable[[str, datetime], Error | TimedOut | None]

AT = datetime(2026, 3, 2, 10, tzinfo=UTC)
EXECUTION = "arn:aws:states:eu-west-1:123456789012:execution:drain:i-1"
TOKEN = "AQCEAAAAKgAAAAMAAAAA"  # what a state sends as its task token
MOST_TRANSITIONS = 5_000
"""A walk that is longer is a loop: a drain of 48 hours takes 800."""

TOKEN_PATTERN = ".waitForTaskToken"
FOREVER = 99_999_999


def load(path: Path | str) -> Body:
    """Return a definition as it stands in its file, substitutions unfilled."""
    machine: Body = json.loads(Path(path).read_text(encoding="utf-8"))
    return machine


def walk(
    machine: Body,
    input: Any,  # AWS's word
    answers: Answers,
    *,
    at: datetime = AT,
    variables: dict[str, Any] | None = None,
    coverage: Coverage | None = None,
    start: str | None = None,
    away: Away | None = None,
) -> Walk:
    """Run a machine from its start, or from the state `start`, and return what happened.

    Args:
        machine: a definition in JSONata.
        input: the execution's input, and that of the first state.
        answers: an answer for each Task state by name, those within a Map among them; of `lambda:invoke` it is what
            the function returns, of a token wait what SendTaskSuccess sends, of other calls the API's response.
        at: the instant that the execution starts.
        variables: those assigned before the first state.
        coverage: collects the states and edges that the walk takes.
        start: the name of another first state.
        away: what is out of order when: given a state and an instant, the failure that its call meets, or None.

    Raises:
        Unscripted: a Task state was called that has no answer, or no more.
        AssertionError: the walk goes round in a loop.
        NotImplementedError: the machine uses what the walker doesn't know.
    """
    _refuse_jsonpath(machine)
    walker = _Walker(machine, input, scripts(answers), at, coverage)
    walker.away = away
    walker.walk.variables = copy.deepcopy(variables or {})
    try:
        first = start or machine["StartAt"]
        walker.walk.output = walker.run(machine, first, copy.deepcopy(input), walker.walk.variables, {})
    except Failure as failure:
        walker.walk.error, walker.walk.cause = failure.error, failure.cause
    walker.walk.seconds = (walker.now - at).total_seconds()
    return walker.walk


def _refuse_jsonpath(machine: Body) -> None:
    if machine.get("QueryLanguage") != "JSONata":
        raise NotImplementedError(
            "the machine's QueryLanguage isn't \"JSONata\", which alone the walker can walk"
        )


class _OutOfTimeError(Failure):
    """The execution's own TimeoutSeconds, which nothing catches."""


@dataclass
class _Visit:
    """One visit to one state."""

    name: str
    body: Body
    input: Any
    variables: dict[str, Any]
    context: Body
    number: int
    states: Body = field(default_factory=dict)
    """`$states` without the context."""
    now: datetime = AT

    def scope(self) -> Scope:
        states = {"input": self.input, **self.states, "context": self.context}
        return Scope(self.variables, states, self.now)


@dataclass(frozen=True)
class _Way:
    """How a visit ends: to which state, along which edge, with which output. No state is the end."""

    target: str | None
    edge: str
    output: Any


class _Walker:
    def __init__(
        self,
        machine: Body,
        execution_input: Any,
        script: dict[str, Script],
        at: datetime,
        coverage: Coverage | None,
    ) -> None:
        self.walk = Walk()
        self.away: Away | None = None
        self.now = at
        self._ends_at = at + timedelta(seconds=machine.get("TimeoutSeconds", FOREVER))
        self._script = script
        self._coverage = coverage
        self._execution = {
            "Id": EXECUTION,
            "Name": EXECUTION.rpartition(":")[2],
            "Input": execution_input,
            "RoleArn": "arn:aws:iam::123456789012:role/drain",
            "StartTime": instant(at),
            "RedriveCount": 0,
        }

    def run(self, body: Body, first: str, given: Any, variables: dict[str, Any], around: Body) -> Any:
        """Run the states of one scope and return its output; raises Failure where it fails."""
        name: str | None = first
        while name is not None:
            visit = self._enter(body["States"], name, given, variables, around)
            way = self._through(visit)
            if self._coverage is not None:
                self._coverage.add(name, way.edge, way.target)
            name, given = way.target, way.output
        return given

    def _enter(self, states: Body, name: str, given: Any, variables: dict[str, Any], around: Body) -> _Visit:
        if name not in states:
            raise Failure("States.Runtime", f"there is no state {name!r}")
        self.walk.states.append(name)
        self._count_transition()
        context = {
            "Execution": self._execution,
            "StateMachine": {
                "Id": "arn:aws:states:eu-west-1:123456789012:stateMachine:drain",
                "Name": "drain",
            },
            "State": {"Name": name, "EnteredTime": instant(self.now), "RetryCount": 0},
            **around,
        }
        return _Visit(name, states[name], given, variables, context, len(self.walk.states), now=self.now)

    def _count_transition(self) -> None:
        self.walk.transitions += 1
        if self.walk.transitions > MOST_TRANSITIONS:
            raise AssertionError(
                f"more than {MOST_TRANSITIONS} transitions: the walk goes round in {self.walk.states[-6:]}"
            )

    def _pass(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)
        if self.now > self._ends_at:
            self.now = self._ends_at
            raise _OutOfTimeError("States.Timeout", "")

    def _through(self, visit: _Visit) -> _Way:
        kind = visit.body["Type"]
        if kind == "Choice":
            return self._choose(visit)
        if kind == "Fail":
            raise self._fail(visit)
        if kind in ("Task", "Map"):
            return self._tried(visit)
        if kind == "Wait":
            self._wait(visit)
        elif kind not in ("Pass", "Succeed"):
            raise NotImplementedError(f"{visit.name}: the walker knows no {kind} state")
        return self._leave(visit, visit.body, visit.input, "Next")

    def _leave(self, visit: _Visit, way: Body, output: Any, edge: str) -> _Way:
        """Assign and put out what a state, rule or catcher says; all of it reads the old values."""
        scope = visit.scope()
        assigned = scope.evaluate(way.get("Assign", {}), "Assign")
        if "Output" in way:
            output = scope.evaluate(way["Output"], "Output")
        visit.variables.update(copy.deepcopy(assigned))
        target = way["Default"] if edge == "Default" else way.get("Next")
        return _Way(target, edge if target else "End", copy.deepcopy(output))

    def _choose(self, visit: _Visit) -> _Way:
        for number, rule in enumerate(visit.body["Choices"]):
            edge = f"Choices[{number}]"
            if visit.scope().boolean(rule["Condition"], f"{edge}.Condition"):
                return self._leave(visit, rule, visit.input, edge)
        if "Default" not in visit.body:
            raise Failure("States.NoChoiceMatched", f"no rule of {visit.name!r} matches")
        return self._leave(visit, visit.body, visit.input, "Default")

    def _fail(self, visit: _Visit) -> Failure:
        if self._coverage is not None:
            self._coverage.add(visit.name, "End", None)
        scope = visit.scope()
        return Failure(
            scope.text(visit.body.get("Error", ""), "Error"), scope.text(visit.body.get("Cause", ""), "Cause")
        )

    def _wait(self, visit: _Visit) -> None:
        scope = visit.scope()
        if "Seconds" in visit.body:
            self._pass(scope.seconds(visit.body["Seconds"], "Seconds", 0))
        else:
            until = datetime.fromisoformat(scope.text(visit.body["Timestamp"], "Timestamp"))
            self._pass(max(0.0, (until - self.now).total_seconds()))
        visit.now = self.now

    def _tried(self, visit: _Visit) -> _Way:
        """Run a Task or Map until it succeeds, or its retriers give up and a catcher takes the failure."""
        tries: dict[int, int] = {}
        while True:
            try:
                visit.now = self.now
                visit.states = {
                    "result": self._call(visit) if visit.body["Type"] == "Task" else self._map(visit)
                }
                visit.now = self.now
                return self._leave(visit, visit.body, visit.states["result"], "Next")
            except _OutOfTimeError:
                raise
            except Failure as failure:
                visit.states = {}
                delay = delay_before_retry(visit.body.get("Retry", []), failure, tries)
                if delay is None:
                    return self._catch(visit, failure)
                self._pass(delay)
                visit.context["State"]["RetryCount"] += 1
                self._count_transition()

    def _catch(self, visit: _Visit, failure: Failure) -> _Way:
        for number, catcher in enumerate(visit.body.get("Catch", [])):
            if matches(catcher["ErrorEquals"], failure.error):
                said = {"Error": failure.error, "Cause": failure.cause}
                visit.now, visit.states = self.now, {"errorOutput": said}
                return self._leave(visit, catcher, said, f"Catch[{number}]")
        raise failure

    def _call(self, visit: _Visit) -> Any:
        resource = visit.body["Resource"]
        if resource.endswith(TOKEN_PATTERN):
            visit.context["Task"] = {"Token": TOKEN}
        scope = visit.scope()
        arguments = scope.evaluate(visit.body.get("Arguments", {}), "Arguments")
        limit = scope.seconds(visit.body.get("TimeoutSeconds", FOREVER), "TimeoutSeconds", 1)
        if "HeartbeatSeconds" in visit.body:
            limit = min(limit, scope.seconds(visit.body["HeartbeatSeconds"], "HeartbeatSeconds", 1))
        self.walk.calls.append(Call(visit.name, resource, copy.deepcopy(arguments), self.now))
        if visit.name not in self._script:
            raise Unscripted(f"the state {visit.name!r} is asked, and the script has no answer for it")
        failure = self.away(visit.name, self.now) if self.away else None
        value = self._answered(failure or self._script[visit.name].take(visit.number, arguments), limit)
        return {"Payload": value, "StatusCode": 200} if resource.endswith(":lambda:invoke") else value

    def _answered(self, answer: Reply | Error | TimedOut, limit: int) -> Any:
        if isinstance(answer, Error):
            raise Failure(answer.name, answer.cause)
        if isinstance(answer, TimedOut) or answer.after >= limit:
            self._pass(limit)
            raise Failure("States.Timeout", "")
        self._pass(answer.after)
        return copy.deepcopy(answer.value)

    def _map(self, visit: _Visit) -> list[Any]:
        processor = visit.body["ItemProcessor"]
        if processor.get("ProcessorConfig", {}).get("Mode", "INLINE") != "INLINE":
            raise NotImplementedError(f"{visit.name}: the walker knows only inline Maps")
        items = visit.scope().evaluate(visit.body.get("Items", visit.input), "Items")
        if not isinstance(items, list):
            raise Failure("States.QueryEvaluationError", f"Items is {items!r}, not an array")
        return [self._item(visit, processor, number, item) for number, item in enumerate(items)]

    def _item(self, visit: _Visit, processor: Body, number: int, item: Any) -> Any:
        around = {"Map": {"Item": {"Index": number, "Value": item}}}
        if "ItemSelector" in visit.body:
            states = {"input": visit.input, "context": {**visit.context, **around}}
            item = Scope(visit.variables, states, self.now).evaluate(
                visit.body["ItemSelector"], "ItemSelector"
            )
        inner = copy.deepcopy(visit.variables)
        return self.run(processor, processor["StartAt"], copy.deepcopy(item), inner, around)
