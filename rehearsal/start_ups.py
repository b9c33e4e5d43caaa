"""How long tasks take to start, as it is said on the command line: `web=90`, or a range, `web=20s..90s`. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from chalicelib.common.errors import InvalidInput
from chalicelib.common.wording import shown
from rehearsal.timings import Seconds

SAID = re.compile(r"(\d{1,5})s?(?:\.\.(\d{1,5})s?)?", re.ASCII)


def read_start_ups(texts: Iterable[str], services: Sequence[str]) -> dict[str, Seconds]:
    """Return the seconds from placement to healthy by service; of a range the middle is the usual.

    Raises InvalidInput for what names no service of `services`, or no seconds.
    """
    return dict(_read(text, services) for text in texts)


def _read(text: str, services: Sequence[str]) -> tuple[str, Seconds]:
    name, _, said = text.partition("=")
    found = SAID.fullmatch(said)
    least, most = (float(found[1]), float(found[2] or found[1])) if found else (1.0, 0.0)
    if name not in services or least > most:
        raise InvalidInput(
            f"`--start-up` is {shown(text)}: expected SERVICE=SECONDS, or SERVICE=LEAST..MOST such as "
            f"{services[0] if services else 'web'}=20s..90s, a service of {', '.join(services)}"
        )
    return name, Seconds((least + most) / 2, least, most, "given")
