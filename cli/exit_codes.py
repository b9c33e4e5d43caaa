"""Every exit code of `ecs-drainer`, each with its meaning; docs/cli.md shows the table."""

from __future__ import annotations

from enum import IntEnum


class ExitCode(IntEnum):
    """What the command tells a script."""

    OK = 0
    FAILED = 1
    USAGE = 2
    REFUSED = 3
    NOT_FOUND = 4
    BLOCKED = 5
    NOT_DRAINED = 6
    NOT_ALLOWED = 7
    UNAVAILABLE = 8
    PROBLEMS_FOUND = 9
    DETACHED = 130

    @property
    def meaning(self) -> str:
        """One sentence for the table."""
        return MEANINGS[self]


MEANINGS = {
    ExitCode.OK: "Done as asked: drained, started with `--detach`, planned without a blocker, nothing to complain of.",
    ExitCode.FAILED: "A drain failed, or AWS refused a call; the sentence on stderr says which.",
    ExitCode.USAGE: "The command line can't be understood.",
    ExitCode.REFUSED: "Refused before anything was touched; the sentence names the flag that overrides, if one does.",
    ExitCode.NOT_FOUND: "No such instance, group, drain or fleet, or none open; a task not asked; a name of several.",
    ExitCode.BLOCKED: "`plan`, `rehearse`: a drain can't end as it is or as asked. `fleet plan`: there are objections.",
    ExitCode.NOT_DRAINED: "A drain ended (`rehearse`: would) with tasks left: deadline, taken back, agent lost.",
    ExitCode.NOT_ALLOWED: "Credentials are missing, expired or not allowed to do this.",
    ExitCode.UNAVAILABLE: "AWS throttled or did not answer, also after retries.",
    ExitCode.PROBLEMS_FOUND: "`doctor` found something that keeps drains from working.",
    ExitCode.DETACHED: "Ctrl-C: nothing more is shown, and the drain goes on; a first run has removed what it created.",
}


def table() -> str:
    """Return the exit codes as a Markdown table."""
    rows = [f"| {int(code)} | {code.name} | {code.meaning} |" for code in ExitCode]
    return "\n".join(["| code | name | meaning |", "|---|---|---|", *rows]) + "\n"
