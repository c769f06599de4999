"""The command line. Thin: each command calls the library and prints; a file for each group of commands.

Nothing slow is imported before a command needs it, so that `capdyn --help` answers at once.
"""

from . import calibrate, evidence, explain, look, policy, run, search, study, thresholds, watch
from .app import app, main
from .run import parse_settings

__all__ = [
    "app",
    "calibrate",
    "evidence",
    "explain",
    "look",
    "main",
    "parse_settings",
    "policy",
    "run",
    "search",
    "study",
    "thresholds",
    "watch",
]
