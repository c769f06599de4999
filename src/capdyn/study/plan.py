"""A plan: all that decides the numbers of a study. What makes plans and what runs them meet here, and only here."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from ..run.features import Feature
from ..run.open import Model

Scenario = str | Path | Mapping[str, Any] | None


@dataclass(frozen=True, eq=False)
class Plan:
    """Runs to be made, and what is kept of them. A plan with more members continues one whose members it begins with.

    Parameters
    ----------
    model : Model
    inputs : tuple of str
        Constants by Vensim name, one a column of `sample`: "Trust decay", "Lever intensity[network_broker,Home]". A
        name without subscripts sets all elements of an array alike. Inputs that move together are columns of their own.
    sample : ndarray, shape (n_members, n_inputs)
        Each member's constants, in their units. May have no column, where only random functions differ.
    scenarios : tuple of str, Path, mapping or None
        What members share. Each member is run under each scenario with the same constants and random numbers.
    features : tuple of Feature
        Numbers to keep of each run, each with a name of its own.
    series : tuple of str
        Variables to keep as they run, by Vensim name without subscripts.
    thin : int
        Of the series every thin-th save time is kept, and the last.
    method : str, optional
        A fixed-step method; by default each scenario's or the model's.
    seed : int
        Of the random functions, from 0 to 2**53 - 1; member i has the same numbers in every scenario.
    name : str
    text : str
        The study file that this was made from; kept with the runs, so that they can be made again and extended.
    files : tuple of Path
        Files that `text` names; copied beside the runs.
    about : mapping
        Attributes for the Dataset (text and numbers only), for whoever analyses the runs.
    """

    model: Model
    inputs: tuple[str, ...]
    sample: np.ndarray
    scenarios: tuple[Scenario, ...] = (None,)
    features: tuple[Feature, ...] = ()
    series: tuple[str, ...] = ()
    thin: int = 1
    method: str | None = None
    seed: int = 0
    name: str = "study"
    text: str = ""
    about: Mapping[str, str | float] = field(default_factory=dict)
    files: tuple[Path, ...] = ()

    @property
    def n_members(self) -> int:
        return len(self.sample)
