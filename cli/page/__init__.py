"""`ecs-drainer show --html`: one drain as one self-contained page, for people who would rather look than read.

`render` is pure: an `Audit` in, HTML out. The page asks nobody for anything: no script, no font, no image from
elsewhere, and its content security policy forbids what it doesn't need.
"""

from cli.page.rendering import render

__all__ = ["render"]
