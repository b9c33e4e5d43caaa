"""Sample stateful services for the embedded AWS that lose work when they are taken away wrongly.

`Store` is a quorum store of three members, `Consumer` works off a queue, `Dedupe` keeps its state in memory and signs
off once it is flushed. Each lives in an ECS service of the sample world, tagged as docs/stateful-services.md says, and
is played once every few seconds of virtual time for as long as its tasks run.
"""

from stories.samples.consumer import Consumer
from stories.samples.dedupe import Dedupe
from stories.samples.running import Sample, Told
from stories.samples.store import Store

__all__ = ["Consumer", "Dedupe", "Sample", "Store", "Told"]
