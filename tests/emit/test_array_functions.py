"""Functions of a whole array: sorting, selecting, inverting, allocating; by kernel and interpreter.

Rules from https://www.vensim.com/documentation/functions.html , pages "Arrays, Vectors, and Subscripts" and
"Allocation Functions"; expected values by hand where they are not said to come from elsewhere.
"""

import numpy as np
import pytest

import capdyn

ENGINES = pytest.mark.parametrize("engine", ["kernel", "interpret"])
RANGES = "Firm: f1, f2, f3, f4, f5\nPlace: p1, p2, p3, p4, p5 -> Firm\nSize: small, large\nMany: (a1-a24)\n"
REVENUE = "r[Firm] = 50, 30, 80, 30, 10\n"

# name, equations, expected values of x
SORTS = [
    (
        "the manual's example",
        "c: c1, c2, c3\nv[c] = 5000, 3000, 8000\nx[c] = VECTOR RANK(v[c], 1)",
        [2, 1, 3],
    ),
    ("rank up, equal ones in their order", REVENUE + "x[Firm] = VECTOR RANK(r[Firm], 1)", [4, 2, 5, 3, 1]),
    ("rank down", REVENUE + "x[Firm] = VECTOR RANK(r[Firm], -1)", [2, 3, 1, 4, 5]),
    ("rank down by zero", REVENUE + "x[Firm] = VECTOR RANK(r[Firm], 0)", [2, 3, 1, 4, 5]),
    ("order up, places from 0", REVENUE + "x[Firm] = VECTOR SORT ORDER(r[Firm], 1)", [4, 1, 3, 0, 2]),
    ("order down", REVENUE + "x[Firm] = VECTOR SORT ORDER(r[Firm], -1)", [2, 0, 1, 3, 4]),
    ("order on a mapped range", REVENUE + "x[Place] = VECTOR SORT ORDER(r[Firm], 1)", [4, 1, 3, 0, 2]),
    (
        "sorted by reordering",
        REVENUE + "o[Place] = VECTOR SORT ORDER(r[Firm], 1)\nx[Place] = VECTOR REORDER(r[Firm], o[Place])",
        [10, 30, 30, 50, 80],
    ),
    (
        "the last subscript is sorted",
        "v[Size, Firm] = 50,30,80,40,10;1,2,3,4,5;\nx[Size, Firm] = VECTOR RANK(v[Size, Firm], -1)",
        [[2, 4, 1, 3, 5], [5, 4, 3, 2, 1]],
    ),
    ("of an expression", REVENUE + "x[Firm] = VECTOR RANK(-r[Firm]/2, 1)", [2, 3, 1, 4, 5]),
    (
        "large arrays",
        "x[Many] = VECTOR RANK(MODULO(Many*7, 24), 1)",
        [(i * 7 % 24) + 1 for i in range(1, 25)],
    ),
]


@ENGINES
@pytest.mark.parametrize("equations, expected", [case[1:] for case in SORTS], ids=[case[0] for case in SORTS])
def test_sorting(model, equations, expected, engine):
    assert capdyn.simulate(model(RANGES + equations), engine=engine)["x"].values.tolist() == expected


@ENGINES
def test_sorting_follows_the_run(model, engine):
    opened = model(RANGES + "x[Size] = VECTOR RANK(v[Size], 1)\nv[small] = Time\nv[large] = 2.5")
    result = capdyn.simulate(opened, engine=engine)["x"].values.tolist()
    assert result == [[1, 2], [1, 2], [1, 2], [2, 1], [2, 1]]


SELECT = "w[Firm] = 0, 2, 0, -1, 3\nv[Firm] = 10, 4, 30, 5, 2\nnothing[Firm] = 0,0,0,0,0\n"


@ENGINES
@pytest.mark.parametrize(
    "action, expected",
    # w*v of the selected: 8, -5, 6; v: 4, 5, 2; v^w: 16, 0.2, 8.
    [(0, 9), (1, -240), (2, -5), (3, 8), (4, 3), (5, 25.6), (6, 11), (7, 40), (8, 2), (9, 5), (10, 11 / 3)],
)
def test_vector_select(model, action, expected, engine):
    equations = f"x = VECTOR SELECT(w[Firm!], v[Firm!], -7, {action}, 0)\n"
    equations += f"none = VECTOR SELECT(nothing[Firm!], v[Firm!], -7, {action}, 0)"
    result = capdyn.simulate(model(RANGES + SELECT + equations), engine=engine)
    assert float(result["x"]) == pytest.approx(expected, rel=1e-15)
    assert float(result["none"]) == -7


@ENGINES
def test_vector_select_along_one_subscript(model, engine):
    """The action as a constant, as in the manual's examples, and inside an expression."""
    opened = model(
        RANGES + """VSSUM = 0
        w[Size, Firm] = 1,0,0,0,1;0,0,0,0,0;
        v[Firm] = 1,2,3,4,5
        x[Size] = 10 + VECTOR SELECT(w[Size, Firm!], v[Firm!], -1, VSSUM, 0)"""
    )  # fmt: skip
    result = capdyn.simulate(opened, engine=engine)
    assert result["x"].values.tolist() == [16, 9]


@pytest.mark.parametrize("error, selection, fails", [
    (1, "0,0,0,0,0", True), (1, "1,1,0,0,0", False), (2, "0,0,0,0,0", False), (2, "1,1,0,0,0", True),
    (3, "0,0,0,0,0", True), (3, "1,1,0,0,0", True), (3, "0,1,0,0,0", False),
])  # fmt: skip
def test_vector_select_errors(model, error, selection, fails):
    opened = model(
        RANGES + f"w[Firm] = {selection}\nx = VECTOR SELECT(w[Firm!], w[Firm!], 0, 6, {error}) + 0*Time"
    )
    if not fails:
        capdyn.simulate(opened)
        return
    with pytest.raises(capdyn.NumericalError, match="'x' is nan at time 0"):
        capdyn.simulate(opened)


@ENGINES
class TestInvertMatrix:
    def test_the_manuals_example(self, model, engine):
        equations = "sub: s1, s2\nssub <-> sub\na[s1,sub] = 1, 2\na[s2,sub] = 3, 4\n"
        equations += "x[sub,ssub] = INVERT MATRIX(a[sub,ssub], 2)"
        result = capdyn.simulate(model(equations), outputs=["x"], engine=engine)["x"].values
        np.testing.assert_allclose(result, [[-2, 1], [1.5, -0.5]], rtol=1e-14)

    def test_rows_and_columns_are_those_of_the_argument(self, model, engine):
        """Written with its subscripts turned round, the inverse is the same: its rows are the matrix's columns."""
        equations = "row: r1, r2\ncol: c1, c2\na[row,col] = 1,2;3,4;\n"
        equations += "x[col,row] = INVERT MATRIX(a[row,col], ELMCOUNT(col))\n"
        equations += "one[col,other] = SUM(x[col,row!]*a[row!,other])\nother <-> col"
        result = capdyn.simulate(model(equations), engine=engine)
        np.testing.assert_allclose(result["x"].values, [[-2, 1], [1.5, -0.5]], rtol=1e-14)
        np.testing.assert_allclose(result["one"].values, np.eye(2), atol=1e-14)

    def test_a_pivot_that_has_to_be_looked_for(self, model, engine):
        equations = (
            "i: i1, i2, i3\nj <-> i\na[i,j] = 0,0,2;0,-4,1;1e-20,1,1;\nx[i,j] = INVERT MATRIX(a[i,j], 3)"
        )
        result = capdyn.simulate(model(equations), engine=engine)["x"].values
        np.testing.assert_allclose(
            result, [[-6.25e19, 2.5e19, 1e20], [0.125, -0.25, 0], [0.5, 0, 0]], rtol=1e-14
        )

    @pytest.mark.parametrize("size", [1, 4, 7])
    def test_blocks_against_numpy(self, model, size, engine):
        """Two matrices at once, moving with time; those of seven rows are loops."""
        rng = np.random.default_rng(size)
        numbers = rng.normal(size=(2, size, size))
        lists = [[",".join(map(repr, row)) for row in matrix.tolist()] for matrix in numbers]
        one, other = (";".join(rows) + ";" * (size > 1) for rows in lists)
        opened = model(
            f"""b: b1, b2
            i: {", ".join(f"i{k}" for k in range(size))}
            j <-> i
            a1[i,j] = {one}
            a2[i,j] = {other}
            m[b1,i,j] = a1[i,j]*(1 + Time)
            m[b2,i,j] = a2[i,j]
            x[b,i,j] = INVERT MATRIX(m[b,i,j], {size})""",
            final_time=1,
        )
        result = capdyn.simulate(opened, engine=engine)["x"].values
        np.testing.assert_allclose(result[0], np.linalg.inv(numbers), rtol=1e-10)
        np.testing.assert_allclose(result[1, 0], np.linalg.inv(numbers[0]) / 2, rtol=1e-10)


def test_a_singular_matrix_is_named(model):
    with pytest.raises(capdyn.NumericalError, match="matrix"):
        capdyn.simulate(model("i: i1, i2\nj <-> i\na[i,j] = 1,2;2,4;\nm[i,j] = a[i,j] + 0*Time\n"
                              "x[i,j] = INVERT MATRIX(m[i,j], 2)"))  # fmt: skip


@pytest.mark.parametrize(
    "equations, message",
    [
        ("x = VECTOR RANK(3, 1)", "it gives a whole array"),
        ("x[Firm] = VECTOR RANK(3, 1)", "the last subscript of its arguments must be that of the variable on the left"),
        ("x[f1] = VECTOR RANK(3, 1)", "it gives a whole array"),
        ("x[Size, Firm] = INVERT MATRIX(3, 2)", "it gives a square array"),
        ("s <-> Size\na[Size,s] = 1,2;3,4;\nx[Size,s] = INVERT MATRIX(a[Size,s], 3)", "its size is not that"),
        ("v[Firm] = 1,2,3,4,5\nx = VECTOR SELECT(v[Firm!], v[Firm!], 0, 11, 0)", "its numerical action is"),
        ("v[Firm] = 1,2,3,4,5\nx = VECTOR SELECT(v[f1], v[f1], 0, 0, 0)", "it has no range with '!'"),
    ],
)  # fmt: skip
def test_mistake(model, equations, message):
    with pytest.raises(capdyn.ModelError, match=message):
        model(RANGES + equations)
