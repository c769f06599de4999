"""What we read without PySD, or with another text, against what PySD makes of the text as it stands."""

import warnings

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from capdyn.lang.expressions import Array, Call, Number, Reference, Table
from capdyn.read import read
from capdyn.read.adapt import adapt
from capdyn.read.literal import literal
from capdyn.read.parsing import deep
from capdyn.read.plain import plain
from capdyn.read.tokens import VENSIM, tokenize
from capdyn.read.vensim import STRUCTURES


def pysd(text):
    """PySD's own syntax tree of `x = text`."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from pysd.translators.vensim.vensim_element import Element

    component = Element(f"x = {text}", "", "").parse()
    component.parse()
    return component.ast


def ours(text):
    tokens = tokenize(text, VENSIM)
    found = literal(tokens, text, 0)
    if found is not None:
        return found
    with deep(), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from pysd.translators.vensim.vensim_element import Component

        written = plain(tokens, len(text), STRUCTURES)
        component = Component("x", ([], []), written.text)
        component.parse()
        return adapt(component.ast, written.words)


numbers = st.floats(min_value=0, max_value=1e300, allow_nan=False).map(repr) | st.sampled_from(
    ["5", ".5", "5.", "1e3", "1E-3", "2.5e+2"]
)


@given(numbers, st.sampled_from(["", "-", "+", "- "]))
def test_numbers_as_pysd_reads_them(text, sign):
    assert ours(sign + text) == Number(float(pysd(sign + text)))


@given(st.lists(st.lists(numbers, min_size=3, max_size=3), min_size=2, max_size=4))
def test_arrays_as_pysd_reads_them(rows):
    for text in (",".join(rows[0]), ";".join(",".join(row) for row in rows) + ";"):
        expected = pysd(text)
        found = ours(text)
        assert isinstance(found, Array)
        assert found.shape == expected.shape and found.values == tuple(expected.ravel())


@pytest.mark.parametrize(
    "text",
    [
        "(0,1),(2,3),(1,5)",
        "[(0,0)-(10,10)],(0,1),(2,-3.5)",
        "(-1,1e3), (0,2)",
    ],
)
def test_tables_as_pysd_reads_them(text, tmp_path):
    path = tmp_path / "m.mdl"
    path.write_text(f"x({text}) ~~|")
    found = read(path).variables["x"].components[0].expression
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from pysd.translators.vensim.vensim_element import Element

    component = Element(f"x({text})", "", "").parse()
    component.parse()
    assert found == Table(component.ast.x, component.ast.y)
    np.testing.assert_array_equal(found.x, component.ast.x)


# random expressions, printed with as few brackets as the language allows --------------------------------------

LEVEL = {
    "or": 1,
    "and": 2,
    "not": 3,
    **dict.fromkeys(["=", "<>", "<", "<=", ">", ">="], 4),
    "+": 5,
    "-": 5,
    "*": 6,
    "/": 6,
    "negative": 7,
    "^": 8,
}
WRITTEN = {"or": ":OR:", "and": ":AND:"}


def level(here):
    if isinstance(here, Number):
        return 7 if here.value < 0 or str(here.value)[0] == "-" else 9
    return LEVEL.get(here.function, 9) if isinstance(here, Call) else 9


def printed(here, least=0):
    """Vensim text of an expression, in brackets if it binds less tightly than `least`."""
    if isinstance(here, Number):
        text = repr(here.value)
    elif isinstance(here, Reference):
        text = here.name + (f"[{', '.join(here.subscripts)}]" if here.subscripts else "")
    elif here.function == "with lookup":
        points = ",".join(
            f"({x!r},{y!r})" for x, y in zip(here.arguments[1].x, here.arguments[1].y, strict=True)
        )
        text = f"WITH LOOKUP({printed(here.arguments[0])}, ({points}))"
    elif here.function not in LEVEL:
        text = f"{here.function.upper()}({', '.join(map(printed, here.arguments))})"
    elif here.function == "not":
        text = f":NOT: {printed(here.arguments[0], 4)}"
    elif here.function == "negative":
        text = f"-{printed(here.arguments[0], 8)}"
    else:
        own = LEVEL[here.function]
        left = printed(here.arguments[0], own + (own == 4))
        signed = own == 8 and level(here.arguments[1]) == 7 and _simple(here.arguments[1])
        right = printed(here.arguments[1], 7 if signed else own + 1)
        text = f"{left} {WRITTEN.get(here.function, here.function)} {right}"
    return f"({text})" if level(here) < least else text


def _simple(here):
    """A sign before one operand: may stand after ^ without brackets."""
    return isinstance(here, Number) or level(here.arguments[0]) == 9


def _negative(argument):
    return Number(-argument.value) if isinstance(argument, Number) else Call("negative", (argument,))


leaves = (
    st.floats(min_value=0, max_value=1e12).map(Number)
    | st.sampled_from(["a", "relative capability", "k1", "don't", "not here", "größe"]).map(Reference)
    | st.builds(
        Reference,
        st.sampled_from(["a", "b c"]),
        st.lists(st.sampled_from(["home", "region!", "1st"]), min_size=1, max_size=2).map(tuple),
    )
)
tables = (
    st.lists(st.tuples(st.integers(-5, 5), st.integers(-5, 5)), min_size=1, max_size=4)
    .map(sorted)
    .map(lambda points: Table(tuple(float(x) for x, _ in points), tuple(float(y) for _, y in points)))
)


def grown(inner):
    binary = st.tuples(
        st.sampled_from([name for name in LEVEL if name not in ("not", "negative")]), inner, inner
    )
    return (
        binary.map(lambda triple: Call(triple[0], triple[1:]))
        | inner.map(_negative)
        | inner.map(lambda argument: Call("not", (argument,)))
        | st.tuples(st.sampled_from(["max", "min", "tab le"]), inner, inner).map(lambda t: Call(t[0], t[1:]))
        | st.tuples(inner, inner).map(lambda pair: Call("integ", pair))
        | st.tuples(inner, tables).map(lambda pair: Call("with lookup", pair))
    )


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.recursive(leaves, grown, max_leaves=12))
def test_what_is_printed_comes_back(expression):
    assert ours(printed(expression)) == expression
