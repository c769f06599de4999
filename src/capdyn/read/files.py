"""Which file to read, and which reader reads it."""

from __future__ import annotations

import hashlib
from pathlib import Path

from ..errors import StoreError
from ..lang.model import Model

VENSIM = (".mdl",)
XMILE = (".xmile", ".xml", ".stmx", ".itmx")


def read(path: str | Path) -> Model:
    """The model in an equation file: Vensim (.mdl) or XMILE (.xmile, .xml, .stmx, .itmx).

    path : the file, or a folder with `model.mdl` or with one equation file only.

    Raises
    ------
    StoreError
        If there is no such file, or it is not text.
    ModelError
        All mistakes in the equations, each with line, column and remedy.
    """
    file = find(path)
    name = file.parent.resolve().name if file.stem.lower() == "model" else file.stem
    # PySD takes most of a second to import: only when a file is read.
    if file.suffix.lower() in VENSIM:
        from .vensim import read_vensim

        return read_vensim(file, name)
    from .xmile import read_xmile

    return read_xmile(file, name)


def is_current(model: Model, path: Path) -> bool:
    """Whether the files that a model took numbers from are still what they were; for whoever keeps models.

    path : the equation file, which the other files are relative to. It is not looked at itself.
    """
    for name, digest in model.files:
        try:
            if hashlib.sha256((path.parent / name).read_bytes()).hexdigest() != digest:
                return False
        except OSError:
            return False
    return True


def find(path: str | Path) -> Path:
    """The equation file that a path means: itself, or in a folder `model.mdl` or the only one.

    Raises
    ------
    StoreError
        If there is none, several, or it is of a kind that cannot be read.
    """
    path = Path(path)
    kinds = ", ".join(VENSIM + XMILE)
    if path.is_dir():
        if (path / "model.mdl").is_file():
            return path / "model.mdl"
        found = sorted(
            file for file in path.iterdir() if file.suffix.lower() in (".mdl", ".xmile") and file.is_file()
        )
        if len(found) == 1:
            return found[0]
        what = (
            "no equation file"
            if not found
            else f"several equation files: {', '.join(file.name for file in found)}"
        )
        raise StoreError(f"The folder '{path}' has {what}.", remedy="Name the file, or call it model.mdl.")
    if not path.exists():
        near = (
            sorted(file.name for file in path.parent.glob("*") if file.suffix.lower() in VENSIM + XMILE)
            if path.parent.is_dir()
            else []
        )
        remedy = f"In its folder there is {', '.join(near[:3])}." if near else "Check the path."
        raise StoreError(f"There is no file '{path}'.", remedy=remedy)
    if path.suffix.lower() not in VENSIM + XMILE:
        raise StoreError(f"'{path}' is not an equation file.", remedy=f"Its name should end in {kinds}.")
    return path
