"""`python -m benchmarks.rehearsals 20 200`: how long a rehearsal takes; with `--write` into docs/rehearse.md.

A world of so many instances is grown in the embedded AWS, its snapshot is written, and `ecs-drainer rehearse` is run
with it as anybody would, in a process that is measured from without: a refresh of all instances, once, at the usual
start-ups. `--keep FOLDER` leaves the snapshots there.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from app import app
from benchmarks.document import with_part
from embedded_aws.aws import embedded_aws
from embedded_aws.clients import client
from rehearsal.reading import Reader, read_snapshot
from rehearsal.running import silenced, unhurried_collection
from stories.deployment import deploy
from stories.world import CLUSTER, Hook, Service, World

ROOT = Path(__file__).parent.parent
PAGE, PART = ROOT / "docs" / "rehearse.md", "how long rehearsals take"
SERVICES = 18
"""Beside one daemon; every second one has a target group. With the daemon's, there are ten tasks for each instance."""
HEADS = (
    "instances",
    "tasks",
    "virtual time",
    "API calls",
    "CPU seconds",
    "seconds",
    "virtual seconds a CPU second",
)


@dataclass(frozen=True)
class Took:
    """What one rehearsal took; seconds of CPU are those of all its processes."""

    instances: int
    tasks: int
    virtual_seconds: float
    calls: int
    cpu_seconds: float
    seconds: float

    @property
    def row(self) -> tuple[str, ...]:
        """Its row of the table."""
        ratio = self.virtual_seconds / self.cpu_seconds
        minutes = f"{self.virtual_seconds / 60:.0f} min"
        measured = f"{self.cpu_seconds:.1f}", f"{self.seconds:.1f}", f"{ratio:.0f}"
        return str(self.instances), f"{self.tasks:,}", minutes, f"{self.calls:,}", *measured


def services_of(instances: int) -> list[Service]:
    """Return the services of a world that size: ten tasks an instance, with the daemon's."""
    daemon = Service("logs", is_daemon=True, has_target_group=False, cpu=16, memory=16)
    replicas = [
        Service(f"s{number}", desired=max(1, instances // 2), has_target_group=number % 2 == 0)
        for number in range(SERVICES)
    ]
    return [*replicas, daemon]


def grow(instances: int, to: Path) -> int:
    """Write the snapshot of a world of so many instances; returns how many tasks it has."""
    with silenced(), unhurried_collection(), embedded_aws() as aws:
        deploy(app)
        world = World(client, aws.clock.advance)
        with aws.requests.unthrottled():
            world.build((), Hook(), instances=instances)
            for service in services_of(instances):
                world.create_service(service)
                world.wait(1)
            world.wait(120)
            taken = read_snapshot(
                CLUSTER, None, Reader(lambda _: None), taken_at=aws.clock.now(), settings={}
            )
    to.write_text(taken.written(), encoding="utf-8")
    return len(taken.tasks)


def rehearse(snapshot: Path, instances: int, tasks: int) -> Took:
    """Rehearse a refresh of all instances with the command, and measure its processes."""
    command = [
        sys.executable,
        "-m",
        "cli",
        "rehearse",
        str(snapshot),
        "--instance-refresh",
        "--once",
        "-o",
        "json",
    ]
    before, began = _cpu_of_children(), time.perf_counter()
    ran = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True)  # noqa: S603  # our own
    seconds, cpu = time.perf_counter() - began, _cpu_of_children() - before
    (variant,) = json.loads(ran.stdout)["variants"]
    return Took(
        instances, tasks, variant["lasts"]["expected_seconds"], variant["cost"]["calls"], cpu, seconds
    )


def _cpu_of_children() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def table(measured: Iterable[Took]) -> str:
    """Return the table in Markdown."""
    rows = [HEADS, tuple("---:" for _ in HEADS), *(each.row for each in measured)]
    return "".join(f"| {' | '.join(row)} |\n" for row in rows)


def measure(sizes: Iterable[int], folder: Path) -> list[Took]:
    """Grow and rehearse each size, one after the other: each has a core to itself."""
    found = []
    for instances in sizes:
        snapshot = folder / f"{instances}-instances.json"
        found.append(rehearse(snapshot, instances, grow(instances, snapshot)))
    return found


def main(arguments: list[str] | None = None) -> int:
    """Run the command."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.rehearsals", description=__doc__)
    parser.add_argument("sizes", type=int, nargs="+", help="instances")
    parser.add_argument("--keep", type=Path, metavar="FOLDER", help="where the snapshots stay")
    parser.add_argument("--write", action="store_true", help="put the table into docs/rehearse.md")
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as folder:
        told = table(measure(options.sizes, options.keep or Path(folder)))
    print(told, end="")
    if options.write:
        PAGE.write_text(with_part(PAGE.read_text(encoding="utf-8"), PART, told), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
