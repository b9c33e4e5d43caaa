"""An app with one stack: ecs-drainer, and the lifecycle hook on a group that is there already.

RELEASE is the folder of a release, AUTO_SCALING_GROUP the group's name.
"""

from __future__ import annotations

import os
import sys

from aws_cdk import App, Stack
from ecs_drainer_cdk import EcsDrainer

if missing := [name for name in ("RELEASE", "AUTO_SCALING_GROUP") if not os.environ.get(name)]:
    sys.exit(f"{' and '.join(missing)} must be set: the folder of a release, and the name of a group")

app = App()
stack = Stack(app, "ecs-drainer")
drainer = EcsDrainer(stack, "Drainer", release=os.environ["RELEASE"], parameters={"Deadline": "30m"})
drainer.drain(os.environ["AUTO_SCALING_GROUP"])
app.synth()
