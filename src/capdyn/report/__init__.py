"""The report: runs of several scenarios in, one self-contained page and its figures out.

`write_report` is the verb; the figure functions are for people who want one picture of their own.
"""

from __future__ import annotations

from .combine import combine
from .figures import lever_timeline, small_multiples, trajectory
from .page import write_report
from .panels import Panel, choose_grid, choose_panels
from .tables import end_values

__all__ = [
    "Panel",
    "choose_grid",
    "choose_panels",
    "combine",
    "end_values",
    "lever_timeline",
    "small_multiples",
    "trajectory",
    "write_report",
]
