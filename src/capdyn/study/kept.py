"""Steps of a search or a sampler, kept in a folder as they come.

What asks for the steps depends on its seed and on their answers alone. So the same call goes through the steps that
are there without a run, asks for the same next one, and ends with the same bits as if nothing had stopped it.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from ..errors import StoreError
from ..run.atomic import cannot_write, whole_file
from ..run.label import versions

_STEPS, _MADE_OF = "steps", "made_of.json"


class Kept:
    """Answers by number; without a folder each is computed.

    Parameters
    ----------
    folder : str, Path or None
        Steps go into `steps` in it.
    what : str
        What it is, for messages: 'search'.
    made_of : mapping
        All that the answers depend on, as JSON can hold it. Versions are added.

    Raises
    ------
    StoreError
        The folder holds steps of something else, or cannot be read.
    """

    def __init__(self, folder: str | Path | None, what: str, made_of: Mapping[str, Any]):
        self._folder = None if folder is None else Path(folder) / _STEPS
        self._what, self._number = what, 0
        self._made_of = {"what": what, **made_of, "versions": versions()}
        if self._folder is not None and self._folder.exists():
            self._check(self._folder)

    def _check(self, folder: Path) -> None:
        there = json.loads(json.dumps(self._made_of))
        try:
            kept = json.loads((folder / _MADE_OF).read_text(encoding="utf-8"))
        except (OSError, ValueError):
            kept = {}
        different = [name for name in there if not isinstance(kept, dict) or kept.get(name) != there[name]]
        if different:
            raise StoreError(
                f"'{folder.parent}' holds another {self._what}; different: {', '.join(different)}.",
                remedy="Choose another folder.",
            )

    def __call__(self, x: np.ndarray, compute: Callable[[np.ndarray], np.ndarray]) -> np.ndarray:
        """The answer to the next step: read from the folder if it is there, else computed and kept.

        x : shape (n, k); compute : from x to shape (n, m)
        """
        number, self._number = self._number, self._number + 1
        if self._folder is None:
            return compute(x)
        path = self._folder / f"{number:06d}.npy"
        if path.exists():
            return self._read(path, x)
        found = compute(x)
        try:
            self._begin(self._folder)
            with whole_file(path) as part, part.open("wb") as file:
                np.save(file, np.column_stack([x, found]))
        except OSError as error:
            raise cannot_write(self._folder, error) from None
        return found

    def _begin(self, folder: Path) -> None:
        if not (folder / _MADE_OF).exists():
            folder.mkdir(parents=True, exist_ok=True)
            with whole_file(folder / _MADE_OF) as part:
                part.write_text(json.dumps(self._made_of, indent=1, ensure_ascii=False), encoding="utf-8")

    def _read(self, path: Path, x: np.ndarray) -> np.ndarray:
        try:
            kept = np.load(path, allow_pickle=False)
        except (OSError, ValueError, EOFError):
            kept = np.empty(0)
        if kept.ndim != 2 or len(kept) != len(x) or kept[:, : x.shape[1]].tobytes() != x.tobytes():
            raise StoreError(f"'{path}' is damaged.", remedy="Remove it: it is made again.")
        return np.ascontiguousarray(kept[:, x.shape[1] :])
