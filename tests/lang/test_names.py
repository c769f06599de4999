"""Names as people write them, as they are compared, and as files hold them."""

import pytest

from capdyn.lang.expressions import Call, Number, Reference, is_literal, walk
from capdyn.lang.names import did_you_mean, identifier, key, nearest


@pytest.mark.parametrize(
    "written, compared",
    [
        ("Trust", "trust"),
        ("  Relative_Capability ", "relative capability"),
        ("two  spaces", "two spaces"),
        ('"R&D / sales"', "r&d / sales"),
        ("ÜBER uns", "über uns"),
        ('"', '"'),
    ],
)
def test_key(written, compared):
    assert key(written) == compared
    assert key(key(written)) == key(written)


@pytest.mark.parametrize(
    "name, plain", [("R&D / sales", "R_D_sales"), ("1st order", "_1st_order"), ("§", "_")]
)
def test_identifier(name, plain):
    assert identifier(name) == plain
    assert plain.isidentifier()


def test_did_you_mean():
    names = ["Skilled labour", "Skilled labourers", "Trust", "Unskilled labour"]
    assert nearest("skilled labor", names)[0] == "Skilled labour"
    assert did_you_mean("skilled labor", ["Skilled labour"]) == "Did you mean 'Skilled labour'?"
    assert did_you_mean("trast", ["Trust", "Trusts"]) == "Did you mean 'Trust' or 'Trusts'?"
    assert did_you_mean("zzz", names) == ""


def test_walk_goes_outside_in_from_the_left():
    tree = Call("+", (Reference("a"), Call("*", (Number(2.0), Reference("b")))))
    assert list(walk(tree)) == [tree, Reference("a"), tree.arguments[1], Number(2.0), Reference("b")]
    assert is_literal(Number(1.0))
    assert not is_literal(tree)
