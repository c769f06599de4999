"""What `capdyn explain` says, as text."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Sequence

from .loops import Loop
from .signs import BOTH, FALLS, MEANINGS, RISES
from .structure import Structure

_WIDTH = 110
_KINDS = {RISES: "reinforcing", FALLS: "balancing"}


def write_overview(structure: Structure, loops: Sequence[Loop]) -> str:
    """Counts, signs, and one line a named loop."""
    graph = structure.moving
    signs = [sign for _, _, sign in graph.edges(data="sign")]
    place = ", ".join(f"{dim} {element}" for dim, element in structure.at.items())
    lines = [
        f"{structure.name}: {len(graph)} variables that move, {len(signs)} links"
        + (f" (looked at for {place})." if place else "."),
        "Signs: " + ", ".join(f"{signs.count(s)} {m}" for s, m in MEANINGS.items() if signs.count(s)) + ".",
    ]
    if loops:
        lines += ["", "Loops named in comments"]
        lines += [_wrapped(f"{head(loop)}: {verdict(loop)}", "  ") for loop in loops]
    else:
        lines += [
            "",
            "No comment names a loop; write 'R1 funds' or 'B2 wear' into those of what closes it.",
        ]
    return "\n".join(lines) + "\n"


def write_loop(structure: Structure, loop: Loop) -> str:
    """One named loop: who names it, and its circles link by link."""
    lines = [f"{head(loop)}, {_KINDS[loop.polarity]}"]
    lines.append(_wrapped(f"Named by: {', '.join(loop.named) or 'no variable that moves'}", ""))
    lines.append(_wrapped(verdict(loop), ""))
    for circle in loop.circles:
        lines += ["", *_circle(structure, circle, loop.named)]
    for circle in loop.shorter:
        lines += ["", "Shorter, the other way round", *_circle(structure, circle, loop.named)]
    return "\n".join(lines) + "\n"


def write_sectors(structure: Structure) -> str:
    """Sectors and what each hands to the others."""
    flows = structure.flows()
    if not flows:
        return f"The equation file of '{structure.name}' has no groups; in Vensim, Model > Group.\n"
    group = structure.moving.nodes(data="group")
    lines = []
    for sector in structure.sectors:
        count = sum(name == sector for _, name in group)
        lines.append(f"{sector} ({count} variables that move)")
        for (source, target), names in flows.items():
            if source == sector:
                lines.append(_wrapped(f"to {target}: {', '.join(names)}", "  "))
    return "\n".join(lines) + "\n"


def write_variable(structure: Structure, name: str) -> str:
    """The links of one variable, with signs; what lies on a circle with it is marked."""
    data = structure.graph.nodes[name]
    lines = [f"{name}, {data['kind']}" + (f", in {data['group']}" if data["group"] else "")]
    for words, pairs in (
        ("Depends on", [(s, d["sign"]) for s, _, d in structure.graph.in_edges(name, data=True)]),
        ("Acts on", [(t, d["sign"]) for _, t, d in structure.graph.out_edges(name, data=True)]),
    ):
        lines += ["", words if pairs else f"{words} nothing"]
        lines += [f"  {sign}  {other}" for other, sign in pairs]
    lines += [
        "",
        *legend(
            {sign for _, _, sign in structure.graph.edges([name], data="sign")}
            | {sign for _, _, sign in structure.graph.in_edges([name], data="sign")}
        ),
    ]
    return "\n".join(lines) + "\n"


def head(loop: Loop) -> str:
    """Code and title."""
    return f"{loop.code} {loop.title}".strip()


def verdict(loop: Loop) -> str:
    """Whether the variables that name a loop close it."""
    if not loop.named:
        return "NOT CLOSED: only constants name it"
    said = []
    if loop.circles:
        covered = sum(name not in loop.astray for name in loop.named)
        lengths = " and ".join(str(len(circle)) for circle in loop.circles)
        circles = "one circle" if len(loop.circles) == 1 else f"{len(loop.circles)} circles"
        said.append(f"{covered} named on {circles} of {lengths} variables")
    if loop.astray:
        said.append(f"NOT CLOSED: on no {_KINDS[loop.polarity]} circle: {', '.join(loop.astray)}")
    if loop.shorter:
        said.append(f"a shorter circle of {len(loop.shorter[0])} runs the other way")
    return "; ".join(said)


def legend(signs: Iterable[str]) -> list[str]:
    """What signs mean, those in use."""
    wanted = set(signs)
    return [f"{sign}  {words}" for sign, words in MEANINGS.items() if sign in wanted and sign != BOTH] + (
        [f"{BOTH}  {MEANINGS[BOTH]}"] if BOTH in wanted else []
    )


def _circle(structure: Structure, circle: Sequence[str], named: Sequence[str]) -> list[str]:
    edges = structure.graph.edges
    lines = []
    for place, name in enumerate(circle):
        following = circle[(place + 1) % len(circle)]
        mark = "*" if name in named else " "
        lines.append(f"  {mark} {name}  --{edges[name, following]['sign']}->")
    return [*lines, f"    {circle[0]}"]


def _wrapped(text: str, indent: str) -> str:
    return textwrap.fill(text, _WIDTH, initial_indent=indent, subsequent_indent=f"{indent}    ")
