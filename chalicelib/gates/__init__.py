"""The gates of stateful services: what must be so before a container instance may be set DRAINING. Pure.

`declare` reads the tags, `decide_gates` answers open or closed from one look (`Seen`) with blockers in the same form
as `chalicelib.explain`, `leases` keeps the slots of quorum groups and drain budgets. No AWS, no clock.
"""

from chalicelib.gates.deciding import Decision, Rules, decide_gates
from chalicelib.gates.declared import Declared, SignOffRule, Silence, declare
from chalicelib.gates.gate_memory import GateMemory, QueueRun
from chalicelib.gates.leases import Holder, Lease
from chalicelib.gates.seen import Answer, Counts, Group, Leaving, Seen, SignOff, StatefulService

__all__ = [
    "Answer",
    "Counts",
    "Decision",
    "Declared",
    "GateMemory",
    "Group",
    "Holder",
    "Lease",
    "Leaving",
    "QueueRun",
    "Rules",
    "Seen",
    "SignOff",
    "SignOffRule",
    "Silence",
    "StatefulService",
    "decide_gates",
    "declare",
]
