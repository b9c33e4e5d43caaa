"""Who may import whom (design, "Layout"): imports point one way; what is deployed knows no embedded AWS."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent


def modules(package: str) -> list[Path]:
    return sorted(path for path in (ROOT / package).rglob("*.py") if "__pycache__" not in path.parts)


def imported_by(path: Path) -> Iterator[str]:
    """Yield the full name of every module that a file imports, wherever it does so."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def name_of(path: Path) -> str:
    return ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


TOUCHES_AWS = {"gateways", "steps"}
"""The folders of chalicelib that may; telemetry, which writes log lines, is the Lambda's own side of `common`."""


def is_pure(path: Path) -> bool:
    return not TOUCHES_AWS & set(path.parts) and path.name != "telemetry.py"


PURE = [path for path in modules("chalicelib") if is_pure(path)]


@pytest.mark.parametrize("path", PURE, ids=name_of)
def test_decisions_know_neither_aws_nor_a_clock(path: Path) -> None:
    """A decision is a function of a snapshot, a policy and an instant; the same input decides the same."""
    found = set(imported_by(path))
    roots = {name.split(".")[0] for name in found}
    assert not roots & {"boto3", "botocore", "aws_lambda_powertools", "chalice", "time"}
    assert not any(name.startswith(("chalicelib.gateways", "chalicelib.steps")) for name in found)
    assert "chalicelib.common.telemetry" not in found
    source = path.read_text(encoding="utf-8")
    assert "datetime.now(" not in source
    assert "utcnow(" not in source


@pytest.mark.parametrize("path", modules("chalicelib"), ids=name_of)
def test_what_is_deployed_knows_nothing_of_the_rest(path: Path) -> None:
    """chalicelib goes into the Lambda zip; there is no moto, no Chalice command and no command line in it."""
    roots = {name.split(".")[0] for name in imported_by(path)}
    assert not roots & {
        "moto",
        "embedded_aws",
        "stories",
        "rehearsal",
        "cli",
        "statemachine",
        "app",
        "benchmarks",
        "proof",
        "examples",
        "tests",
        "rich",
    }


@pytest.mark.parametrize("path", modules("statemachine"), ids=name_of)
def test_deploying_needs_no_embedded_aws(path: Path) -> None:
    roots = {name.split(".")[0] for name in imported_by(path)}
    assert not roots & {"moto", "embedded_aws", "stories", "rehearsal", "cli", "tests", "chalicelib"}


@pytest.mark.parametrize("path", modules("embedded_aws"), ids=name_of)
def test_the_embedded_aws_knows_nothing_of_the_drain(path: Path) -> None:
    """It is a package of its own, for whoever tests other automation than this."""
    roots = {name.split(".")[0] for name in imported_by(path)}
    assert not roots & {
        "app",
        "chalicelib",
        "statemachine",
        "stories",
        "rehearsal",
        "cli",
        "benchmarks",
        "proof",
        "examples",
        "tests",
    }


@pytest.mark.parametrize(
    "path", [*modules("stories"), *modules("cli"), *modules("statemachine")], ids=name_of
)
def test_nothing_rests_on_the_proof(path: Path) -> None:
    """It judges what the others do: no part of them may know that it is looked at."""
    assert "proof" not in {name.split(".")[0] for name in imported_by(path)}


NEEDS_NO_EMBEDDED_AWS = {
    "anonymising",
    "comparing",
    "reading",
    "result",
    "schema",
    "snapshot",
    "timings",
    "variants",
}
"""Of `rehearsal`: what `ecs-drainer snapshot`, and who only reads an answer, run without the extra `sandbox`."""


@pytest.mark.parametrize("path", modules("rehearsal"), ids=name_of)
def test_a_snapshot_needs_no_embedded_aws(path: Path) -> None:
    """Rehearsing stands on the embedded AWS; taking a snapshot where the command alone is installed must not."""
    roots = {name.split(".")[0] for name in imported_by(path)}
    assert not roots & {"cli", "tests", "benchmarks", "examples"}
    if path.stem in NEEDS_NO_EMBEDDED_AWS:
        assert not roots & {"moto", "embedded_aws", "stories", "app", "chalice"}


@pytest.mark.parametrize(
    "package", ["chalicelib", "statemachine", "embedded_aws", "stories", "rehearsal", "cli", "proof"]
)
def test_no_file_imports_itself_by_way_of_others(package: str) -> None:
    """Imports for types only count as well: files that need each other are one file."""
    names = {name_of(path): path for path in modules(package)}
    graph = {name: (set(imported_by(path)) & set(names)) - {name} for name, path in names.items()}
    for name, path in names.items():
        if path.name == "__init__.py":
            graph[name] -= {
                other for other in names if other.startswith(f"{name}.")
            }  # an __init__ gathers its folder
    TopologicalSorter(graph).prepare()


LEVELS = (
    {"common"},
    {"events", "policy"},
    {"plan", "gates", "look", "explain", "tell", "fleet", "wake"},
    {"gateways"},
    {"steps"},
)
"""The folders of chalicelib, each level above those that it may import (design, "Layout")."""


@pytest.mark.parametrize("path", modules("chalicelib"), ids=name_of)
def test_imports_point_one_way(path: Path) -> None:
    level = {folder: number for number, folders in enumerate(LEVELS) for folder in folders}
    parts = [name.split(".") for name in imported_by(path) if name.startswith("chalicelib.")]
    own = path.relative_to(ROOT / "chalicelib").parts[0]
    assert all(level[each[1]] <= level.get(own, 0) for each in parts)


def test_only_gateways_call_aws() -> None:
    callers = {name_of(path) for path in modules("chalicelib") if "boto3" in set(imported_by(path))}
    assert callers == {"chalicelib.gateways.aws"}


def clients_of(path: Path) -> set[str]:
    """Return the services whose clients a file asks for: `client("ecs")`."""
    calls = (
        node for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))) if isinstance(node, ast.Call)
    )
    named = (call for call in calls if isinstance(call.func, ast.Name) and call.func.id == "client")
    return {str(call.args[0].value) for call in named if isinstance(call.args[0], ast.Constant)}


def test_one_gateway_reads_ecs_and_its_answers_go_no_further() -> None:
    """What a container instance, a task, a service or a task definition is, is read from AWS's answer in one place."""
    ours = modules("chalicelib")
    assert {path.stem for path in ours if "ecs" in clients_of(path)} == {"ecs", "ecs_calls"}
    answers = {"chalicelib.gateways.ecs_calls", "chalicelib.gateways.ecs_answers"}
    users = {name_of(path) for path in [*ours, *modules("cli")] if answers & set(imported_by(path))}
    assert users == {"chalicelib.gateways.ecs"}


@pytest.mark.parametrize("path", [ROOT / "app.py"], ids=name_of)
def test_handlers_are_ten_lines_or_fewer(path: Path) -> None:
    """app.py names every Lambda and its trigger, and does nothing else."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    for node in tree.body:
        if isinstance(node, ast.FunctionDef):
            assert (node.end_lineno or 0) - node.lineno < 10, node.name


@pytest.mark.parametrize(
    "package",
    [
        "chalicelib",
        "statemachine",
        "embedded_aws",
        "stories",
        "rehearsal",
        "cli",
        "benchmarks",
        "examples",
        "proof",
    ],
)
def test_files_and_functions_stay_small(package: str) -> None:
    """A file of one idea, 450 lines at most, with functions of 35: an idea is not cut in two to meet a number."""
    for path in modules(package):
        text = path.read_text(encoding="utf-8")
        assert text.count("\n") <= 450, name_of(path)
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.FunctionDef):
                # From the first statement: a command's options stand in its signature.
                assert (node.end_lineno or 0) - node.body[0].lineno < 35, f"{name_of(path)}.{node.name}"
