"""A resolved scenario as TOML, in one order: two scenarios that mean the same give the same text."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping

from ..lang.model import CONTROLS
from ..passes.system import Symbol, System
from .address import Place, address_of, labels_of
from .overlay import INTENSITY, TIMES, Overlay

_BARE = re.compile(r"[A-Za-z0-9_-]+")
_LEVER_KEYS = ("intensity", "start", "stop", "region")


def write_text(system: System, overlay: Overlay, why: str = "") -> str:
    """The TOML of all that an overlay sets; reading it as a scenario sets the same.

    Levers come in the order of the model's elements, everything else in that of the equation file.
    """
    blocks = [[f"why = {_quote(why)}"]] if why else []
    labels = system.symbols[INTENSITY].elements[0] if overlay.levers else ()
    for label in labels:
        table = overlay.levers.get(label, {})
        if table:
            lines = [f"{word} = {_plain(table[word])}" for word in _LEVER_KEYS if word in table]
            blocks.append([f"[levers.{_key(label)}]", *lines])
    for section in ("parameters", "initial"):
        lines = [
            line
            for symbol, values in overlay.set_in(section)
            if symbol.name not in CONTROLS
            for line in _lines(symbol, values)
        ]
        blocks.append([f"[{section}]", *lines])
    shocks: dict[str, list[str]] = {}
    for symbol, values in overlay.set_in("shocks"):
        shock, word = overlay.shocks[symbol.name]
        shocks.setdefault(shock, []).append(f"{_key(word)} = {_table(symbol, values)}")
    blocks += [[f"[shocks.{_key(shock)}]", *lines] for shock, lines in shocks.items()]
    times = [f"{word} = {_plain(overlay.time[name])}" for word, name in TIMES.items() if name in overlay.time]
    times += [f"method = {_quote(overlay.method)}"] if overlay.method else []
    blocks.append(["[time]", *times])
    return "\n\n".join("\n".join(lines) for lines in blocks if len(lines) > 1 or "=" in lines[0]) + "\n"


def _lines(symbol: Symbol, values: Mapping[Place, float]) -> list[str]:
    """One line for a whole array of one number, else one line an element."""
    if _is_whole(symbol, values):
        return [f"{_quote(symbol.variable)} = {_plain(next(iter(values.values())))}"]
    return [f"{_quote(address_of(symbol, place))} = {_plain(number)}" for place, number in values.items()]


def _table(symbol: Symbol, values: Mapping[Place, float]) -> str:
    """A number, or an inline table by element."""
    if _is_whole(symbol, values):
        return _plain(next(iter(values.values())))
    items = (f"{_key(','.join(labels_of(symbol, place)))} = {_plain(n)}" for place, n in values.items())
    return f"{{ {', '.join(items)} }}"


def _is_whole(symbol: Symbol, values: Mapping[Place, float]) -> bool:
    return len(values) == symbol.size and len(set(values.values())) == 1


def _plain(value: float | str) -> str:
    return _quote(value) if isinstance(value, str) else repr(float(value))


def _key(name: str) -> str:
    return name if _BARE.fullmatch(name) else _quote(name)


def _quote(text: str) -> str:
    """A TOML basic string; JSON's escapes are a subset of TOML's, except that TOML also escapes DEL."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")
