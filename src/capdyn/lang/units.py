"""Units of measure as data: `Dollar/(Person*Year)` is a product of powers of names.

Units are compared by name, as in Vensim: a Firm and Firms are two units unless a table says that they are one.
Source: https://www.vensim.com/documentation/ref_units_equiv.html .
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction

from .names import key

# Names of the unit of plain numbers.
DIMENSIONLESS = ("Dmnl", "Dimensionless", "Fraction", "Unitless", "1")

# Groups of names for one unit: those that Vensim's new models bring along, and their kin.
SYNONYMS: tuple[tuple[str, ...], ...] = (
    ("Dollar", "Dollars", "$", "$s"),
    ("Euro", "Euros", "EUR", "€"),
    ("Person", "Persons", "People"),
    ("Unit", "Units"),
    ("Year", "Years", "yr"),
    ("Quarter", "Quarters"),
    ("Month", "Months"),
    ("Week", "Weeks"),
    ("Day", "Days"),
    ("Hour", "Hours"),
    ("Minute", "Minutes"),
    ("Second", "Seconds"),
)

_TOKEN = re.compile(r"\s*(?:(?P<mark>[*/^()])|(?P<number>-?\d+(?:\.\d*)?)(?![^\s*/^()])|(?P<name>[^*/^()]+))")


@dataclass(frozen=True)
class Unit:
    """A product of powers; `powers` holds (name, exponent other than 0) in order of names; none: a plain number."""

    powers: tuple[tuple[str, Fraction], ...] = ()

    def __mul__(self, other: Unit) -> Unit:
        found = dict(self.powers)
        for name, power in other.powers:
            found[name] = found.get(name, Fraction(0)) + power
        return Unit(tuple(sorted((name, power) for name, power in found.items() if power)))

    def __truediv__(self, other: Unit) -> Unit:
        return self * other**-1

    def __pow__(self, exponent: Fraction | int) -> Unit:
        return Unit(tuple((name, power * exponent) for name, power in self.powers if exponent))


DMNL = Unit()


class Vocabulary:
    """Reads and writes units; knows which names mean the same, and how the modeller spells them.

    synonyms : groups of names for one unit; the first is how it is written where no text has it.
    """

    def __init__(
        self, synonyms: Iterable[Iterable[str]] = SYNONYMS, dimensionless: Iterable[str] = DIMENSIONLESS
    ):
        self._same: dict[str, str] = {}
        for group in synonyms:
            names = [key(name) for name in group]
            known = next((self._same[name] for name in names if name in self._same), names[0])
            self._same.update(dict.fromkeys(names, known))
        self._none = {key(name) for name in dimensionless}
        self._spelled: dict[str, str] = {}

    def read(self, text: str) -> Unit:
        """The unit that a text says.

        Raises
        ------
        ValueError
            It is no product of powers; says why.
        """
        tokens = [match for match in _TOKEN.finditer(text.strip()) if match.group().strip()]
        unit, after = self._product(tokens, 0)
        if after < len(tokens):
            raise ValueError(f"'{tokens[after].group().strip()}' does not belong there")
        return unit

    def _product(self, tokens: list[re.Match[str]], index: int) -> tuple[Unit, int]:
        unit, index = self._power(tokens, index)
        while index < len(tokens) and tokens[index]["mark"] in ("*", "/"):
            divides = tokens[index]["mark"] == "/"
            factor, index = self._power(tokens, index + 1)
            unit = unit / factor if divides else unit * factor
        return unit, index

    def _power(self, tokens: list[re.Match[str]], index: int) -> tuple[Unit, int]:
        unit, index = self._primary(tokens, index)
        if index < len(tokens) and tokens[index]["mark"] == "^":
            closing = 0
            index += 1
            if index < len(tokens) and tokens[index]["mark"] == "(":
                index, closing = index + 1, 1
            if index >= len(tokens) or tokens[index]["number"] is None:
                raise ValueError("'^' needs a number after it")
            unit = unit ** Fraction(tokens[index]["number"])
            index += 1
            if closing:
                index = _closed(tokens, index)
        return unit, index

    def _primary(self, tokens: list[re.Match[str]], index: int) -> tuple[Unit, int]:
        if index >= len(tokens):
            raise ValueError("it ends where a name should follow")
        token = tokens[index]
        if token["mark"] == "(":
            unit, index = self._product(tokens, index + 1)
            return unit, _closed(tokens, index)
        if token["mark"]:
            raise ValueError(f"'{token['mark']}' stands where a name should be")
        if token["number"] is not None:
            if float(token["number"]) != 1.0:
                raise ValueError(f"a unit holds no number but 1, and this has {token['number']}")
            return DMNL, index + 1
        return self.named(token["name"]), index + 1

    def named(self, name: str) -> Unit:
        """The unit of a single name."""
        name = " ".join(name.split())
        plain = key(name)
        if plain in self._none:
            return DMNL
        canonical = self._same.get(plain, plain)
        self._spelled.setdefault(canonical, name)
        return Unit(((canonical, Fraction(1)),))

    def write(self, unit: Unit) -> str:
        """The unit as text, spelled as in the first text that had it: 'Dollar/(Person*Year)'."""
        above = [self._factor(name, power) for name, power in unit.powers if power > 0]
        below = [self._factor(name, -power) for name, power in unit.powers if power < 0]
        if not below:
            return "*".join(above) or "Dmnl"
        under = below[0] if len(below) == 1 else f"({'*'.join(below)})"
        return f"{'*'.join(above) or '1'}/{under}"

    def _factor(self, name: str, power: Fraction) -> str:
        spelled = self._spelled.get(name, name)
        if power == 1:
            return spelled
        return f"{spelled}^{power}" if power.denominator == 1 else f"{spelled}^{float(power):g}"


def _closed(tokens: list[re.Match[str]], index: int) -> int:
    if index >= len(tokens) or tokens[index]["mark"] != ")":
        raise ValueError("a bracket is not closed")
    return index + 1
