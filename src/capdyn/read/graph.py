"""The graphical function of XMILE, <gf>, as a Table."""

from __future__ import annotations

import re
from typing import Any

from ..lang.expressions import Table
from .source import Mistake
from .tokens import NUMBER

OUTSIDE = {"continuous": "clamp", "extrapolate": "extrapolate", "discrete": "hold"}
_VALUE = re.compile(rf"\s*[-+]?{NUMBER}\s*")


def graph(node: Any, ns: dict[str, str]) -> Table:
    """The points of a <gf>: y over equal steps of x between the ends of <xscale>, or over <xpts>.

    Raises
    ------
    Mistake
        If they are no numbers or not as many x as y.
    """
    kind = node.get("type", "continuous")
    if kind not in OUTSIDE:
        raise Mistake(f"A graph of type '{kind}' is not known.", 0, f"Known are {', '.join(OUTSIDE)}.")
    ys = _points(node, "ypts", ns)
    if not ys:
        raise Mistake("This graph has no points.", 0, "Write <ypts>0,1,2</ypts>.")
    scale = node.xpath("ns:xscale", namespaces=ns)
    if scale:
        low, high = (_number(scale[0].get(name, "")) for name in ("min", "max"))
        steps = max(len(ys) - 1, 1)
        xs = [low + (high - low) / steps * place for place in range(len(ys) - 1)] + [
            high if len(ys) > 1 else low
        ]
    else:
        xs = _points(node, "xpts", ns)
    if len(xs) != len(ys):
        raise Mistake(
            f"This graph has {len(xs)} x and {len(ys)} y.",
            0,
            "Give <xscale min= max=>, or as many <xpts> as <ypts>.",
        )
    points = sorted(zip(xs, ys, strict=True), key=lambda point: point[0])
    return Table(tuple(x for x, _ in points), tuple(y for _, y in points), OUTSIDE[kind])


def _points(node: Any, tag: str, ns: dict[str, str]) -> list[float]:
    found = node.xpath(f"ns:{tag}", namespaces=ns)
    if not found or not (found[0].text or "").strip():
        return []
    separator = found[0].get("sep") or ","
    text = found[0].text.strip().removesuffix(separator)  # some writers put one after the last number too
    return [_number(word) for word in text.split(separator)]


def _number(text: str) -> float:
    if not _VALUE.fullmatch(text):
        raise Mistake(
            f"'{text.strip()}' in a graph is not a number.", 0, "Write numbers with commas between them."
        )
    return float(text)
