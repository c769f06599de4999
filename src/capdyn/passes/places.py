"""Where a name stands inside an equation, and how the modeller wrote it."""

from __future__ import annotations

import re

from ..errors import Where
from ..lang.model import Component


def _search(component: Component, name: str) -> re.Match[str] | None:
    if not name:
        return None
    loose = r"[\s_\\]+".join(re.escape(part) for part in name.split(" "))
    found = list(re.finditer(rf'(?<!\w)"?{loose}"?(?!\w)', component.text, re.IGNORECASE))
    if not found:
        return None
    equals = component.text.find("=")
    return next((match for match in found if match.start() > equals), found[0])


def written(component: Component, name: str) -> str:
    """A name as the modeller wrote it in this equation, or its key."""
    match = _search(component, name)
    return re.sub(r"[\s\\]+", " ", match.group()) if match else name


def place(component: Component, name: str) -> Where:
    """Line and column of a name inside an equation, or where the equation begins."""
    match = _search(component, name)
    if match is None:
        return component.where
    before = component.text[: match.start()]
    line = component.where.line + before.count("\n")
    column = len(before) - before.rfind("\n") if "\n" in before else component.where.column + len(before)
    return Where(component.where.file, line, column)
