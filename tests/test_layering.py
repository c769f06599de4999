"""Imports point down the layers, never sideways between strangers, and third-party packages enter where they may."""

import ast
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent / "src" / "capdyn"

# Each layer with the capdyn layers and the third-party packages that it may import.
MAY_IMPORT = {
    "errors": (set(), set()),
    "lang": ({"errors"}, set()),
    "solve": ({"errors"}, {"numpy", "scipy"}),
    "read": ({"errors", "lang"}, {"pysd", "parsimonious", "lxml", "numpy", "openpyxl", "xlrd"}),
    "passes": ({"errors", "lang"}, {"networkx"}),
    "emit": ({"errors", "lang", "passes"}, {"numpy", "llvmlite"}),
    "run": (
        {"errors", "lang", "solve", "read", "passes", "emit"},
        {"numpy", "xarray", "pandas", "h5py", "pydantic", "rich"},
    ),
    "report": ({"errors", "lang", "run"}, {"numpy", "xarray", "matplotlib", "jinja2"}),
    "checks": ({"errors", "lang", "passes", "emit", "run"}, {"numpy", "scipy", "xarray"}),
    "evidence": ({"errors", "lang", "run"}, {"numpy", "scipy", "xarray", "pydantic"}),
    "explain": ({"errors", "lang", "passes", "run"}, {"numpy", "networkx"}),
    "policy": ({"errors", "lang", "passes", "run"}, {"numpy", "scipy", "xarray", "pydantic"}),
    "study": (
        {"errors", "lang", "passes", "emit", "run"},
        {
            "numpy",
            "scipy",
            "xarray",
            "pydantic",
            "rich",
            "zarr",
            "sklearn",
            "dask",
            "distributed",
            "pymoo",
            "emcee",
            "ema_workbench",
        },
    ),
    "cli": (
        {"__init__", "errors", "lang", "run", "report", "checks", "evidence", "explain", "policy", "study"},
        {"typer", "click", "rich"},
    ),
    "__init__": ({"errors", "run", "report", "checks", "evidence", "explain", "policy", "study"}, set()),
}


def imports(path: Path, root: Path = ROOT) -> set[tuple[str, str]]:
    """('capdyn', layer) or ('third', package) for every import of a file, those inside functions included."""
    found = set()
    package = ("capdyn", *path.relative_to(root).parent.parts)
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            modules = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            base = list(package[: len(package) - node.level + 1]) if node.level else []
            stem = [*base, *([node.module] if node.module else [])]
            modules = [".".join([*stem, alias.name]) for alias in node.names]
        else:
            continue
        for module in modules:
            parts = module.split(".")
            own = parts[1] if len(parts) > 1 else "__init__"
            found.add(("capdyn", own) if parts[0] == "capdyn" else ("third", parts[0]))
    return found


def layer(path: Path) -> str:
    parts = path.relative_to(ROOT).parts
    return parts[0] if len(parts) > 1 else path.stem


FILES = sorted(ROOT.rglob("*.py"))


@pytest.mark.parametrize("path", FILES, ids=[str(path.relative_to(ROOT)) for path in FILES])
def test_imports_point_down(path):
    own = layer(path)
    assert own in MAY_IMPORT, f"{path} belongs to no layer; add it to the table and to docs/architecture.md"
    layers, packages = MAY_IMPORT[own]
    for kind, name in imports(path):
        if kind == "capdyn":
            assert name in layers | {own}, f"{own} may not import {name}"
        else:
            assert name in sys.stdlib_module_names or name in packages, f"{own} may not import {name}"


def test_the_rule_sees_a_wrong_import(tmp_path):
    """The test can fail: a file of `lang` that imports numpy is found."""
    (tmp_path / "lang").mkdir()
    wrong = tmp_path / "lang" / "wrong.py"
    wrong.write_text("import numpy\nfrom ..run import simulate\nfrom . import names\n")
    assert imports(wrong, tmp_path) == {("third", "numpy"), ("capdyn", "run"), ("capdyn", "lang")}
