"""What draining a fleet came to, counted from the embedded AWS's own records on its virtual clock."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from statistics import median
from typing import Any

from benchmarks.fleet import Drained, drained
from chalicelib.wake.row import AT_GATES
from embedded_aws.awslambda import lambda_state
from embedded_aws.ecs.agent import killed_tasks
from embedded_aws.eventbridge import events_state
from embedded_aws.requests import Call
from embedded_aws.stepfunctions import executions_of
from stories import timeline
from stories.prices import Usage, cost, transitions_of, usage_of

RECONCILER = "reconcile"
"""Runs every five minutes whether or not anything drains: its calls are no drain's."""
ECS_READS = frozenset(
    {"DescribeTasks", "ListTasks", "DescribeContainerInstances", "ListContainerInstances", "ListAttributes"}
)
"""Share the 20 a second: https://docs.aws.amazon.com/AmazonECS/latest/APIReference/request-throttling.html"""


@dataclass(frozen=True)
class Figures:
    """One fleet under one schedule of waits; counts are of all its drains together."""

    poll: str
    latency: float
    """Seconds from an event of ECS to the queue."""
    size: int
    outcomes: Counter[str]
    tasks_killed: int
    """Tasks that were not STOPPED when their instance went."""
    delays: tuple[float, ...]
    """Seconds from an instance's last STOPPED to its CONTINUE, sorted."""
    durations: tuple[float, ...]
    """Seconds from the termination to CONTINUE, sorted."""
    calls: Counter[str]
    """The requests of the functions and the state machine by action, invocations of functions left out."""
    idle_calls: int
    """Of these, how many only found that no drain waits for an event: other instances', and tasks that start."""
    throttled: int
    """Of these, how many were answered with ThrottlingException."""
    reads_a_second: float
    """ECS resource reads that were asked for, from the first to the last."""
    looks: int
    transitions: int
    events: int
    usage: Usage = field(default_factory=Usage)

    @property
    def is_right(self) -> bool:
        """Whether every drain ended as it should."""
        return self.outcomes["drained"] == self.size == len(self.delays) and not self.tasks_killed

    @property
    def dollars(self) -> float:
        """What a drain costs at list price."""
        return cost(self.usage) / self.size

    @property
    def median_delay(self) -> float:
        """The delay that half of the drains stay within, in seconds."""
        return float(median(self.delays))

    def calls_of(self, service: str) -> float:
        """Return the calls to a service a drain."""
        return sum(n for action, n in self.calls.items() if action.split(":")[0] == service) / self.size


def percentile(ordered: tuple[float, ...], percent: int) -> float:
    """Return the smallest value that so many percent of the values don't exceed (nearest rank)."""
    return ordered[max(0, -(-len(ordered) * percent // 100) - 1)]


def measure(size: int, poll: str = "", latency: float = 1.0) -> Figures:
    """Drain a fleet and count; takes what `drained` takes."""
    with drained(size, poll, latency) as came:
        return _figures(came, size, poll, latency)


def _figures(came: Drained, size: int, poll: str, latency: float) -> Figures:
    executions = executions_of(came.deployment.state_machine)
    histories = [execution.history for execution in executions]
    made = [call for call in came.aws.requests.calls if _is_a_drains(call)]
    asked = [call for call in made if call.operation != "Invoke"]
    ends = dict(_continued(made))
    transitions = sum(transitions_of(str(event["type"]) for event in history) for history in histories)
    invoked = [each for each in lambda_state().invocations if not each.function_name.endswith(RECONCILER)]
    return Figures(
        poll=poll,
        latency=latency,
        size=size,
        outcomes=Counter(timeline.outcome(execution.describe()) for execution in executions),
        tasks_killed=sum(killed.instance_id in came.instances for killed in killed_tasks()),
        delays=_since(dict(_last_stopped()), ends),
        durations=_since(dict.fromkeys(came.instances, came.began_at), ends),
        calls=Counter(call.action for call in asked),
        idle_calls=sum(map(finds_nobody, asked)),
        throttled=sum(call.error == "ThrottlingException" for call in asked),
        reads_a_second=_rate([call.at for call in asked if call.operation in ECS_READS]),
        looks=sum(_entered(history).count("Look") for history in histories),
        transitions=transitions,
        events=sum(len(history) for history in histories),
        usage=usage_of(
            ((call.operation, call.parameters) for call in asked),
            ((each.function_name, each.event) for each in invoked),
            transitions,
        ),
    )


def finds_nobody(call: Call) -> bool:
    """Whether `wake` asked the ledger who waits for an event, and nobody did: as it does when nothing drains."""
    asks_at_gates = call.operation == "Query" and AT_GATES in str(call.parameters)
    is_refused = call.error == "ConditionalCheckFailedException"
    return (call.role or "").endswith("-wake") and (asks_at_gates or is_refused)


def _is_a_drains(call: Call) -> bool:
    return timeline.is_of_the_drainer(call) and not (call.role or "").endswith(RECONCILER)


def _continued(calls: Iterable[Call]) -> Iterator[tuple[str, datetime]]:
    for call in calls:
        if call.operation == "CompleteLifecycleAction" and call.error is None:
            yield call.parameters["InstanceId"], call.at


def _last_stopped() -> Iterator[tuple[str, datetime]]:
    """Yield for each instance when its tasks were STOPPED, the last one last."""
    instances: dict[str, str] = {}
    for event in events_state().emitted:
        detail = event["detail"]
        if event["detail-type"] == "ECS Container Instance State Change":
            instances[detail["containerInstanceArn"]] = detail["ec2InstanceId"]
        elif event["detail-type"] == "ECS Task State Change" and detail["lastStatus"] == "STOPPED":
            yield instances[detail["containerInstanceArn"]], datetime.fromisoformat(detail["stoppedAt"])


def _since(begins: dict[str, datetime], ends: dict[str, datetime]) -> tuple[float, ...]:
    return tuple(sorted((end - begins[instance]).total_seconds() for instance, end in ends.items()))


def _rate(instants: list[datetime]) -> float:
    seconds = (max(instants) - min(instants)).total_seconds()
    return len(instants) / max(1.0, seconds)


def _entered(history: list[dict[str, Any]]) -> list[str]:
    return [event["stateEnteredEventDetails"]["name"] for event in history if _is(event, "StateEntered")]


def _is(event: dict[str, Any], kind: str) -> bool:
    return str(event["type"]).endswith(kind)
