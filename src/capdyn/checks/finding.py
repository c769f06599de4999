"""What a check has to say: one frozen row, with place and remedy."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ..errors import Where

# Worst first. An error makes results wrong, a warning may; a note concerns those who read the model.
SEVERITIES = ("error", "warning", "note")


@dataclass(frozen=True)
class Finding:
    """One thing to put right.

    kind : the check that found it, a row of `capdyn.checks.check.CHECKS`.
    variable : its name, or '' for the whole model.
    where : file and line, None where there is no single place. what, remedy : a sentence each.
    """

    kind: str
    variable: str
    where: Where | None
    what: str
    remedy: str
    severity: str = "warning"

    def __str__(self) -> str:
        place = f"{self.where}: " if self.where else ""
        return f"{place}{self.what} {self.remedy}".rstrip()

    def plain(self) -> dict[str, Any]:
        """The finding as plain data, ready for JSON."""
        where = self.where
        return {
            "kind": self.kind,
            "severity": self.severity,
            "variable": self.variable,
            "file": where.file if where else "",
            "line": where.line if where else 0,
            "column": where.column if where else 0,
            "what": self.what,
            "remedy": self.remedy,
        }
