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


BUYERS = """b: b1, b2, b3, b4
profile: ptype, ppriority, pwidth, pextra
request[b] = 3, 6, 2.5, 2
priority[b] = 10, 9, 7, 2
supply = 5
x[b] = ALLOCATE BY PRIORITY(request[b], priority[b], ELMCOUNT(b), width, supply)
width = 3
"""


@ENGINES
@pytest.mark.parametrize(
    "supply, expected",
    [
        (0, [0, 0, 0, 0]),
        # Rectangles of width 3 from 11.5, 10.5, 8.5 and 3.5 downward; x is where the sweep has come to.
        (1, [1, 0, 0, 0]),  # x = 10.5
        (5, [7 / 3, 8 / 3, 0, 0]),  # x = 55/6
        (7, [3, 4, 0, 0]),  # x = 8.5
        (10.5, [3, 6, 1.5, 0]),  # x = 6.7
        (11.5, [3, 6, 2.5, 0]),  # anywhere from 5.5 down to 3.5
        (12.5, [3, 6, 2.5, 1]),
        (13.5, [3, 6, 2.5, 2]),
        (99, [3, 6, 2.5, 2]),
    ],
)
def test_allocate_by_priority(model, supply, expected, engine):
    result = capdyn.simulate(model(BUYERS), parameters={"supply": supply}, engine=engine)
    np.testing.assert_allclose(result["x"].values, expected, rtol=1e-14, atol=1e-14)


@ENGINES
def test_wide_enough_is_in_proportion_and_narrow_is_one_after_the_other(model, engine):
    opened = model(BUYERS)
    wide = capdyn.simulate(opened, parameters={"width": 1e7}, engine=engine)["x"].values
    np.testing.assert_allclose(wide, 5 / 13.5 * np.array([3, 6, 2.5, 2]), rtol=1e-5)
    narrow = capdyn.simulate(opened, parameters={"width": 1e-3}, engine=engine)["x"].values
    # A priority of 9 is known to 2e-15, and the request of 6 falls within a width of 0.001.
    np.testing.assert_allclose(narrow, [3, 2, 0, 0], atol=2e-15 * 6 / 1e-3)


PROFILE = "u: u1, u2\nprofile: ptype, ppriority, pwidth, pextra\n"
# Shares of what is met half a width apart from the centre, of the normal and the exponential distribution.
PHI, EXP = 0.308537538725987, 0.303265329856317


@ENGINES
@pytest.mark.parametrize(
    "curves, supply, expected",
    [
        ("1,5,2,0;1,6,2,0;", 10, [2.5, 7.5]),
        ("2,5,2,0;2,6,2,0;", 10, [1.25, 8.75]),
        ("3,5,1,0;3,6,1,0;", 10, [10 * PHI, 10 - 10 * PHI]),
        ("4,5,1,0;4,6,1,0;", 10, [10 * EXP, 10 - 10 * EXP]),
        ("1,5,2,0;2,5,2,0;", 10, [5, 5]),
        ("3,5,9,0;4,5,1,0;", 10, [5, 5]),
        ("2,5,2,0;2,9,2,0;", 3, [0, 3]),
        ("2,5,2,0;2,9,2,0;", 13, [3, 10]),
        ("2,5,2,0;2,9,2,0;", 10, [0, 10]),
        ("3,5,2,0;3,9,2,0;", 25, [10, 10]),
        ("3,5,2,0;3,9,2,0;", 0, [0, 0]),
    ],
)
def test_allocate_available(model, curves, supply, expected, engine):
    equations = f"{PROFILE}r[u] = 10, 10\npp[u, profile] = {curves}\ns = {supply}\n"
    opened = model(equations + "x[u] = ALLOCATE AVAILABLE(r[u], pp[u, ptype], s)")
    result = capdyn.simulate(opened, engine=engine)["x"].values
    np.testing.assert_allclose(result, expected, rtol=1e-13, atol=1e-13)


@ENGINES
def test_allocation_conserves_in_each_group_and_step(model, engine):
    """Twenty-four buyers, more than are unrolled, in two groups, with a supply that moves."""
    opened = model(
        RANGES + """profile: ptype, ppriority, pwidth, pextra
        r[Size, Many] = MODULO(Many*7, 11) + Time
        pp[Size, Many, ptype] = 1 + MODULO(Many, 4)
        pp[Size, Many, ppriority] = MODULO(Many*5, 7)
        pp[Size, Many, pwidth] = 1 + MODULO(Many, 3)
        pp[Size, Many, pextra] = 0
        s[small] = 20 + 10*Time
        s[large] = 1000
        x[Size, Many] = ALLOCATE AVAILABLE(r[Size, Many], pp[Size, Many, ptype], s[Size])
        y[Size, Many] = ALLOCATE BY PRIORITY(r[Size, Many], pp[Size, Many, ppriority], 24, 2, s[Size])"""
    )  # fmt: skip
    result = capdyn.simulate(opened, engine=engine)
    for name in ("x", "y"):
        total = result[name].sum("Many")
        np.testing.assert_allclose(total.sel(Size="small"), result["s"].sel(Size="small"), rtol=1e-13)
        np.testing.assert_array_equal(result[name].sel(Size="large"), result["r"].sel(Size="large"))
        assert ((result[name] >= 0) & (result[name] <= result["r"])).all()


@pytest.mark.parametrize(
    "equation, message",
    [
        ("x[b] = ALLOCATE BY PRIORITY(request[b], priority[b], 3, 1, 5)", "its size is not that of the array, 4"),
        ("x[b] = ALLOCATE AVAILABLE(request[b], priority[b], 5)", "the last subscript but one of its second"),
        ("x = ALLOCATE BY PRIORITY(request[b1], priority[b1], 1, 1, 5)", "it gives a whole array"),
        ("pp[b,profile] = 5,1,1,2;1,1,1,1;1,1,1,1;1,1,1,1;\nx[b] = ALLOCATE AVAILABLE(request[b], pp[b,ptype], 5)",
         "a curve of type 5 is not supported"),
        ("pp[b,profile] = 1,1,1,2;1,1,1,1;1,1,1,1;1,1,1,1;\nx[b] = ALLOCATE AVAILABLE(request[b], pp[b,pwidth], 5)",
         "the first element of a range of four"),
    ],
)  # fmt: skip
def test_mistake_in_an_allocation(model, equation, message):
    with pytest.raises(capdyn.ModelError, match=message):
        model(BUYERS.replace("x[b] =", "z[b] =") + equation)


class TestWitness:
    """PySD on the same files; it stands beside, it does not judge."""

    EQUATIONS = (
        RANGES
        + SELECT
        + """s[Firm] = VECTOR SELECT(w[Firm!], v[Firm!], -7, 3, 0) + 0*Firm
        rank[Firm] = VECTOR RANK(v[Firm], 1)
        order[Firm] = VECTOR SORT ORDER(v[Firm], 1)
        reordered[Firm] = VECTOR REORDER(v[Firm], order[Firm])
        profile: ptype, ppriority, pwidth, pextra
        r[Firm] = 10, 20, 0, 5, 7
        pp[Firm, profile] = 3,5,1,0;3,6,2,0;3,1,1,0;3,5,1,0;3,4,3,0;
        available[Firm] = ALLOCATE AVAILABLE(r[Firm], pp[Firm, ptype], supply)
        rated[Firm] = ALLOCATE BY PRIORITY(r[Firm], v[Firm], ELMCOUNT(Firm), 8, supply)
        supply = 25
        trend = TREND(10 + Time, 3, 0.1)
        forecast = FORECAST(10 + Time, 3, 2)
        smooth = SMOOTH N(Time, 4, 1, 4)
        delayed = DELAY N(Time, 4, 1, 2)
        fixed = DELAY FIXED(Time, 3, -1)
        sample = SAMPLE IF TRUE(MODULO(Time, 3) = 1, Time, -1)
        """
    )

    def test_agrees(self, model, tmp_path):
        import pysd

        opened = model(self.EQUATIONS, final_time=12)
        ours = capdyn.simulate(opened, method="euler")
        with np.errstate(all="ignore"):
            theirs = pysd.read_vensim(str(tmp_path / "model.mdl")).run()
        names = ["trend", "forecast", "smooth", "delayed", "fixed", "sample"]
        arrays = ["rank", "order", "reordered", "available", "rated"]
        for name in names:
            np.testing.assert_allclose(ours[name].values, theirs[name], rtol=1e-12, atol=1e-12, err_msg=name)
        for name in arrays:
            found = [theirs[f"{name}[{firm}]"].iloc[-1] for firm in ours["Firm"].values]
            np.testing.assert_allclose(np.atleast_2d(ours[name])[-1], found, rtol=1e-6, err_msg=name)
