"""A study file as read: its keys and where each stands, and all that is wrong with it so far."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ..errors import Problem, Where
from ..run.toml_file import read_toml
from ..run.toml_form import read_form
from .form import StudyForm


@dataclass
class Page:
    """A study file as read: its form, its text, where each key stands, and what is wrong so far."""

    form: StudyForm
    name: str
    file: Path | None
    text: str
    places: Mapping[tuple[str, ...], tuple[int, int]]
    problems: list[Problem] = field(default_factory=list)

    @property
    def beside(self) -> Path:
        """The folder from which paths in it are meant."""
        return self.file.resolve().parent if self.file else Path()

    def note(self, path: tuple[str, ...], what: str, remedy: str = "") -> None:
        """Keeps a problem, at the key or at the nearest table around it."""
        while path and path not in self.places:
            path = path[:-1]
        where = Where(str(self.file), *self.places.get(path, (0, 0))) if self.file else None
        self.problems.append(Problem(what if self.file else f"study: {what}", where, remedy))


def open_page(source: str | Path | Mapping[str, Any]) -> Page:
    """Reads a TOML file, or a mapping with the same keys."""
    if isinstance(source, Mapping):
        file, raw, text = None, dict(source), _as_toml(source)
        places: dict[tuple[str, ...], tuple[int, int]] = {}
    else:
        file = Path(source)
        raw, places = read_toml(file, "study")
        text = file.read_text(encoding="utf-8-sig")
    form, mistakes = read_form(StudyForm, raw, "a study")
    page = Page(form, file.stem if file else "study", file, text, places)
    for path, what, remedy in mistakes:
        page.note(path, what, remedy)
    return page


def _as_toml(given: Mapping[str, Any]) -> str:
    """A mapping as the text of a study file: a key a line, tables inline."""

    def write(value: Any) -> str:
        if isinstance(value, Mapping):
            return "{ " + ", ".join(f"{json.dumps(str(k))} = {write(v)}" for k, v in value.items()) + " }"
        if isinstance(value, list | tuple):
            return "[" + ", ".join(map(write, value)) + "]"
        # JSON's texts, numbers and truth values are TOML's, except that TOML also escapes DEL.
        return json.dumps(value, ensure_ascii=False, default=str).replace("\x7f", "\\u007f")

    known = {name: value for name, value in given.items() if value is not None}
    return "".join(f"{json.dumps(str(name))} = {write(value)}\n" for name, value in known.items())


def in_order(problems: list[Problem]) -> list[Problem]:
    """Each once, line by line."""
    return sorted(
        dict.fromkeys(problems), key=lambda p: (p.where.line, p.where.column) if p.where else (0, 0)
    )
