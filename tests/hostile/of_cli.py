"""The doors of the command line: every command with right, nearly right and hostile words, in a world with a drain.

Nobody can be asked and nothing is confirmed, so that whatever is drained, put or set was asked for in right words.
"""

from __future__ import annotations

import io
import json
import re
from collections.abc import Iterator
from contextlib import redirect_stderr, redirect_stdout
from random import Random
from typing import Any

import boto3
import typer

from chalicelib.common.errors import InvalidRequest
from chalicelib.common.wording import HARMFUL
from chalicelib.gateways import aws as gateway
from cli.edge import Edge
from cli.main import COMMANDS, app
from embedded_aws.clients import client
from stories.world import World
from tests.hostile import values
from tests.hostile.knocking import Answer, Door, Drawn, NoCase, Stage
from tests.hostile.of_events import RIGHT, TASK

NOT_KNOCKED_AT = {
    "sandbox up": "it starts a server",
    "sandbox down": "it ends one",
    "sandbox status": "it asks one",
    "console": "it serves pages until somebody ends it; tests/console has its doors",
    "install": "it makes a stack; tests/deploy has its words",
    "uninstall": "it deletes one",
    "snapshot": "it writes a file, wherever that is",
}
"""Commands that no case is for, and why."""

WRITES = {
    "drain": {"StartExecution"},
    "enroll": {"PutLifecycleHook"},
    "sign-off": {"Invoke", "UpdateItem"},
    "fleet drain": {"StartExecution"},
    "cancel": {"StopExecution", "TransactWriteItems", "UpdateContainerInstancesState", "Publish"},
    "fleet cancel": {"StopExecution", "UpdateItem", "UpdateContainerInstancesState", "Publish"},
}
"""What a command may do once it is asked for in right words, and confirmed: others may do nothing."""


def commands() -> Iterator[tuple[str, Any]]:
    """Yield every command of the command line with its words, as click knows it."""
    for entry in COMMANDS:
        loaded = entry.load()
        if hasattr(loaded, "commands"):
            yield from ((f"{entry.name} {name}", each) for name, each in sorted(loaded.commands.items()))
        else:
            yield entry.name, loaded


HOSTILE_REASON = "\x1b]0;owned\x07 <script>alert(1)</script>\nERROR the drain failed \u202egnp"

SANE: dict[str, tuple[str, ...]] = {
    "instances": ("@0", "@1"),
    "instance": ("@0",),
    "drain": ("@0",),
    "fleet": ("fleet-20260302T100000Z",),
    "task": (TASK,),
    "cluster": ("web",),
    "stage": ("dev",),
    "region": ("eu-west-1",),
    "output": ("text", "json"),
    "groups": ("web-ecs",),
    "asg": ("web-ecs",),
    "reason": ("kernel update",),
    "max_concurrent": ("2",),
    "hook": ("ecs-drain",),
    "heartbeat": ("15m",),
}
"""Right words for parameters that are no settings; others get a word that may be right."""
UNTRIED = {
    "in_sandbox": "it asks a server",
    "profile": "it reads the files of whoever runs this",
    "of_first_run": "it creates and terminates",
    "with_group": "it creates and terminates",
    "clean_up": "it removes",
    "report": "it writes a file, wherever that is",
    "html": "it writes a file, wherever that is",
}
"""Parameters that no case gives, and why."""


def _draw(random: Random) -> Drawn:
    words, command = random.choice(KNOCKED_AT)
    params = [each for each in command.params if each.name not in UNTRIED and each.name]
    wrong = {each.name for each in random.sample(params, min(len(params), random.choice((0, 1, 1, 2))))}
    argv = words.split()
    for each in params:
        is_argument = each.param_type_name == "argument"
        if is_argument or each.name in wrong or random.random() < 0.15:
            argv += _given(random, each, is_wrong=each.name in wrong, is_argument=is_argument)
    if words in ("drain", "fleet drain"):
        argv.append("--detach")  # what is followed to its end is no case of its own
    return argv, tuple(sorted(wrong))


def _given(random: Random, each: Any, *, is_wrong: bool, is_argument: bool) -> list[str]:
    right = SANE.get(each.name) or tuple(str(one) for one in RIGHT.get(each.name, ("1",)))
    word = random.choice(right)
    if is_wrong:
        word = values.near(random, word) if word and random.random() < 0.5 else values.text(random)
    word = word.replace("\ud83d", "\udcf0")  # as the operating system hands over a byte that is no character
    if is_argument:
        return [word]
    name = random.choice(each.opts)
    return [name] if getattr(each, "is_flag", False) else [name, word]


def _knock(stage: Stage, argv: list[str]) -> Answer:
    ids = _world(stage)
    argv = [ids[0] if word == "@0" else ids[1] if word == "@1" else word for word in argv]
    stage.aws.requests.clear()
    out, err = io.StringIO(), io.StringIO()
    with redirect_stdout(out), redirect_stderr(err):
        code = _run(stage, argv)
    shown = out.getvalue() + err.getvalue()
    if re.search(r"itself failed: KeyError: '[a-z0-9-]+'", shown) and "--region" in argv:
        raise NoCase("no such Region here; on AWS nothing answers by its name")
    assert "ecs-drainer itself failed" not in shown, shown
    assert "Traceback" not in shown, shown
    shown.encode()
    if code:
        assert shown.strip(), f"exit code {code} without a word"
        raise_if_obeyed(shown)
        raise InvalidRequest(f"{' '.join(argv)}: exit code {code}, expected 0: {shown}")
    _refuse_other_writes(stage, argv)
    started = [word for word in argv if word in ids] or ids
    return Answer(shown=shown, started=tuple(started) if "drain" in argv[:2] else ())


def _refuse_other_writes(stage: Stage, argv: list[str]) -> None:
    """Raise AssertionError where a command did what is another command's to do."""
    words = next(words for words, _ in KNOCKED_AT if argv[: len(words.split())] == words.split())
    done = {call.operation for call in stage.aws.requests.calls if call.operation in ALL_WRITES}
    assert done <= WRITES.get(words, set()), (words, done)


def raise_if_obeyed(shown: str) -> None:
    """Raise AssertionError where a terminal would obey what is shown; the refusal itself spells it out."""
    found = HARMFUL.search(shown)
    assert not found, f"{found[0]!r} in {shown!r:.400}"


def _run(stage: Stage, argv: list[str]) -> int:
    edge = Edge(now=stage.aws.clock.now, sleep=stage.aws.clock.advance)
    if names_a_region := "--region" in argv:
        gateway.client.cache_clear()
    try:
        app(argv, obj=edge, prog_name="ecs-drainer", standalone_mode=True)
    except SystemExit as end:
        return int(end.code or 0)
    except typer.Exit as end:
        return end.exit_code
    finally:
        if names_a_region:
            boto3.setup_default_session()
            gateway.client.cache_clear()
    return 0


def _world(stage: Stage) -> list[str]:
    if "ids" not in stage.state:
        world = World(client, stage.aws.clock.advance)
        with stage.aws.requests.unthrottled():
            world.build()
        stage.state["ids"] = sorted(world.instances())
        words = {
            "instance_id": stage.state["ids"][0],
            "reason": HOSTILE_REASON,
            "who": "\x1b[31mana",
            "deadline": "2d",
        }
        machine = stage.deployment.state_machine
        client("stepfunctions").start_execution(stateMachineArn=machine, input=json.dumps(words))
        stage.aws.clock.advance(30)
    ids: list[str] = stage.state["ids"]
    return ids


KNOCKED_AT = [(words, command) for words, command in commands() if words not in NOT_KNOCKED_AT]
ALL_WRITES = frozenset[str]().union(*WRITES.values())

DOORS = (Door("command line", _draw, _knock, ALL_WRITES, names_fields=False),)
