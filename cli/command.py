"""Makes a command of a function: adds the options that all commands share, hands it a desk, and ends it well.

@app.command()
@command
def status(desk: Desk, instances: Instances = None) -> ExitCode: ...
"""

from __future__ import annotations

import inspect
import os
import re
import sys
import traceback
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import wraps
from typing import Annotated, Any

import boto3
import typer

from chalicelib.common.errors import DrainerError
from cli import sandbox
from cli.desk import Desk, Output, write
from cli.edge import Edge, the_real_one
from cli.exit_codes import ExitCode
from cli.hints import runnable, where_asked
from cli.inventory import read_stage, refusal
from cli.options import Gathered
from cli.problems import Halt, is_of_something_absent, problem_of

REGION = re.compile(r"[a-z]{2,3}(?:-[a-z]{2,10}){1,3}-[0-9]{1,2}", re.ASCII)
"""It becomes part of host names. https://docs.aws.amazon.com/global-infrastructure/latest/regions/aws-regions.html"""

CONTEXT = "context"
EVERYWHERE = "Everywhere"

SHARED: dict[str, tuple[Any, Any]] = {
    "output": (
        Annotated[
            Output,
            typer.Option("--output", "-o", rich_help_panel=EVERYWHERE, help="For people or for scripts."),
        ],
        Output.TEXT,
    ),
    "stage": (
        Annotated[
            str,
            typer.Option(
                envvar="DRAINER_STAGE",
                metavar="STAGE",
                rich_help_panel=EVERYWHERE,
                help="The stage that was deployed.",
            ),
        ],
        "dev",
    ),
    "region": (
        Annotated[
            str | None,
            typer.Option(
                metavar="REGION",
                rich_help_panel=EVERYWHERE,
                help="The AWS Region; AWS's usual settings otherwise.",
            ),
        ],
        None,
    ),
    "profile": (
        Annotated[
            str | None,
            typer.Option(
                metavar="PROFILE",
                rich_help_panel=EVERYWHERE,
                help="The AWS profile; AWS's usual settings otherwise.",
            ),
        ],
        None,
    ),
    "in_sandbox": (
        Annotated[
            bool,
            typer.Option(
                "--sandbox",
                envvar="DRAINER_SANDBOX",
                rich_help_panel=EVERYWHERE,
                help="Ask the embedded AWS of `ecs-drainer sandbox up`.",
            ),
        ],
        False,
    ),
}


def command(function: Callable[..., ExitCode]) -> Callable[..., None]:
    """Return what typer calls: the function with the shared options instead of the desk, its first argument."""
    return _made(function, SHARED)


def local_command(function: Callable[..., ExitCode]) -> Callable[..., None]:
    """Return the same for a command that asks no AWS: of the shared options, `--output` alone."""
    return _made(function, {"output": SHARED["output"]})


def command_without_output(function: Callable[..., ExitCode]) -> Callable[..., None]:
    """Return the same for a command whose `--output` is a file of its own."""
    return _made(function, {name: option for name, option in SHARED.items() if name != "output"})


def _is_gathered(parameter: inspect.Parameter) -> bool:
    return isinstance(parameter.annotation, type) and issubclass(parameter.annotation, Gathered)


def _spread(parameter: inspect.Parameter) -> list[inspect.Parameter]:
    """Return the parameter, or one for each option that it gathers."""
    if not _is_gathered(parameter):
        return [parameter]
    return [
        inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=None, annotation=annotation)
        for name, annotation in parameter.annotation.options().items()
    ]


def _made(function: Callable[..., ExitCode], added: Mapping[str, tuple[Any, Any]]) -> Callable[..., None]:
    own = list(inspect.signature(function, eval_str=True).parameters.values())[1:]
    gathered = {parameter.name: parameter.annotation for parameter in own if _is_gathered(parameter)}

    @wraps(function)
    def run(**given: Any) -> None:
        context = given.pop(CONTEXT)
        shared = {name: given.pop(name) for name in added}
        options = where_asked(_on_the_command_line(context, shared))
        edge = replace(context.find_object(Edge) or the_real_one(), options=options)
        for name, kind in gathered.items():
            given[name] = kind(**{each: given.pop(each) for each in kind.options()})
        raise typer.Exit(_carefully(lambda: _at(_desk(edge, **shared), function, given), options))

    context = inspect.Parameter(CONTEXT, inspect.Parameter.KEYWORD_ONLY, annotation=typer.Context)
    options = [
        inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=default, annotation=annotation)
        for name, (annotation, default) in added.items()
    ]
    parameters = [context, *(one for parameter in own for one in _spread(parameter)), *options]
    run.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]  # as inspect reads it
    run.__annotations__ = {parameter.name: parameter.annotation for parameter in parameters}
    return run


def _on_the_command_line(context: typer.Context, shared: Mapping[str, Any]) -> dict[str, Any]:
    """Return those of the shared options that were given there."""
    sources = {name: context.get_parameter_source(name) for name in shared}
    return {name: shared[name] for name, source in sources.items() if source and source.name == "COMMANDLINE"}


def _desk(
    edge: Edge,
    *,
    output: Output = Output.TEXT,
    stage: str = "dev",
    region: str | None = None,
    profile: str | None = None,
    in_sandbox: bool = False,
) -> Desk:
    if in_sandbox:
        edge = sandbox.enter(edge)
    elif region is not None and not REGION.fullmatch(region):
        raise Halt(
            f"--region {region!r} is no Region's name: expected one such as eu-west-1", code=ExitCode.USAGE
        )
    elif region or profile:
        boto3.setup_default_session(region_name=region, profile_name=profile)
    return Desk(edge, output, stage)


def _at(desk: Desk, function: Callable[..., ExitCode], given: Mapping[str, Any]) -> ExitCode:
    """Let a command work at its desk; what fails because nothing is deployed is told as that."""
    try:
        return function(desk, **given)
    except DrainerError as error:
        if is_of_something_absent(error) and not read_stage(desk.installation).is_deployed:
            raise refusal(desk) from error
        raise


def _carefully(work: Callable[[], ExitCode], options: Sequence[str]) -> ExitCode:
    """Do the work; tell what went wrong as a sentence with its remedy, on standard error."""
    try:
        return work()
    except KeyboardInterrupt:
        print("\nInterrupted; what AWS was asked before goes on.", file=sys.stderr)
        return ExitCode.DETACHED
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # the reader (`head`) has had enough
        return ExitCode.OK
    except (typer.Exit, typer.Abort):
        raise
    except Exception as error:
        if os.environ.get("DRAINER_DEBUG"):
            traceback.print_exc()
        problem = problem_of(error) or _fault(error)
        write(runnable(f"Error: {problem}", options), sys.stderr)
        return problem.code


def _fault(error: Exception) -> Any:
    sentence = f"ecs-drainer itself failed: {type(error).__name__}: {error}"
    return Halt(sentence, "repeat it with DRAINER_DEBUG=1 to see where, and report that").problem
