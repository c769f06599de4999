"""XMILE -> Model: each equation through PySD's element classes, on a copy of its node that holds placeholders only.

Source: XMILE 1.0, https://docs.oasis-open.org/xmile/xmile/v1.0/xmile-v1.0.html .
"""

from __future__ import annotations

import copy
import hashlib
import re
from contextlib import suppress
from dataclasses import dataclass, field
from math import prod
from pathlib import Path
from typing import Any

from ..errors import Problem, Where
from ..lang.expressions import Call, Expression, Number, Reference, Table
from ..lang.model import CONTROLS, Component, Macro, Model, SubscriptRange
from ..lang.names import key
from . import assemble
from .graph import graph
from .left import LARGEST, unquoted
from .non_negative import limit_outflows
from .parsing import deep, quiet
from .source import Mistake, load, reject
from .spread import Arrays, spread
from .tokens import NUMBER
from .xmile_equation import EquationParser, Misread
from .xml_tree import xml_tree

VARIABLES = ("aux", "flow", "gf", "stock")
UNSUPPORTED = {
    "module": "Modules are not run yet.",
    "conveyor": "Conveyors are not run yet.",
    "queue": "Queues are not run yet.",
    "oven": "Ovens are not run yet.",
    "stock/descendant::ns:init_eqn[normalize-space()]": "A stock has its first value in its <eqn>.",
}


def read_xmile(path: Path, name: str) -> Model:
    """The Model of an XMILE file.

    Raises
    ------
    StoreError
        If the file cannot be read.
    ModelError
        If it is not well-formed XML without a document type, or for all mistakes in it, each with its line.
    """
    data = load(path)
    root, guessed = xml_tree(path, data)
    draft = _Draft(str(path), root, {"ns": str(root.tag).partition("}")[0][1:]})
    if guessed:
        draft.notes.append(f"{path}:1: the file is not in UTF-8 and was read as windows-1252.")
    with quiet(), deep():
        draft.read()
    problems = draft.problems
    variables = assemble.variables(draft.equations, problems)
    variables = limit_outflows(variables, draft.flows)
    ranges = assemble.ranges(draft.ranges, problems)
    assemble.check_namespace(variables, ranges, problems, elements=False)
    if not variables and not problems:
        problems.append(
            Problem("There is no variable in this file.", Where(str(path)), "Its model has none.")
        )
    reject(problems)
    specs = root.find("{*}sim_specs")
    written = specs.get("method", "") if specs is not None else ""
    method = _method(written)
    if written.strip() and not method:
        draft.notes.append(f"The method '{written}' is not known here; Euler is taken. Others: --method.")
    return Model(
        name,
        str(path),
        hashlib.sha256(data).hexdigest(),
        variables,
        ranges,
        method,
        tuple(draft.notes),
        draft.macros,
    )


def _method(written: str) -> str:
    """The first that is known of several methods; they stand in the order in which they are preferred."""
    for name in written.lower().split(","):
        short = name.strip().replace("runge-kutta", "rk").replace(" ", "")
        if short in ("euler", "rk2", "rk4"):
            return short
    return ""


@dataclass
class _Draft:
    """What has been read so far."""

    file: str
    root: Any
    ns: dict[str, str]
    equations: list[assemble.Equation] = field(default_factory=list)
    ranges: list[SubscriptRange] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    parser: Any = None
    macros: dict[str, Macro] = field(default_factory=dict)
    flows: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = field(default_factory=dict)

    def find(self, node: Any, path: str) -> list[Any]:
        return list(node.xpath(path, namespaces=self.ns))

    def text(self, node: Any, path: str) -> str:
        found = self.find(node, path)
        return " ".join((found[0].text or "").split()) if found else ""

    def wrong(self, node: Any, what: str, remedy: str = "") -> None:
        self.problems.append(Problem(what, Where(self.file, node.sourceline or 0), remedy))

    def read(self) -> None:
        """Ranges, control variables and variables, in this order."""
        for tag, what in UNSUPPORTED.items():
            for node in self.find(self.root, f"//ns:{tag}"):
                self.wrong(node, what, "Write it out with stocks, flows and auxiliaries.")
        for node in self.find(self.root, "ns:model")[1:]:
            self.wrong(node, "A second model in one file is not run yet.", "Keep one model a file.")
        for node in self.find(self.root, "ns:dimensions/ns:dim"):
            self._range(node)
        groups = {
            key(member.get("name") or member.text or ""): unquoted(group.get("name", ""))
            for group in self.find(self.root, "//ns:group")
            for member in group
        }
        nodes = [
            node for node in self.find(self.root, "ns:model[1]/ns:variables/*") if _tag(node) in VARIABLES
        ]
        dims = {key(_name(node)): self._dimensions(node) for node in nodes if node.get("name")}
        arrays = Arrays(
            dims,
            frozenset(key(_name(node)) for node in nodes if self._is_table(node)),
            {key(_name(node)): table for node in nodes for table in self._graphs(node)},
        )
        self.parser = EquationParser(self.file, self.root, self.ns)
        for node in self.find(self.root, "ns:macro"):
            self._macro(node)
        self._controls(dims)
        for node in nodes:
            unnamed = [one for one in (node, *self.find(node, "ns:dimensions/ns:dim")) if not _name(one)]
            for one in unnamed:
                self.wrong(one, f"This <{_tag(one)}> has no name.", 'Write: name="...".')
            if unnamed:
                continue
            if _name(node) == "time":
                self.wrong(node, "'time' is the name of time itself.", "Rename this variable.")
            elif key(_name(node)) not in CONTROLS[:3]:  # those are in <sim_specs>
                self._variable(node, arrays, groups)

    def _macro(self, node: Any) -> None:
        """A macro: its <parm>s, its <eqn> as the variable of its own name, and its <variables>."""
        name, count = _name(node), len(self.problems)
        parameters = tuple(key(unquoted(parm.text or "")) for parm in self.find(node, "ns:parm"))
        for part in self.find(node, "ns:parm[@default] | ns:sim_specs"):
            self.wrong(
                part,
                f"<{_tag(part)}> of this form is not supported in the macro '{name}'.",
                "Leave it out, and write all arguments in each call.",
            )
        for part in self.find(node, "ns:variables/*[ns:dimensions]"):
            self.wrong(
                part,
                f"There are no subscripts inside a macro, such as those of '{_name(part)}'.",
                "Leave them out there, and call it with subscripted variables.",
            )
        inner = _Draft(self.file, self.root, self.ns, parser=self.parser)
        children = [
            child
            for child in self.find(node, "ns:variables/*")
            if _tag(child) in VARIABLES and child.get("name")
        ]
        arrays = Arrays(
            dict.fromkeys((*parameters, *(key(_name(child)) for child in children)), ()),
            frozenset(key(_name(child)) for child in children if self._is_table(child)),
        )
        for child in children:
            inner._variable(child, arrays, {})
        variables = limit_outflows(assemble.variables(inner.equations, self.problems), inner.flows)
        equation = self.find(node, "ns:eqn")
        if key(name) not in variables and equation:
            try:
                expression = spread(self.parser.formula(equation[0]), (), (), arrays)
                inner._add(equation[0], name, expression, equation[0].text or "", "")
                variables |= assemble.variables(inner.equations[-1:], self.problems)
            except Misread as error:
                self.problems.append(error.problem)
            except Mistake as mistake:
                self.wrong(equation[0], mistake.what, mistake.remedy)
        self.problems += inner.problems
        if len(self.problems) == count and key(name) not in variables:
            self.wrong(node, f"The macro '{name}' has no <eqn>.", "It gives the value of a call.")
        if key(name) in self.macros:
            self.wrong(node, f"The macro '{name}' is defined twice.", "Take one out, or rename it.")
        where = Where(self.file, node.sourceline or 0)
        self.macros[key(name)] = Macro(name, key(name), parameters, (), variables, where)

    def _range(self, node: Any) -> None:
        name = unquoted(node.get("name", ""))
        members = tuple(unquoted(member.get("name", "")) for member in self.find(node, "ns:elem"))
        size = node.get("size", "")
        if not members and re.fullmatch(r"[0-9]{1,9}", size) and 0 < int(size) <= LARGEST:
            members = tuple(str(number) for number in range(1, int(size) + 1))
        if not name or not members:
            self.wrong(
                node,
                f"The dimension '{name}' has no elements.",
                "Give it <elem name=...>, or a size up to 10000.",
            )
            return
        where = Where(self.file, node.sourceline or 0)
        self.ranges.append(SubscriptRange(name, key(name), members, where, apart=True))

    def _dimensions(self, node: Any) -> tuple[str, ...]:
        """Names of the dimensions of a variable; where one comes again, that of a copy: a[*,*] runs over both."""
        found: list[str] = []
        for dim in self.find(node, "ns:dimensions/ns:dim"):
            name = unquoted(dim.get("name", ""))
            again = sum(other == key(name) or other.startswith(f"{key(name)}#") for other in found)
            found.append(self._copy(node, name, again + 1) if again else key(name))
        return tuple(found)

    def _copy(self, node: Any, name: str, number: int) -> str:
        """Key of the copy of a dimension."""
        copy_ = f"{name}#{number}"
        if all(known.key != key(copy_) for known in self.ranges):
            where = Where(self.file, node.sourceline or 0)
            self.ranges.append(SubscriptRange(copy_, key(copy_), (), where, copy_of=key(name), apart=True))
        return key(copy_)

    def _size(self, node: Any) -> int:
        """The number of elements of a variable."""
        sizes = {one.key: len(one.members) for one in self.ranges}
        return prod(sizes.get(name.partition("#")[0], 1) for name in self._dimensions(node))

    def _is_table(self, node: Any) -> bool:
        return _tag(node) == "gf" or (bool(self.find(node, "ns:gf")) and not self.text(node, "ns:eqn"))

    def _graphs(self, node: Any) -> list[Table]:
        """The one graph of a variable with an equation; a mistake in it is told with the equation."""
        graphs = self.find(node, "ns:gf[../ns:eqn]")
        if not graphs or self._is_table(node):
            return []
        with suppress(Mistake):
            return [graph(graphs[0], self.ns)]
        return []

    def _controls(self, present: dict[str, tuple[str, ...]]) -> None:
        specs = self.find(self.root, "ns:sim_specs")
        if not specs:
            self.wrong(self.root, "There is no <sim_specs>.", "It holds <start>, <stop> and <dt>.")
            return
        units = specs[0].get("time_units", "")
        for name, tag in zip(
            ("INITIAL TIME", "FINAL TIME", "TIME STEP"), ("start", "stop", "dt"), strict=True
        ):
            found = self.find(specs[0], f"ns:{tag}")
            if not found and tag == "dt":
                self._add(specs[0], name, Number(1.0), "", units)
                continue
            if not found:
                self.wrong(specs[0], f"There is no <{tag}> in <sim_specs>.", f"For example <{tag}>1</{tag}>.")
                continue
            try:
                value = self.parser.formula(found[0])
            except Misread as error:
                self.problems.append(error.problem)
                continue
            if found[0].get("reciprocal", "").lower() == "true":
                value = (
                    Number(1.0 / value.value)
                    if isinstance(value, Number) and value.value
                    else Call("/", (Number(1.0), value))
                )
            self._add(found[0], name, value, found[0].text or "", units)
        if "saveper" not in present:
            self._add(specs[0], "SAVEPER", Reference("time step"), "TIME STEP", units)

    def _add(self, node: Any, name: str, value: Expression, text: str, units: str) -> None:
        component = Component((), value, Where(self.file, node.sourceline or 0), text.strip())
        self.equations.append(assemble.Equation(name, component, units))

    def _variable(self, node: Any, arrays: Arrays, groups: dict[str, str]) -> None:
        """All equations of a variable: one, or one for each <element>."""
        name = _name(node)
        if _tag(node) == "stock":
            into, out = (
                tuple(key(unquoted(one.text or "")) for one in self.find(node, f"ns:{way}"))
                for way in ("inflow", "outflow")
            )
            self.flows[key(name)] = (into, out)
        marked = self.find(node, "ns:element/ns:non_negative")
        if _tag(node) == "stock" and marked and len(marked) < len(self.find(node, "ns:element")):
            what = f"Some elements of the stock '{name}' may not be negative, and others may."
            self.wrong(marked[0], what, "Say <non_negative/> for all of it, or make two stocks.")
        limits = self._limits(node)
        for part, subscripts in self._parts(node):
            try:
                expression = self.parser.equation(part, _tag(node))
                for first in self.find(part, "ns:init_eqn[normalize-space()]"):
                    expression = Call("active initial", (expression, self.parser.formula(first)))
                expression = spread(expression, subscripts, self._dimensions(node), arrays, key(name))
            except Misread as error:
                self.problems.append(error.problem)
                continue
            except Mistake as mistake:
                self.wrong(part, mistake.what, mistake.remedy)
                continue
            eqn = self.find(part, "ns:eqn")
            component = Component(
                subscripts=subscripts,
                expression=expression,
                where=Where(self.file, (eqn[0] if eqn else part).sourceline or 0),
                text=((eqn[0].text or "") if eqn else "").strip(),
                kind="lookup" if isinstance(expression, Table) else "auxiliary",
            )
            self.equations.append(
                assemble.Equation(
                    name,
                    component,
                    self.text(node, "ns:units"),
                    limits,
                    self.text(node, "ns:doc"),
                    groups.get(key(name), ""),
                )
            )

    def _limits(self, node: Any) -> assemble.Limits:
        """The <range> of a variable."""
        bounds: list[float | None] = [None, None]
        for place, name in enumerate(("min", "max")):
            for found in self.find(node, f"ns:range/@{name}"):
                if re.fullmatch(rf"\s*[-+]?{NUMBER}\s*", found):
                    bounds[place] = float(found)
                elif not re.fullmatch(r"\s*[-+]?inf(?:inity)?\s*", found, re.IGNORECASE):
                    self.wrong(
                        node,
                        f"The {name} '{found}' of the range of '{_name(node)}' is not a number.",
                        "Write a number.",
                    )
        low, high = bounds
        if low is not None and high is not None and low > high:
            self.wrong(node, f"The range of '{_name(node)}' ends before it begins.", "Exchange min and max.")
        return low, high

    def _parts(self, node: Any) -> list[tuple[Any, tuple[str, ...]]]:
        """Nodes with one equation each, and the subscripts that it is for.

        PySD overlooks the initial value of a stock and the graph of an auxiliary inside an <element>, so each
        <element> becomes a variable of its own.
        """
        elements = self.find(node, "ns:element")
        if not elements:
            return self._by_order(node) or [(node, self._dimensions(node))]
        own = [element for element in elements if self.text(element, "ns:eqn")]
        if self.text(node, "ns:eqn") and own and len(elements) < self._size(node):
            self.wrong(
                node,
                f"'{_name(node)}' has an equation for all elements and others for some.",
                "Give each element its own <eqn>, or all of them one.",
            )
        parts = []
        for element in elements:
            part = copy.deepcopy(node)
            given = {_tag(child) for child in element}  # the rest is said once, for all elements
            for child in list(part):  # a list, since children are taken out
                if _tag(child) == "element" or _tag(child) in given:
                    part.remove(child)
            for child in element:
                part.append(copy.deepcopy(child))
            part.sourceline = element.sourceline
            parts.append((part, tuple(map(key, element.get("subscript", "").split(",")))))
        return parts

    def _by_order(self, node: Any) -> list[tuple[Any, tuple[str, ...]]]:
        """As `_parts`, of an <eqn> for each element of the one dimension, in its order: no standard, but written."""
        equations, dimensions = self.find(node, "ns:eqn"), self._dimensions(node)
        members = [one.members for one in self.ranges if dimensions == (one.key,)]
        if len(equations) < 2 or not members or len(members[0]) != len(equations):
            return []
        parts: list[tuple[Any, tuple[str, ...]]] = []
        for number, member in enumerate(members[0]):
            part = copy.deepcopy(node)
            for other in [one for place, one in enumerate(self.find(part, "ns:eqn")) if place != number]:
                part.remove(other)
            parts.append((part, (key(member),)))
        return parts


def _tag(node: Any) -> str:
    return str(node.tag).rpartition("}")[2]


def _name(node: Any) -> str:
    return unquoted(node.get("name", "").replace("\\n", " "))
