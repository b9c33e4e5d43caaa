"""Commands that are imported when they are called: `--help` lists them by name and sentence, and needs none of them.

AWS's SDK alone takes longer to import than a person waits gladly for a help page or a shell for a completion.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from importlib import import_module
from typing import Any, cast

import typer
from typer.core import TyperCommand, TyperGroup
from typer.main import get_command

SETTINGS: dict[str, Any] = {
    "pretty_exceptions_enable": False,
    "rich_markup_mode": "markdown",
    "context_settings": {"help_option_names": ["-h", "--help"]},
}
"""What the whole command line and each of its commands are made with."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the help page, and where its command is."""

    name: str
    panel: str
    sentence: str
    """The first of the command's own help; a test compares them."""
    module: str
    attribute: str
    """A command's function, or the `typer.Typer` of a group."""

    def load(self) -> Any:
        """Import the command, and return it as typer makes it."""
        found = getattr(import_module(self.module), self.attribute)
        parent = typer.Typer(add_completion=False, **SETTINGS)
        if isinstance(found, typer.Typer):
            parent.add_typer(found, name=self.name)
            return cast(TyperGroup, get_command(parent)).commands[self.name]
        parent.command(self.name)(found)
        return get_command(parent)


class LazyCommand(TyperCommand):
    """Stands for a command on the help page, and becomes it when its context is made."""

    def __init__(self, entry: Entry) -> None:
        super().__init__(entry.name, help=entry.sentence, rich_help_panel=entry.panel)
        self._entry = entry

    @cached_property
    def real(self) -> Any:
        """The command itself."""
        return self._entry.load()

    def make_context(self, *given: Any, **named: Any) -> Any:
        """Make the real command's context: what is invoked or completed from here on is the real command."""
        return self.real.make_context(*given, **named)


def _with_its_value(refused: typer.BadParameter) -> str:
    """Return what is wrong with a value, and the value: typer says "Input should be greater than or equal to 1"."""
    from chalicelib.common.wording import shown  # noqa: PLC0415  # a call that refuses nothing starts without it

    cause: Any = refused.__cause__  # pydantic's ValidationError, where typer asked it
    given = [error["input"] for error in cause.errors()] if hasattr(cause, "errors") else []
    unsaid = [value for value in given if str(value) not in refused.message]
    return f"{shown(unsaid[0])}: {refused.message}" if unsaid else refused.message


def group_of(entries: tuple[Entry, ...]) -> type[TyperGroup]:
    """Return the class of a group of these commands, in this order."""

    class LazyGroup(TyperGroup):
        """A group whose commands are imported when they are called."""

        def __init__(self, **given: Any) -> None:
            super().__init__(**{**given, "commands": {entry.name: LazyCommand(entry) for entry in entries}})

        def invoke(self, context: Any) -> Any:
            """Run the command of the command line; a value that it can't take is named in the refusal."""
            try:
                return super().invoke(context)
            except typer.BadParameter as refused:
                refused.message = _with_its_value(refused)
                raise

    return LazyGroup
