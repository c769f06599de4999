"""One XMILE equation through PySD's element classes."""

from __future__ import annotations

import copy
import re
from typing import Any

from ..errors import Problem, Where
from ..lang.expressions import Array, Expression
from .adapt import adapt
from .graph import graph
from .literal import literal
from .parsing import explained
from .plain import Word, plain
from .source import Mistake
from .tokens import XMILE, tokenize

# Functions that PySD makes nodes of their own, with their numbers of arguments.
# Source: pysd/translators/xmile/xmile_structures.py; left out are INT and SAFEDIV, which are not Vensim's INTEGER and
# ZIDZ, and MAX and MIN, which take any number of arguments.
STRUCTURES: dict[str, tuple[int, ...]] = {
    "init": (1,),
    "delay": (2, 3),
    "delay1": (2, 3),
    "delay3": (2, 3),
    "delayn": (3, 4),
    "smth1": (2, 3),
    "smth3": (2, 3),
    "smthn": (3, 4),
    "trend": (2, 3),
    "forcst": (3, 4),
    "ramp": (2, 3),
    "pulse": (2, 3),
}
_BLANK = re.compile(r"\{[^}]*\}|\\n")  # comments, and the two characters that break a long name into lines


class Misread(Exception):
    """A mistake in a node, with its line."""

    def __init__(self, mistake: Mistake, node: Any, file: str):
        super().__init__(mistake.what)
        lines = (node.text or "")[: mistake.offset].count("\n")
        self.problem = Problem(mistake.what, Where(file, (node.sourceline or 0) + lines), mistake.remedy)


def _behaviours(root: Any, ns: dict[str, str]) -> dict[str, bool]:
    """Whether stocks and flows may not be negative: what the model says stands above what the file says."""
    found = {"non_negative_stock": False, "non_negative_flow": False}
    for place in ("ns:behavior", "ns:model[1]/ns:behavior"):
        for kinds, names in (
            ("", tuple(found)),
            ("ns:stock/", ("non_negative_stock",)),
            ("ns:flow/", ("non_negative_flow",)),
        ):
            for node in root.xpath(f"{place}/{kinds}ns:non_negative", namespaces=ns):
                found.update(dict.fromkeys(names, "false" not in (node.text or "").lower()))
    return found


class EquationParser:
    """Parses nodes of one document."""

    def __init__(self, file: str, root: Any, ns: dict[str, str]):
        self.file, self.ns = file, ns
        self.behaviours = _behaviours(root, ns)

    def formula(self, node: Any) -> Expression:
        """The expression in the text of a node, such as <dt>."""
        from pysd.translators.xmile.xmile_element import ControlElement

        words: list[Word] = []
        text = self._plain(node, words)
        element = ControlElement("control", "", "", text)
        return self._parse(element, words, node, lambda: element.ast)

    def equation(self, node: Any, tag: str) -> Expression:
        """The expression of a variable with one equation: a formula, a stock with its flows, or a table.

        Raises
        ------
        Misread
            With the line of what is wrong.
        """
        from pysd.translators.xmile import xmile_element

        words: list[Word] = []
        prepared = copy.deepcopy(node)
        wrap = self._graph(node, tag, words)
        for child in prepared.xpath("ns:gf | ns:range", namespaces=self.ns):  # read by us, with a line
            prepared.remove(child)
        equations = node.xpath("ns:eqn", namespaces=self.ns)
        filled = [one for one in equations if (one.text or "").strip()]
        if wrap and not filled:
            return words[0]  # type: ignore[return-value]  # the Table
        if len(filled) != 1:
            count = len(filled) or "no"
            raise Misread(
                Mistake(
                    f"'{node.get('name')}' has {count} equations.",
                    0,
                    "It should have one <eqn> with a number or a formula.",
                ),
                node,
                self.file,
            )
        for one in prepared.xpath("ns:eqn | ns:inflow | ns:outflow", namespaces=self.ns):
            one.text = self._plain(one, words)
            if wrap and one.tag.endswith("}eqn"):
                one.text = f"k0({one.text})"
        kind = {
            "aux": xmile_element.Aux,
            "flow": xmile_element.Flow,
            "stock": xmile_element.Stock,
            "gf": xmile_element.Aux,
        }[tag]
        with explained(0, lambda place: 0):
            element = kind(prepared, self.ns, {})
        return self._parse(element, words, filled[0], lambda: element.components[0][1])

    def _graph(self, node: Any, tag: str, words: list[Word]) -> bool:
        """Put the table of a node first among the words; whether it has one."""
        graphs = [node] if tag == "gf" else node.xpath("ns:gf", namespaces=self.ns)
        if not graphs:
            return False
        try:
            words.append(graph(graphs[0], self.ns))
        except Mistake as mistake:
            raise Misread(Mistake(mistake.what, 0, mistake.remedy), graphs[0], self.file) from None
        return True

    def _plain(self, node: Any, words: list[Word]) -> str:
        text = _BLANK.sub(lambda match: " " * len(match.group()), node.text or "")
        try:
            tokens = tokenize(text, XMILE)
            found = literal(tokens, text, 0) if tokens else None
            if isinstance(found, Array):
                words.append(found)
                return f"k{len(words) - 1}"
            return plain(tokens, len(text.rstrip()), STRUCTURES, words).text
        except Mistake as mistake:
            raise Misread(mistake, node, self.file) from None

    def _parse(self, element: Any, words: list[Word], node: Any, tree: Any) -> Expression:
        try:
            with explained(0, lambda place: 0):
                element.parse(self.behaviours)
                return adapt(tree(), words, powers="right")
        except Mistake as mistake:
            raise Misread(mistake, node, self.file) from None
