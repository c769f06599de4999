"""Equation files for the benchmarks, made here: three sizes of our own, chains of equations, a lattice of regions."""

from __future__ import annotations

import random
from pathlib import Path

REGIONAL = Path(__file__).parent.parent / "models" / "regional_capability"


def _file(equations: list[str], step: float, final: float) -> str:
    controls = [
        "INITIAL TIME = 0",
        f"FINAL TIME = {final:g}",
        f"TIME STEP = {step:g}",
        f"SAVEPER = {final:g}",
    ]
    return "{UTF-8}\n" + "".join(f"{line} ~ ~ |\n" for line in equations + controls)


def tiny(steps: int = 240) -> str:
    """4 variables, 240 Euler steps: a stock that grows to a limit."""
    equations = [
        "p = 0.08",
        "Level = INTEG(net growth, 1)",
        "crowding = Level / 100",
        "net growth = p * Level * (1 - crowding)",
    ]
    return _file(equations, 1, steps)


def small() -> str:
    """8 variables, 3 of them stocks, 3,200 Euler steps: a resource, who feeds on it, and who feeds on them."""
    equations = [
        "p = 0.6",
        "Resource = INTEG(regrowth - grazing, 8)",
        "Grazers = INTEG(0.5 * grazing - hunting - 0.1 * Grazers, 2)",
        "Hunters = INTEG(0.4 * hunting - 0.05 * Hunters, 1)",
        "regrowth = Resource * (1 - Resource / 10)",
        "grazing = p * Resource * Grazers / (2 + Resource)",
        "hunting = 0.3 * Grazers * Hunters / (3 + Grazers)",
    ]
    return _file(equations, 1 / 32, 100)


def medium(stocks: int = 40, lookups: int = 50, auxiliaries: int = 210, seed: int = 1) -> str:
    """About 300 elements, 50 of them through lookups, 40 states, 400 Euler steps; the same at each call."""
    draw = random.Random(seed)
    known = [f"s{i}" for i in range(stocks)]
    equations = ["p = 0.1"]
    for i in range(lookups):
        points = ", ".join(f"({x / 2:g}, {draw.uniform(0.2, 1.8):.3f})" for x in range(9))
        equations += [f"t{i}({points})", f"l{i} = t{i}({draw.choice(known)})"]
        known.append(f"l{i}")
    for i in range(auxiliaries):
        a, b = draw.choice(known), draw.choice(known)
        form = (
            f"EXP(-ABS({a})) + {b} * p",
            f"({a} - {b} * p) / (1 + {b} * {b}) + 0.3",
            f"{a} * 0.5 + {b} * 0.25 + p",
            f"MIN({a}, {b}) * 0.9",
        )[draw.randrange(4) if draw.random() < 0.5 else 2]
        equations.append(f"a{i} = {form}")
        known.append(f"a{i}")
    for i in range(stocks):
        # Every auxiliary is in some flow: nothing is left out as not needed.
        inflow = " + ".join(f"a{k}" for k in range(i, auxiliaries, stocks))
        flow = f"0.2 * ({inflow}) / {auxiliaries // stocks} - 0.2 * s{i}"
        equations.append(f"s{i} = INTEG({flow}, {1 + i / 20:g})")
    return _file(equations, 0.125, 50)


def chain(equations: int, seed: int = 1) -> str:
    """Scalar equations, one in ten with EXP, a stock for every ten, 80 Euler steps."""
    draw = random.Random(seed)
    lines, known = ["p = 0.1"], ["s0"]
    for i in range(equations):
        a, b = draw.choice(known[-50:]), draw.choice(known[-50:])
        if i % 10 == 0:
            lines.append(f"s{i} = INTEG(p * (1 - s{i} * {a}), 1)")
            known.append(f"s{i}")
        else:
            form = (
                f"EXP(-ABS({a})) + 0.1 * {b}" if i % 10 == 5 else f"0.5 * {a} + 0.3 * {b} / (1 + {a} * {a})"
            )
            lines.append(f"a{i} = {form}")
            known.append(f"a{i}")
    return _file(lines, 0.125, 10)


def lattice(regions: int, steps: int = 4) -> str:
    """Regions that learn from one another, each from each: a dense spillover of regions x regions elements."""
    gap = "MAX(Knowledge[Partner] - Knowledge[Region], 0)"
    return _regions(regions, steps, f"spillover[Region,Partner] = nearness[Region,Partner] * {gap}")


def linear_lattice(regions: int, steps: int = 4) -> str:
    """The same without a kink, so that a step is the product of a matrix and a vector."""
    return _regions(
        regions, steps, "spillover[Region,Partner] = nearness[Region,Partner] * Knowledge[Partner]"
    )


def _regions(regions: int, steps: int, spillover: str) -> str:
    names = ", ".join(f"R{i}" for i in range(1, regions + 1))
    equations = [
        f"Region: {names}",
        "Partner <-> Region",
        f"p = {0.05 / regions:g}",
        "reach = 0.3",
        f"place[Region] = {', '.join(f'{i / regions:.6f}' for i in range(regions))}",
        "nearness[Region,Partner] = EXP(-ABS(place[Region] - place[Partner]) / reach)",
        spillover,
        "learning[Region] = p * SUM(spillover[Region,Partner!])",
        "Knowledge[Region] = INTEG(learning[Region] - 0.02 * Knowledge[Region], 1 + place[Region])",
    ]
    return _file(equations, 0.25, steps / 4)
