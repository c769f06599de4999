"""Numbers and names as people read them: magnitudes, decimals, units, short names."""

from __future__ import annotations

import math
import textwrap
from collections.abc import Iterable
from dataclasses import dataclass

MINUS = "\N{MINUS SIGN}"
MISSING = "n/a"
DIMENSIONLESS = {"", "1", "dmnl", "dimensionless", "fraction", "none"}
MAGNITUDES = (  # from, divisor, word
    (1e12, 1e12, "trillion"),
    (1e9, 1e9, "billion"),
    (1e6, 1e6, "million"),
    (1e5, 1e3, "thousand"),
)
MAGNITUDE_WORDS = tuple(word for _, _, word in MAGNITUDES)
DIGITS = 3


@dataclass(frozen=True)
class Scale:
    """How the numbers of one output are written: `divisor`, `decimals`, and the unit with its magnitude."""

    divisor: float
    decimals: int
    unit: str
    scientific: bool = False

    def write(self, value: float, sign: bool = False) -> str:
        """`-1234567.0` → "−1.23" for millions; not finite → "n/a"; `sign` puts + before gains."""
        if not math.isfinite(value):
            return MISSING
        form = f".{DIGITS - 1}e" if self.scientific else f",.{self.decimals}f"
        text = format(value / self.divisor, form)
        if not self.scientific and float(text.replace(",", "")) == 0:
            text = text.removeprefix("-")
            sign = False
        plus = "+" if sign and not text.startswith("-") else ""
        return plus + text.replace("-", MINUS)


def scale_of(values: Iterable[float], units: str, note: str = "") -> Scale:
    """The scale that shows the largest of `values` with three digits."""
    largest = max((abs(v) for v in values if math.isfinite(v)), default=0.0)
    unit = unit_words(units, note)
    divisor, word = 1.0, ""
    if not unit.lower().startswith(MAGNITUDE_WORDS):
        divisor, word = next(((d, w) for start, d, w in MAGNITUDES if largest >= start), (1.0, ""))
    if largest / divisor >= 1e9 or 0 < largest < 1e-4:
        return Scale(1.0, DIGITS, unit, scientific=True)
    exponent = math.floor(math.log10(largest / divisor)) if largest > 0 else 0
    if not units_are_plain(units):
        unit = f"{word} {unit}".strip()
    elif word:
        unit = f"{word}s"
    return Scale(divisor, min(6, max(0, DIGITS - 1 - exponent)), unit)


def units_are_plain(units: str) -> bool:
    """Whether a unit says nothing (dimensionless)."""
    return units.strip().lower() in DIMENSIONLESS


def unit_words(units: str, note: str = "") -> str:
    """A Vensim unit as words, with the note on how to read the number."""
    words = "index" if units_are_plain(units) else units.strip().replace("*", " × ").replace("/", " per ")
    words = " ".join(words.split())
    return note if note and words == "index" else ", ".join(filter(None, (words, note)))


def write_time(value: float) -> str:
    """`20.0` → "20", `17.4321` → "17.4"."""
    if not math.isfinite(value):
        return MISSING
    return f"{value:.1f}".rstrip("0").rstrip(".").replace("-", MINUS)


def shorten(text: str, width: int) -> str:
    """At most `width` characters, with an ellipsis where something was cut."""
    text = " ".join(text.split())
    return text if len(text) <= width else text[: width - 1].rstrip() + "…"


def wrap(text: str, width: int, lines: int = 2) -> str:
    """At most `lines` lines of `width` characters, broken at spaces where possible."""
    rows = textwrap.wrap(text, width, break_on_hyphens=True) or [""]
    if len(rows) > lines:
        rows = [*rows[: lines - 1], shorten(" ".join(rows[lines - 1 :]), width)]
    return "\n".join(rows)


def wrap_all(names: list[str], width: int, lines: int = 2) -> list[str]:
    """`wrap` for each name; if two come out equal, these get their number, so that none is ambiguous."""
    wrapped = [wrap(name, width, lines) for name in names]
    return [
        wrap(f"{number}: {name}", width, lines) if wrapped.count(text) > 1 else text
        for number, (name, text) in enumerate(zip(names, wrapped, strict=True), start=1)
    ]


def join_words(words: list[str]) -> str:
    """`a, b and c`."""
    return " and ".join(filter(None, (", ".join(words[:-1]), words[-1]))) if words else ""
