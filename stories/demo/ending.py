"""The end of an act: the summary of its drain, and the exit code."""

from __future__ import annotations

from stories.demo import summary
from stories.demo.figures import gather
from stories.demo.play import Play
from stories.demo.scene import Drain


def tell(play: Play, drain: Drain | None) -> str | None:
    """Show what happened when and the figures; returns what went wrong, in a sentence, or None."""
    if drain is None:
        return "Auto Scaling took no instance."
    figures = gather(play.stage, play.scene, drain)
    show = play.show
    show.say("\nWhat happened when", "bold")
    show.say("\n".join(summary.timeline(play.scene, drain)))
    show.say("\nWhat it came to", "bold")
    show.say("\n".join(summary.text(figures)))
    show.say(f"  {summary.footnote()}", "bright_black")
    return figures.wrong
