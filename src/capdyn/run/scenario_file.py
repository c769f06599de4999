"""A scenario as written: TOML text, its form, where each key stands, and what it inherits from.

Nothing here knows a model; `capdyn.run.scenario` gives the names meaning.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ..emit import cache
from ..errors import Problem, ScenarioError, Where
from ..lang.codec import Codec
from ..lang.names import did_you_mean, key
from .toml_file import Book, read_toml

FOLDERS = (
    "scenarios",
    "cases",
    "reductions",
)  # where scenarios lie beside a model; the first needs no prefix


@dataclass(frozen=True)
class Form:
    """What a scenario says, found to have the right form. Keys that it leaves out are not there.

    levers, time : keys and values of each table. parameters, initial : a number, a table or an array by address;
    shocks : the same by shock and key.
    """

    inherits: str | None = None
    why: str = ""
    levers: dict[str, dict[str, Any]] = field(default_factory=dict)
    parameters: dict[str, Any] = field(default_factory=dict)
    initial: dict[str, Any] = field(default_factory=dict)
    shocks: dict[str, dict[str, Any]] = field(default_factory=dict)
    time: dict[str, Any] = field(default_factory=dict)


_FORMS = Codec(Form)


@dataclass(frozen=True)
class Layer:
    """One scenario of a line of inheritance, or the arguments of a call.

    name : how the run is called. file : the TOML file, None where it came from Python.
    label : what stands before a message that has no file, such as 'parameters'.
    places : line and column of each key.
    """

    name: str
    form: Form
    file: str | None = None
    label: str = ""
    places: Mapping[tuple[str, ...], tuple[int, int]] = field(default_factory=dict)

    def problem(self, path: tuple[str, ...], what: str, remedy: str = "") -> Problem:
        """A problem at a key of this layer, or at the nearest table around it."""
        if self.file is None:
            return Problem(f"{self.label}: {what}", None, remedy)
        return Problem(what, self.where(path), remedy)

    def where(self, path: tuple[str, ...]) -> Where:
        """File, line and column of a key, or of the nearest table around it."""
        while path and path not in self.places:
            path = path[:-1]
        return Where(self.file or "", *self.places.get(path, (0, 0)))


@dataclass(frozen=True)
class Part:
    """A scenario that stands inside another TOML file.

    raw : its keys. file : that file. places : line and column of each key, those of the whole at ().
    """

    name: str
    raw: Mapping[str, Any]
    file: str
    places: Mapping[tuple[str, ...], tuple[int, int]] = field(default_factory=dict)


def part(book: Book, name: str, raw: Mapping[str, Any], path: tuple[str, ...]) -> Part:
    """The table of a file at a path as a scenario."""
    inside = {at[len(path) :]: place for at, place in book.places.items() if at[: len(path)] == path}
    return Part(name, raw, book.file, inside)


Scenario = str | Path | Mapping[str, Any] | Part
"""What a scenario may be given as: a name, a TOML file, a mapping with the same keys, a part of another file."""


def names(folder: Path | None) -> list[str]:
    """Names of the scenarios beside a model: `baseline`, ..., then `cases/...` and `reductions/...`, each sorted."""
    found: list[str] = []
    for place in FOLDERS if folder is not None else ():
        prefix = "" if place == FOLDERS[0] else f"{place}/"
        found += sorted(f"{prefix}{file.stem}" for file in Path(folder or "", place).glob("*.toml"))
    return found


def read_layers(scenario: Scenario | None, folder: Path | None, problems: list[Problem]) -> list[Layer]:
    """The scenario and all that it inherits from, the oldest first. Mistakes of form go to `problems`.

    Raises
    ------
    ScenarioError
        The scenario itself is not there, cannot be read or is no TOML.
    """
    if scenario is None:
        return []
    file: Path | None = None
    if isinstance(scenario, Mapping):
        layer = check_form("custom", dict(scenario), problems, label="scenario")
    elif isinstance(scenario, Part):
        layer = check_form(scenario.name, scenario.raw, problems, scenario.file, places=scenario.places)
    else:
        file = find_file(scenario, folder)
        layer = read_file(file, problems)
    layers = [layer]
    seen = [file.resolve()] if file else []
    while layer.form.inherits is not None:
        parent = _parent(layer, file, folder, problems)
        if parent is None:
            break
        file = parent
        if parent.resolve() in seen:
            circle = [*seen[seen.index(parent.resolve()) :], parent]
            problems.append(
                layer.problem(("inherits",), _circle(circle), "Let one of them inherit from nothing.")
            )
            break
        seen.append(parent.resolve())
        layer = read_file(parent, problems)
        layers.insert(0, layer)
    return layers


def _circle(files: Sequence[Path]) -> str:
    return f"Scenarios inherit from one another in a circle: {' -> '.join(file.stem for file in files)}."


def find_file(scenario: str | Path, folder: Path | None) -> Path:
    """The file of a scenario given by name or path."""
    if not isinstance(scenario, str | Path):
        from .toml_form import describe

        raise ScenarioError(
            f"scenario: {describe(scenario)} is no scenario.",
            remedy="Give a name, a path to a .toml file, or a mapping.",
        )
    text = str(scenario)
    if isinstance(scenario, Path) or text.endswith(".toml"):
        if Path(text).is_file():
            return Path(text)
        raise ScenarioError(f"There is no scenario file '{text}'.", remedy=_offer(text[:-5], names(folder)))
    found = _named(text, folder)
    if found is None:
        raise ScenarioError(f"There is no scenario '{text}'.", remedy=_offer(text, names(folder)))
    return found


def _named(name: str, folder: Path | None) -> Path | None:
    """The file of a name of `names`; case, spaces and underscores do not matter."""
    known = names(folder)
    same = [known_name for known_name in known if known_name == name]
    same += [known_name for known_name in known if key(known_name) == key(name)]
    if not same or folder is None:
        return None
    return folder / (f"{same[0]}.toml" if "/" in same[0] else f"{FOLDERS[0]}/{same[0]}.toml")


def _parent(layer: Layer, file: Path | None, folder: Path | None, problems: list[Problem]) -> Path | None:
    """The file that a layer inherits from: beside it, or else a scenario of the model."""
    name = layer.form.inherits or ""
    beside = {key(other.stem): other for other in sorted(file.parent.glob("*.toml"))} if file else {}
    found = beside.get(key(name)) or _named(name, folder)
    if found is None:
        known = [*(other.stem for other in beside.values() if other != file), *names(folder)]
        what = f"There is no scenario '{name}' to inherit from."
        problems.append(layer.problem(("inherits",), what, _offer(name, dict.fromkeys(known))))
    return found


def _offer(name: str, known: Sequence[str] | dict[str, None]) -> str:
    """The nearest names, or all of them."""
    listed = f"The scenarios are {', '.join(known)}." if known else "There is none beside the model."
    return did_you_mean(name, known) or listed


def read_file(file: Path, problems: list[Problem]) -> Layer:
    """A scenario file as a layer; mistakes of form go to `problems`.

    Raises
    ------
    ScenarioError
        It cannot be read, or is no TOML in UTF-8.
    """
    raw, found = read_toml(file, "scenario")
    return check_form(file.stem, raw, problems, str(file), places=found)


def check_form(
    name: str,
    raw: Mapping[str, Any],
    problems: list[Problem],
    file: str | None = None,
    label: str = "",
    places: Mapping[tuple[str, ...], tuple[int, int]] | None = None,
) -> Layer:
    """The layer of a parsed scenario. What has the wrong form goes to `problems` and is left out."""
    form, mistakes = _checked(raw, file is not None)
    layer = Layer(name, form, file, label, places or {})
    problems += [layer.problem(path, what, remedy) for path, what, remedy in mistakes]
    return layer


def _checked(raw: Mapping[str, Any], is_toml: bool) -> tuple[Form, list[tuple[tuple[str, ...], str, str]]]:
    """The form of a parsed scenario, and its mistakes. What had none before is known by what it says."""
    known_by = _hash(raw) if is_toml else ""
    found = cache.get("form", known_by) if known_by else None
    if found is not None:
        with suppress(ValueError, TypeError):  # not what this version writes: made anew below
            return _FORMS.decode(found, Form), []
    # pydantic and its classes take as long to import as numpy.
    from .scenario_form import ScenarioForm
    from .toml_form import read_form

    checked, mistakes = read_form(ScenarioForm, raw, "a scenario")
    form = Form(**checked.model_dump(exclude_none=True))
    if known_by and not mistakes:
        cache.put("form", known_by, _FORMS.encode(form).encode())
    return form, mistakes


def _hash(raw: Mapping[str, Any]) -> str:
    """Hash of all that a form is made from; nothing for what is never right, such as a date."""
    try:
        text = json.dumps(raw)
    except (TypeError, ValueError):
        return ""
    code = cache.code_of(
        "lang/codec.py", *(f"run/{name}.py" for name in ("scenario_file", "scenario_form", "toml_form"))
    )
    return cache.digest((code, cache.release_of("pydantic", "version.py"), text))
