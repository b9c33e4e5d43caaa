"""Say, for each task that holds the drain, why, and what would free it. Pure: no AWS, no clock.

`explain` gives every blocker, `group` puts them together, `render_text` and `to_state` write them for
people and for the state machine; `forecast` answers the same questions before anything is touched.
"""

from __future__ import annotations

from chalicelib.explain.blocker import Blocker, BlockerGroup, BlockerKind, group
from chalicelib.explain.circumstances import Circumstances
from chalicelib.explain.forecasting import Fate, Forecast, Outcome, forecast
from chalicelib.explain.reasons import explain
from chalicelib.explain.render import forecast_to_state, one_line, render_forecast, render_text, to_state

__all__ = [
    "Blocker",
    "BlockerGroup",
    "BlockerKind",
    "Circumstances",
    "Fate",
    "Forecast",
    "Outcome",
    "explain",
    "forecast",
    "forecast_to_state",
    "group",
    "one_line",
    "render_forecast",
    "render_text",
    "to_state",
]
