"""Right-hand sides in, expressions out."""

import pytest

from capdyn.lang.expressions import Array, Call, Number, Reference, Table, Text
from capdyn.lang.functions import NOT_AVAILABLE

A, B, C = Reference("a"), Reference("b"), Reference("c")
TWO = Number(2.0)


def call(function, *arguments, subscripts=()):
    return Call(function, arguments, subscripts)


NUMBERS = {
    "5": 5.0,
    "007": 7.0,
    ".5": 0.5,
    "5.": 5.0,
    "1e-3": 0.001,
    "2.5E+2": 250.0,
    "-3": -3.0,
    "+3": 3.0,
    "- 3": -3.0,
    "--3": 3.0,
    "(-3)": -3.0,
    "-(3)": -3.0,
    ":NA:": NOT_AVAILABLE,
    ":na:": NOT_AVAILABLE,
    "{before} 4 {after}": 4.0,
    "0.1": 0.1,
    "123456789012345678901234567890": 1.2345678901234568e29,
}


@pytest.mark.parametrize(("text", "value"), NUMBERS.items())
def test_numbers_are_floats(right, text, value):
    found = right(text)
    assert found == Number(value) and isinstance(found.value, float)


ARRAYS = {
    "1,2,3": ((1.0, 2.0, 3.0), (3,)),
    "1,-2.5,+3e1": ((1.0, -2.5, 30.0), (3,)),
    "1,2;3,4;": ((1.0, 2.0, 3.0, 4.0), (2, 2)),
    "1,2,3;\n\t4,5,6;": ((1.0, 2.0, 3.0, 4.0, 5.0, 6.0), (2, 3)),
    "1;2;3;": ((1.0, 2.0, 3.0), (3,)),
    "1,2;": ((1.0, 2.0), (2,)),
    "TABBED ARRAY(1\t2\t-3)": ((1.0, 2.0, -3.0), (3,)),
    "TABBED ARRAY(\n1\t2\n3\t4\n)": ((1.0, 2.0, 3.0, 4.0), (2, 2)),
}


@pytest.mark.parametrize(("text", "expected"), ARRAYS.items())
def test_arrays_are_row_major(right, text, expected):
    assert right(text) == Array(*expected)


POWERS = {
    "-2^2": call("negative", call("^", TWO, TWO)),
    "(-2)^2": call("^", Number(-2.0), TWO),
    "2^-1": call("^", TWO, Number(-1.0)),
    "2^+1": call("^", TWO, Number(1.0)),
    "a/-2^2": call("/", A, call("negative", call("^", TWO, TWO))),
    "a - -2^b": call("-", A, call("negative", call("^", TWO, B))),
    "-a^2": call("negative", call("^", A, TWO)),
    "-(a)^2": call("negative", call("^", A, TWO)),
    "(-a)^2": call("^", call("negative", A), TWO),
    "a^-b": call("^", A, call("negative", B)),
    "a^b^c": call("^", call("^", A, B), C),
    "-a^b^c": call("negative", call("^", call("^", A, B), C)),
    "a^-b^c": call("^", call("^", A, call("negative", B)), C),
    "a^(b^c)": call("^", A, call("^", B, C)),
    "-a^(b^c^2)": call("negative", call("^", A, call("^", call("^", B, C), TWO))),
    "-a^f(-b^c)": call("negative", call("^", A, call("f", call("negative", call("^", B, C))))),
    "-a[b]^2*c": call("*", call("negative", call("^", Reference("a", ("b",)), TWO)), C),
    "EXP(-a^2/2)": call("exp", call("/", call("negative", call("^", A, TWO)), TWO)),
    "--a": A,
    "-+-a": A,
    "---a": call("negative", A),
}


@pytest.mark.parametrize(("text", "expected"), POWERS.items())
def test_a_power_binds_tighter_than_a_sign_and_groups_to_the_left(right, text, expected):
    assert right(text) == expected


OPERATORS = {
    "a - b - c": call("-", call("-", A, B), C),
    "a - (b - c)": call("-", A, call("-", B, C)),
    "a / b * c": call("*", call("/", A, B), C),
    "a + b * c": call("+", A, call("*", B, C)),
    "-a - b": call("-", call("negative", A), B),
    "-a * b": call("*", call("negative", A), B),
    "a = b": call("=", A, B),
    "a <> b": call("<>", A, B),
    "a <= b": call("<=", A, B),
    "a >= b + c": call(">=", A, call("+", B, C)),
    "a :AND: b": call("and", A, B),
    "a :or: b :and: c": call("or", A, call("and", B, C)),
    "a :AND: b :OR: c": call("or", call("and", A, B), C),
    "a :AND: b :AND: c": call("and", call("and", A, B), C),
    "(a :OR: b) :AND: c": call("and", call("or", A, B), C),
    ":NOT: a :AND: b": call("and", call("not", A), B),
    ":NOT: (a = 2)": call("not", call("=", A, TWO)),
    ": NOT : a": call("not", A),
}


@pytest.mark.parametrize(("text", "expected"), OPERATORS.items())
def test_operators_are_nested_pairs(right, text, expected):
    assert right(text) == expected


NAMES = {
    "Relative_Capability": Reference("relative capability"),
    "Relative  \n capability": Reference("relative capability"),
    "Relative \\\n\t\tcapability": Reference("relative capability"),
    "Relative {of home} capability": Reference("relative capability"),
    "Phase 2 cost 3": Reference("phase 2 cost 3"),
    "Don't know": Reference("don't know"),
    "price$ now": Reference("price$ now"),
    "Größe der Région": Reference("größe der région"),
    '"R&D / sales"': Reference("r&d / sales"),
    "\"1st [a, b]! (x) | ~ {y} = 'z'\"": Reference("1st [a, b]! (x) | ~ {y} = 'z'"),
    '"say \\"when\\""': Reference('say \\"when\\"'),
    "k0": Reference("k0"),
    "a[Home]": Reference("a", ("home",)),
    "a [ Home , Region ]": Reference("a", ("home", "region")),
    "SUM(a[Region!, Home])": call("sum", Reference("a", ("region!", "home"))),
    'SUM(a["x, y" !])': call("sum", Reference("a", ("x, y!",))),
    "a[1990s, 2nd]": Reference("a", ("1990s", "2nd")),
}


@pytest.mark.parametrize(("text", "expected"), NAMES.items())
def test_names(right, text, expected):
    assert right(text) == expected


FUNCTIONS = {
    "INTEG(a, b)": call("integ", A, B),
    "Integ (a - b, -2)": call("integ", call("-", A, B), Number(-2.0)),
    "DELAY1(a, b)": call("delay", A, B, A, Number(1.0)),
    "DELAY1I(a, b, c)": call("delay", A, B, C, Number(1.0)),
    "DELAY3(a, b)": call("delay", A, B, A, Number(3.0)),
    "DELAY3I(a, b, c)": call("delay", A, B, C, Number(3.0)),
    "DELAY N(a, b, c, 4)": call("delay n", A, B, C, Number(4.0)),
    "DELAY FIXED(a, b, c)": call("delay fixed", A, B, C),
    "SMOOTH(a, b)": call("smooth", A, B, A, Number(1.0)),
    "SMOOTHI(a, b, c)": call("smooth", A, B, C, Number(1.0)),
    "SMOOTH3(a, b)": call("smooth", A, B, A, Number(3.0)),
    "SMOOTH3I(a, b, c)": call("smooth", A, B, C, Number(3.0)),
    "SMOOTH N(a, b, c, 4)": call("smooth n", A, B, C, Number(4.0)),
    "TREND(a, b, c)": call("trend", A, B, C),
    "FORECAST(a, b, c)": call("forecast", A, B, C, Number(0.0)),
    "SAMPLE IF TRUE(a > b, b, c)": call("sample if true", call(">", A, B), B, C),
    "INITIAL(a)": call("initial", A),
    "GAME(a)": call("game", A),
    "ALLOCATE AVAILABLE(a, b, c)": call("allocate available", A, B, C),
    "ALLOCATE BY PRIORITY(a, b, 2, c, a)": call("allocate by priority", A, B, TWO, C, A),
    "ACTIVE INITIAL(a, b)": call("active initial", A, B),
    "IF THEN ELSE(a > b, b, c)": call("if then else", call(">", A, B), B, C),
    "if_then_else(a, b, c)": call("if then else", A, B, C),
    "PULSE TRAIN(1, 2, a, b)": call("pulse train", Number(1.0), TWO, A, B),
    "XIDZ(a, b, 2)": call("xidz", A, B, TWO),
    "PI()": call("pi"),
    "Effect of age(a)": call("effect of age", A),
    "Effect[Home](a)": call("effect", A, subscripts=("home",)),
    "lookup(a)": call("lookup", A),
    "data(a)": call("data", A),
    '"my f"(a)': call("my f", A),
    "LOOK UP('a\\b.csv', ',')": call("look up", Text("a\\b.csv"), Text(",")),
}


@pytest.mark.parametrize(("text", "expected"), FUNCTIONS.items())
def test_functions(right, text, expected):
    assert right(text) == expected


TABLE = Table((0.0, 1.0, 2.0), (-1.0, 0.5, 3.0))
INLINE = {
    "WITH LOOKUP(a, ((0,-1),(1,.5),(2,3)))": call("with lookup", A, TABLE),
    "with  lookup (a, ([(0,-1)-(2,3.5)],(0,-1),(1,.5),(2,3)))": call("with lookup", A, TABLE),
    "WITH LOOKUP(a, ([(0,0)-(9,9),(0,0),(1,1)],(0,-1),(1,.5),(2,3)))": call("with lookup", A, TABLE),
    "WITH LOOKUP(a, ((2,3),(0,-1),(1,.5)))": call("with lookup", A, TABLE),
    "b + WITH LOOKUP(MAX(a, b), ((5,7)))*2": call(
        "+", B, call("*", call("with lookup", call("max", A, B), Table((5.0,), (7.0,))), TWO)
    ),
    "WITH LOOKUP(WITH LOOKUP(a, ((0,1),(1,2))), ((1,3),(1,4)))": call(
        "with lookup", call("with lookup", A, Table((0.0, 1.0), (1.0, 2.0))), Table((1.0, 1.0), (3.0, 4.0))
    ),
    "-WITH LOOKUP(a, ((0,1),(1,2)))^2": call(
        "negative", call("^", call("with lookup", A, Table((0.0, 1.0), (1.0, 2.0))), TWO)
    ),
}


@pytest.mark.parametrize(("text", "expected"), INLINE.items())
def test_tables_inside_equations(right, text, expected):
    assert right(text) == expected


def test_points_with_the_same_x_keep_their_order(right):
    points = [(float(i // 2), float(i)) for i in range(60)]
    text = ",".join(f"({x},{y})" for x, y in points)
    xs, ys = zip(*points, strict=True)
    assert right(f"WITH LOOKUP(a, ({text}))").arguments[1] == Table(xs, ys)


@pytest.mark.parametrize("deep", [50, 100])
def test_brackets_a_hundred_deep(right, deep):
    text = "IF THEN ELSE(a, b, " * deep + "c" + ")" * deep
    found = right(text)
    for _ in range(deep):
        assert found.function == "if then else"
        found = found.arguments[2]
    assert found == C


def test_a_long_sum(right):
    """All terms are there, and nested far less deeply than there are terms."""
    found = right(" + ".join(["a"] * 2000))

    def terms(node, depth=0):
        if node == A:
            return 1, depth
        counts, depths = zip(*(terms(part, depth + 1) for part in node.arguments), strict=True)
        return sum(counts), max(depths)

    count, depth = terms(found)
    assert count == 2000
    assert depth < 150
