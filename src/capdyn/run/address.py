"""`Name[Element,Element]`: how people, Vensim's tab files and this package write elements of an array."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import product

import numpy as np

from ..lang.names import did_you_mean, key
from ..passes.system import Symbol, System

Place = tuple[int, ...]
_MOST_LISTED = 12


class Mistake(Exception):
    """What is wrong with an address or a value, and the remedy; the caller knows where it stands."""

    def __init__(self, what: str, remedy: str = ""):
        super().__init__(what)
        self.what = what
        self.remedy = remedy


def parse_address(text: str) -> tuple[str, tuple[str, ...] | None]:
    """Name and subscripts; None where there are no brackets.

    >>> parse_address("Mechanism strength[Ia cost saving, training]")
    ('Mechanism strength', ('Ia cost saving', 'training'))
    >>> parse_address("Demand growth")
    ('Demand growth', None)

    Raises
    ------
    Mistake
        A bracket that is not closed, or that nothing stands before.
    """
    text = text.strip()
    # A quoted name may hold brackets: "Share [old]"[Home].
    end_of_quote = text.find('"', 1) + 1 if text.startswith('"') else 0
    bracket = text.find("[", end_of_quote)
    if bracket < 0:
        return text, None
    name = text[:bracket].strip()
    if not name or not text.endswith("]"):
        raise Mistake(f"'{text}' is not a name.", "Write it as Name[Element,Element].")
    return name, tuple(part.strip() for part in text[bracket + 1 : -1].split(","))


def write_address(name: str, labels: Sequence[str]) -> str:
    """The reverse of `parse_address`.

    >>> write_address("Trust", ["Home"]), write_address("Demand growth", [])
    ('Trust[Home]', 'Demand growth')
    """
    return f"{name}[{','.join(labels)}]" if len(labels) else name


def address_of(symbol: Symbol, place: Place) -> str:
    """How people write the element of a symbol at a place."""
    return write_address(symbol.variable, labels_of(symbol, place))


def labels_of(symbol: Symbol, place: Place) -> list[str]:
    """Labels of the element at a place."""
    return [elements[i] for elements, i in zip(symbol.elements, place, strict=True)]


def everywhere(symbol: Symbol) -> list[Place]:
    """All places of a symbol, row-major; one empty place for a number."""
    return list(product(*(range(length) for length in symbol.shape)))


def find_symbol(system: System, address: str, kind: str) -> tuple[Symbol, tuple[str, ...] | None]:
    """Symbol and subscripts of an address; `kind` is 'parameter' or 'state'.

    Raises
    ------
    Mistake
        The name is not in the model, or of another kind.
    """
    name, subscripts = parse_address(address)
    symbol = system.symbols.get(key(name))
    if symbol is None or not symbol.variable:
        known = [s.variable for s in system.of_kind(kind) if s.variable]
        raise Mistake(
            f"'{name}' is not in the model.", did_you_mean(name, known) or "`capdyn info` lists all names."
        )
    if symbol.kind == kind:
        return symbol, subscripts
    if symbol.kind == "state":
        raise Mistake(f"'{symbol.variable}' is a stock.", "Set its first value in [initial].")
    if symbol.kind == "parameter":
        raise Mistake(f"'{symbol.variable}' is a constant, not a stock.", "Set it in [parameters].")
    settable = "constants" if kind == "parameter" else "first values of stocks"
    raise Mistake(
        f"'{symbol.variable}' is computed by an equation; only {settable} can be set.",
        f'`capdyn info MODEL --variable "{symbol.variable}"` shows what it is computed from.',
    )


def find_variable(system: System, address: str) -> tuple[Symbol, list[Place]]:
    """Any variable that an address names, and the places of its elements.

    Raises
    ------
    Mistake
        The name is not in the model, or a subscript no element.
    """
    name, subscripts = parse_address(address)
    symbol = system.symbols.get(key(name))
    if symbol is None or not symbol.variable:
        known = [s.variable for s in system.symbols.values() if s.variable]
        raise Mistake(
            f"'{name}' is not in the model.", did_you_mean(name, known) or "`capdyn info` lists all names."
        )
    return symbol, find_places(symbol, subscripts)


def find_places(symbol: Symbol, subscripts: Sequence[str] | None) -> list[Place]:
    """Places that subscripts name: one an element; `*` or the range's own name stands for all of a range.

    Raises
    ------
    Mistake
        Too many or too few subscripts, or a label that is no element.
    """
    if subscripts is None:
        return everywhere(symbol)
    name = symbol.variable
    if not symbol.dims:
        raise Mistake(f"'{name}' has no subscripts.", f"Write '{name}' alone.")
    if len(subscripts) != len(symbol.dims):
        form = write_address(name, symbol.dims)
        raise Mistake(
            f"'{write_address(name, subscripts)}' has {len(subscripts)} subscripts and needs {len(symbol.dims)}.",
            f"Write {form} with an element or * in each place, or '{name}' alone for all.",
        )
    axes = []
    for subscript, dim, elements in zip(subscripts, symbol.dims, symbol.elements, strict=True):
        known = {key(element): i for i, element in enumerate(elements)}
        if subscript == "*" or (key(subscript) == key(dim) and key(subscript) not in known):
            axes.append(range(len(elements)))
        elif key(subscript) in known:
            axes.append(range(known[key(subscript)], known[key(subscript)] + 1))
        else:
            raise Mistake(
                f"'{subscript}' is not an element of '{dim}', by which '{name}' is subscripted.",
                did_you_mean(subscript, elements) or _listed(dim, elements),
            )
    return list(product(*axes))


def find_element(symbol: Symbol, axis: int, name: str, what: str) -> str:
    """The label of an element along one dimension; `what` is the word for it in the message.

    Raises
    ------
    Mistake
        There is none.
    """
    elements = symbol.elements[axis]
    for element in elements:
        if key(element) == key(name):
            return element
    raise Mistake(
        f"There is no {what} '{name}'.", did_you_mean(name, elements) or _listed(symbol.dims[axis], elements)
    )


def _listed(dim: str, elements: Sequence[str]) -> str:
    rest = ", ..." if len(elements) > _MOST_LISTED else ""
    return f"The elements of {dim} are {', '.join(elements[:_MOST_LISTED])}{rest}."


def spread(
    symbol: Symbol, subscripts: Sequence[str] | None, value: float | np.ndarray | Mapping[str, float]
) -> dict[Place, float]:
    """The value of each place that is set.

    value : a number for all places that the subscripts name; a table by element (or 'element,element'); an array of the
        symbol's shape.

    Raises
    ------
    Mistake
        See `find_places`; a table or an array for something already subscripted; a wrong shape.
    """
    name = symbol.variable
    if isinstance(value, int | float):
        return dict.fromkeys(find_places(symbol, subscripts), float(value))
    if subscripts is not None:
        raise Mistake(
            f"'{write_address(name, subscripts)}' is given a table or an array.",
            f"Give it a number, or the table to '{name}'.",
        )
    if isinstance(value, Mapping):
        found: dict[Place, float] = {}
        for labels, number in value.items():
            found |= dict.fromkeys(find_places(symbol, [part.strip() for part in labels.split(",")]), number)
        return found
    if value.shape != symbol.shape:
        raise Mistake(
            f"'{name}' is given an array of shape {value.shape} and has shape {symbol.shape}.",
            f"Its dimensions are {', '.join(symbol.dims) or 'none'}.",
        )
    return {place: float(value[place]) for place in everywhere(symbol)}


def check_limits(symbol: Symbol, values: Mapping[Place, float]) -> None:
    """Raises a Mistake for the first value outside the range that the model file declares."""
    low, high = symbol.limits
    for place, number in values.items():
        if (low is None or number >= low) and (high is None or number <= high):
            continue
        if low is not None and high is not None:
            said = f"outside its range {low:g} to {high:g}"
        else:
            said = (
                f"below its least value {low:g}" if low is not None else f"above its greatest value {high:g}"
            )
        file = f", or change the range in {symbol.where}" if symbol.where else ""
        raise Mistake(
            f"'{address_of(symbol, place)}' is {number:g}, {said}.", f"Give a value within it{file}."
        )
