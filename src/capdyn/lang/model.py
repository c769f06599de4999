"""A model as it was written: variables with their equations, units, ranges, comments and places.

Nothing is resolved yet: names are keys, subscripts are names. `capdyn.passes` gives them meaning.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from ..errors import Where
from .expressions import Expression
from .later import Later

CONTROLS = ("initial time", "final time", "time step", "saveper")


@dataclass(frozen=True)
class Component(Later):
    """One equation of a variable; a subscripted variable may have several.

    subscripts : keys of ranges or elements on the left-hand side.
    exceptions : groups of the same after :EXCEPT:.
    kind : 'auxiliary', 'constant' (== in Vensim), 'lookup' or 'data'.
    text : the equation as written, without units and comment.
    """

    subscripts: tuple[str, ...]
    expression: Expression
    where: Where
    text: str
    exceptions: tuple[tuple[str, ...], ...] = ()
    kind: str = "auxiliary"


@dataclass(frozen=True)
class Variable:
    """A named quantity. `limits` is the range that the modeller declared, None where open.

    hidden : made by the expansion of a macro, not shown in results.
    """

    name: str
    key: str
    components: tuple[Component, ...]
    units: str = ""
    limits: tuple[float | None, float | None] = (None, None)
    comment: str = ""
    group: str = ""
    hidden: bool = False

    @property
    def where(self) -> Where:
        return self.components[0].where


@dataclass(frozen=True)
class SubscriptRange:
    """A named list of elements; `members` may name other ranges, which `capdyn.passes` flattens.

    mapped_to : names after '->'. copy_of : the range after '<->'.
    orders : for each name in `mapped_to` the elements (or ranges of elements) that correspond to `members` one by
        one, () where they do so in the order of that range.
    apart : its elements are numbered in it alone, as in XMILE; in Vensim a part has the numbers of the whole.
    """

    name: str
    key: str
    members: tuple[str, ...]
    where: Where
    mapped_to: tuple[str, ...] = ()
    copy_of: str = ""
    orders: tuple[tuple[str, ...], ...] = ()
    apart: bool = False


@dataclass(frozen=True)
class Macro:
    """A piece of model that is called like a function; each call has its own variables.

    parameters : keys of the inputs in order. outputs : keys of the outputs beside the macro's own name.
    variables : its equations by key, without those of the inputs.
    """

    name: str
    key: str
    parameters: tuple[str, ...]
    outputs: tuple[str, ...]
    variables: dict[str, Variable]
    where: Where


@dataclass(frozen=True)
class Check:
    """A reality check of Vensim, kept as written: it says what should be true, and is no equation.

    kind : 'the condition' or 'test input'.
    """

    name: str
    kind: str
    text: str
    where: Where


@dataclass(frozen=True)
class Model:
    """An equation file as data.

    hash : sha256 of the file's bytes; with `files`, of that and of theirs.
    files : path (as written) and sha256 of each file beside it that numbers came from.
    method : integration method that the file asks for, or ''.
    notes : things that a reader should know and that do not stop the run.
    """

    name: str
    path: str
    hash: str
    variables: dict[str, Variable]
    ranges: dict[str, SubscriptRange]
    method: str = ""
    notes: tuple[str, ...] = field(default=())
    macros: dict[str, Macro] = field(default_factory=dict)
    files: tuple[tuple[str, str], ...] = ()
    checks: tuple[Check, ...] = ()
