"""What `--output json` says: nothing that stands for nothing, and no more data than was asked for."""

from __future__ import annotations

import json

from tests.cli.shell import shell


def test_a_plan_tells_what_the_deadline_really_brings() -> None:
    """Nobody waits for an instance that is drained by hand: to `continue` there is to keep it."""
    with shell() as told:
        (planned,) = json.loads(told.quietly(f"plan {told.ids[0]} -o json").stdout)
        assert planned["policy"]["on_deadline"] == "continue"
        assert planned["on_deadline"] == "keep"


def test_an_open_drain_has_no_count_of_looks_and_no_reason_that_nobody_gave() -> None:
    """The ledger learns the looks at the end; a dash in it says that nobody gave a reason."""
    with shell() as told:
        told.quietly(f"drain {told.ids[0]} --yes --detach")
        told.sleep(30)
        for command in ("list", "status"):
            (standing,) = json.loads(told.quietly(f"{command} -o json").stdout)
            assert (standing["looks"], standing["reason"], standing["who"]) == (None, None, "user/moto")
        assert "asked for by user/moto (manual)\n" in told.quietly("status").output
        told.sleep(300)
        (past,) = json.loads(told.quietly("history -o json").stdout)
        assert past["looks"] > 0
        assert past["reason"] is None
        assert "asked for by user/moto (manual)\n" in told.quietly(f"show {told.ids[0]}").output


def test_an_audit_has_the_data_of_states_only_if_asked_and_changes_as_watch_tells_them() -> None:
    with shell() as told:
        told.quietly(f"drain {told.ids[0]} --yes --detach -m kernel")
        told.sleep(300)
        audit = json.loads(told.quietly(f"show {told.ids[0]} -o json").stdout)
        assert audit["states"]
        assert not any("input" in state or "output" in state for state in audit["states"])
        whole = json.loads(told.quietly(f"show {told.ids[0]} --data -o json").stdout)
        assert whole["states"][0]["output"]["verdict"] == "drain"
        tasks = [change for change in audit["changes"] if change["kind"] == "task"]
        assert tasks
        assert all({"task", "from", "to"} <= change.keys() for change in tasks)
