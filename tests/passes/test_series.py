"""Data variables: what they are worth between, before and after their points."""

import numpy as np
import pytest

import capdyn
from capdyn.lang.functions import NOT_AVAILABLE
from equations import mdl

NA = NOT_AVAILABLE
SERIES = "t,y,z\n1,10,5\n2,20,\n4,0,7\n"
GET = "GET DIRECT DATA('s.csv', ',', 'A', 'B2')"


@pytest.fixture
def opened(tmp_path, monkeypatch):
    """A function from equations to an opened model beside s.csv with the points (1,10), (2,20), (4,0)."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "s.csv").write_text(SERIES)

    def from_text(equations: str, **controls) -> capdyn.Model:
        (tmp_path / "m.mdl").write_text(mdl(equations, **controls))
        return capdyn.open_model("m.mdl")

    return from_text


# keyword, values at 0, 0.5, 1, 1.5 ... 5
MODES = {
    "": [10, 10, 10, 15, 20, 15, 10, 5, 0, 0, 0],
    ":INTERPOLATE:": [10, 10, 10, 15, 20, 15, 10, 5, 0, 0, 0],
    ":HOLD BACKWARD:": [10, 10, 10, 10, 20, 20, 20, 20, 0, 0, 0],
    ":LOOK FORWARD:": [10, 10, 10, 20, 20, 0, 0, 0, 0, 0, 0],
    ":RAW:": [NA, NA, 10, NA, 20, NA, NA, NA, 0, NA, NA],
}


@pytest.mark.parametrize("engine", ["kernel", "interpret"])
@pytest.mark.parametrize("keyword", MODES)
def test_between_points(opened, keyword, engine):
    model = opened(f"x {keyword} := {GET}", time_step=0.5, final_time=5)
    assert capdyn.simulate(model, engine=engine)["x"].values.tolist() == MODES[keyword]


@pytest.mark.parametrize("keyword", [":HOLD BACKWARD:", ":LOOK FORWARD:", ":RAW:"])
def test_the_keyword_of_a_variable_that_names_another(opened, keyword):
    model = opened(f"y := {GET}\nx {keyword} := y", time_step=0.5, final_time=5)
    assert capdyn.simulate(model)["x"].values.tolist() == MODES[keyword]


def test_a_series_for_each_element(opened):
    """An empty cell is no point: between 1 and 4 the second series runs straight."""
    model = opened(f"R: a, b\ny[R] := {GET}\nx[R] :HOLD BACKWARD: := y[R]\nz[R] = y[R]*2")
    result = capdyn.simulate(model)
    np.testing.assert_allclose(result["y"].sel(R="b"), [5, 5, 5 + 2 / 3, 5 + 4 / 3, 7])
    np.testing.assert_allclose(result["x"].sel(R="b"), [5, 5, 5, 5, 7])
    np.testing.assert_allclose(result["z"].sel(R="a"), [20, 20, 40, 20, 0])
    assert result["y"].attrs["equation"] == f"y[R] := {GET}"


def test_a_formula_of_data(opened):
    model = opened(f"y := {GET}\nx := y*y")
    assert capdyn.simulate(model)["x"].values.tolist() == [100, 100, 400, 100, 0]


def test_rounding_in_the_clock_misses_no_point(opened, tmp_path):
    """Times such as 0.3 are no multiples of the step in binary numbers; each point is met all the same."""
    (tmp_path / "s.csv").write_text("t,y\n" + "".join(f"{k / 10},{k}\n" for k in range(201)))
    model = opened(
        f"x :RAW: := {GET}\ny :HOLD BACKWARD: := x\nz :LOOK FORWARD: := x", time_step=0.1, final_time=20
    )
    result = capdyn.simulate(model)
    for name in "xyz":
        np.testing.assert_array_equal(result[name], np.arange(201))


@pytest.mark.parametrize("method", ["euler", "rk4", "lsoda", "dop853"])
def test_jumps_into_a_stock_are_exact(opened, method):
    """Ten a year until 2, then 20 until 4, then nothing: no stage of a step and no solver runs across a jump."""
    model = opened(f"y :HOLD BACKWARD: := {GET}\nx = INTEG(y, 0)", final_time=5)
    np.testing.assert_allclose(capdyn.simulate(model, method=method)["x"], [0, 10, 20, 40, 60, 60], rtol=1e-9)


MISTAKES = [
    (
        "x :RAW:",
        "m.mdl:2:1: 'x' is a data variable, and no series is given for it. Write := GET DIRECT DATA('file.csv', ',', "
        "'A', 'B2') after its name, or give it to open_model(data=...).",
    ),
    (
        f"y := {GET}\nx :LOOK FORWARD: := 2*y",
        "m.mdl:3:1: ':LOOK FORWARD:' stands before something other than the name of a data variable in 'x'. Put the "
        "keyword into the equation that reads the series, or name that variable alone.",
    ),
    (
        "y = Time\nx :RAW: := y",
        "m.mdl:3:1: ':RAW:' stands before something other than the name of a data variable in 'x'. Put the "
        "keyword into the equation that reads the series, or name that variable alone.",
    ),
]


@pytest.mark.parametrize("equations, message", MISTAKES)
def test_mistake(opened, equations, message):
    with pytest.raises(capdyn.ModelError) as caught:
        opened(equations)
    assert str(caught.value) == message
