"""`ecs-drainer sandbox up / down / status`: the embedded AWS on loopback, for trying all of this without an account."""

from __future__ import annotations

from typing import Annotated

import typer

from chalicelib.common.model import stamp
from chalicelib.explain.words import count
from cli import sandbox
from cli.command import local_command
from cli.desk import Desk
from cli.exit_codes import ExitCode

app = typer.Typer(help="An embedded AWS on this machine, with a sample cluster.", no_args_is_help=True)

Port = Annotated[
    int, typer.Option(metavar="PORT", help="Where it listens on 127.0.0.1; 0 takes a free port.")
]
Speed = Annotated[
    float,
    typer.Option(metavar="FACTOR", min=0, help="Its seconds per real second; 0: its time stands still."),
]
Bare = Annotated[bool, typer.Option("--bare", help="An empty account: nothing deployed, no cluster.")]


@app.command()
@local_command
def up(desk: Desk, *, port: Port = 0, speed: Speed = 10.0, bare: Bare = False) -> ExitCode:
    """Start the embedded AWS in the background, deploy the app into it, and build a sample cluster.

    Every other command asks it with --sandbox, or where DRAINER_SANDBOX=1 is set.
    """
    from cli import sandbox_up  # noqa: PLC0415  # no other command needs the embedded AWS

    server = sandbox.remembered()
    if server and server.answers():
        desk.report(
            f"The sandbox runs already, at {server.endpoint}.",
            {"endpoint": server.endpoint, "pid": server.pid},
        )
        return ExitCode.OK
    desk.warn("Starting the embedded AWS ...")
    server = sandbox_up.start(port, speed)
    instances: list[str] = []
    if not bare:
        try:
            desk.warn("Deploying the app into it (chalice deploy) ...")
            sandbox_up.deploy(server)
            desk.warn("Building the sample cluster ...")
            instances = sandbox_up.build_sample(server)
        except BaseException:
            sandbox_up.stop(server)
            raise
    document = {"endpoint": server.endpoint, "pid": server.pid, "speed": speed, "instances": instances}
    desk.report(_welcome(server, instances), document)
    return ExitCode.OK


def _welcome(server: sandbox.Server, instances: list[str]) -> str:
    lines = [f"The sandbox is up at {server.endpoint}; a second here is {server.speed:g} s there."]
    if instances:
        lines.append(f"Its cluster `web` has {count(len(instances), 'instance')}: {' '.join(instances)}")
        lines.append(f"Try: ecs-drainer plan {instances[0]} --sandbox")
        lines.append("(a task and a service hold that one on purpose: the remedies free it)")
    exports = " ".join(f"{name}={value}" for name, value in server.environment.items())
    lines.append(f"The AWS CLI asks it after: export {exports}")
    return "\n".join([*lines, "`ecs-drainer sandbox down` ends it."])


@app.command()
@local_command
def down(desk: Desk) -> ExitCode:
    """End the embedded AWS; all that was in it is gone."""
    from cli import sandbox_up  # noqa: PLC0415  # as above

    server = sandbox.remembered()
    if server is None:
        desk.report("The sandbox isn't running.", {"was_running": False})
        return ExitCode.OK
    sandbox_up.stop(server)
    desk.report("The sandbox is down.", {"was_running": True})
    return ExitCode.OK


@app.command()
@local_command
def status(desk: Desk) -> ExitCode:
    """Say whether the sandbox runs, where, and what time it is there."""
    server = sandbox.remembered()
    if server is None or not server.answers():
        desk.report("The sandbox isn't running; `ecs-drainer sandbox up` starts it.", {"is_running": False})
        return ExitCode.NOT_FOUND
    now = server.now()
    document = {
        "is_running": True,
        "endpoint": server.endpoint,
        "pid": server.pid,
        "speed": server.speed,
        "now": now,
    }
    desk.report(
        f"The sandbox runs at {server.endpoint}, {server.speed:g} times as fast; it is {stamp(now)} there.",
        document,
    )
    return ExitCode.OK
