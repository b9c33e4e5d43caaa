"""The picture of a rehearsal: lanes of instances and curves of services on one axis of time. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise

from chalicelib.common.duration import in_short, whole_seconds
from chalicelib.explain.words import count
from cli.page.scale import SCALE, Axis, Mark
from rehearsal.result import Blocked, Lane, LaneState, Point, Rehearsal, ServiceSeries

WORDS = {
    LaneState.LAUNCHING: "is launched",
    LaneState.IN_SERVICE: "in service",
    LaneState.WARNED: "to go, not DRAINING yet",
    LaneState.DRAINING: "DRAINING",
    LaneState.STUCK: "stuck",
    LaneState.CONTINUED: "drained, let go",
    LaneState.TERMINATED: "terminated",
    LaneState.POOLED: "in the warm pool",
    LaneState.KEPT: "left DRAINING",
}
SIGN = 20
"""Units across that a mark takes."""
NARROWEST = 1.5
"""Units across: what is shorter would not be seen."""


@dataclass(frozen=True, slots=True)
class Bar:
    """A while of one lane, or of one service: seconds since the beginning, places across, words."""

    begins: int
    ends: int
    x: float
    width: float
    kind: str
    told: str


@dataclass(frozen=True, slots=True)
class Sign:
    """A blocker's mark in a lane."""

    x: float
    number: int
    """Of the blocker, which it leads to."""
    told: str
    is_calm: bool
    """Whether it resolves itself."""


@dataclass(frozen=True, slots=True)
class InstanceLane:
    """One instance."""

    instance: str
    zone: str
    is_new: bool
    bars: tuple[Bar, ...]
    signs: tuple[Sign, ...]
    told: str


@dataclass(frozen=True, slots=True)
class Curve:
    """One service: the `d` of its areas and lines in a box of SCALE by 100."""

    service: str
    minimum: int
    maximum: int
    most: int
    """What the top of the box stands for."""
    healthy: str
    running: str
    minimum_at: float
    """Down from the top."""
    below: tuple[Bar, ...]
    steps: tuple[Bar, ...]
    """A while of unchanged counts each."""
    told: str


@dataclass(frozen=True, slots=True)
class Fleet:
    """All of it."""

    seconds: int
    """How long the picture lasts."""
    ticks: tuple[Mark, ...]
    lanes: tuple[InstanceLane, ...]
    curves: tuple[Curve, ...]
    states: tuple[tuple[str, str], ...]
    """Every state that occurs, with its words."""
    moments: tuple[int, ...]
    """The seconds at which a lane or a blocker changes, for the buttons beside the slider."""


def fleet(rehearsed: Rehearsal) -> Fleet:
    """Return the picture of one variant."""
    axis = Axis(rehearsed.began_at, rehearsed.ended_at)
    seen = {span.state for lane in rehearsed.lanes for span in lane.spans}
    return Fleet(
        seconds=max(1, _seconds(axis, axis.ends_at)),
        ticks=axis.ticks(),
        lanes=tuple(
            _lane(lane, urgent_first(rehearsed.blockers), axis) for lane in in_order(rehearsed.lanes)
        ),
        curves=tuple(_curve(series, axis) for series in rehearsed.services),
        states=tuple((state.value, words) for state, words in WORDS.items() if state in seen),
        moments=tuple(sorted(set(_moments(rehearsed, axis)))),
    )


def in_order(lanes: Iterable[Lane]) -> list[Lane]:
    """Return those first that are drained, by when; then those that stay, then those that are new."""
    quiet = {LaneState.IN_SERVICE, LaneState.LAUNCHING}

    def place(lane: Lane) -> tuple[bool, bool, datetime, str]:
        moved = [span.begins_at for span in lane.spans if span.state not in quiet]
        return lane.is_new, not moved, min(moved, default=lane.spans[0].begins_at), lane.instance

    return sorted((lane for lane in lanes if lane.spans), key=place)


def _lane(lane: Lane, blockers: Sequence[Blocked], axis: Axis) -> InstanceLane:
    bars = tuple(
        _bar(axis, span.begins_at, span.ends_at, span.state.value, _words(span.state, span.waits_for))
        for span in lane.spans
    )
    signs = tuple(_signs(lane.instance, blockers, axis))
    told = "; ".join(
        f"from {axis.since(span.begins_at)} {_words(span.state, span.waits_for)}" for span in lane.spans
    )
    return InstanceLane(lane.instance, lane.zone, lane.is_new, bars, signs, told)


def urgent_first(blockers: Iterable[Blocked]) -> tuple[Blocked, ...]:
    """Return those first that stay until somebody acts."""
    return tuple(sorted(blockers, key=lambda each: each.resolves_itself))


def _signs(instance: str, blockers: Sequence[Blocked], axis: Axis) -> Iterator[Sign]:
    """Yield a mark for each place, of the most urgent blocker that begins there."""
    places: dict[int, list[tuple[int, Blocked]]] = {}
    for number, each in enumerate(blockers):
        if each.instance == instance:
            places.setdefault(int(axis.x(each.first_seen_at) // SIGN), []).append((number, each))
    for there in places.values():
        number, first = there[0]
        more = f", and {count(len(there) - 1, 'blocker')} more" if len(there) > 1 else ""
        told = f"{first.headline}: {first.subject}{more}"
        yield Sign(axis.x(first.first_seen_at), number, told, first.resolves_itself)


def _words(state: LaneState, waits_for: str) -> str:
    return f"{WORDS[state]}: {waits_for}" if waits_for else WORDS[state]


def _bar(axis: Axis, begins_at: datetime, ends_at: datetime, kind: str, words: str) -> Bar:
    x = axis.x(begins_at)
    told = f"{words}, from {axis.since(begins_at)} for {in_short(ends_at - begins_at)}"
    return Bar(
        begins=_seconds(axis, begins_at),
        ends=_seconds(axis, ends_at),
        x=x,
        width=max(NARROWEST, round(axis.x(ends_at) - x, 1)),
        kind=kind,
        told=told,
    )


def _curve(series: ServiceSeries, axis: Axis) -> Curve:
    points = series.points
    most = max([1, series.minimum, *(max(each.running, each.desired) for each in points)])

    def height(number: int) -> float:
        return round(100 - 100 * min(number, most) / most, 1)

    return Curve(
        service=series.service,
        minimum=series.minimum,
        maximum=series.maximum,
        most=most,
        healthy=_area([(each.at, height(each.healthy)) for each in points], axis),
        running=_line([(each.at, height(each.running)) for each in points], axis),
        minimum_at=height(series.minimum),
        below=tuple(
            _bar(
                axis, each.begins_at, each.ends_at, "below", f"{each.fewest} healthy, below {series.minimum}"
            )
            for each in series.below
        ),
        steps=tuple(_steps(series, axis)),
        told=_curve_told(series, axis),
    )


def _curve_told(series: ServiceSeries, axis: Axis) -> str:
    floor = f"minimum {series.minimum}, maximum {series.maximum}"
    if not series.below:
        return f"{series.service}: never below its minimum ({floor})"
    worst = min(series.below, key=lambda each: each.fewest)
    lasts = sum((each.ends_at - each.begins_at for each in series.below), timedelta(0))
    return (
        f"{series.service}: {count(len(series.below), 'time')} below its minimum for {in_short(lasts)} in all, "
        f"{worst.fewest} healthy at the worst, at {axis.since(worst.begins_at)} ({floor})"
    )


def _steps(series: ServiceSeries, axis: Axis) -> Iterator[Bar]:
    """Yield the whiles between two points."""
    for point, until in pairwise([*series.points, None]):
        if point is not None:
            ends_at = until.at if until else axis.ends_at
            yield _bar(
                axis, point.at, ends_at, _kind(point, series.minimum), point_told(point, series.minimum)
            )


def _kind(point: Point, minimum: int) -> str:
    return "below" if point.healthy < minimum else "fine"


def point_told(point: Point, minimum: int) -> str:
    """Return how a service stands at a point, in words."""
    pending = f", {point.pending} pending" if point.pending else ""
    return f"{point.healthy} healthy of {point.desired} desired (minimum {minimum}), {point.running} running{pending}"


def _line(points: Sequence[tuple[datetime, float]], axis: Axis) -> str:
    """Return the `d` of a line that goes level from each point to the next."""
    path = ""
    for (at, height), (until, _) in pairwise([*points, (axis.ends_at, 0.0)]):
        path += f"{'L' if path else 'M'}{axis.x(at)} {height}L{axis.x(until)} {height}"
    return path


def _area(points: Sequence[tuple[datetime, float]], axis: Axis) -> str:
    line = _line(points, axis)
    return f"{line}L{SCALE} 100L{axis.x(points[0][0])} 100Z" if line else ""


def _moments(rehearsed: Rehearsal, axis: Axis) -> Iterator[int]:
    for lane in rehearsed.lanes:
        yield from (_seconds(axis, span.begins_at) for span in lane.spans)
    yield from (_seconds(axis, each.first_seen_at) for each in rehearsed.blockers)
    yield from (_seconds(axis, each.begins_at) for series in rehearsed.services for each in series.below)
    yield _seconds(axis, axis.ends_at)


def _seconds(axis: Axis, at: datetime) -> int:
    return whole_seconds(min(max(at, axis.begins_at), axis.ends_at) - axis.begins_at)
