"""Units: how they are read, and what is said where they do not fit. Each row is a model of a few lines."""

from dataclasses import replace
from fractions import Fraction

import pytest

import capdyn
from capdyn.lang.expressions import Call, Number, Reference
from capdyn.lang.functions import FUNCTIONS
from capdyn.lang.unit_rules import UNIT_RULES
from capdyn.lang.units import DMNL, Vocabulary
from capdyn.lang.vensim_text import vensim_text
from capdyn.passes.units import check_units
from equations import mdl

# text, the same unit written out
READ = [
    ("Dollar/(Person*Year)", "Dollar/Person/Year"),
    ("1/Year", "Year^-1"),
    ("Year*Year", "Year^2"),
    ("Year^(-2)", "1/(Year*Year)"),
    ("Degrees Fahrenheit", "degrees_fahrenheit"),
    ("$", "Dollars"),
    ("People/Week", "Person/Weeks"),
    ("Fraction", "Dmnl"),
    ("dimensionless*Year/year", "1"),
    ("Dollar*(Person/Year)/Person", "Dollar/Year"),
    ("3rd party", "3rd party"),
]


@pytest.mark.parametrize("text, same", READ)
def test_read(text, same):
    vocabulary = Vocabulary()
    assert vocabulary.read(text) == vocabulary.read(same)


def test_different_units_differ():
    vocabulary = Vocabulary()
    names = ["Year", "Month", "Dmnl", "1/Year", "Firm", "Firms", "Year^2"]
    assert len({vocabulary.read(name) for name in names}) == len(names)


@pytest.mark.parametrize(
    "text, why",
    [
        ("Dollar/", "it ends where a name should follow"),
        ("Dollar/(Year", "a bracket is not closed"),
        ("Dollar/Year)", "')' does not belong there"),
        ("Year^x", "'^' needs a number after it"),
        ("100 kg", "a unit holds no number but 1, and this has 100"),
        ("*Year", "'*' stands where a name should be"),
    ],
)
def test_unreadable(text, why):
    with pytest.raises(ValueError) as error:
        Vocabulary().read(text)
    assert str(error.value) == why


@pytest.mark.parametrize(
    "text, written",
    [
        ("Dollar / (Person * Year)", "Dollar/(Person*Year)"),
        ("year^-1", "1/year"),
        ("Year*Year", "Year^2"),
        ("Fraction", "Dmnl"),
        ("Dollars*Dollars/Firm", "Dollars^2/Firm"),
    ],
)
def test_written_as_the_modeller_spells_it(text, written):
    vocabulary = Vocabulary()
    assert vocabulary.write(vocabulary.read(text)) == written


def test_synonyms_are_a_table():
    vocabulary = Vocabulary([("Firm", "Firms")], ["Dmnl"])
    assert vocabulary.read("Firms") == vocabulary.read("Firm")
    assert vocabulary.read("Fraction") != DMNL


def test_a_root_halves():
    vocabulary = Vocabulary()
    assert vocabulary.write(vocabulary.read("Year^2") ** Fraction(1, 2)) == "Year"


def test_every_function_has_a_rule_with_a_term_for_each_argument():
    assert set(UNIT_RULES) == set(FUNCTIONS)
    for name, row in FUNCTIONS.items():
        assert len(UNIT_RULES[name].takes) == row.arity[1], name


# Quantities that the equations below use, in units that are easily told apart.
GIVEN = """
    Money = 5 ~ Dollar ~ |
    Workers = 7 ~ Person ~ |
    Share = 0.5 ~ Dmnl ~ |
    Delay time = 2 ~ Year ~ |
    Hiring = 3 ~ Person/Year ~ |
    Growth = 0.1 ~ 1/Year ~ |
    Effect((0,0),(1,1)) ~ Person ~ |
"""

# equation with its unit
FITS = [
    "x = Money + Money * Share ~ $",
    "x = Money / Workers ~ Dollars/People",
    "x = 0 ~ Dollar",
    "x = 12 ~ Dollar/Year",
    "x = 1/12 ~ Year",
    "x = MAX(Money, 0) ~ Dollar",
    "x = IF THEN ELSE(Time > Delay time, Money, 0) ~ Dollar",
    "x = INTEG(Hiring, 100) ~ Person",
    "x = INTEG(Growth * x, Workers) ~ Person",
    "x = Workers^2 ~ Person*Person",
    "x = Workers^(1/2) * SQRT(Workers) ~ Person",
    "x = Share^Share ~ Fraction",
    "x = EXP(Growth * Time) ~ Dmnl",
    "x = SMOOTH3I(Workers, Delay time, 10) ~ Person",
    "x = DELAY1(Hiring, Delay time) ~ Person/Year",
    "x = STEP(Money, Delay time) ~ Dollar",
    "x = RAMP(Hiring, Delay time, Delay time) ~ Person",
    "x = PULSE(Delay time, TIME STEP) ~ Dmnl",
    "x = TREND(Workers, Delay time, 0.1) ~ 1/Year",
    "x = ZIDZ(Money, Workers) + XIDZ(Money, Workers, 1) ~ Dollar/Person",
    "x = Effect(Money) ~ Person",
    "x = Money * WITH LOOKUP(Time, ((0,0),(1,1))) ~ Dollar/Year",
    "x = LN(Money / Money) ~ Dmnl",
    "x = Money * anything ~ Person",  # without a declared unit nothing can be said
    "x = Money * Workers ~",
]

# equation with its unit, column of the message, message
WRONG = [
    (
        "x = Money + Workers ~ Dollar",
        13,
        "In 'Money + Workers', 'Money' is in Dollar and 'Workers' in Person. What is added or subtracted has one unit.",
    ),
    (
        "x = Money * Workers ~ Dollar",
        5,
        "'x' is declared in Dollar, and its equation 'Money*Workers' gives Dollar*Person. "
        "Correct the unit, or the equation: Person is too much.",
    ),
    (
        "x = Money + 3 ~ Dollar",
        5,
        "In 'Money + 3', the number 3 stands beside 'Money' where Dollar is needed. "
        "A bare number has no unit: make it a constant in Dollar.",
    ),
    (
        "x = IF THEN ELSE(Workers > 100, 1, 0) ~ Dmnl",
        18,
        "In 'Workers > 100', the number 100 stands beside 'Workers' where Person is needed. "
        "A bare number has no unit: make it a constant in Person.",
    ),
    (
        "x = IF THEN ELSE(Share > 1, Money, Workers) ~ Dollar",
        36,
        "In 'IF THEN ELSE(Share > 1, Money, Workers)', 'Money' is in Dollar and 'Workers' in Person. "
        "Both branches of IF THEN ELSE have one unit, its condition has none.",
    ),
    (
        "x = EXP(Workers) ~ Dmnl",
        9,
        "In 'EXP(Workers)', 'Workers' is in Person where Dmnl is needed. "
        "Divide it by a reference value in the same unit.",
    ),
    (
        "x = Workers^Share ~ Person",
        5,
        "In 'Workers^Share', 'Workers' is in Person and its exponent is no plain number. "
        "Divide it by a reference value in the same unit.",
    ),
    (
        "x = Share^Workers ~ Dmnl",
        11,
        "In 'Share^Workers', 'Workers' is in Person where Dmnl is needed. An exponent is a plain number.",
    ),
    (
        "x = INTEG(Workers, 100) ~ Person",
        11,
        "In 'INTEG(Workers, 100)', 'Workers' is in Person where Person/Year is needed. "
        "A flow is in the stock's unit per time unit, an initial value in the stock's unit.",
    ),
    (
        "x = INTEG(Hiring, Money) ~ Person",
        19,
        "In 'INTEG(Hiring, Money)', 'Money' is in Dollar where Person is needed. "
        "A flow is in the stock's unit per time unit, an initial value in the stock's unit.",
    ),
    (
        "x = SMOOTH(Workers, Share) ~ Person",
        21,
        "In 'SMOOTH(Workers, Share)', 'Share' is in Dmnl where Year is needed. "
        "Input and initial value have one unit; the delay time is in the model's time unit.",
    ),
    (
        "x = STEP(Money, 3) ~ Dollar",
        10,
        "In 'STEP(Money, 3)', the number 3 stands where Year is needed. "
        "A bare number has no unit: make it a constant in Year.",
    ),
    (
        "x = MIN(Money, Workers) * Share ~ Dollar",
        16,
        "In 'MIN(Money, Workers)', 'Money' is in Dollar and 'Workers' in Person. Whatever is chosen from has one unit.",
    ),
    (
        "x = SQRT(Workers) ~ Person",
        10,
        "'x' is declared in Person, and its equation 'SQRT(Workers)' gives Person^0.5. "
        "Correct the unit, or the equation: 1/Person^0.5 is too much.",
    ),
    (
        "x = 1 ~ Dollar/(Year",
        1,
        "The unit 'Dollar/(Year' of 'x' cannot be read: a bracket is not closed. "
        "Write a product of powers, such as Dollar/(Person*Year) or 1/Year^2.",
    ),
]


def findings(model, equation: str):
    text = "\n".join([f"{equation} ~ |", *GIVEN.strip().splitlines(), "anything = 1 ~ ~ |"])
    return check_units(model(text, initial_time="0 ~ Year ~ |", time_step="1 ~ Years ~ |").source)


@pytest.mark.parametrize("equation", FITS)
def test_fits(model, equation):
    assert [str(found.problem) for found in findings(model, equation)] == []


@pytest.mark.parametrize("equation, column, message", WRONG)
def test_does_not_fit(model, equation, column, message):
    (found,) = findings(model, equation)
    assert f"{found.problem.what} {found.problem.remedy}" == message
    assert (found.variable, found.problem.where.line, found.problem.where.column) == ("x", 2, column)


def test_several_wrong_terms_are_all_found(model):
    found = findings(model, "x = EXP(Workers) + LN(Money) ~ Dmnl")
    assert [finding.problem.where.column for finding in found] == [9, 23]


def test_subscripts(model):
    found = check_units(
        model(
            """
            Region: Home, Core ~ ~ |
            Jobs[Region] = 1, 2 ~ Person ~ |
            Pay[Region] = 3 ~ Dollar/Person ~ |
            Total = SUM(Jobs[Region!] * Pay[Region!]) ~ Person ~ |
            Centre = Jobs[Core] + Pay[Core] ~ ~ |
            """
        ).source
    )
    assert [finding.problem.what for finding in found] == [
        "'Total' is declared in Person, and its equation 'SUM(Jobs[Region!]*Pay[Region!])' gives Dollar.",
        "In 'Jobs[Core] + Pay[Core]', 'Jobs[Core]' is in Person and 'Pay[Core]' in Dollar/Person.",
    ]


@pytest.mark.parametrize("place", range(0, 363, 40))
def test_a_wrong_unit_in_the_regional_model_is_found(regional, place):
    assert check_units(regional.source) == []
    variables = regional.source.variables
    name = list(variables)[place]
    wrong = replace(variables[name], units="Banana")
    assert check_units(replace(regional.source, variables={**variables, name: wrong}))


def test_time_settings_have_one_unit(model):
    found = check_units(
        model("x = Time ~ Year ~ |", initial_time="0 ~ Year ~ |", final_time="9 ~ Month ~ |").source
    )
    assert [finding.problem.what for finding in found] == [
        "'FINAL TIME' is in Month and 'INITIAL TIME' in Year."
    ]


def test_a_macro_has_the_units_of_its_call(tmp_path):
    (tmp_path / "model.mdl").write_text(
        ":MACRO: TWICE(input)\nTWICE = input * 2 ~ input ~ |\n:END OF MACRO:\n"
        + mdl(
            """
            Jobs = 3 ~ Person ~ |
            Pay = 4 ~ Dollar ~ |
            right = TWICE(Jobs) ~ Person ~ |
            wrong = TWICE(Pay) ~ Person ~ |
            """
        )
    )
    found = check_units(capdyn.open_model(tmp_path / "model.mdl").source)
    assert [finding.variable for finding in found] == ["wrong"]


A, B, C = Reference("a"), Reference("b"), Reference("c")
TEXTS = [
    (Call("*", (Call("+", (A, B)), C)), "(Alpha + b)*c"),
    (Call("+", (A, Call("*", (B, C)))), "Alpha + b*c"),
    (Call("-", (A, Call("-", (B, C)))), "Alpha - (b - c)"),
    (Call("/", (Call("/", (A, B)), C)), "Alpha/b/c"),
    (Call("/", (A, Call("*", (B, C)))), "Alpha/(b*c)"),
    (Call("negative", (Call("^", (A, Number(2.0))),)), "-Alpha^2"),
    (Call("^", (Call("negative", (A,)), Number(2.0))), "(-Alpha)^2"),
    (Call("^", (A, Number(-0.5))), "Alpha^(-0.5)"),
    (Call("and", (Call(">", (A, B)), Call("not", (C,)))), "Alpha > b :AND: :NOT: c"),
    (Call("sum", (Reference("a", ("region!",)),)), "SUM(Alpha[Region!])"),
    (Call("smooth", (A, B, A, Number(1.0))), "SMOOTH(Alpha, b)"),
    (Call("smooth", (A, B, C, Number(3.0))), "SMOOTH3I(Alpha, b, c)"),
    (Call("delay", (A, B, A, Number(1.0))), "DELAY1(Alpha, b)"),
    (Number(2.5e7), "25000000.0"),
]


@pytest.mark.parametrize("expression, text", TEXTS, ids=[text for _, text in TEXTS])
def test_expressions_are_written_back(expression, text):
    assert vensim_text(expression, {"a": "Alpha", "region": "Region"}) == text
