"""Packages of levers from a TOML file; every mistake with its line and a remedy."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

from pydantic import BeforeValidator, Field

from ..errors import ArgumentError
from ..run.address import Mistake, address_of, check_limits, find_places, find_symbol
from ..run.open import Model
from ..run.toml_file import Book, read_toml
from ..run.toml_form import Number, TomlForm, describe, number, read_form
from .levers import Levers, Package


def _weights(value: object) -> dict[str, float]:
    if isinstance(value, list) and value and all(isinstance(name, str) for name in value):
        return dict.fromkeys(value, 1.0)
    if not isinstance(value, Mapping) or not value:
        raise ValueError(f"must be a list of levers in quotes, or a table of weights, not {describe(value)}")
    found = {str(name): number(weight) for name, weight in value.items()}
    if min(found.values()) <= 0.0:
        raise ValueError("must have weights above zero")
    return found


class PackageForm(TomlForm):
    """`[package.<name>]`."""

    levers: Annotated[dict[str, float], BeforeValidator(_weights)]
    why: str = ""
    start: Number | None = None
    stop: Number | None = None
    parameters: dict[str, Number] = Field(default_factory=dict)


class PackagesForm(TomlForm):
    """The whole file."""

    package: dict[str, PackageForm] = Field(default_factory=dict)


def read_packages(file: Path, model: Model, levers: Levers, start: float, stop: float) -> list[Package]:
    """The packages of a file, in its order.

    Parameters
    ----------
    start, stop : float
        Where a package says nothing.

    Raises
    ------
    ScenarioError
        All mistakes of the file at once.
    """
    raw, places = read_toml(file, "file of packages")
    form, mistakes = read_form(PackagesForm, raw, "a file of packages")
    book = Book(str(file), places)
    for path, what, remedy in mistakes:
        book.note(path, what, remedy)
    if not form.package and not mistakes:
        book.note((), "No package is written down.", "Add a table [package.<name>]; see docs/policy.md.")
    found = []
    for name, package in form.package.items():
        path = ("package", name)
        weights: dict[str, float] = {}
        constants: dict[str, float] = {}
        for lever, weight in package.levers.items():
            try:
                weights[levers.find(lever)] = weight
            except ArgumentError as error:
                book.note((*path, "levers"), error.problems[0].what, error.problems[0].remedy)
        for address, value in package.parameters.items():
            try:
                symbol, subscripts = find_symbol(model.system, address, "parameter")
                elements = find_places(symbol, subscripts)
                check_limits(symbol, dict.fromkeys(elements, value))
                constants |= {address_of(symbol, element): value for element in elements}
            except Mistake as mistake:
                book.note((*path, "parameters", address), mistake.what, mistake.remedy)
        begin = start if package.start is None else package.start
        end = stop if package.stop is None else package.stop
        if not end > begin:
            book.note((*path, "stop"), f"'{name}' would stop at {end:g}, not after its start at {begin:g}.")
        found.append(Package(name, weights, begin, end, "package", constants))
    book.close()
    return found


def one_package(text: str, levers: Levers, start: float, stop: float) -> Package:
    """`NAME=a,b` as a package.

    Raises
    ------
    ArgumentError
        It has another form, or names a lever that is not there.
    """
    name, equals, members = text.partition("=")
    names = [member.strip() for member in members.split(",") if member.strip()]
    if not equals or not name.strip() or not names:
        raise ArgumentError(
            f"--package: '{text}' is not a name and levers.",
            remedy="Write --package mine=network_broker,mediation.",
        )
    return Package(name.strip(), {levers.find(lever): 1.0 for lever in names}, start, stop)
