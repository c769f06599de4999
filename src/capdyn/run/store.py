"""Folders of runs: `run.toml` says where the numbers come from, one NetCDF file a scenario holds them.

A run's folder is whole or not there: everything is written into a hidden folder beside it, which is renamed at the end.
"""

from __future__ import annotations

import json
import platform
import re
import shutil
import tomllib
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any

from ..errors import StoreError
from .atomic import beside, cannot_write, missing_parents, swap_folder
from .netcdf import load, save
from .result import Result

if TYPE_CHECKING:
    import xarray as xr

__all__ = ["RunFolder", "load", "load_run", "save"]

FORMAT = "capdyn run 1"
_RECORD = "run.toml"


class RunFolder:
    """A run's folder in the making: `with RunFolder("runs/x") as folder: folder.add(dataset)`.

    Parameters
    ----------
    directory : str or Path
        Where it will be. A run that is there already is replaced when the new one is whole.
    command, model_path : str
        What goes into `run.toml`; the home folder is written as ~, so that it tells no user's name.

    Attributes
    ----------
    path : Path
        Where it is for now; other files of the run (tables, figures, a report) may be written there.

    Raises
    ------
    StoreError
        The place cannot be written, or something that is no run is there. Nothing is left behind.
    """

    def __init__(self, directory: str | Path, command: str = "", model_path: str | Path = ""):
        self.directory = Path(directory)
        self.command = command
        self.model_path = str(model_path)
        # A link to a folder stays a link: what is replaced is the folder.
        self._target = self.directory.resolve()
        self.path = beside(self._target, "part")
        self._made: list[Path] = []
        self._runs: dict[str, dict[str, Any]] = {}  # attributes by file

    def __enter__(self) -> RunFolder:
        _check_replaceable(self.directory)
        try:
            self._made = missing_parents(self._target)
            self._target.parent.mkdir(parents=True, exist_ok=True)
            self.path.mkdir()
        except OSError as error:
            self._discard()
            raise cannot_write(self.directory, error) from None
        return self

    def add(self, run: xr.Dataset | Result) -> Path:
        """Writes a run as `<scenario>.nc` into the folder and returns its path there."""
        stem = re.sub(r"[^\w.-]+", "_", str(run.attrs.get("scenario") or "run")).strip(".") or "run"
        name, number = f"{stem}.nc", 2
        while name.lower() in {other.lower() for other in self._runs}:  # some file systems ignore case
            name, number = f"{stem}_{number}.nc", number + 1
        try:
            save(run, self.path / name)
        except StoreError as error:  # the hidden name is nobody's business
            raise StoreError(str(error).replace(str(self.path), str(self.directory))) from None
        self._runs[name] = dict(run.attrs)
        return self.path / name

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            if kind is None:
                record = _record(self._runs, self.command, self.model_path)
                (self.path / _RECORD).write_text(record, encoding="utf-8")
                _check_replaceable(self.directory)
                swap_folder(self.path, self._target)
                return
        except OSError as late:
            self._discard()
            raise cannot_write(self.directory, late) from None
        except BaseException:
            self._discard()
            raise
        self._discard()
        if isinstance(error, OSError) and not isinstance(error, BrokenPipeError):
            raise cannot_write(self.directory, error) from error

    def _discard(self) -> None:
        """Removes the hidden folder and the parents that were made for it."""
        shutil.rmtree(self.path, ignore_errors=True)
        for parent in self._made:
            with suppress(OSError):
                parent.rmdir()


def load_run(directory: str | Path) -> list[xr.Dataset]:
    """The Datasets of a run's folder, in the order in which they were run.

    Raises
    ------
    StoreError
        It is no run, or a file of it cannot be read.
    """
    directory = Path(directory)
    if not directory.is_dir():
        raise StoreError(
            f"There is no folder '{directory}'.", remedy="Make a run with: capdyn run MODEL -o FOLDER"
        )
    record = _read_record(directory)
    if record is None:
        raise StoreError(
            f"'{directory}' is not a run: it has no {_RECORD} of capdyn.",
            remedy="Make one with: capdyn run MODEL -o FOLDER",
        )
    return [load(directory / Path(str(entry["file"])).name) for entry in record.get("scenarios", [])]


def is_run(directory: str | Path) -> bool:
    """Whether a folder is a run's."""
    return _read_record(Path(directory)) is not None


def _read_record(directory: Path) -> dict | None:
    """What `run.toml` says, if capdyn has written it."""
    try:
        record = tomllib.loads((directory / _RECORD).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return record if str(record.get("format", "")).startswith("capdyn run ") else None


def _check_replaceable(directory: Path) -> None:
    """A run may be replaced, an empty folder filled; anything else stays as it is."""
    if not directory.exists():
        return
    if not directory.is_dir():
        raise StoreError(f"'{directory}' is a file, not a folder.", remedy="Choose another name for the run.")
    if _read_record(directory) is None and any(directory.iterdir()):
        raise StoreError(
            f"'{directory}' is there already and is not a run of capdyn, so it is not replaced.",
            remedy="Choose another folder, or remove it yourself.",
        )


def _record(runs: dict[str, dict[str, Any]], command: str, model_path: str) -> str:
    """The text of `run.toml`. No user, no host."""
    first: dict[str, Any] = next(iter(runs.values()), {})
    versions = [part.rsplit(" ", 1) for part in str(first.get("versions", "")).split(", ") if " " in part]
    lines = [
        f"format = {_quote(FORMAT)}",
        f"command = {_quote(_without_home(command))}",
        f"created = {_quote(datetime.now(UTC).isoformat(timespec='seconds'))}",
        f"machine = {_quote(platform.machine())}",
        "",
        "[model]",
        f"name = {_quote(str(first.get('model', '')))}",
        f"path = {_quote(_without_home(model_path))}",
        f"hash = {_quote(str(first.get('model_hash', '')))}",
        "",
        "[versions]",
        *(f"{name} = {_quote(version)}" for name, version in versions),
    ]
    for file, attrs in runs.items():
        lines += [
            "",
            "[[scenarios]]",
            f"name = {_quote(str(attrs.get('scenario', '')))}",
            f"file = {_quote(file)}",
        ]
        lines += [f"{word} = {_quote(attrs[word])}" for word in ("method", "tolerances") if attrs.get(word)]
        lines += [f"step = {float(attrs['step'])!r}"] if "step" in attrs else []
        lines.append(f"text = {_quote_lines(str(attrs.get('scenario_text', '')))}")
    return "\n".join(lines) + "\n"


def _without_home(text: str) -> str:
    home = str(Path.home())
    return text.replace(home, "~") if len(home) > 1 else text


def _quote(text: str) -> str:
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")


def _quote_lines(text: str) -> str:
    """A text of several lines, readable as such where TOML allows."""
    plain = "'''" not in text and "\x7f" not in text and not text.endswith("'")
    return f"'''\n{text}'''" if "\n" in text and plain else _quote(text)
