"""`[posterior]` of a study file: the draws of a calibration as inputs that belong together."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import xarray as xr

from ..errors import CapdynError
from ..run.address import Mistake, address_of, check_limits
from ..run.netcdf import load
from .distributions import Distribution
from .page import Page
from .read_inputs import Constants
from .study import StudyInput

_REMEDY = "Make it with: capdyn calibrate FILE --sample 4000 --out DIR"


@dataclass(frozen=True, eq=False)
class Posterior:
    """Draws from a file.

    inputs : one for each constant. unit : ndarray, shape (n_draws, n_inputs), the quantile of each draw among the
        others, in the order in which runs take them.
    notes : what the reader of results should know.
    """

    file: Path
    inputs: tuple[StudyInput, ...]
    unit: np.ndarray
    notes: tuple[str, ...]


def read_posterior(constants: Constants, page: Page) -> Posterior | None:
    """The draws that a study file names, None if it names none or they cannot be used; why goes to the page."""
    form = page.form.posterior
    if form is None:
        return None
    path, place = page.beside / form.file, ("posterior", "file")
    try:
        given = load(path)
    except CapdynError as error:
        for problem in error.problems:
            page.note(place, problem.what, problem.remedy)
        return None
    if "value" not in given or given["value"].dims != ("draw", "free") or "free" not in given.coords:
        page.note(place, f"'{path}' holds no draws of a posterior.", _REMEDY)
        return None
    values = np.asarray(given["value"].values, dtype=float)
    if not len(values) or not np.isfinite(values).all():
        page.note(place, f"'{path}' has draws that are no finite numbers.", _REMEDY)
        return None
    inputs = []
    for name, column in zip(given["free"].values, values.T, strict=True):
        try:
            inputs.append(_input(constants, str(name), column))
        except Mistake as mistake:
            page.note(place, mistake.what, mistake.remedy)
    # In an order of its own: draws that stand side by side in the file resemble one another.
    order = np.random.default_rng(page.form.method.seed).permutation(len(values))
    unit = (values.argsort(axis=0, kind="stable").argsort(axis=0)[order] + 0.5) / len(values)
    return Posterior(path, tuple(inputs), unit, _notes(constants, given, len(values)))


def _input(constants: Constants, name: str, draws: np.ndarray) -> StudyInput:
    """One constant with its draws, shape (n_draws,)."""
    symbol, places = constants.find(name)
    if len(places) != 1:
        raise Mistake(f"'{name}' is {len(places)} numbers, and the posterior has one.", _REMEDY)
    points = np.sort(draws)
    for end in points[[0, -1]]:
        check_limits(symbol, {places[0]: float(end)})
    return StudyInput(
        name=address_of(symbol, places[0]),
        distribution=Distribution(
            "draws", float(points[0]), float(points[-1]), points=tuple(points.tolist())
        ),
        targets=(address_of(symbol, places[0]),),
        base=None,
        group=address_of(symbol, places[0]),
        units=constants.model.source.variables[symbol.name].units,
        nominal=constants.value(symbol, places[0]),
        from_file=False,
        why="Draws of a posterior.",
    )


def _notes(constants: Constants, given: xr.Dataset, n_draws: int) -> tuple[str, ...]:
    about = given.attrs
    notes = [
        f"{given.sizes['free']} inputs come from {n_draws:,} draws of the posterior '{about.get('title', '')}'."
    ]
    if about.get("warning"):
        notes.append(f"Of the draws it was said: {about['warning']}")
    then = about.get("model_hash")
    if then and then != constants.model.source.hash:
        notes.append("The posterior was drawn with other equations than those that run here.")
    return tuple(notes)
