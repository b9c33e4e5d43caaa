"""What an event of ECS means for the drains that wait: pure, from the event and the drain's waiting row.

Events come doubled, late, out of order or not at all, and most concern no drain. Nothing here says that a drain has
ended: an execution is told what was seen, and decides.
"""

from chalicelib.wake.batch import (
    Letter,
    OfInstance,
    OfService,
    by_instance,
    by_running_service,
    by_service,
    read_letters,
)
from chalicelib.wake.parse import Happening, parse
from chalicelib.wake.row import AGENT_CONNECTED, AGENT_DISCONNECTED, Waiting, agent_word
from chalicelib.wake.seen import Ignored, ServiceTrouble, TaskRunning, TaskStopped
from chalicelib.wake.telling import (
    EMPTIED,
    GATES,
    INSTANCE,
    SERVICE,
    Heard,
    among,
    differs,
    newest,
    output,
    why,
)

__all__ = [
    "AGENT_CONNECTED",
    "AGENT_DISCONNECTED",
    "EMPTIED",
    "GATES",
    "INSTANCE",
    "SERVICE",
    "Happening",
    "Heard",
    "Ignored",
    "Letter",
    "OfInstance",
    "OfService",
    "ServiceTrouble",
    "TaskRunning",
    "TaskStopped",
    "Waiting",
    "agent_word",
    "among",
    "by_instance",
    "by_running_service",
    "by_service",
    "differs",
    "newest",
    "output",
    "parse",
    "read_letters",
    "why",
]
