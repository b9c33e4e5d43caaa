"""How the events of ECS reach their targets: in time, late, twice, in another order, or never; the same in every run.

ECS developer guide, "Amazon ECS events": events come at least once, may come out of order, and are told apart by
their version. Those of Auto Scaling, EC2 and others are not touched.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from random import Random

SHARES = ("lost", "doubled", "late")


@dataclass
class EcsDelivery:
    """What may be said in a story's `[events]`; a share is from 0 to 1, drawn for each delivery to a target."""

    latency: float = 1.0
    """Seconds from the event to its target."""
    jitter: float = 0.0
    """Up to so many seconds more, drawn for each: events overtake each other."""
    lost: float | tuple[int, ...] = 0.0
    """The share that never comes; or which deliveries, counted from 1."""
    doubled: float | tuple[int, ...] = 0.0
    """The share that comes twice, as `lost` has it."""
    late: float | tuple[int, ...] = 0.0
    """The share that comes `late_seconds` later, as `lost` has it."""
    late_seconds: float = 300.0
    apart_seconds: float = 5.0
    """Between the two times of a doubled event."""
    seed: int = 1

    def __post_init__(self) -> None:
        """Refuse what can't be, in a sentence."""
        for name in SHARES:
            _check_share(name, getattr(self, name))
        for name in ("latency", "jitter", "late_seconds", "apart_seconds"):
            if not isinstance(getattr(self, name), int | float) or getattr(self, name) < 0:
                raise ValueError(
                    f"`{name}` of events is {getattr(self, name)!r}: expected seconds, 0 or more"
                )
        self._draws = Random(self.seed)  # noqa: S311  # the same mishaps in every run, no secret
        self._count = 0

    def delays(self) -> list[float]:
        """Draw how many seconds the next event takes, once for each time that it comes."""
        self._count += 1
        draws = {name: self._draws.random() for name in (*SHARES, "jitter")}  # all, whatever comes of each
        if self._is(self.lost, draws["lost"]):
            return []
        seconds = self.latency + self.jitter * draws["jitter"]
        if self._is(self.late, draws["late"]):
            seconds += self.late_seconds
        return (
            [seconds, seconds + self.apart_seconds] if self._is(self.doubled, draws["doubled"]) else [seconds]
        )

    def change(self, **changes: object) -> None:
        """Deliver otherwise from now on; the draws and the count go on. Raises ValueError."""
        present = {each.name: getattr(self, each.name) for each in fields(self)}
        if unknown := sorted(changes.keys() - present.keys()):
            raise ValueError(
                f"`{unknown[0]}` of events is unknown: expected one of {', '.join(sorted(present))}"
            )
        lists = {name: tuple(value) for name, value in changes.items() if isinstance(value, list)}
        changed = EcsDelivery(**{**present, **changes, **lists})
        for name in changes:
            setattr(self, name, getattr(changed, name))
        if "seed" in changes:
            self._draws = changed._draws

    def _is(self, share: float | tuple[int, ...], draw: float) -> bool:
        return self._count in share if isinstance(share, tuple) else draw < share


def _check_share(name: str, share: object) -> None:
    if isinstance(share, tuple):
        is_right = all(isinstance(number, int) and number > 0 for number in share)
    else:
        is_right = isinstance(share, int | float) and 0 <= share <= 1
    if not is_right:
        raise ValueError(
            f"`{name}` of events is {share!r}: expected a share from 0 to 1, or a list of numbers from 1 up"
        )
