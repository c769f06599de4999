"""How the figures look: colours, dashes, sizes; figures as PNG bytes and SVG text, always the same bytes."""

from __future__ import annotations

import io
import logging
import re
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from html import escape
from typing import Any

import matplotlib.style
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties
from matplotlib.textpath import text_to_path

FONT = "DejaVu Sans"  # shipped with matplotlib: the same metrics everywhere
FALLBACKS = "'DejaVu Sans', Verdana, Geneva, sans-serif"
TEXT_SIZE, TITLE_SIZE = 9.0, 10.5  # points
INK, MUTED, FAINT = "#222222", "#5c5c5c", "#dddddd"
PNG_DPI = 160
LINE_HEIGHT = 1.2  # of the text size

RC: dict[str, Any] = {
    "font.family": [FONT],
    "font.size": TEXT_SIZE,
    "text.parse_math": False,  # a name may hold a dollar sign
    "text.color": INK,
    "axes.edgecolor": "#999999",
    "axes.labelcolor": MUTED,
    "axes.linewidth": 0.8,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": False,
    "xtick.color": "#999999",
    "ytick.color": "#999999",
    "xtick.labelcolor": MUTED,
    "ytick.labelcolor": MUTED,
    "xtick.labelsize": TEXT_SIZE,
    "ytick.labelsize": TEXT_SIZE,
    "lines.solid_capstyle": "butt",
    "lines.dash_capstyle": "butt",
    "svg.fonttype": "none",  # text stays text: small files, sharp, can be searched
}

# Okabe and Ito (2008), "Color universal design", without the yellow, which vanishes on white.
COLOURS = ("#000000", "#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9")
# In points, on and off. Their number has no common divisor with that of the colours: 35 pairs.
DASHES: tuple[tuple[float, ...], ...] = ((), (6, 2), (1.5, 1.5), (7, 2, 1.5, 2), (3, 1.2))
LEAST_CONTRAST = 4.6  # of words on white; WCAG 2.1, criterion 1.4.3 asks for 4.5


@dataclass(frozen=True)
class Line:
    """The look of one scenario: colour of the line, darker colour of its words, dashes, width in points."""

    colour: str
    ink: str
    dash: tuple[float, ...]
    width: float


def line_of(number: int) -> Line:
    """The look of scenario `number` (0 is the reference: black, solid, thick)."""
    colour = COLOURS[number % len(COLOURS)]
    return Line(colour, _darken(colour), DASHES[number % len(DASHES)], 2.2 if number == 0 else 1.7)


@contextmanager
def styled() -> Iterator[None]:
    """matplotlib's defaults plus `RC`, whatever the user's own settings are; restored afterwards."""
    with matplotlib.style.context(["default", RC]):
        yield


def text_width(text: str, size: float = TEXT_SIZE) -> float:
    """Width in points of the widest line of `text`."""
    font = FontProperties(family=FONT, size=size)
    with _any_glyph():
        widths = [text_to_path.get_text_width_height_descent(row, font, False)[0] for row in text.split("\n")]
    return float(max(widths))


def to_png(figure: Figure) -> bytes:
    """The figure as PNG, without a date or a program's name in it."""
    buffer = io.BytesIO()
    with styled(), _any_glyph():
        figure.savefig(buffer, format="png", dpi=PNG_DPI, metadata={"Software": None})
    return buffer.getvalue()


def to_svg(figure: Figure, slug: str, title: str, description: str) -> str:
    """The figure as an SVG element with `<title>` and `<desc>`, and ids that begin with `slug`.

    Many such elements can stand in one page; nothing in them depends on the time or the process.
    """
    buffer = io.StringIO()
    with styled(), _any_glyph(), matplotlib.rc_context({"svg.hashsalt": slug}):
        figure.savefig(buffer, format="svg", metadata=dict.fromkeys(("Date", "Creator", "Format", "Type")))
    text = buffer.getvalue()
    text = text[text.index("<svg") :]
    text = re.sub(r' id="([^"]+)"', rf' id="{slug}-\1"', text)
    text = re.sub(r'(xlink:href="#|url\(#)', rf"\1{slug}-", text)
    text = text.replace("*{stroke-linejoin", f"#{slug} *{{stroke-linejoin", 1)
    text = text.replace(f"'{FONT}'", FALLBACKS)
    head = f'<svg id="{slug}" role="img" aria-labelledby="{slug}-title {slug}-desc"'
    name = f'<title id="{slug}-title">{escape(title)}</title>'
    words = f'{name}\n<desc id="{slug}-desc">{escape(description)}</desc>'
    opening, rest = text.split(">", 1)
    return f"{opening.replace('<svg', head, 1)}>\n{words}{rest}".rstrip() + "\n"


@contextmanager
def _any_glyph() -> Iterator[None]:
    """No complaint about letters that the font lacks: the SVG shows them with the reader's own fonts."""
    log = logging.getLogger("matplotlib.font_manager")
    level = log.level
    log.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", message="Glyph .* missing from")
            yield
    finally:
        log.setLevel(level)


def _darken(colour: str) -> str:
    """The colour, darker until it can be read as text on white."""
    rgb = [int(colour[i : i + 2], 16) for i in (1, 3, 5)]
    while 1.05 / (_luminance(rgb) + 0.05) < LEAST_CONTRAST:
        rgb = [int(part * 0.95) for part in rgb]
    return "#" + "".join(f"{part:02X}" for part in rgb)


def _luminance(rgb: list[int]) -> float:
    """Relative luminance, WCAG 2.1."""
    linear = [
        c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in (part / 255 for part in rgb)
    ]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
