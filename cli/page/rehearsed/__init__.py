"""A rehearsal as a page: the fleet over time, a lane an instance, every service below; one file that works offline."""

from cli.page.rehearsed.rendering import render

__all__ = ["render"]
