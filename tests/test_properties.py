"""Random Systems and random equations: kernel and interpreter agree, whatever the numbers and their order."""

import math

import numpy as np
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

import capdyn
from capdyn.emit.interpret import Interpreter
from capdyn.emit.kernel import Kernel
from capdyn.lang.expressions import Table
from capdyn.lang.functions import FUNCTIONS
from capdyn.passes.system import (
    Axis,
    Clock,
    Const,
    Equation,
    Fixed,
    Interpolate,
    Load,
    Op,
    Position,
    Reduce,
    Symbol,
    System,
)
from equations import mdl

# What IEEE arithmetic gives exactly: any composition of these is the same to the last bit.
EXACT = ["+", "-", "*", "/", "negative", "=", "<>", "<", "<=", ">", ">=", "and", "or", "not"]
EXACT += ["if then else", "min", "max", "abs", "sqrt", "integer", "modulo"]
# Those of '#' are what random functions are written in: tests/emit/test_random.py.
ROUNDED = sorted(
    key
    for key, row in FUNCTIONS.items()
    if row.kind == "value" and key not in EXACT and not key.startswith("#")
)
SPECIALS = [0.0, -0.0, 1.0, -1.0, 0.5, 1e-320, -1e-320, 1e308, -1e308, math.inf, -math.inf, math.nan]
SHAPE = (2, 3)
NUMBERS = st.one_of(
    st.sampled_from(SPECIALS), st.floats(-1e6, 1e6), st.floats(), st.integers(-4, 4).map(float)
)
QUIET = settings(
    max_examples=8,
    deadline=None,
    derandomize=True,
    database=None,
    phases=[Phase.explicit, Phase.generate],  # a smaller example would cost a compilation for each try
    suppress_health_check=list(HealthCheck),
)


def _table(points: list[tuple[int, float]], outside: str) -> Table:
    ordered = sorted(points, key=lambda point: point[0])
    return Table(tuple(float(x) for x, _ in ordered), tuple(y for _, y in ordered), outside)


POINTS = st.lists(st.tuples(st.integers(-3, 3), st.floats(-9, 9)), min_size=1, max_size=5)
TABLES = st.builds(_table, POINTS, st.sampled_from(["clamp", "extrapolate", "hold"]))
WHOLE = tuple(tuple(range(length)) for length in SHAPE)


@st.composite
def nodes(draw, depth: int = 3, axes: tuple[int, ...] = (0, 1)):
    """An expression over a, b (arrays), c (a number) and the clock; loop axes 0 and 1 are those of the target."""

    def index(dim: int):
        along = [axis for axis in axes if axis % 2 == dim]
        if along and draw(st.booleans()):
            return Axis(draw(st.sampled_from(along)), tuple(draw(st.permutations(WHOLE[dim]))))
        return Fixed(draw(st.sampled_from(WHOLE[dim])))

    kind = draw(st.integers(0, 9)) if depth else draw(st.integers(0, 4))
    if kind == 0:
        return Const(draw(NUMBERS))
    if kind == 1:
        return Clock(draw(st.sampled_from(["time", "held", "step"])))
    if kind == 2:
        return Load("c")
    if kind in (3, 4):
        return Load(draw(st.sampled_from("ab")), (index(0), index(1)))
    inner = nodes(depth - 1, axes)
    if kind == 5:
        return Position(index(draw(st.integers(0, 1))))
    if kind == 6:
        axis = (
            max(axes) + 2 - max(axes) % 2 + draw(st.integers(0, 1))
        )  # a new one: even along the first dimension
        body = draw(nodes(depth - 1, (*axes, axis)))
        return Reduce(draw(st.sampled_from(["sum", "prod", "vmin", "vmax"])), axis, SHAPE[axis % 2], body)
    if kind == 7:
        tables = tuple(draw(st.lists(TABLES, min_size=2, max_size=2)))
        return Interpolate(tables, (2,), (index(0),), draw(inner))
    function = draw(st.sampled_from(EXACT))
    return Op(function, tuple(draw(inner) for _ in range(FUNCTIONS[function].arity[0])))


def system(equations: dict[str, object]) -> System:
    arrays = {name: Symbol(name, "parameter", SHAPE, values=(0.0,) * 6) for name in "ab"}
    symbols = {**arrays, "c": Symbol("c", "parameter", values=(0.0,))}
    symbols |= {name: Symbol(name, "auxiliary", SHAPE) for name in equations}
    programs = tuple(Equation(name, WHOLE, node) for name, node in equations.items())
    return System("random", symbols, (), (), (), programs, {})


def outcome(machine, members: np.ndarray) -> np.ndarray:
    """All numbers after one evaluation. members : shape (13, n_members); returns shape (n_slots, n_members)."""
    found = []
    for first in range(0, members.shape[1], machine.lanes):
        values = machine.values()
        part = members[:, first : first + machine.lanes]
        values[:13, : part.shape[1]] = part
        for program in ("constants", "outputs"):
            machine.run(program, values, 2.5, 2.0, 0.5)
        found.append(values[: machine.layout.own, : part.shape[1]])
    return np.concatenate(found, axis=1)


def agree(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    """Equal to the last bit, signs of zeros included; which not-a-number it is does not matter."""
    nan = np.isnan(one) & np.isnan(other)
    return nan | ((one == other) & (np.signbit(one) == np.signbit(other)))


def _members(seed: int) -> np.ndarray:
    """Parameters of some members, shape (13, n_members): special, whole, and of all sizes."""
    chance = np.random.default_rng(seed)
    shape = (13, int(chance.integers(5, 12)))
    kinds = [
        chance.choice(SPECIALS, shape),
        chance.integers(-4, 5, shape).astype(float),
        chance.uniform(-3, 3, shape),
        chance.choice([-1.0, 1.0], shape) * 10.0 ** chance.uniform(-300, 300, shape),
    ]
    return np.choose(chance.integers(0, 4, shape), kinds)


MEMBERS = st.integers(0, 2**32 - 1).map(_members)


@QUIET
@given(st.lists(nodes(), min_size=4, max_size=6), MEMBERS)
def test_exact_operations_agree_to_the_last_bit(expressions, members):
    built = system({f"x{i}": node for i, node in enumerate(expressions)})
    slow = outcome(Interpreter(built), members)
    fast = outcome(Kernel(built, 8), members)
    wrong = np.argwhere(~agree(fast, slow))
    assert not wrong.size, [
        (slot, member, fast[slot, member], slow[slot, member]) for slot, member in wrong[:5].tolist()
    ]


@pytest.fixture(scope="module")
def rounded():
    """All functions that round, of a and b, in one System."""
    load = [Load(name, (Axis(0, WHOLE[0]), Axis(1, WHOLE[1]))) for name in "ab"]
    built = system({name: Op(name, tuple(load[: FUNCTIONS[name].arity[0]])) for name in ROUNDED})
    return Interpreter(built), Kernel(built, 8)


@settings(QUIET, max_examples=60)
@given(MEMBERS)
def test_functions_agree_to_the_last_digits_specials_included(rounded, members):
    slow, fast = (outcome(machine, members) for machine in rounded)
    np.testing.assert_allclose(fast, slow, rtol=1e-12, atol=1e-307)


@QUIET
@given(st.lists(nodes(2), min_size=3, max_size=4), MEMBERS, st.randoms(use_true_random=False))
def test_the_order_of_members_does_not_matter(expressions, members, chance):
    functions = [Op(name, tuple(expressions[: FUNCTIONS[name].arity[0]])) for name in ("exp", "^", "sin")]
    built = system({f"x{i}": node for i, node in enumerate([*expressions, *functions])})
    kernel = Kernel(built, 4)
    order = list(range(members.shape[1]))
    chance.shuffle(order)
    assert outcome(kernel, members[:, order]).tobytes() == outcome(kernel, members)[:, order].tobytes()


# Equations as text, with as few brackets as Vensim's precedence allows: (text, binding strength, value at a time).
LEVELS = {
    "or": 1,
    "and": 2,
    "not": 3,
    "compare": 4,
    "sum": 5,
    "product": 6,
    "minus": 7,
    "power": 8,
    "leaf": 9,
}
BINARY = {
    ":OR:": ("or", lambda a, b: float(a != 0 or b != 0)),
    ":AND:": ("and", lambda a, b: float(a != 0 and b != 0)),
    "<": ("compare", lambda a, b: float(a < b)),
    ">=": ("compare", lambda a, b: float(a >= b)),
    "=": ("compare", lambda a, b: float(a == b)),
    "+": ("sum", lambda a, b: a + b),
    "-": ("sum", lambda a, b: a - b),
    "*": ("product", lambda a, b: a * b),
    "/": ("product", lambda a, b: a / (b if b else 1.0)),
    "^": ("power", lambda a, b: a**b),
}


def _within(text: str, level: int, least: int) -> str:
    return text if level >= least else f"({text})"


@st.composite
def formulas(draw, depth: int = 4):
    """(text, level, function of time). Numbers are small and whole, so that every result is exact or refused."""
    kind = draw(st.integers(0, 7)) if depth else 0
    if kind <= 1:
        if draw(st.booleans()):
            return "Time", LEVELS["leaf"], lambda t: t
        number = draw(st.integers(0, 5))
        return str(number), LEVELS["leaf"], lambda t: float(number)
    text, level, value = draw(formulas(depth - 1))
    if kind == 2:
        return f"-{_within(text, level, LEVELS['minus'] + 1)}", LEVELS["minus"], lambda t: -value(t)
    if kind == 3:
        return f":NOT: {_within(text, level, LEVELS['leaf'])}", LEVELS["not"], lambda t: float(value(t) == 0)
    if kind == 4:
        other, level2, value2 = draw(formulas(depth - 1))
        pick = draw(st.sampled_from(["MIN", "MAX"]))
        meaning = min if pick == "MIN" else max
        return f"{pick}({text}, {other})", LEVELS["leaf"], lambda t: meaning(value(t), value2(t))
    sign = draw(st.sampled_from(sorted(BINARY)))
    name, meaning = BINARY[sign]
    own = LEVELS[name]
    if sign == "^":  # a whole exponent, so that nothing is complex
        power = draw(st.integers(0, 3))
        return f"{_within(text, level, own)}^{power}", own, lambda t: value(t) ** power
    other, level2, value2 = draw(formulas(depth - 1))
    if sign == "/":
        other, level2, value2 = "4", LEVELS["leaf"], lambda t: 4.0
    left = own + 1 if name == "compare" else own  # chains of comparisons have no agreed meaning
    return (
        f"{_within(text, level, left)} {sign} {_within(other, level2, own + 1)}",
        own,
        lambda t: meaning(value(t), value2(t)),
    )


@settings(QUIET, max_examples=5)
@given(st.lists(formulas(), min_size=12, max_size=12))
def test_random_formulas_mean_what_python_says(tmp_path_factory, drawn):
    path = tmp_path_factory.mktemp("formulas") / "model.mdl"
    path.write_text(
        mdl("\n".join(f"x{i} = {text} + 0*Time" for i, (text, level, _) in enumerate(drawn) if level > 4))
    )
    kept = {f"x{i}": (text, value) for i, (text, level, value) in enumerate(drawn) if level > 4}
    if not kept:
        return
    opened = capdyn.open_model(path)
    for engine in ("kernel", "interpret"):
        result = capdyn.simulate(opened, method="euler", engine=engine)
        for name, (text, value) in kept.items():
            expected = [value(t) for t in (0.0, 1.0, 2.0, 3.0, 4.0)]
            np.testing.assert_allclose(result[name].values, expected, rtol=1e-13, err_msg=text)
