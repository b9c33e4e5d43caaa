"""Answers of rehearsals as files: where they are, and what is said of one that is none."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from chalicelib.common.errors import InvalidInput
from cli.exit_codes import ExitCode
from cli.problems import Halt
from rehearsal.result import Answer, read


def rehearsals_in(paths: Iterable[Path]) -> dict[str, Path]:
    """Return the files by a name for each: a file's own, and that of every `*.json` of a folder."""
    found: dict[str, Path] = {}
    for path in paths:
        for file in sorted(path.glob("*.json")) if path.is_dir() else [path]:
            name, number = file.stem, 1
            while name in found and found[name].resolve() != file.resolve():
                number += 1
                name = f"{file.stem}-{number}"
            found[name] = file
    return found


def read_answer(file: Path) -> Answer:
    """Return the answer in a file; raises Halt for one that can't be read, or is none."""
    try:
        return read(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise Halt(f"{file} can't be read: {error.strerror}", "name another file") from None
    except UnicodeDecodeError:
        raise Halt(
            f"{file} is no answer of a rehearsal: expected text in UTF-8", code=ExitCode.USAGE
        ) from None
    except (InvalidInput, KeyError, TypeError, ValueError) as error:
        said = (
            str(error).removeprefix("no rehearsal: ")
            if isinstance(error, InvalidInput)
            else f"it lacks, or has wrongly, {error}"
        )
        raise Halt(f"{file} is no answer of a rehearsal: {said}", code=ExitCode.USAGE) from None
