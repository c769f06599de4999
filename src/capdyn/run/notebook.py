"""What a notebook shows: one line that says how far something is, and objects as tables.

IPython is asked only where it is there already, so that nobody needs it.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterable, Sequence
from html import escape
from importlib import import_module
from typing import Any

_EVERY = 0.2  # seconds between two changes of the line
_MOST_ROWS = 40

Progress = Callable[[int, int, str], None]  # done, in all, what was just done or is being done


def in_notebook() -> bool:
    """Whether this process is the kernel of a notebook."""
    ask = getattr(sys.modules.get("IPython"), "get_ipython", None)
    return ask is not None and hasattr(ask(), "kernel")


class Line:
    """One line of a notebook that changes, with a bar."""

    def __init__(self) -> None:
        self._handle: Any = None
        self._changed = float("-inf")

    def show(self, done: int, total: int, text: str) -> None:
        """Puts a text into the line; the last one, of all, always."""
        now = time.monotonic()
        if now - self._changed < _EVERY and done < total:
            return
        self._changed = now
        bar = f'<progress value="{done}" max="{max(total, 1)}"></progress> {escape(text)}'
        content = {"text/plain": text, "text/html": bar}
        if self._handle is None:
            display = import_module("IPython.display").display
            self._handle = display(content, raw=True, display_id=True)
        else:
            self._handle.update(content, raw=True)


def listener(progress: Progress | None) -> Progress:
    """Who is told of steps: the caller's function; without one a line in a notebook, and elsewhere nobody."""
    if progress is not None:
        return progress
    if not in_notebook():
        return lambda done, total, what: None
    line = Line()
    return lambda done, total, what: line.show(done, total, f"{what}: {done:,} of {total:,}" if what else "")


def html_table(title: str, words: Iterable[str], head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A heading, sentences and a table, as HTML; of many rows the first."""
    parts = [f"<b>{escape(title)}</b>", *(f"<div>{escape(word)}</div>" for word in words if word)]
    if rows:
        cells = [_row("th", head), *(_row("td", row) for row in rows[:_MOST_ROWS])]
        parts.append(f"<table>{''.join(cells)}</table>")
    if len(rows) > _MOST_ROWS:
        parts.append(f"<div>... and {len(rows) - _MOST_ROWS} more</div>")
    return "".join(parts)


def html_lists(title: str, sections: Iterable[tuple[str, Sequence[str]]]) -> str:
    """A heading and lists of sentences, as HTML."""
    parts = [f"<b>{escape(title)}</b>"]
    for name, words in sections:
        if words:
            items = "".join(f"<li>{escape(word)}</li>" for word in words)
            parts.append(f"<div>{escape(name)}</div><ul>{items}</ul>")
    return "".join(parts)


def _row(tag: str, cells: Sequence[str]) -> str:
    style = ' style="text-align:left"'
    return f"<tr>{''.join(f'<{tag}{style}>{escape(cell)}</{tag}>' for cell in cells)}</tr>"
