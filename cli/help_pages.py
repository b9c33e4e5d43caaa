"""Writes docs/cli.md from the commands themselves: `python -m cli.help_pages`; `--check` compares it."""

from __future__ import annotations

import sys
from typing import Any

from cli import exit_codes
from cli.main import COMMANDS
from cli.whereabouts import ROOT

PAGE = ROOT / "docs" / "cli.md"
SHARED_PANEL = "Everywhere"
HIDDEN = ("help", "install_completion", "show_completion")

INTRODUCTION = """# The `ecs-drainer` command

<!-- Written by `python -m cli.help_pages`; a test compares it with the commands. -->

`ecs-drainer` asks the deployed app, with your own AWS credentials. In a clone `make install` and `. .venv/bin/activate`
put it on the PATH, and `./ecs-drainer` runs it without that; elsewhere it is installed from the wheel that
`make release` leaves in `dist/`, for Python 3.11 or newer:

    pipx install dist/ecs_drainer-0.1.0-py3-none-any.whl     # or: uv tool install, pip install
    ecs-drainer --version

`ecs-drainer install` deploys the app that the wheel carries ([every way to install](install/README.md)).

`'dist/ecs_drainer-0.1.0-py3-none-any.whl[sandbox]'` brings what `ecs-drainer sandbox up` needs as well, and
`[console]` what `ecs-drainer console` does.
`ecs-drainer --install-completion` teaches your shell (bash, zsh, fish, PowerShell) the commands, options and values;
`--show-completion` prints what it would add to the shell's settings, for those who keep them by hand.

Results go to standard output, warnings and errors to standard error. Times are RFC 3339; durations are written `90s`,
`15m`, `1h30m`, `2d`.

Instances are named by EC2 id, container instance ARN or id, or private DNS name. Names are whole names: what is
unknown or ambiguous is listed back with what comes close.
"""


def page() -> str:
    """Return the whole page."""
    commands = {entry.name: entry.load() for entry in COMMANDS}
    shared = [one for one in commands["plan"].params if _panel(one) == SHARED_PANEL]
    parts = [INTRODUCTION, _contents(commands)]
    parts += [_section(f"ecs-drainer {name}", one) for name, one in _flat(commands)]
    parts.append(f"## Options of every command that asks AWS\n\n{_options(shared)}")
    parts.append(f"## Exit codes\n\n{exit_codes.table()}")
    return "\n".join(parts)


def _flat(commands: dict[str, Any]) -> list[tuple[str, Any]]:
    """Return commands and subcommands in the order of the help page."""
    found: list[tuple[str, Any]] = []
    for name, one in commands.items():
        inner = getattr(one, "commands", {})
        found += [(f"{name} {sub}", each) for sub, each in inner.items()] if inner else [(name, one)]
    return found


def _contents(commands: dict[str, Any]) -> str:
    rows = [f"| [`{name}`](#{_anchor(name)}) | {_first_line(one)} |" for name, one in _flat(commands)]
    return "\n".join(["| command | does |", "|---|---|", *rows]) + "\n"


def _anchor(name: str) -> str:
    return f"ecs-drainer-{name}".replace(" ", "-")


def _first_line(one: Any) -> str:
    return str(one.help or "").strip().split("\n\n", 1)[0].replace("\n", " ")


def _section(name: str, one: Any) -> str:
    own = [each for each in one.params if _panel(each) != SHARED_PANEL and each.name not in HIDDEN]
    arguments = [each for each in own if each.param_type_name == "argument"]
    options = [each for each in own if each.param_type_name == "option"]
    usage = " ".join([name, *("[OPTIONS]" for _ in options[:1]), *(_usage(each) for each in arguments)])
    parts = [f"## `{name}`", _paragraphs(one), f"    {usage}", ""]
    if arguments or options:
        parts.append(_options([*arguments, *options]))
    return "\n".join(parts)


def _paragraphs(one: Any) -> str:
    text = str(one.help or "").strip()
    return "\n" + "\n\n".join(" ".join(part.split()) for part in text.split("\n\n")) + "\n"


def _usage(argument: Any) -> str:
    name = f"{argument.metavar or argument.name.upper()}{'...' if argument.nargs == -1 else ''}"
    return name if argument.required else f"[{name}]"


def _options(parameters: list[Any]) -> str:
    rows = [f"| {_names(each)} | {_help(each)} |" for each in parameters]
    return "\n".join(["| option | meaning |", "|---|---|", *rows]) + "\n"


def _names(parameter: Any) -> str:
    if parameter.param_type_name == "argument":
        return f"`{parameter.metavar or parameter.name.upper()}`"
    value = "" if parameter.is_flag else f" {parameter.metavar or _choices(parameter)}"
    return f"`{', '.join(reversed(parameter.opts))}{value}`".replace("|", "\\|")


def _choices(parameter: Any) -> str:
    choices = parameter.type_descriptor.choices or ()
    return "|".join(str(getattr(choice, "value", choice)) for choice in choices) or "VALUE"


def _help(parameter: Any) -> str:
    default = getattr(parameter.default, "value", parameter.default)
    is_told = (
        default not in (None, False, "", (), [])
        and parameter.param_type_name == "option"
        and not parameter.required
    )
    notes = [f"default {default}"] if is_told else []
    notes += ["required"] if parameter.required and parameter.param_type_name == "option" else []
    notes += [f"environment variable {parameter.envvar}"] if getattr(parameter, "envvar", None) else []
    told = f" ({', '.join(notes)})" if notes else ""
    return f"{parameter.help or ''}{told}".strip()


def _panel(parameter: Any) -> str | None:
    panel = getattr(parameter, "rich_help_panel", None)
    return panel if isinstance(panel, str) else None


def main(arguments: list[str]) -> int:
    """Write the page, or with --check compare it; returns the exit code."""
    written = page()
    if "--check" not in arguments:
        PAGE.write_text(written, encoding="utf-8")
        return 0
    if PAGE.exists() and PAGE.read_text(encoding="utf-8") == written:
        return 0
    print(f"{PAGE.name} is out of date: run `python -m cli.help_pages`", file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
