"""What people and programs are told of a drain: a short text for the one, JSON for the other. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from chalicelib.common.duration import in_words
from chalicelib.common.history import message_of
from chalicelib.common.model import ContainerInstance, Task, instant, stamp
from chalicelib.common.packing import unpack, unpack_tasks
from chalicelib.common.tracing import FIELD, trace_id
from chalicelib.common.trigger import Trigger
from chalicelib.common.wording import one_line
from chalicelib.explain import Blocker, Circumstances, group, render_text, to_state
from chalicelib.explain.of_instance import agent_disconnected
from chalicelib.explain.words import count, short, some
from chalicelib.look.memory import Memory
from chalicelib.plan.drain import Drain
from chalicelib.policy.deadline import deadline_record, deadline_told
from chalicelib.tell.bodies import Notice
from chalicelib.tell.occasions import INFO, event_of, severity_of, why_of

LONGEST_NAME = 100
"""Characters of an instance's id that nobody has read yet."""
LONGEST_WORDS = 1_024
"""Characters of an error's name, of who cancelled a drain, and of why: what a request may say at most."""
LONGEST_CAUSE = 2_000
"""Step Functions keeps 32,768 characters of a cause, and a message of SNS holds 256 KiB in six bodies."""

NOBODY = "-"
"""What stands for who asked, and why, where nobody said so."""

TASKS_NAMED = 20
STOPS_NAMED = 10

EXPLAINED = {
    "near-deadline": "nears its deadline",
    "gates-closed": "waits before closed gates",
    "blocked": "is blocked",
    "events-lost": "gets no events; it is polled",
}

# The outcomes that leave the lifecycle action to its own timers.
LEFT_TO_THE_HOOK = frozenset({"taken-back", "undrained", "gates-closed"})


ENDINGS = {
    "drained": "drained: every task is STOPPED",
    "nothing-to-drain": "let go: no cluster knows it",
    "agent-lost": "let go: its agent stayed disconnected",
    "deadline": "let go at the deadline with tasks left",
    "abandoned": "abandoned at the deadline with tasks left",
    "taken-back": "set ACTIVE by somebody; the drain stopped",
    "undrained": "ACTIVE again: the deadline passed",
    "kept": "still DRAINING: the deadline passed",
    "gates-closed": "not drained: its gates stayed closed; nothing was touched",
    "already-done": "no longer held: its lifecycle action had ended already",
}

UNANSWERED = {
    "nothing-to-drain": "not drained: no cluster knows it",
    "agent-lost": "still DRAINING: its agent stayed disconnected",
    "deadline": "out of time: EC2 takes it with tasks left",
}
"""How drains end that no lifecycle action triggered: nobody is told to let the instance go."""

AFTERWARDS = {
    "keep": "drained, and left DRAINING: every task is STOPPED",
    "terminate": "drained: every task is STOPPED; its group is asked to terminate it",
    "return": "drained, and ACTIVE again: every task was STOPPED",
}

WATCHED = {
    "drained": "drained by ECS: every task that held it is STOPPED",
    "kept": "watched no longer: out of time; ECS drains on, for up to 48 h",
    "undrained": "ACTIVE again: the deadline passed; ECS's own lifecycle action still holds it",
    "nothing-to-drain": "not watched: no cluster knows it",
}
"""How drains end that watched ECS drain, by its own hook."""

WITH_TASKS_LEFT = {
    "keep": "drained, and left DRAINING: every task that held it is STOPPED",
    "terminate": "drained; its group is asked to terminate it",
    "return": "drained, and ACTIVE again: every task that held it was STOPPED",
}
"""The same where tasks are left that the policy does not wait for."""

GONE = "gone before it was drained"

TROUBLED = frozenset({"troubled", "heartbeat-refused"})
"""The occasions of a drain that goes on, but lacks something for longer than its retries last."""


def compose(occasion: str, state: Mapping[str, Any], execution: str, at: datetime) -> Notice:
    """Return the notice for an occasion: `started`, `explained`, `ended` or `failed`.

    `state` is the machine's whole state; after a failure in its very first state, that is the request alone. With
    `cancelled` in it (who, why, fate, sentence) a person ended the drain, perhaps before it was planned.
    """
    drain = state.get("drain", {})
    # Before the plan it is what somebody wrote, and may be anything.
    named = drain.get("instance_id") or state.get("instance_id") or "an unnamed instance"
    instance = one_line(str(named))[:LONGEST_NAME]
    lines = [*_lines(occasion, state, at), *_untold(state)]
    text = "\n".join([f"{instance}: {lines[0]}", *lines[1:], f"Execution: {console_link(execution)}"])
    return Notice(
        subject=f"ecs-drainer: {instance} {_headline(occasion, state)}",
        text=text,
        record=_record(occasion, state, instance, execution, at),
    )


def compose_declined(state: Mapping[str, Any], execution: str, at: datetime) -> Notice:
    """Return the notice that nothing of the request is applied, and what would apply it.

    `state` is the machine's whole state, `$open` the ledger's entry of the drain that goes on.
    """
    drain, other = state["drain"], state["open"]["Item"]["execution"]["S"]
    instance, who = drain["instance_id"], drain["who"]
    asker = "a request" if who == "-" else f"a request by {who}"
    headline = f"{instance} is being drained already"
    text = (
        f"{headline}, and goes on as it was begun: nothing of {asker} is applied, neither its deadline nor its "
        f"other settings. To drain it otherwise, run `ecs-drainer cancel {instance}` first.\n"
        f"Execution: {console_link(other)}"
    )
    record = {
        "occasion": "already-draining",
        "event": "already-draining",
        "severity": INFO,
        "at": stamp(at),
        "execution": execution,
        FIELD: trace_id(execution),
        "goes_on": other,
        "instance_id": instance,
        "who": who,
        "reason": drain["reason"],
        "blockers": None,
    }
    return Notice(f"ecs-drainer: {headline}", text, record)


def _untold(state: Mapping[str, Any]) -> list[str]:
    """Return that a notice did not get where the policy sends it, and why; then the stage's topic is told."""
    untold = state.get("untold")
    if not untold:
        return []
    drain, cause = state.get("drain", {}), _cause(untold)
    own = drain.get("policy", {}).get("notify", "")
    if own.startswith("arn:") and drain["topic"] not in (None, own):
        return [
            f"The topic that the policy names, {own}, can't be published to; the stage's is told instead: {cause}"
        ]
    return [f"An earlier notice did not get through: {cause}"]


def console_link(execution: str) -> str:
    """Return where the AWS console shows an execution, given its ARN."""
    parts = execution.split(":")
    region = parts[3] if len(parts) > 3 else ""
    return f"https://{region}.console.aws.amazon.com/states/home?region={region}#/v2/executions/details/{execution}"


def _headline(occasion: str, state: Mapping[str, Any]) -> str:
    if occasion == "started":
        return "is drained by ECS, and watched" if _is_watch(state["drain"]) else "is being drained"
    if occasion == "explained":
        return EXPLAINED.get(str(state["look"]["explain"]), "is stuck")
    if occasion in TROUBLED:
        return "is held up" if occasion == "troubled" else "may be lost: its heartbeat is refused"
    return "drain failed" if occasion == "failed" else ending(state)


def _lines(occasion: str, state: Mapping[str, Any], at: datetime) -> list[str]:
    """Return the text line by line, the most important first."""
    if occasion == "failed":
        return [*_of_a_failure(state.get("failure", {})), *_forced(state)]
    if occasion == "started":
        return _of_the_start(state, at)
    if occasion in TROUBLED:
        return _of_trouble(occasion, state, at)
    if occasion == "explained":
        return [f"{state['look']['summary']}; {deadline_told(state, at)}", state["explanation"]["text"]]
    return _of_the_end(state, at)


def in_plain_words(error: Mapping[str, Any] | None) -> dict[str, str]:
    """Return an error as Step Functions caught it, without the JSON and the stack trace that Lambda gives as Cause."""
    caught = error or {}
    cause = message_of(str(caught.get("Cause") or ""))
    # Each on one line: a cause quotes AWS, and AWS may quote anybody.
    error_name = one_line(str(caught.get("Error") or "unknown error"))[:LONGEST_WORDS]
    return {"Error": error_name, "Cause": one_line(cause)[:LONGEST_CAUSE] or "none was given"}


def _of_trouble(occasion: str, state: Mapping[str, Any], at: datetime) -> list[str]:
    """Return what fails again and again, while there is time to mend it, and what happens meanwhile."""
    if occasion == "troubled":
        trouble = in_plain_words(state["trouble"])
        return [
            f"the drain is held up: {trouble['Error']}; {deadline_told(state, at)}",
            f"Cause: {trouble['Cause']}",
            "It is tried again until the deadline, with heartbeats meanwhile; nothing is let go.",
        ]
    refusal = in_plain_words(state["heartbeat_trouble"])
    return [
        f"Auto Scaling refuses its heartbeat: {refusal['Error']}; {deadline_told(state, at)}",
        f"Cause: {refusal['Cause']}",
        "The drain goes on and tries again every half minute; unless that is mended before the hook's heartbeat "
        "timeout is over, Auto Scaling takes the instance with what is left on it. To allow the call, compare the "
        "role of the state machine with statemachine/template.yaml; `ecs-drainer doctor` names what it lacks.",
    ]


def _cause(error: Mapping[str, Any]) -> str:
    """Return why something failed, or where no cause was given, what."""
    return in_plain_words(error)["Cause" if error.get("Cause") else "Error"]


def _of_a_failure(failure: Mapping[str, str]) -> list[str]:
    failed = in_plain_words(failure)
    return [
        f"the drain failed: {failed['Error']}",
        f"Cause: {failed['Cause']}",
        "No result was sent to Auto Scaling. While the lifecycle action lasts, the reconciler drains it again.",
    ]


def _of_the_start(state: Mapping[str, Any], at: datetime) -> list[str]:
    drain = state["drain"]
    who = [f"by {drain['who']}"] if drain["who"] != NOBODY else []
    why = [f"reason {drain['reason']}"] if drain["reason"] != NOBODY else []
    trigger = ", ".join([f"Trigger: {drain['trigger']}", *who, *why])
    gates = [] if not state["look"]["memory"]["looks"] else [f"Gates: {state['look']['summary']}"]
    return [f"draining, {deadline_told(state, at)}", trigger, *gates, *_by_whom(drain), *drain["notices"]]


def _by_whom(drain: Mapping[str, Any]) -> list[str]:
    if not drain["managed_draining"] or (
        drain["policy"]["managed_draining"] != "observe" and not _is_watch(drain)
    ):
        return []
    return ["ECS drains it itself (managed draining): this drain sets nothing, but watches and explains."]


def _is_watch(drain: Mapping[str, Any]) -> bool:
    return bool(drain["trigger"] == Trigger.MANAGED_DRAINING)


def ending(state: Mapping[str, Any]) -> str:
    """Return in some words how a drain ended, given the machine's whole state."""
    if cancelled := state.get("cancelled"):
        return f"drain cancelled, {cancelled['fate']}"
    outcome = str(state["outcome"]["name"])
    if _is_watch(state["drain"]) and outcome in WATCHED:
        look = state["look"]
        is_gone = outcome == "drained" and look["memory"].get("is_gone") and tasks_alive(look)
        return GONE if is_gone else WATCHED[outcome]
    if outcome == "drained":
        return _of_a_drained(state)
    words = ENDINGS.get(outcome, outcome)
    return words if state["lifecycle_action"] else UNANSWERED.get(outcome, words)


def _of_a_drained(state: Mapping[str, Any]) -> str:
    look, has_answer = state["look"], bool(state["lifecycle_action"])
    if look["memory"].get("is_gone") and (tasks_alive(look) or not look["gates"]["is_passed"]):
        return GONE
    if tasks_alive(look):
        held = "drained: every task that held it is STOPPED"
        return held if has_answer else WITH_TASKS_LEFT[str(state["drain"]["policy"]["then"])]
    return ENDINGS["drained"] if has_answer else AFTERWARDS[str(state["drain"]["policy"]["then"])]


def tasks_alive(look: Mapping[str, Any]) -> int:
    """Return how many tasks were not STOPPED at the last look, waited for or not.

    Where the instance went in between: how many were not at the look before that.
    """
    memory = look["memory"]
    lost = int(memory.get("lost", 0))
    if memory.get("is_gone"):
        return lost
    followed = len(unpack_tasks(memory["tasks"])) + int(memory.get("more", 0))
    return max(int(look["holding"]), followed) + lost


def _of_the_end(state: Mapping[str, Any], at: datetime) -> list[str]:
    if "drain" not in state:
        return [ending(state), *_by_a_person(state)]
    drain, look = state["drain"], state["look"]
    took = in_words(at - instant(drain["started_at"]))
    lines = [f"{ending(state)}; took {took}, {look['summary']}", *_by_a_person(state), *_left_to_do(state)]
    explained = _explained(state, at)
    if look["holding"] and explained["text"]:
        lines.append(explained["text"])
    return [*lines, *_forced(state), *drain["notices"]]


def _explained(state: Mapping[str, Any], at: datetime) -> Mapping[str, Any]:
    """Return text and blockers of the newest explanation; an agent lost for good explains itself."""
    is_lost = state.get("outcome", {}).get("name") == "agent-lost"
    if is_lost and (blocker := _lost_agent(state, at)):
        return {"text": render_text(group([blocker])), "blockers": to_state([blocker])}
    explained: Mapping[str, Any] = state.get("explanation", {})
    return explained


def _lost_agent(state: Mapping[str, Any], at: datetime) -> Blocker | None:
    """Return the lost agent with its remedy, given the machine's whole state.

    None where the instance is more than one container instance: no look remembers which of them is out of reach, and
    the remedy for a dead one must not be run on the other.
    """
    drain, memory = Drain.from_state(state["drain"]), Memory.from_state(state["look"]["memory"])
    known = [(cluster, arn) for cluster, arns in drain.containers.items() for arn in arns]
    if len(known) != 1:
        return None
    ((cluster, arn),) = known
    world = Circumstances(
        cluster,
        ContainerInstance(arn, drain.instance_id, status="DRAINING", agent_connected=False),
        tuple(Task(task, status) for task, status in sorted(memory.tasks.items())),
        agent_disconnected_since=memory.disconnected_at,
        dead_agent_after=drain.policy.dead_agent_after,
    )
    return agent_disconnected(world, at)


def _forced(state: Mapping[str, Any]) -> list[str]:
    """Return which tasks did not leave by themselves, but by StopTask: their service may have been short of them."""
    asked = _asked_to_stop(state)
    if not asked:
        return []
    were = "was" if len(asked) == 1 else "were"
    ids = [short(arn.rsplit("/", 1)[-1]) for arn in asked]
    return [f"{count(len(asked), 'task')} {were} stopped by the policy: {some(ids, STOPS_NAMED)}"]


def _asked_to_stop(state: Mapping[str, Any]) -> list[str]:
    return list(unpack(state.get("stopped", {}).get("asked", [])))


def _tasks(state: Mapping[str, Any]) -> dict[str, str]:
    """Return the tasks that were not STOPPED at the last look, with their last status by ARN."""
    return unpack_tasks(state.get("look", {}).get("memory", {}).get("tasks", {}))


def _by_a_person(state: Mapping[str, Any]) -> list[str]:
    cancelled = state.get("cancelled")
    if not cancelled:
        return []
    who, why = (one_line(str(cancelled[name]))[:LONGEST_WORDS] for name in ("who", "why"))
    return [f"Cancelled by {who}, reason {why}", cancelled["sentence"]]


def _left_to_do(state: Mapping[str, Any]) -> list[str]:
    """Return what the drain did not see to, and who will."""
    drain, lines = state["drain"], list[str]()
    if state["lifecycle_action"] and state["outcome"]["name"] in LEFT_TO_THE_HOOK:
        result = f"ends with {drain['default_result']}" if drain["default_result"] else "ends"
        lines.append(
            f"Its lifecycle action still waits, and {result} when its heartbeat timeout is over: Auto Scaling "
            "terminates the instance then, unless it is detached from the group before."
        )
    if unrecorded := state.get("unrecorded"):
        lines.append(
            f"The ledger could not be written, so that it shows the drain as open: {_cause(unrecorded)}. "
            "The reconciler closes the entry later."
        )
    if behind := state.get("left_behind"):
        lines.append(f"A container instance is left behind in its cluster: {_cause(behind)}")
    return lines


def _trouble(occasion: str, state: Mapping[str, Any]) -> Any:
    """Return the error that the occasion is about, as Step Functions caught it, or None."""
    kept = {"failed": "failure", "troubled": "trouble", "heartbeat-refused": "heartbeat_trouble"}
    error = state.get(kept[occasion]) if occasion in kept else None
    return in_plain_words(error) if error else None


def _record(
    occasion: str, state: Mapping[str, Any], instance: str, execution: str, at: datetime
) -> dict[str, Any]:
    """Return the same for programs: stable keys, RFC 3339 instants, tasks and blockers as data."""
    drain, cancelled = state.get("drain", {}), state.get("cancelled")
    outcome = state.get("outcome", {}).get("name") if occasion == "ended" else None
    why = why_of(occasion, state["look"]["explain"] if occasion == "explained" else None)
    return {
        **({"cancelled_by": str(cancelled["who"])[:LONGEST_WORDS]} if cancelled else {}),
        "occasion": occasion,
        "event": event_of(occasion, why),
        "why": why,
        "severity": severity_of(occasion, why, outcome),
        "at": stamp(at),
        "execution": execution,
        FIELD: trace_id(execution),
        "instance_id": instance,
        "trigger": drain.get("trigger", state.get("trigger")),
        "who": drain.get("who"),
        "reason": drain.get("reason"),
        "clusters": [item["cluster"] for item in drain.get("containers", [])],
        "auto_scaling_group": drain.get("auto_scaling_group"),
        "deadline": deadline_record(state) if drain else None,
        "outcome": outcome,
        "holding": state.get("look", {}).get("holding"),
        "tasks": dict(list(_tasks(state).items())[:TASKS_NAMED]),
        "forced_stops": len(_asked_to_stop(state)),
        "blockers": _explained(state, at).get("blockers", []),
        "failure": _trouble(occasion, state),
    }
