"""`ablations.toml` with a model: mechanisms that can be switched off, and where it is seen how much they matter.

`read_ablations` is the verb. The cells of a matrix of mechanisms need no lines in the file.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ..errors import ScenarioError
from ..lang.names import did_you_mean, key
from ..run.address import Mistake, address_of, everywhere, labels_of
from ..run.open import Model
from ..run.overlay import Overlay
from ..run.scenario import Settings, locate, resolve
from ..run.scenario_file import check_form, part
from ..run.toml_file import Book, read_toml
from .facts import Run
from .series import Pick, pick

if TYPE_CHECKING:
    from .form import AblationForm, GrowingForm

FILE = "ablations.toml"
KINDS = ("cell", "row", "shape", "loop")
STRENGTH, EXISTS = "mechanism strength", "mechanism exists"


@dataclass(frozen=True)
class Ablation:
    """A mechanism taken out. values : what its constants become, by address and in their units."""

    name: str
    kind: str
    why: str
    values: Mapping[str, float]


@dataclass(frozen=True)
class Plan:
    """All ablations; the runs in which, and the outputs of which, it is seen how much each matters."""

    ablations: tuple[Ablation, ...]
    growing: tuple[Run, ...]
    outputs: tuple[Pick, ...]


def read_ablations(model: Model) -> Plan:
    """The ablations beside a model: the cells first, then those of the file in their order.

    Raises
    ------
    ScenarioError
        There is no file, or there are mistakes in it: all of them, each with file, line and column.
    """
    if model.folder is None or not (model.folder / FILE).is_file():
        raise ScenarioError(
            f"There is no {FILE} beside '{model.path}'.", remedy="docs/evidence.md shows how to write one."
        )
    # pydantic and its classes take a tenth of a second.
    from ..run.toml_form import read_form
    from .form import AblationsForm

    raw, places = read_toml(model.folder / FILE, "list of ablations")
    form, mistakes = read_form(AblationsForm, raw, "the list of ablations")
    book = Book(str(model.folder / FILE), places)
    for path, what, remedy in mistakes:
        book.note(path, what, remedy)
    growing, outputs = _growing(model, form.growing, book)
    listed = [_ablation(model, name, written, book) for name, written in form.ablation.items()]
    own = list(cells(model))
    for name in form.ablation:
        if name in {ablation.name for ablation in own}:
            book.note(("ablation", name), f"'{name}' is taken out already.", "Leave it out, or rename it.")
    book.close()
    return Plan((*own, *listed), growing, outputs)


def cells(model: Model) -> Iterator[Ablation]:
    """An ablation for each cell of `Mechanism strength` that exists, then for each row with several of them."""
    strength, exists = model.system.symbols.get(STRENGTH), model.system.symbols.get(EXISTS)
    if strength is None or exists is None or strength.dims != exists.dims or strength.kind != "parameter":
        return
    there = exists.values if exists.kind == "parameter" else (1.0,) * exists.size
    rows: dict[str, dict[str, float]] = {}
    for place, number in zip(everywhere(strength), there, strict=True):
        if number:
            labels, off = labels_of(strength, place), {address_of(strength, place): 0.0}
            rows.setdefault(labels[0], {}).update(off)
            yield Ablation(", ".join(labels), "cell", "", off)
    for row, off in rows.items():
        if len(off) > 1:
            yield Ablation(row, "row", "", off)


def _growing(model: Model, form: GrowingForm | None, book: Book) -> tuple[tuple[Run, ...], tuple[Pick, ...]]:
    if form is None:
        what = "'growing' is missing: where is it seen how much a mechanism matters?"
        book.note((), what, "Add [growing] with `scenarios` and `outputs`.", [("growing",)])
        return (), ()
    runs: list[Run] = []
    for name in form.scenarios:
        try:
            runs.append(Run(name, name, resolve(model.system, name, model.folder)))
        except ScenarioError as error:
            if any(problem.where for problem in error.problems):
                book.problems += error.problems
            else:
                remedy = did_you_mean(name, model.scenarios)
                book.note(("growing", "scenarios"), f"There is no scenario '{name}'.", remedy)
    outputs: list[Pick] = []
    for address in form.outputs:
        try:
            outputs.append(pick(model, address))
        except Mistake as mistake:
            book.note(("growing", "outputs"), mistake.what, mistake.remedy)
    return tuple(runs), tuple(outputs)


def _ablation(model: Model, name: str, form: AblationForm, book: Book) -> Ablation:
    path = ("ablation", name)
    if form.kind not in KINDS:
        book.note((*path, "kind"), f"There is no kind '{form.kind}'.", f"Choose one of {', '.join(KINDS)}.")
    if not form.parameters:
        book.note((*path, "parameters"), "Nothing is switched off.", "Name constants and what they become.")
    given = part(book, name, {"parameters": form.parameters}, path)
    overlay = Overlay(model.system, book.problems)
    overlay.apply(check_form(name, given.raw, book.problems, given.file, places=given.places))
    values = {
        address_of(model.system.symbols[symbol], place): number
        for symbol, numbers in overlay.values.items()
        for place, number in numbers.items()
    }
    return Ablation(name, form.kind, form.why, values)


def places(model: Model, ablations: Sequence[Ablation]) -> dict[str, tuple[str, int]]:
    """Symbol and row-major offset of every element that an ablation changes, by address."""
    found: dict[str, tuple[str, int]] = {}
    for ablation in ablations:
        for address in ablation.values:
            if address not in found:
                symbol, (offset,) = locate(model.system, address)
                found[address] = symbol, offset
    return found


def written(model: Model, settings: Settings, symbol: str, offset: int) -> float:
    """The value of one element of a constant in a run."""
    numbers = settings.parameters.get(symbol)
    return float(model.system.symbols[symbol].values[offset] if numbers is None else numbers.ravel()[offset])


def matches(mechanism: str, ablation: Ablation) -> bool:
    """Whether the mechanism that a fact names is the one taken out; the row of a matrix stands for its cells."""
    row = ablation.name.split(", ")[0] if ablation.kind == "cell" else ablation.name
    return key(mechanism) in (key(ablation.name), key(row))
