"""Findings as text for a terminal: worst first, a heading for each severity, the remedy below each."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence

from .finding import SEVERITIES, Finding

_WIDTH = 110


def write_findings(findings: Sequence[Finding]) -> str:
    """The findings by severity, and how many there are."""
    lines: list[str] = []
    counts = []
    for severity in SEVERITIES:
        these = [finding for finding in findings if finding.severity == severity]
        if not these:
            continue
        counts.append(f"{len(these)} {severity}{'s' * (len(these) > 1)}")
        lines.append(f"{severity.capitalize()}s")
        kinds = max(len(finding.kind) for finding in these)
        for finding in these:
            place = f"{finding.where}: " if finding.where else ""
            first, indent = f"  {finding.kind.ljust(kinds)}  ", " " * (kinds + 4)
            for text in (place + finding.what, finding.remedy):
                lines += textwrap.wrap(
                    text, _WIDTH, initial_indent=first, subsequent_indent=indent, break_on_hyphens=False
                )
                first = indent
        lines.append("")
    many = f"{len(findings)} finding{'s' * (len(findings) != 1)}"
    lines.append(f"{many}: {', '.join(counts)}." if findings else "Nothing found.")
    return "\n".join(lines) + "\n"
