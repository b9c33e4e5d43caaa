"""What the installed `ecs-drainer` starts.

The wheel puts nothing but this package among its neighbours, so that no `cli` or `chalicelib` of somebody else's gets
in the way: beside this file, in `tree/`, lies what the command needs of the repository, laid out as it is there.
"""

from __future__ import annotations

import sys
from pathlib import Path

TREE = Path(__file__).parent / "tree"


def main() -> None:
    """Run the command line."""
    sys.path.insert(0, str(TREE))
    from cli.main import run  # noqa: PLC0415  # it lies in the tree

    run()
