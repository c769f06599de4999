"""Equation files: the repository's, and new ones from a few lines."""

from pathlib import Path

ROOT = Path(__file__).parent.parent
REGIONAL = ROOT / "models" / "regional_capability"

CONTROLS = {"INITIAL TIME": 0, "FINAL TIME": 4, "TIME STEP": 1, "SAVEPER": "TIME STEP"}


def mdl(equations: str, **controls) -> str:
    """The text of an equation file: one equation a line, the time settings added where they are missing."""
    given = {name.replace("_", " ").upper(): value for name, value in controls.items()}
    lines = [line.strip() for line in equations.strip().splitlines() if line.strip()]
    lines += [f"{name} = {value}" for name, value in {**CONTROLS, **given}.items()]
    return "{UTF-8}\n" + "\n".join(line if line.endswith("|") else f"{line} ~ ~ |" for line in lines) + "\n"
