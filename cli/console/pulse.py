"""When the console reads: every few seconds while a page is open, and not at all while none is.

Everything that asks AWS, and everything that is made of what was read, happens on one thread, one after the other:
`turn`. So no two readings run side by side, and nothing is shown half read.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import ParamSpec, TypeVar

from cli.following import LOOK_EVERY

P = ParamSpec("P")
Answer = TypeVar("Answer")

SHORTEST_PAUSE = 0.5
"""Real seconds between two readings, however fast a sandbox's time passes."""


class Pulse:
    """Reads again and again while somebody watches, and tells the watchers."""

    def __init__(self, read: Callable[[], None], speed: float = 1.0) -> None:
        self._read = read
        self._pause = max(SHORTEST_PAUSE, LOOK_EVERY / speed) if speed else LOOK_EVERY
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="console")
        self._watchers: set[asyncio.Event] = set()
        self._is_watched = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    async def turn(self, work: Callable[P, Answer], /, *args: P.args, **kwargs: P.kwargs) -> Answer:
        """Do the work when it is its turn, and return its result."""
        running = asyncio.get_running_loop()
        return await running.run_in_executor(self._thread, partial(work, *args, **kwargs))

    async def beats(self) -> AsyncGenerator[None, None]:
        """Yield at once, and after each reading from then on."""
        beat = asyncio.Event()
        self._watchers.add(beat)
        self._is_watched.set()
        try:
            while True:
                yield
                await beat.wait()
                beat.clear()
        finally:
            self._watchers.discard(beat)
            if not self._watchers:
                self._is_watched.clear()

    async def beat(self) -> None:
        """Read once, and tell the watchers."""
        await self.turn(self._read)
        for watcher in self._watchers:
            watcher.set()

    def start(self) -> None:
        """Begin to read; needs a running event loop."""
        self._task = asyncio.create_task(self._go_on())

    async def stop(self) -> None:
        """Read no more."""
        if self._task:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        self._thread.shutdown(wait=False, cancel_futures=True)

    async def _go_on(self) -> None:
        while True:
            await self._is_watched.wait()
            await asyncio.sleep(self._pause)
            if self._is_watched.is_set():
                await self.beat()
