"""What a fact looks at: elements of variables, summed or apart, less others, by others; Datasets in, numbers out."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import xarray as xr

from ..run.address import address_of, find_variable
from ..run.open import Model


@dataclass(frozen=True)
class Pick:
    """Elements of a variable. text : the address as written. places : row-major offsets. labels : of each element."""

    text: str
    variable: str
    places: tuple[int, ...]
    labels: tuple[str, ...]

    def values(self, run: xr.Dataset) -> np.ndarray:
        """Shape (n_members, n_elements, n_times), one member for a single run; constants repeat over time."""
        data = run[self.variable]
        numbers = data.values
        if "member" not in data.dims:
            numbers = numbers[None]
        if "time" not in data.dims:
            numbers = numbers[:, None]
        flat = numbers.reshape(*numbers.shape[:2], -1)[:, :, list(self.places)]
        moving = np.broadcast_to(flat, (len(flat), run.sizes["time"], len(self.places)))
        return np.moveaxis(moving, 1, 2)


Picks = tuple[Pick, ...]


@dataclass(frozen=True)
class Output:
    """(picks - less) / of. apart : elements are kept, not summed; `less` and `of` have as many, or one for all."""

    picks: Picks
    less: Picks = ()
    of: Picks = ()
    apart: bool = False

    @property
    def variables(self) -> set[str]:
        """Names of all variables looked at."""
        return {pick.variable for pick in (*self.picks, *self.less, *self.of)}

    @property
    def labels(self) -> list[str]:
        """What each element is called."""
        names = [label for pick in self.picks for label in pick.labels]
        return names if self.apart else [self.text]

    @property
    def text(self) -> str:
        """The whole in words."""
        words = _text(self.picks)
        if self.less:
            words = f"{words} − {_text(self.less)}"
        if self.of:
            words = f"({words})" if self.less else words
            words = f"{words} / {_text(self.of)}"
        return words

    def values(self, run: xr.Dataset) -> np.ndarray:
        """Shape (n_members, n_elements, n_times), in the output's unit; n_elements is 1 unless they are apart."""
        numbers = self._part(self.picks, run)
        if self.less:
            numbers = numbers - self._part(self.less, run)
        if self.of:
            with np.errstate(divide="ignore", invalid="ignore"):
                numbers = numbers / self._part(self.of, run)
        return numbers

    def _part(self, picks: Picks, run: xr.Dataset) -> np.ndarray:
        numbers = np.concatenate([pick.values(run) for pick in picks], axis=1)
        return numbers if self.apart else numbers.sum(axis=1, keepdims=True)


def count(picks: Picks) -> int:
    """How many elements."""
    return sum(len(pick.places) for pick in picks)


def pick(model: Model, address: str) -> Pick:
    """The elements that an address names.

    Raises
    ------
    Mistake
        See `capdyn.run.address.find_variable`.
    """
    symbol, places = find_variable(model.system, address)
    offsets = tuple(int(np.ravel_multi_index(place, symbol.shape)) if place else 0 for place in places)
    labels = tuple(address_of(symbol, place) for place in places)
    return Pick(address.strip(), symbol.variable, offsets, labels)


def _text(picks: Picks) -> str:
    words = " + ".join(one.text for one in picks)
    return f"({words})" if len(picks) > 1 else words
