"""The policy of a drain: what may be set, where each value comes from, and when the deadline is.

    resolved = resolve([environment_source(os.environ), tag_source(tags, group), metadata_source(text, hook)])
    resolved.policy.deadline, resolved.sources["deadline"], resolved.notices

Pure: no AWS, no clock. README.md has the table, which `settings_table()` writes.
"""

from chalicelib.policy.reach import Reach
from chalicelib.policy.resolve import Circumstances, Resolved, resolve
from chalicelib.policy.sources import (
    Source,
    environment_source,
    manual_source,
    metadata_source,
    spot_source,
    tag_source,
)
from chalicelib.policy.table import SETTINGS, DrainPolicy, Setting, settings_table
from chalicelib.policy.values import (
    AfterDrain,
    Daemons,
    DrainBudget,
    Gates,
    ManagedDraining,
    OnClosedGates,
    OnDeadline,
    PollSchedule,
    Standalone,
    StandaloneTasks,
)

__all__ = [
    "SETTINGS",
    "AfterDrain",
    "Circumstances",
    "Daemons",
    "DrainBudget",
    "DrainPolicy",
    "Gates",
    "ManagedDraining",
    "OnClosedGates",
    "OnDeadline",
    "PollSchedule",
    "Reach",
    "Resolved",
    "Setting",
    "Source",
    "Standalone",
    "StandaloneTasks",
    "environment_source",
    "manual_source",
    "metadata_source",
    "resolve",
    "settings_table",
    "spot_source",
    "tag_source",
]
