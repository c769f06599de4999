"""Unit check: infers the unit of every expression from the declared units, and compares.

Works on the model as written (`lang.Model`); what each function takes and gives is a row of
`capdyn.lang.unit_rules`. As in Vensim, numbers are plain numbers; 0 and `:NA:` go with everything, other numbers do not
stand beside a quantity with a unit. Where something is wrong or has no declared unit, the rest of the expression is
checked as far as it can be. Source: https://www.vensim.com/documentation/22275.html .
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from fractions import Fraction

from ..errors import Problem, Where
from ..lang.expressions import Array, Call, Expression, Number, Reference, walk
from ..lang.functions import NOT_AVAILABLE
from ..lang.model import CONTROLS, Component, Model, Variable
from ..lang.names import key
from ..lang.unit_rules import TIME, UNIT_RULES, Term, UnitRule
from ..lang.units import DMNL, SYNONYMS, Unit, Vocabulary
from ..lang.vensim_text import number_text, vensim_text
from . import macros
from .places import place

_MOST_LETTERS = 90  # of an expression that a message shows


@dataclass(frozen=True)
class UnitFinding:
    """A unit that does not fit: the variable whose equation it is in, and what, where, remedy."""

    variable: str
    problem: Problem


@dataclass(frozen=True)
class _Found:
    """The unit of an expression, None where nothing can be said; `bare` if nothing but numbers stand in it."""

    unit: Unit | None
    bare: bool = False


_UNKNOWN = _Found(None)
_NUMBER = _Found(DMNL)


def check_units(model: Model, synonyms: Iterable[Iterable[str]] = SYNONYMS) -> list[UnitFinding]:
    """All units that do not fit, in the order of the equations.

    synonyms : groups of names for one unit.
    """
    model = macros.expand(model, [])
    work = _Check(model, Vocabulary(synonyms))
    for variable in model.variables.values():
        if not variable.hidden:
            work.declare(variable)
    work.time_unit()
    for variable in model.variables.values():
        if not variable.hidden:
            for component in variable.components:
                work.equation(variable, component)
    order = {variable.name: i for i, variable in enumerate(model.variables.values())}
    return sorted(work.findings, key=lambda finding: order[finding.variable])


@dataclass
class _Check:
    """What is known of a model's units.

    declared : by variable; without those that declare none. constants : what the fixed letters of rules stand for.
    """

    model: Model
    vocabulary: Vocabulary
    declared: dict[str, Unit] = field(default_factory=dict)
    constants: dict[str, Unit] = field(default_factory=dict)
    findings: list[UnitFinding] = field(default_factory=list)
    names: dict[str, str] = field(default_factory=dict)
    _open: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        for range_ in self.model.ranges.values():
            self.names[range_.key] = range_.name
            self.names.update({key(member): member for member in range_.members})
        self.names.update({variable.key: variable.name for variable in self.model.variables.values()})
        self.names["time"] = "Time"

    def declare(self, variable: Variable) -> None:
        """Reads the variable's unit."""
        if not variable.units.strip():
            return
        try:
            self.declared[variable.key] = self.vocabulary.read(variable.units)
        except ValueError as error:
            problem = Problem(
                f"The unit '{variable.units}' of '{variable.name}' cannot be read: {error}.",
                variable.where,
                "Write a product of powers, such as Dollar/(Person*Year) or 1/Year^2.",
            )
            self.findings.append(UnitFinding(variable.name, problem))

    def time_unit(self) -> None:
        """The unit of time is that of the time settings, which have one."""
        first = next((name for name in CONTROLS if name in self.declared), None)
        if first is None:
            return
        self.constants[TIME] = self.declared[first]
        for name in CONTROLS:
            if self.declared.get(name, self.declared[first]) != self.declared[first]:
                here, other = self.model.variables[name], self.model.variables[first]
                problem = Problem(
                    f"'{here.name}' is in {self.vocabulary.write(self.declared[name])} and '{other.name}' in "
                    f"{self.vocabulary.write(self.declared[first])}.",
                    here.where,
                    "The time settings have one unit, the model's time unit.",
                )
                self.findings.append(UnitFinding(here.name, problem))

    def equation(self, variable: Variable, component: Component) -> None:
        """Checks one equation."""
        expression = component.expression
        declared = self.declared.get(variable.key)
        work = _Equation(self, variable, component)
        rule = UNIT_RULES.get(expression.function) if isinstance(expression, Call) else None
        if isinstance(expression, Call) and rule is not None and rule.level:
            work.call(expression, rule, {} if declared is None else {"a": declared})
            return
        found = work.infer(expression)
        if found.unit is None or declared is None or found.bare or found.unit == declared:
            return
        unit = self.vocabulary.write
        work.wrong(
            expression,
            f"'{variable.name}' is declared in {unit(declared)}, and its equation '{work.text(expression)}' gives "
            f"{unit(found.unit)}.",
            f"Correct the unit, or the equation: {unit(found.unit / declared)} is too much.",
        )

    def of_variable(self, name: str) -> _Found:
        """The unit of a variable; what the expansion of a macro has made takes that of its equation."""
        variable = self.model.variables[name]
        if not variable.hidden:
            return _Found(self.declared.get(name))
        if name in self._open:
            return _UNKNOWN
        self._open.add(name)
        component = variable.components[0]
        found = _Equation(replace(self, findings=[]), variable, component).infer(component.expression)
        self._open.discard(name)
        return _Found(found.unit)


@dataclass
class _Equation:
    """One equation whose units are inferred."""

    check: _Check
    variable: Variable
    component: Component

    def infer(self, here: Expression) -> _Found:
        """The unit of an expression; what does not fit in it is noted."""
        if isinstance(here, Number):
            return _UNKNOWN if here.value in (0.0, NOT_AVAILABLE) else _Found(DMNL, True)
        if isinstance(here, Reference):
            if here.name == "time" and not here.subscripts:
                return _Found(self.check.constants.get(TIME))
            if here.name in self.check.model.variables:
                return self.check.of_variable(here.name)
            return _NUMBER  # an element or a range: its place
        if isinstance(here, Array):
            return _Found(DMNL, True)
        if not isinstance(here, Call):
            return _UNKNOWN
        rule = UNIT_RULES.get(here.function)
        if rule is None:
            for argument in here.arguments:
                self.infer(argument)
            return (
                self.check.of_variable(here.function)
                if here.function in self.check.model.variables
                else _UNKNOWN
            )
        return self.call(here, rule, {})

    def call(self, call: Call, rule: UnitRule, known: dict[str, Unit]) -> _Found:
        """A function by its rule. known : units of the letters that are known beforehand."""
        known = {**self.check.constants, **known}
        given: dict[str, Expression] = {}
        arguments = [self.infer(argument) for argument in call.arguments]
        # Bare numbers last, so that they do not say what the others should be.
        places = sorted(range(len(call.arguments)), key=lambda i: arguments[i].bare)
        fits = True
        for i in places:
            if i < len(rule.takes):
                fits &= self._argument(
                    call, rule, rule.takes[i], call.arguments[i], arguments[i], known, given
                )
        bare = bool(arguments) and all(
            found.bare or call.arguments[i] == Number(0.0) for i, found in enumerate(arguments)
        )
        bare = bare and any(found.bare for found in arguments)
        if rule.power:
            return replace(self._power(call, arguments), bare=bare)
        if not fits or rule.gives.unit is None:
            return _UNKNOWN
        result, missing = _substitute(rule.gives.unit, known)
        return _UNKNOWN if missing else _Found(result, bare)

    def _argument(
        self,
        call: Call,
        rule: UnitRule,
        term: Term,
        argument: Expression,
        found: _Found,
        known: dict[str, Unit],
        given: dict[str, Expression],
    ) -> bool:
        """Whether an argument fits its term; it may tell what a letter stands for."""
        if term.unit is None or found.unit is None or (term.bare and found.bare):
            return True
        expected, missing = _substitute(term.unit, known)
        if missing:
            ((letter, power), *others) = missing
            if not others and letter != TIME:
                known[letter] = (found.unit / expected) ** (1 / power)
                given[letter] = argument
            return True
        if found.unit == expected:
            return True
        write, text = self.check.vocabulary.write, self.text
        sole = next((given[letter] for letter, power in term.unit.powers if letter in given), None)
        if found.bare:
            number = (
                f"the number {number_text(argument.value)}"
                if isinstance(argument, Number)
                else f"'{text(argument)}'"
            )
            beside = f" beside '{text(sole)}'" if sole is not None else ""
            self.wrong(
                call,
                f"In '{text(call)}', {number} stands{beside} where {write(expected)} is needed.",
                f"A bare number has no unit: make it a constant in {write(expected)}.",
            )
        elif sole is not None and len(term.unit.powers) == 1:
            self.wrong(
                argument,
                f"In '{text(call)}', '{text(sole)}' is in {write(expected)} and '{text(argument)}' in "
                f"{write(found.unit)}.",
                rule.why,
            )
        else:
            self.wrong(
                argument,
                f"In '{text(call)}', '{text(argument)}' is in {write(found.unit)} where {write(expected)} is needed.",
                rule.why,
            )
        return False

    def _power(self, call: Call, arguments: list[_Found]) -> _Found:
        """A base with a unit needs an exponent that is written as a number."""
        base = arguments[0].unit
        if base is None or base == DMNL:
            return _Found(base)
        exponent = _number(call.arguments[1])
        if exponent is not None:
            return _Found(base**exponent)
        text = self.text
        self.wrong(
            call,
            f"In '{text(call)}', '{text(call.arguments[0])}' is in {self.check.vocabulary.write(base)} and its "
            "exponent is no plain number.",
            "Divide it by a reference value in the same unit.",
        )
        return _UNKNOWN

    def text(self, expression: Expression) -> str:
        """The expression as a message shows it."""
        written = vensim_text(expression, self.check.names)
        return written if len(written) <= _MOST_LETTERS else written[: _MOST_LETTERS - 4] + " ..."

    def wrong(self, at: Expression, what: str, remedy: str) -> None:
        finding = UnitFinding(self.variable.name, Problem(what, self._where(at), remedy))
        if finding not in self.check.findings:  # SMOOTH holds its input twice
            self.check.findings.append(finding)

    def _where(self, expression: Expression) -> Where:
        """Place of the first name in an expression, or of the equation."""
        for here in walk(expression):
            if isinstance(here, Reference):
                return place(self.component, here.name)
            if isinstance(here, Call) and here.function in self.check.model.variables:
                return place(self.component, here.function)
        return self.component.where


def _substitute(term: Unit, known: dict[str, Unit]) -> tuple[Unit, list[tuple[str, Fraction]]]:
    """The term with the letters that are known replaced, and the powers of those that are not."""
    unit, missing = DMNL, []
    for letter, power in term.powers:
        if letter in known:
            unit = unit * known[letter] ** power
        else:
            missing.append((letter, power))
    return unit, missing


def _number(expression: Expression) -> Fraction | None:
    """The value of an expression of literals, for an exponent: 2, 0.5, 1/3, -1."""
    if isinstance(expression, Number):
        return Fraction(expression.value).limit_denominator(1000)
    if not isinstance(expression, Call):
        return None
    parts = [_number(argument) for argument in expression.arguments]
    if None in parts:
        return None
    numbers = [part for part in parts if part is not None]
    if expression.function == "negative":
        return -numbers[0]
    if expression.function == "/" and numbers[1]:
        return numbers[0] / numbers[1]
    return None
