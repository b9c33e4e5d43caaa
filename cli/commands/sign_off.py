"""`ecs-drainer sign-off`: answers for a task whether it may be stopped."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from chalicelib.gateways.sign_offs import NotAsked
from chalicelib.steps import sign_off as signing
from cli.command import command
from cli.desk import Desk
from cli.exit_codes import ExitCode
from cli.problems import Halt

TaskName = Annotated[
    str, typer.Argument(metavar="TASK", help="The task's id or ARN, as the notice names it.")
]
Refuse = Annotated[bool, typer.Option("--refuse", help="It may not be stopped; say why with --reason.")]
MoreTime = Annotated[
    int | None,
    typer.Option("--more-time", metavar="MINUTES", min=1, help="It needs so much longer to answer."),
]
Why = Annotated[str, typer.Option("--reason", help="Shown to whoever waits for the drain.")]


@command
def sign_off(
    desk: Desk, *, task: TaskName, refuse: Refuse = False, more_time: MoreTime = None, reason: Why = ""
) -> ExitCode:
    """Say that a task of a stateful service may be stopped, may not, or needs more time; the last answer stands."""
    if refuse and more_time is not None:
        raise Halt("--refuse and --more-time are two answers: give one of them", code=ExitCode.USAGE)
    answer = "refuse" if refuse else "done" if more_time is None else "more-time"
    request: dict[str, Any] = {"task": task, "answer": answer, "reason": reason, "who": desk.installation.who}
    if more_time is not None:
        request["minutes"] = more_time
    installation = desk.installation
    name = installation.function("sign_off")
    function = (
        f"arn:{installation.partition}:lambda:{installation.region}:{installation.account}:function:{name}"
    )
    try:
        written = desk.ask(signing.sign_off, request, function, desk.now())
    except NotAsked as refusal:
        remedy = "`ecs-drainer status` shows which tasks were asked"
        raise Halt(str(refusal), remedy, ExitCode.NOT_FOUND) from None
    words = {"signed": "may be stopped", "refused": "may not be stopped"}
    said = words.get(written["state"], f"has until {written['answer_by']} to answer")
    desk.report(f"Task {written['task']} {said}.", written)
    return ExitCode.OK
